SUMMARY = "Read-only root file system of the kiosk"
DESCRIPTION = "erofs with its dm-verity tree behind it, for the system partition of either slot."
LICENSE = "MIT"

inherit core-image kiosk_verity

IMAGE_INSTALL = "packagegroup-core-boot packagegroup-kiosk"
IMAGE_FEATURES += "read-only-rootfs stateless-rootfs"
IMAGE_LINGUAS = ""

IMAGE_FSTYPES = "erofs-lz4hc.verity"
IMAGE_NAME_SUFFIX = ""

# Last of all packages' work: the overlay goes to its place, over what others brought, and its presets alone say what
# runs. stateless-rootfs leaves that to us; systemd could not do it on a root that is only read.
ROOTFS_POSTPROCESS_COMMAND:append = " kiosk_lay_overlay"
do_rootfs[depends] += "systemd-systemctl-native:do_populate_sysroot"
kiosk_lay_overlay() {
    overlay=${IMAGE_ROOTFS}${datadir}/kiosk/overlay
    cp -R --no-dereference --remove-destination --preserve=mode,links "$overlay/." ${IMAGE_ROOTFS}/
    units=${IMAGE_ROOTFS}${sysconfdir}/systemd/system
    rm -rf "$units"/*.wants "$units"/*.requires
    systemctl --quiet --root=${IMAGE_ROOTFS} preset-all
    # A preset of "disable *" takes this link for one that somebody enabled.
    cp --no-dereference "$overlay${sysconfdir}/systemd/system/default.target" "$units/"
    rm -rf "$overlay"
}

# Every time in the image is that of the commit it was built from: the same bytes from the same packages, and the clock's
# floor of a kiosk that has no network yet (/usr/lib/clock-epoch).
REPRODUCIBLE_TIMESTAMP_ROOTFS = "${@kiosk_commit_time(d)}"
# Not what decides whether the image is built again.
REPRODUCIBLE_TIMESTAMP_ROOTFS[vardepvalue] = "commit"

def kiosk_commit_time(d):
    import subprocess
    tree = d.getVar('KIOSK_TREE')
    answer = subprocess.run(['git', '-C', tree, 'log', '-1', '--format=%ct'], capture_output=True, text=True)
    # Outside git: sources from an archive carry the time of their release.
    return answer.stdout.strip() or str(int(os.path.getmtime(os.path.join(tree, 'Cargo.toml'))))

# The time stands on the tree by then. Named here it would be part of the task as it was parsed, and BitBake would refuse the
# image after each commit until it has parsed anew.
# nooelint: oelint.vars.specific
EXTRA_IMAGECMD:erofs-lz4hc = "-U ${KIOSK_SYSTEM_UUID} -T $(stat -c %Y ${IMAGE_ROOTFS})"
KIOSK_SYSTEM_UUID = "6b696f73-6b00-4000-8000-73797374656d"

# The command line belongs to this root and to no other: it goes where kiosk-boot finds it.
IMAGE_POSTPROCESS_COMMAND += "kiosk_deploy_cmdline"
kiosk_deploy_cmdline() {
    for found in ${IMGDEPLOYDIR}/${IMAGE_NAME}.*.cmdline; do
        ln -sf "$(basename "$found")" "${IMGDEPLOYDIR}/${IMAGE_LINK_NAME}.cmdline"
    done
}
