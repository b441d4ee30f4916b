SUMMARY = "Boot partitions of the kiosk, and its empty data partition"
DESCRIPTION = "Sized by images/layout.toml. One boot image serves both slots: what differs between them, the firmware tells."
HOMEPAGE = "https://example.vn/kiosk-onestop"
SECTION = "kiosk"
LICENSE = "GPL-3.0-only"
LIC_FILES_CHKSUM = "file://LICENSE;md5=1ebbd3e34237af26da5dc08a4e440464"

# What it puts together are images, which no world build makes either.
EXCLUDE_FROM_WORLD = "1"
DEPENDS = "dosfstools-native e2fsprogs-native mtools-native"

inherit deploy nopackages

# The distribution says what the board needs; another one may still parse this.
KIOSK_KERNEL_NAME ??= "Image"
KIOSK_CMDLINE ??= ""
KIOSK_FIRMWARE_DEPENDS ??= ""

PACKAGE_ARCH = "${MACHINE_ARCH}"
INHIBIT_DEFAULT_DEPS = "1"

FILESEXTRAPATHS:prepend := "${KIOSK_TREE}:"
SRC_URI = "file://LICENSE file://images/generated"
S = "${UNPACKDIR}"
# Emptied before each deploy, so not where the sources are.
B = "${WORKDIR}/build"

do_configure[noexec] = "1"
do_compile[noexec] = "1"
do_install[noexec] = "1"

do_deploy[depends] += " \
    virtual/kernel:do_deploy \
    kiosk-initramfs:do_image_complete \
    kiosk-image:do_image_complete \
    ${KIOSK_FIRMWARE_DEPENDS} \
"
do_deploy[cleandirs] += "${B}"

# An empty FAT of a partition's size, then the files, with the time of the sources.
kiosk_fat() {
    rm -f "$1"
    truncate --size="$3M" "$1"
    mkfs.vfat --invariant -n "$2" "$1" >/dev/null
    shift 3
}

do_deploy() {
    . ${S}/images/generated/layout.env
    files=${B}/boot
    mkdir -p "$files"
    cp --dereference "${DEPLOY_DIR_IMAGE}/Image" "$files/${KIOSK_KERNEL_NAME}"
    cp --dereference "${DEPLOY_DIR_IMAGE}/kiosk-initramfs-${MACHINE}.cpio.zst" "$files/initramfs.img"
    if [ -n "${KIOSK_FIRMWARE_DEPENDS}" ]; then
        cp -R "${DEPLOY_DIR_IMAGE}/${BOOTFILES_DIR_NAME}/." "$files/"
        rm -f "$files"/*.stamp
        for tree in ${DEPLOY_DIR_IMAGE}/bcm27*.dtb; do
            cp --dereference "$tree" "$files/"
        done
        mkdir -p "$files/overlays"
        for overlay in ${DEPLOY_DIR_IMAGE}/*.dtbo; do
            cp --dereference "$overlay" "$files/overlays/"
        done
    fi
    echo "${KIOSK_CMDLINE} $(cat ${DEPLOY_DIR_IMAGE}/kiosk-image-${MACHINE}.cmdline)" >"$files/cmdline.txt"
    find "$files" -exec touch --date="@${SOURCE_DATE_EPOCH}" {} +

    kiosk_fat "${DEPLOYDIR}/boot.vfat" BOOT "$BOOT_A_SIZE_MIB"
    mcopy -s -m -i "${DEPLOYDIR}/boot.vfat" "$files"/* ::

    cp ${S}/images/generated/autoboot.txt ${B}/autoboot.txt
    touch --date="@${SOURCE_DATE_EPOCH}" ${B}/autoboot.txt
    kiosk_fat "${DEPLOYDIR}/bootsel.vfat" BOOTSEL "$BOOTSEL_SIZE_MIB"
    mcopy -m -i "${DEPLOYDIR}/bootsel.vfat" ${B}/autoboot.txt ::

    # Grows over the rest of the card at the first start.
    truncate --size="${DATA_SIZE_MIB}M" "${DEPLOYDIR}/data.ext4"
    E2FSPROGS_FAKE_TIME=${SOURCE_DATE_EPOCH} mke2fs -q -t ext4 -L data -m 0 -U ${KIOSK_DATA_UUID} \
        -E hash_seed=${KIOSK_DATA_UUID},root_owner=0:0 "${DEPLOYDIR}/data.ext4"

    cp --dereference "${DEPLOY_DIR_IMAGE}/kiosk-image-${MACHINE}.erofs-lz4hc.verity" "${DEPLOYDIR}/system.img"
}
KIOSK_DATA_UUID = "6b696f73-6b00-4000-8000-000000646174"

addtask deploy before do_build after do_install
