SUMMARY = "Read-only root file system of the kiosk"
DESCRIPTION = "erofs with its dm-verity tree behind it, for the system partition of either slot."
LICENSE = "MIT"

inherit core-image kiosk_verity

IMAGE_INSTALL = "packagegroup-core-boot packagegroup-kiosk"
IMAGE_FEATURES += "read-only-rootfs stateless-rootfs"
IMAGE_LINGUAS = ""

IMAGE_FSTYPES = "erofs-lz4hc.verity"
IMAGE_NAME_SUFFIX = ""

# The same bytes from the same packages.
# nooelint: oelint.vars.specific
EXTRA_IMAGECMD:erofs-lz4hc = "-U ${KIOSK_SYSTEM_UUID} -T ${REPRODUCIBLE_TIMESTAMP_ROOTFS}"
KIOSK_SYSTEM_UUID = "6b696f73-6b00-4000-8000-73797374656d"

# The command line belongs to this root and to no other: it goes where kiosk-boot finds it.
IMAGE_POSTPROCESS_COMMAND += "kiosk_deploy_cmdline"
kiosk_deploy_cmdline() {
    for found in ${IMGDEPLOYDIR}/${IMAGE_NAME}.*.cmdline; do
        ln -sf "$(basename "$found")" "${IMGDEPLOYDIR}/${IMAGE_LINK_NAME}.cmdline"
    done
}
