SUMMARY = "Disk image of the kiosk, to be flashed"
DESCRIPTION = "The partitions of images/layout.toml with both slots filled, and an empty data partition."
LICENSE = "MIT"

inherit image

# It has no root of its own: wic puts together what the other recipes made.
IMAGE_INSTALL = ""
IMAGE_FEATURES = ""
IMAGE_LINGUAS = ""
PACKAGE_INSTALL = ""
IMAGE_FSTYPES = "wic.zst wic.bmap"

# Written by image-gen and used where it lies: the same partition starts as those of images/.
WKS_SEARCH_PATH:prepend = "${KIOSK_TREE}/images/generated:"
WKS_FILES = "kiosk.wks"
WKS_FILE_DEPENDS_BOOTLOADERS = ""

do_image_wic[depends] += "kiosk-boot:do_deploy"
