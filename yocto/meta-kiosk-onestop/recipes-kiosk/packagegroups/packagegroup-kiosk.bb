SUMMARY = "What a kiosk's image holds"
DESCRIPTION = "The kiosk's programs and settings and what they need, beside kernel and base system."

PACKAGE_ARCH = "${MACHINE_ARCH}"

inherit packagegroup

RDEPENDS:${PN} = " \
    kiosk-app \
    kiosk-bootctl \
    kiosk-configuration \
    kiosk-drv \
    ca-certificates \
    kernel-modules \
"

# From other layers; without one of them the image lacks that part (README).
KIOSK_COLLECTIONS = "${@' '.join((d.getVar('BBFILE_COLLECTIONS') or '').split())}"
RDEPENDS:${PN} += "${@bb.utils.contains('KIOSK_COLLECTIONS', 'rauc', 'rauc rauc-service', '', d)}"
RDEPENDS:${PN} += "${@bb.utils.contains('KIOSK_COLLECTIONS', 'openembedded-layer', 'usbguard', '', d)}"
RDEPENDS:${PN} += "${@bb.utils.contains('KIOSK_COLLECTIONS', 'networking-layer', 'chrony chronyc nftables', '', d)}"
