SUMMARY = "Units, rules and settings of the kiosk: the overlay that all its images share"
DESCRIPTION = "Installs images/rootfs-overlay as it is, so that the Debian image and this one behave alike."
HOMEPAGE = "https://example.vn/kiosk-onestop"
SECTION = "kiosk"
LICENSE = "GPL-3.0-only"
LIC_FILES_CHKSUM = "file://LICENSE;md5=1ebbd3e34237af26da5dc08a4e440464"

inherit features_check

REQUIRED_DISTRO_FEATURES = "systemd usrmerge"
INHIBIT_DEFAULT_DEPS = "1"

FILESEXTRAPATHS:prepend := "${KIOSK_TREE}:"
SRC_URI = "file://LICENSE file://images/rootfs-overlay file://images/generated file://config"
S = "${UNPACKDIR}"

# Slots and signature are the same on all machines; the name that bundles are compared with is not.
PACKAGE_ARCH = "${MACHINE_ARCH}"
KIOSK_LAYOUT_MACHINE = "${MACHINE}"

# The certificate that bundles are checked against, from the builder's own configuration: the layer holds none.
RAUC_KEYRING_FILE ?= ""

do_configure[noexec] = "1"
do_compile[noexec] = "1"

do_install() {
    cp -R --no-dereference --preserve=mode,links ${S}/images/rootfs-overlay/. ${D}/
    install -D -m 0644 ${S}/images/generated/system-${KIOSK_LAYOUT_MACHINE}.conf ${D}${sysconfdir}/rauc/system.conf
    if [ -n "${RAUC_KEYRING_FILE}" ]; then
        install -m 0644 ${RAUC_KEYRING_FILE} ${D}${sysconfdir}/rauc/keyring.pem
    elif [ "${KIOSK_RELEASE}" = "1" ]; then
        bbfatal "KIOSK_RELEASE is set and RAUC_KEYRING_FILE is not: the image could never be updated. Remedy: docs/yocto.md, Keys"
    fi
    # The hall that a kiosk shows until it has its own.
    install -d ${D}${datadir}/kiosk/sample
    install -m 0644 ${S}/config/*.toml ${D}${datadir}/kiosk/sample/
    install -d ${D}/data
}

# RAUC asks for somebody's settings.
RPROVIDES:${PN} += "virtual-rauc-conf"
FILES:${PN} = "/"
# What the scripts of the overlay call.
RDEPENDS:${PN} = " \
    busybox \
    e2fsprogs-e2fsck \
    e2fsprogs-mke2fs \
    e2fsprogs-resize2fs \
    kbd \
    tzdata \
    util-linux-blkid \
    util-linux-mkswap \
    util-linux-partx \
    util-linux-sfdisk \
    util-linux-swapon \
"
