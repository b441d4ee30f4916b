SUMMARY = "Touchscreen app of a one-stop reception hall"
DESCRIPTION = "Gives queue numbers, answers where a dossier is, takes ratings and reports them, with and without the district server."
HOMEPAGE = "https://example.vn/kiosk-onestop"
SECTION = "kiosk"

inherit kiosk_tree pkgconfig features_check

REQUIRED_DISTRO_FEATURES = "systemd"

# What draws the pages: DRM without a compositor on a kiosk, a window on a desk, memory for rigs. One of them at least.
PACKAGECONFIG ??= "linuxkms"
PACKAGECONFIG:class-native = ""
PACKAGECONFIG[linuxkms] = "--features linuxkms,,libinput libxkbcommon udev fontconfig"
PACKAGECONFIG[window] = "--features window,,libxkbcommon fontconfig"
PACKAGECONFIG[headless] = "--features headless,,fontconfig"

CARGO_BUILD_FLAGS += "--no-default-features"

# Fonts are in the program; ALSA's player speaks the calls.
RRECOMMENDS:${PN}:class-target = "alsa-utils-aplay"

BBCLASSEXTEND = "native"
