SUMMARY = "First root of the kiosk, in memory"
DESCRIPTION = "Finds the slot that the firmware booted, checks it with dm-verity and starts it."
LICENSE = "MIT"

KIOSK_FIRMWARE_TOOLS ??= ""
PACKAGE_INSTALL = "kiosk-initramfs-init ${KIOSK_FIRMWARE_TOOLS}"
IMAGE_FEATURES = ""
IMAGE_LINGUAS = ""
IMAGE_NAME_SUFFIX = ""
PACKAGE_EXCLUDE = "kernel-image-*"

IMAGE_FSTYPES = "cpio.zst"
inherit core-image
IMAGE_ROOTFS_SIZE = "8192"
IMAGE_ROOTFS_EXTRA_SPACE = "0"
