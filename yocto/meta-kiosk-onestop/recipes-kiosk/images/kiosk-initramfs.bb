SUMMARY = "First root of the kiosk, in memory"
DESCRIPTION = "Finds the slot that the firmware booted, checks it with dm-verity and starts it."
LICENSE = "MIT"

PACKAGE_INSTALL = "kiosk-initramfs-init"
# vcmailbox: asks the firmware for one boot of the other slot where this one does not open.
PACKAGE_INSTALL:append:rpi = " raspi-utils"
IMAGE_FEATURES = ""
IMAGE_LINGUAS = ""
IMAGE_NAME_SUFFIX = ""
PACKAGE_EXCLUDE = "kernel-image-*"

IMAGE_FSTYPES = "cpio.zst"
inherit core-image
IMAGE_ROOTFS_SIZE = "8192"
IMAGE_ROOTFS_EXTRA_SPACE = "0"
