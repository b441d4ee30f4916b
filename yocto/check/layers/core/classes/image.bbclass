# An image is made by tasks of oe-core; here their names are enough.
# Comes after the whole recipe, as in oe-core.
inherit_defer image_types
IMAGE_ROOTFS = "${WORKDIR}/rootfs"
IMGDEPLOYDIR = "${WORKDIR}/deploy-image"
IMAGE_NAME = "${PN}-${MACHINE}"
IMAGE_LINK_NAME = "${PN}-${MACHINE}"
python do_rootfs() {
}
python do_image_wic() {
}
python do_image_complete() {
}
addtask rootfs after do_install
addtask image_wic after do_rootfs
addtask image_complete after do_image_wic before do_build
