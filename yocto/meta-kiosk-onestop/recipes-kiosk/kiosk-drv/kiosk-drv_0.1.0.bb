SUMMARY = "Technician's program for the devices of a kiosk"
DESCRIPTION = "Lists devices, watches their state, prints test pages and dumps scans and keys, without the app."
HOMEPAGE = "https://example.vn/kiosk-onestop"
SECTION = "kiosk"
LICENSE = "GPL-3.0-only & Apache-2.0 & BSD-3-Clause & MIT & MPL-2.0 & Unicode-3.0 & Zlib"

inherit kiosk_tree pkgconfig

DEPENDS:append:class-target = " udev"

KIOSK_PACKAGE = "kiosk-drivers"
KIOSK_PROGRAMS = "drv"
KIOSK_FEATURES = "--no-default-features --features tool"

BBCLASSEXTEND = "native"
