#!/usr/bin/env python3
"""Parses, fetches, unpacks and installs the kiosk's Yocto layer with the real BitBake library and no internet.

First the layer as it is, then one spoilt copy for each seeded fault, which must be found.

oe-core's part is played by yocto/check/layers: its variables and class names, none of its logic. What the real layers
say is tried by `make yocto-parse`.
"""

import argparse
import hashlib
import logging
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import types

HERE = pathlib.Path(__file__).resolve().parent
TREE = HERE.parent.parent
LAYER = "yocto/meta-kiosk-onestop"
MACHINES = ("qemuarm64", "raspberrypi4-64", "raspberrypi5")

# The published library lacks the two servers that only a running build talks to.
for server, part in (("hashserv", "client"), ("prserv", "serv")):
    sys.modules[server] = types.ModuleType(server)
    sys.modules[f"{server}.{part}"] = types.ModuleType(f"{server}.{part}")
    setattr(sys.modules[server], part, sys.modules[f"{server}.{part}"])
import bb.cooker  # noqa: E402
import bb.cookerdata  # noqa: E402

sys.path.insert(0, str(HERE))
from expected import ABSENT, EXPECTED  # noqa: E402
from fault import Fault  # noqa: E402
from licences import check_crates_licences  # noqa: E402
from products import check_boot, check_crates, check_keypad, check_overlay, check_programs, check_root, run  # noqa: E402


