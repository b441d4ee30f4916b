SUMMARY = "Boot control of the kiosk: which slot boots, and when it is kept"
DESCRIPTION = "RAUC's custom boot loader backend for the Raspberry Pi's tryboot, with the health check before a slot is kept."
HOMEPAGE = "https://example.vn/kiosk-onestop"
SECTION = "kiosk"

inherit kiosk_tree

do_install:append() {
    # RAUC calls its backend by this name: images/layout.toml.
    install -d ${D}${nonarch_libdir}/kiosk
    ln -sr ${D}${bindir}/kiosk-bootctl ${D}${nonarch_libdir}/kiosk/rauc-backend
}

FILES:${PN} += "${nonarch_libdir}/kiosk"

BBCLASSEXTEND = "native"
