SUMMARY = "Boot control of the kiosk: which slot boots, and when it is kept"
DESCRIPTION = "RAUC's custom boot loader backend for the Raspberry Pi's tryboot, with the health check before a slot is kept."
HOMEPAGE = "https://example.vn/kiosk-onestop"
SECTION = "kiosk"
LICENSE = "GPL-3.0-only & MIT"

inherit kiosk_tree

BBCLASSEXTEND = "native"
