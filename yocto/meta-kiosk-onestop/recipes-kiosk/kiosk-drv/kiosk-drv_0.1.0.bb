SUMMARY = "Technician's program for the devices of a kiosk"
DESCRIPTION = "Lists devices, watches their state, prints test pages and dumps scans and keys, without the app."
HOMEPAGE = "https://example.vn/kiosk-onestop"
SECTION = "kiosk"

inherit kiosk_tree pkgconfig

DEPENDS:append:class-target = " udev"

KIOSK_PACKAGE = "kiosk-drivers"
KIOSK_PROGRAMS = "drv"
CARGO_BUILD_FLAGS += "--bin drv --no-default-features --features tool"

BBCLASSEXTEND = "native"
