# Sources from the repository that this layer lies in, and the crates of its Cargo.lock.
#
# The list of crates is written from Cargo.lock by `make yocto-crates` and not committed: Cargo.lock is the one truth.
# A list that is missing or of another Cargo.lock stops the recipe with that command.

inherit cargo cargo-update-recipe-crates

# A recipe's LICENSE has those of the crates in its program too; `make yocto-check` compares it with what each crate says.
LIC_FILES_CHKSUM = "file://LICENSE;md5=${KIOSK_LICENSE_MD5}"
KIOSK_LICENSE_MD5 = "1ebbd3e34237af26da5dc08a4e440464"

FILESEXTRAPATHS:prepend := "${KIOSK_TREE}:${KIOSK_TREE}/yocto/crates:"
# Every member of the workspace, because cargo wants all their manifests; nothing that a build leaves behind.
KIOSK_SOURCES = " \
    Cargo.toml Cargo.lock LICENSE \
    kiosk-app \
    drivers/Cargo.toml drivers/src drivers/profiles drivers/tests drivers/benches \
    protocol district-server \
    tests/Cargo.toml tests/src tests/tests tests/usb-guest \
    images/gen images/bootctl images/rig \
"
SRC_URI = "${@' '.join('file://' + path for path in d.getVar('KIOSK_SOURCES').split())}"

S = "${UNPACKDIR}"
# oe-core's own update_crates reads every Cargo.lock below a folder, and crates bring theirs: ours alone, for comparison.
SRC_URI += "file://Cargo.lock;subdir=lock"
CARGO_LOCK_SRC_DIR = "${UNPACKDIR}/lock"

# Where `make yocto-crates` puts the list.
KIOSK_CRATES = "${KIOSK_TREE}/yocto/crates/kiosk-crates.inc"
KIOSK_CRATES_LOCK = ""
include ${KIOSK_CRATES}

python () {
    import hashlib
    lock = os.path.join(d.getVar('KIOSK_TREE'), 'Cargo.lock')
    bb.parse.mark_dependency(d, lock)
    with open(lock, 'rb') as stream:
        digest = hashlib.sha256(stream.read()).hexdigest()
    found = d.getVar('KIOSK_CRATES_LOCK')
    if found != digest:
        why = 'is missing' if not found else 'is of another Cargo.lock'
        bb.fatal('%s %s. Remedy: make yocto-crates, at the top of the repository' % (d.getVar('KIOSK_CRATES'), why))
}

# Only what the kiosk runs: the district server and the rigs stay out.
CARGO_BUILD_FLAGS += "--package ${KIOSK_PACKAGE} ${KIOSK_FEATURES}"
KIOSK_PACKAGE ?= "${BPN}"
KIOSK_FEATURES ?= ""
KIOSK_PROGRAMS ?= "${KIOSK_PACKAGE}"

do_install() {
    for program in ${KIOSK_PROGRAMS}; do
        install -D -m 0755 "${B}/target/${CARGO_TARGET_SUBDIR}/$program" "${D}${bindir}/$program"
    done
}
