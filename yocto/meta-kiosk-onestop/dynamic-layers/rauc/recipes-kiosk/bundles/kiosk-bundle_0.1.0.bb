SUMMARY = "Update bundle of the kiosk"
DESCRIPTION = "System and boot partition of one slot, signed. Keys come from the builder's own configuration (RAUC_KEY_FILE, RAUC_CERT_FILE); the layer holds none."
HOMEPAGE = "https://example.vn/kiosk-onestop"
SECTION = "kiosk"
LICENSE = "GPL-3.0-only"

SRC_URI = ""

inherit bundle

KIOSK_COMPATIBLE ??= "kiosk-onestop-${MACHINE}"
RAUC_BUNDLE_COMPATIBLE = "${KIOSK_COMPATIBLE}"
RAUC_BUNDLE_VERSION = "${DISTRO_VERSION}"
RAUC_BUNDLE_FORMAT = "verity"

RAUC_BUNDLE_SLOTS = "system boot"

RAUC_SLOT_system = "kiosk-boot"
RAUC_SLOT_system[type] = "file"
RAUC_SLOT_system[file] = "system.img"
RAUC_SLOT_system[rename] = "system.img"

RAUC_SLOT_boot = "kiosk-boot"
RAUC_SLOT_boot[type] = "file"
RAUC_SLOT_boot[file] = "boot.vfat"
RAUC_SLOT_boot[rename] = "boot.img"

# A bundle that is signed by a key made at home never leaves for halls.
python () {
    certificate = d.getVar('RAUC_CERT_FILE') or ''
    if bb.utils.to_boolean(d.getVar('KIOSK_RELEASE')) and 'development' in os.path.basename(certificate):
        raise bb.parse.SkipRecipe('KIOSK_RELEASE is set and RAUC_CERT_FILE is a development certificate: name the yearly signing certificate')
}
