SUMMARY = "Touchscreen app of a one-stop reception hall"
DESCRIPTION = "Gives queue numbers, answers where a dossier is, takes ratings and reports them, with and without the district server."
HOMEPAGE = "https://example.vn/kiosk-onestop"
SECTION = "kiosk"
# Its own, its fonts', and its crates'.
LICENSE = "GPL-3.0-only & OFL-1.1 & Apache-2.0 & BSD-2-Clause & BSD-3-Clause & CDLA-Permissive-2.0 & ISC & MIT & MPL-2.0 & Unicode-3.0 & Zlib"

inherit kiosk_tree pkgconfig features_check

LIC_FILES_CHKSUM += "file://kiosk-app/ui/fonts/OFL.txt;md5=5f09680bbc32406542b51d0a26ca74f5"

REQUIRED_DISTRO_FEATURES:class-target = "systemd"

# What draws the pages: DRM without a compositor on a kiosk, a window on a desk, memory for rigs. One of them at least.
PACKAGECONFIG ??= "linuxkms"
PACKAGECONFIG:class-native = ""
PACKAGECONFIG[linuxkms] = "--features linuxkms,,libinput libxkbcommon udev fontconfig"
PACKAGECONFIG[window] = "--features window,,libxkbcommon fontconfig"
PACKAGECONFIG[headless] = "--features headless,,fontconfig"

KIOSK_FEATURES = "--no-default-features"

do_install:append() {
    # What the page shows is in the program; Slint wants one font that fontconfig can find, all the same.
    install -d ${D}${datadir}/fonts/kiosk
    install -m 0644 ${S}/kiosk-app/ui/fonts/*.ttf ${D}${datadir}/fonts/kiosk/
}
FILES:${PN} += "${datadir}/fonts"

# ALSA's player speaks the calls.
RRECOMMENDS:${PN}:class-target = "alsa-utils-aplay"

BBCLASSEXTEND = "native"
