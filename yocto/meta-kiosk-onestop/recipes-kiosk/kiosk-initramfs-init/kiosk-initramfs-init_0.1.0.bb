SUMMARY = "First program of the kiosk: opens the slot that the firmware booted"
DESCRIPTION = "The same images/initramfs/init as in the Debian image. The kernel of this image has what it needs built in."
HOMEPAGE = "https://example.vn/kiosk-onestop"
SECTION = "kiosk"
LICENSE = "GPL-3.0-only"
LIC_FILES_CHKSUM = "file://LICENSE;md5=1ebbd3e34237af26da5dc08a4e440464"

inherit allarch

# dmsetup comes from meta-oe, which a build of everything may lack.
EXCLUDE_FROM_WORLD = "1"
INHIBIT_DEFAULT_DEPS = "1"
FILESEXTRAPATHS:prepend := "${KIOSK_TREE}:"
SRC_URI = "file://LICENSE file://images/initramfs/init file://images/generated/layout.env"
S = "${UNPACKDIR}"

do_configure[noexec] = "1"
do_compile[noexec] = "1"

do_install() {
    install -m 0755 ${S}/images/initramfs/init ${D}/init
    install -m 0644 ${S}/images/generated/layout.env ${D}/layout.env
    # Nothing to load: modules that init names here would be those of Debian's kernel.
    touch ${D}/modules
    install -d ${D}/dev ${D}/proc ${D}/sys ${D}/run ${D}/system
}

FILES:${PN} = "/"
RDEPENDS:${PN} = "busybox libdevmapper"
