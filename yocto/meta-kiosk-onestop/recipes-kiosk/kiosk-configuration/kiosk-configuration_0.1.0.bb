SUMMARY = "Units, rules and settings of the kiosk: the overlay that all its images share"
DESCRIPTION = "Carries images/rootfs-overlay as it is. The image lays it over its root when all packages are there, as the \
Debian image does: some of its files take the place of those of other packages."
HOMEPAGE = "https://example.vn/kiosk-onestop"
SECTION = "kiosk"
LICENSE = "GPL-3.0-only"
LIC_FILES_CHKSUM = "file://LICENSE;md5=1ebbd3e34237af26da5dc08a4e440464"

inherit features_check useradd

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
KIOSK_RELEASE ??= "0"

do_configure[noexec] = "1"
do_compile[noexec] = "1"

do_install() {
    # kiosk-image moves it to where it belongs.
    overlay=${D}${datadir}/kiosk/overlay
    install -d "$overlay"
    cp -R --no-dereference --preserve=mode,links ${S}/images/rootfs-overlay/. "$overlay/"
    install -D -m 0644 ${S}/images/generated/system-${KIOSK_LAYOUT_MACHINE}.conf "$overlay${sysconfdir}/rauc/system.conf"
    if [ -n "${RAUC_KEYRING_FILE}" ]; then
        install -m 0644 ${RAUC_KEYRING_FILE} "$overlay${sysconfdir}/rauc/keyring.pem"
    elif [ "${KIOSK_RELEASE}" = "1" ]; then
        bbfatal "KIOSK_RELEASE is set and RAUC_KEYRING_FILE is not: the image could never be updated. Remedy: docs/yocto.md, Keys"
    fi
    # The hall that a kiosk shows until it has its own.
    install -d ${D}${datadir}/kiosk/sample
    install -m 0644 ${S}/config/*.toml ${D}${datadir}/kiosk/sample/
    install -d ${D}/data
}
do_install[file-checksums] += "${@(d.getVar('RAUC_KEYRING_FILE') + ':True') if d.getVar('RAUC_KEYRING_FILE') else ''}"

# RAUC asks for somebody's settings.
RPROVIDES:${PN} += "virtual-rauc-conf"
FILES:${PN} = "${datadir}/kiosk /data"

# Users and groups of the overlay's sysusers.d. systemd-sysusers cannot make them on a root that is only read.
USERADD_PACKAGES = "${PN}"
USERADD_PARAM:${PN} = "${@kiosk_users(d)[0]}"
GROUPADD_PARAM:${PN} = "${@kiosk_users(d)[1]}"
KIOSK_USERS = "${KIOSK_TREE}/images/rootfs-overlay/usr/lib/sysusers.d/kiosk.conf"

def kiosk_users(d):
    """What useradd and groupadd are asked for, from the lines of sysusers.d."""
    import shlex
    bb.parse.mark_dependency(d, d.getVar('KIOSK_USERS'))
    users, groups = [], []
    with open(d.getVar('KIOSK_USERS')) as lines:
        for words in (shlex.split(line, comments=True) for line in lines):
            if words and words[0] == 'u':
                name, number, comment, home, shell = words[1:]
                groups.append(f'--gid {number} {name}')
                users.append(f"--uid {number} --gid {name} --comment '{comment}' --home-dir {home} --no-create-home --shell {shell} {name}")
            elif words and words[0] == 'g':
                groups.append(f'--system {words[1]}')
    return '; '.join(users), '; '.join(groups)

# What the scripts of the overlay call. BusyBox's head has no -c, which one of them needs: its tools are not enough.
RDEPENDS:${PN} = " \
    coreutils \
    e2fsprogs-e2fsck \
    e2fsprogs-mke2fs \
    e2fsprogs-resize2fs \
    kbd \
    kmod \
    sed \
    tzdata \
    util-linux-blkid \
    util-linux-mkswap \
    util-linux-mount \
    util-linux-partx \
    util-linux-setpriv \
    util-linux-sfdisk \
    util-linux-swapon \
    util-linux-umount \
"
