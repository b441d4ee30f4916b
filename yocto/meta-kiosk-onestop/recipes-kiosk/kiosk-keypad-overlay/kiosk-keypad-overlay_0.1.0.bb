SUMMARY = "Device tree overlay of the keypad at the Pi's pins"
DESCRIPTION = "Buttons between pins and ground become keys of an input device, with the kernel's own debounce."
HOMEPAGE = "https://example.vn/kiosk-onestop"
SECTION = "kiosk"
LICENSE = "GPL-3.0-only"
LIC_FILES_CHKSUM = "file://LICENSE;md5=1ebbd3e34237af26da5dc08a4e440464"

DEPENDS = "dtc-native"

inherit deploy nopackages

COMPATIBLE_MACHINE = "^rpi$"
PACKAGE_ARCH = "${MACHINE_ARCH}"
INHIBIT_DEFAULT_DEPS = "1"

FILESEXTRAPATHS:prepend := "${KIOSK_TREE}:"
SRC_URI = "file://LICENSE file://images/boot/kiosk-keypad.dts"
S = "${UNPACKDIR}"
B = "${WORKDIR}/build"

do_configure[noexec] = "1"
do_install[noexec] = "1"

do_compile() {
    dtc -@ -I dts -O dtb -o ${B}/kiosk-keypad.dtbo ${S}/images/boot/kiosk-keypad.dts
}

do_deploy() {
    install -m 0644 ${B}/kiosk-keypad.dtbo ${DEPLOYDIR}/
}
addtask deploy before do_build after do_compile