class Heard(logging.Handler):
    """Keeps what BitBake complains of, which its exceptions often leave out."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


def say(text):
    print(f"yocto-check: {text}", flush=True)


class Build:
    """One configured build: a machine, the layer of a tree, and the stand-ins."""

    def __init__(self, tree, top, machine, crates, distro="kiosk-onestop"):
        self.tree, self.machine = tree, machine
        (top / "conf").mkdir(parents=True, exist_ok=True)
        layers = [HERE / "layers" / name for name in ("core", "raspberrypi", "rauc")] + [tree / LAYER]
        (top / "conf" / "bblayers.conf").write_text(
            f'BBPATH = "{top}"\nBBFILES ?= ""\nBBLAYERS = "{" ".join(map(str, layers))}"\n'
        )
        os.chdir(top)
        settings = bb.cookerdata.CookerConfiguration()
        settings.env = {}
        self.builder = bb.cookerdata.CookerDataBuilder(settings, False)
        given = {
            "TOPDIR": top,
            "MACHINE": machine,
            "DISTRO": distro,
            # Where Debian keeps mkfs, for those whose shell leaves it out.
            "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin",
            "DL_DIR": crates,
        }
        for name, value in given.items():
            self.builder.basedata.setVar(name, str(value))
        self.builder.parseBaseConfiguration()

    def recipes(self):
        """Every recipe of the layer and of the stand-ins, variants too: name to its variables."""
        collection = bb.cooker.CookerCollectFiles([])
        files = collection.collect_bbfiles(self.builder.data, self.builder.data)[0]
        unused = {append for _, append in collection.bbappends}
        found = {}
        for file in files:
            appends = collection.get_file_appends(file)
            unused -= set(appends)
            for d in self.builder.parseRecipeVariants(file, appends, layername="kiosk-onestop").values():
                found[d.getVar("PN")] = d
        if unused:
            raise Fault(f"no recipe to append to: {', '.join(sorted(pathlib.Path(one).name for one in unused))}")
        return found


def ours(recipes, tree):
    """The recipes that lie in the layer."""
    return {name: d for name, d in recipes.items() if d.getVar("FILE").removeprefix("virtual:native:").startswith(str(tree / LAYER))}


def check_values(recipes, machine):
    """Evaluated variables are what EXPECTED says."""
    for wanted, holds in ((EXPECTED, True), (ABSENT, False)):
        for name, variable, where, part in wanted:
            if where not in ("*", machine):
                continue
            if name not in recipes:
                raise Fault(f"{machine}: there is no recipe {name}")
            value = " ".join((recipes[name].getVar(variable) or "").split())
            found = part in value if part else not value
            if found != holds:
                raise Fault(f"{machine}: {name}: {variable} is {value!r}, {'without' if holds else 'with'} {part!r}")


def check_licences(recipes):
    """Every recipe names its licence, and the text it names has not changed."""
    for name, d in recipes.items():
        licence = d.getVar("LICENSE")
        if not licence and "packagegroup" not in name and "bundle" not in name:
            raise Fault(f"{name}: no LICENSE")
        for uri in (d.getVar("LIC_FILES_CHKSUM") or "").split():
            path, _, digest = uri.removeprefix("file://").partition(";md5=")
            text = (pathlib.Path(d.getVar("KIOSK_TREE")) / path).read_bytes()
            if hashlib.md5(text).hexdigest() != digest:
                raise Fault(f"{name}: LIC_FILES_CHKSUM is not that of {path}")


def check_files(recipes):
    """Every local file that a recipe fetches is there."""
    for name, d in recipes.items():
        for uri in (d.getVar("SRC_URI") or "").split():
            if uri.startswith("file://"):
                path = uri.removeprefix("file://").partition(";")[0]
                folders = [pathlib.Path(one) for one in d.getVar("FILESPATH").split(":")]
                if not any((folder / path).exists() for folder in folders):
                    raise Fault(f"{name}: {path} is nowhere in {len(folders)} folders")


def check_without_distribution(mine):
    """Under another distribution every recipe still parses, and no setting that ours makes is left open in what it needs."""
    for name, d in mine.items():
        for variable in ("PACKAGE_INSTALL", "SRC_URI", "RAUC_BUNDLE_COMPATIBLE"):
            if "${KIOSK_" in (value := d.getVar(variable) or ""):
                raise Fault(f"without the kiosk's distribution {name} has {variable} {' '.join(value.split())}")


def check_products(recipes, machine, tree):
    """Runs the tasks that need no compiler; gives the number of files in the overlay."""
    if machine.startswith("raspberrypi"):
        check_keypad(recipes["kiosk-keypad-overlay"])
    files = check_overlay(recipes["kiosk-configuration"], tree)
    check_root(recipes["kiosk-image"], recipes["kiosk-configuration"], tree)
    check_boot(recipes["kiosk-boot"], tree)
    return files


def checked(tree, work, crates, deep=""):
    """The whole check of one tree; deep also fetches crates, licences or makes products. Gives a line for the reader."""
    heard = Heard()
    logging.getLogger("BitBake").addHandler(heard)
    counts = ""
    try:
        check_without_distribution(ours(Build(tree, work / "nodistro", MACHINES[0], crates, "nodistro").recipes(), tree))
        for machine in MACHINES:
            build = Build(tree, work / machine, machine, crates)
            recipes = build.recipes()
            mine = ours(recipes, tree)
            check_values(recipes, machine)
            check_licences(mine)
            check_files(mine)
            if deep in ("all", "products"):
                files = check_products(recipes, machine, tree)
            if machine != MACHINES[0]:
                continue
            if deep == "fetch":
                run(recipes["kiosk-bootctl"], "do_fetch")
            if deep in ("all", "licences"):
                linked = sum(check_crates_licences(recipes[name], tree) for name in ("kiosk-app", "kiosk-bootctl", "kiosk-drv"))
            if deep == "all":
                counts = f", {check_crates(recipes['kiosk-app'])} crates fetched and unpacked, cargo takes them, LICENSE allows the {linked} in programs"
                check_programs(recipes)
        if heard.lines:
            raise Fault(heard.lines[0])
    except Fault as fault:
        raise Fault("; ".join([str(fault), *heard.lines])) from fault
    except Exception as error:  # BitBake's exceptions are many, and few of them carry their message.
        raise Fault("; ".join(heard.lines) or str(error) or type(error).__name__) from error
    finally:
        logging.getLogger("BitBake").removeHandler(heard)
    made = f", {files} files of the overlay in the root, boot partitions and keypad made" if deep == "all" else ""
    return f"{len(mine)} recipes for {len(MACHINES)} machines{counts}{made}"


def copied(into):
    """A copy of the repository whose layer can be spoilt; the rest leads back to the real one."""
    into.mkdir()
    for entry in TREE.iterdir():
        if entry.name not in ("yocto", "Cargo.lock", ".git", "target"):
            (into / entry.name).symlink_to(entry)
    shutil.copytree(TREE / "yocto", into / "yocto")
    shutil.copy(TREE / "Cargo.lock", into / "Cargo.lock")
    return into


def spoilt(path, old, new):
    """Replaces a text that must be there, in the copy alone."""
    for folder in reversed(path.parents):
        if folder.is_symlink():  # leads to the real one: from here on the copy has its own
            real = folder.resolve()
            folder.unlink()
            folder.mkdir()
            for entry in real.iterdir():
                (folder / entry.name).symlink_to(entry)
    text = path.read_text()
    if path.is_symlink():
        path.unlink()
    if old not in text:
        raise Fault(f"a seeded fault no longer fits: {path.name} has no {old!r}")
    path.write_text(text.replace(old, new, 1))


# A fault in the layer, how deep the check must look, where, what is replaced by what, and a word of the complaint that must follow.
RECIPES = f"{LAYER}/recipes-kiosk"
APP = f"{RECIPES}/kiosk-app/kiosk-app_0.1.0.bb"
BOOT = f"{RECIPES}/images/kiosk-boot_0.1.0.bb"
IMAGE = f"{RECIPES}/images/kiosk-image.bb"
KEYPAD = f"{RECIPES}/kiosk-keypad-overlay/kiosk-keypad-overlay_0.1.0.bb"
SEEDED = [
    ("a line that is no BitBake", "", APP, 'SECTION = "kiosk"', 'SECTION "kiosk"', "ParseError"),
    ("a class that nobody has", "", APP, "features_check", "features_chek", "features_chek"),
    ("a feature that is spelt wrong", "", APP, 'PACKAGECONFIG ??= "linuxkms"', 'PACKAGECONFIG ??= "linuxmks"', "PACKAGECONFIG"),
    ("another licence text", "", BOOT, "md5=1ebb", "md5=2ebb", "LIC_FILES_CHKSUM"),
    ("a file that is gone", "", KEYPAD, "file://images/boot/kiosk-keypad.dts", "file://images/boot/keypad.dts", "keypad.dts"),
    ("an append to a recipe that nobody has", "", f"{LAYER}/conf/layer.conf", "dynamic-layers/raspberrypi/recipes-*/*/*.bbappend", "recipes-kernel/linux/../../dynamic-layers/nowhere/*.bbappend", "RPI_EXTRA_CONFIG"),
    ("a list that oe-core sets again", "", f"{LAYER}/classes-recipe/kiosk_verity.bbclass", 'CONVERSIONTYPES:append = " verity"', 'CONVERSIONTYPES += "verity"', "CONVERSIONTYPES"),
    ("a feature that native programs never have", "", APP, "REQUIRED_DISTRO_FEATURES:class-target", "REQUIRED_DISTRO_FEATURES", "REQUIRED_DISTRO_FEATURES"),
    ("a setting that only our distribution makes", "", BOOT, 'KIOSK_FIRMWARE_DEPENDS ??= ""', "", "KIOSK_FIRMWARE_DEPENDS"),
    ("a Cargo.lock of tomorrow", "", "Cargo.lock", "version = 4", "# newer\nversion = 4", "make yocto-crates"),
    ("a checksum of another crate", "fetch", "yocto/crates/kiosk-crates.inc", '.sha256sum] = "', '.sha256sum] = "0', "checksum"),
    ("a crate's licence that is not named", "licences", APP, " & MPL-2.0", "", "serialport"),
    ("a licence that no crate has", "licences", f"{RECIPES}/kiosk-bootctl/kiosk-bootctl_0.1.0.bb", " & MIT", " & MIT & ISC", "ISC"),
    ("a folder that is emptied with the sources in it", "products", BOOT, 'B = "${WORKDIR}/build"', 'B = "${S}"', "do_deploy"),
    ("a kernel of another name", "products", BOOT, '"$files/${KIOSK_KERNEL_NAME}"', '"$files/vmlinuz"', "vmlinuz"),
    ("an overlay that others' files withstand", "products", IMAGE, '"$overlay/." ${IMAGE_ROOTFS}/', '--no-clobber "$overlay/." ${IMAGE_ROOTFS}/', "etc/fstab"),
    ("an image that starts nothing", "products", IMAGE, "systemctl --quiet --root=${IMAGE_ROOTFS} preset-all", ":", "presets"),
    ("a device tree that dtc refuses", "products", "images/boot/kiosk-keypad.dts", "linux,code = <2>;", "linux,code = 2;", "do_compile"),
    ("pins that no board has", "products", "images/boot/kiosk-keypad.dts", "target = <&gpio>", "target = <&gpoi>", "fdtoverlay"),
]


def linked_crates(into):
    """A folder of the crates that cargo has downloaded, under the names that BitBake wants."""
    into.mkdir(parents=True)
    home = pathlib.Path(os.environ.get("CARGO_HOME", pathlib.Path.home() / ".cargo"))
    for crate in home.glob("registry/cache/*/*.crate"):
        if not (into / crate.name).exists():
            (into / crate.name).symlink_to(crate)
    return into


def seeded_faults(work):
    """Each seeded fault must be found, and for the right reason."""
    for number, (what, deep, path, old, new, word) in enumerate(SEEDED):
        tree = copied(work / f"tree-{number}")
        spoilt(tree / path, old, new)
        crates = linked_crates(work / f"crates-{number}")
        expect_fault(what, word, tree, work / f"work-{number}", crates, deep)
    tree = copied(work / "tree-crate")
    crates = linked_crates(work / "crates-crate")
    listed = (TREE / "yocto/crates/kiosk-crates.inc").read_text()
    victim = next(crate for crate in sorted(crates.iterdir()) if f"SRC_URI[{crate.stem}.sha256sum]" in listed)
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 1
    victim.unlink()
    victim.write_bytes(content)
    expect_fault("a crate with one flipped bit", "checksum", tree, work / "work-crate", crates, "fetch")


def expect_fault(what, word, tree, work, crates, deep):
    """Runs the check on a spoilt tree and wants it to fail by the word."""
    try:
        checked(tree, work, crates, deep)
    except Fault as fault:
        if word.lower() not in str(fault).lower():
            raise Fault(f"{what} was found, but as: {fault}") from fault
        say(f"found: {what}")
        return
    raise Fault(f"{what} went unnoticed")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    logging.getLogger("BitBake").propagate = False
    subprocess.run(["cargo", "fetch", "--locked", "--quiet"], cwd=TREE, check=True)
    with tempfile.TemporaryDirectory(prefix="yocto-check-") as folder:
        work = pathlib.Path(folder).resolve()
        try:
            say(checked(TREE, work / "real", linked_crates(work / "crates"), "all"))
            seeded_faults(work)
        except Fault as fault:
            print(f"yocto-check: {fault}", file=sys.stderr)
            return 1
    say(f"{len(SEEDED) + 1} seeded faults found")
    return 0


if __name__ == "__main__":
    sys.exit(main())
