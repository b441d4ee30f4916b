"""What the recipes make, with stand-ins for what other recipes would bring."""

import contextlib
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys

import bb.build
from fault import Fault

# What packages leave in the root before the overlay comes.
PACKAGED = {
    "etc/fstab": "of base-files\n",
    "etc/usbguard/usbguard-daemon.conf": "of usbguard\n",
    "usr/lib/systemd/system/multi-user.target": "[Unit]\n",
}
UNITS = "etc/systemd/system"
KEYPAD_PINS = "/dts-v1/; / { #address-cells = <1>; #size-cells = <1>; gpio: gpio@0 { reg = <0 1>; #gpio-cells = <2>; }; };"


@contextlib.contextmanager
def heard_in(path):
    """What programs say goes into a file: only somebody who looks for a fault wants it."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = os.dup(1), os.dup(2)
    with open(path, "ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for number, file in enumerate(kept, 1):
            os.dup2(file, number)
            os.close(file)


def run(d, *tasks):
    """Runs tasks of a recipe, as BitBake does."""
    for folder in ("T", "WORKDIR", "UNPACKDIR", "D", "B"):
        os.makedirs(d.getVar(folder), exist_ok=True)
    log = folder_of(d, "T") / "log"
    for task in tasks:
        try:
            with heard_in(log):
                bb.build.exec_func(task, d)
        except Exception as error:  # BitBake's exceptions are many, and few of them carry their message.
            said = " ".join(log.read_text(errors="replace").split()[-60:])
            raise Fault(f"{d.getVar('PN')}: {task}: {error} {said}") from error


def told(what, *command, given=None):
    """What a program prints; a Fault if it fails."""
    answer = subprocess.run([str(word) for word in command], capture_output=True, text=True, input=given)
    if answer.returncode:
        raise Fault(f"{what}: {command[0]}: {answer.stderr.strip()}")
    return answer.stdout


def folder_of(d, variable):
    return pathlib.Path(d.getVar(variable))


def check_crates(d):
    """Crates are fetched with their checksums, unpacked, and make a tree that cargo takes without a network."""
    run(d, "do_fetch", "do_unpack", "do_configure")
    environment = dict(os.environ, CARGO_HOME=d.getVar("CARGO_HOME"))
    command = ["cargo", "metadata", "--frozen", "--format-version=1", f"--manifest-path={d.getVar('CARGO_MANIFEST_PATH')}"]
    answer = subprocess.run(command, env=environment, cwd=d.getVar("S"), capture_output=True, text=True)
    if answer.returncode:
        raise Fault(f"cargo does not take the unpacked tree: {answer.stderr.strip()}")
    packages = json.loads(answer.stdout)["packages"]
    outside = sum(1 for package in packages if package["source"])
    uris = sum(1 for uri in d.getVar("SRC_URI").split() if uri.startswith("crate://"))
    if outside == 0 or outside > uris:
        raise Fault(f"cargo knows {outside} crates from outside, the list has {uris}")
    return uris


def check_programs(recipes):
    """do_install finds the programs where cargo leaves them, and what belongs to them."""
    wanted = {"kiosk-app": ("bin/kiosk-app", "share/fonts/kiosk/NotoSans-Regular.ttf"), "kiosk-bootctl": ("bin/kiosk-bootctl",), "kiosk-drv": ("bin/drv",)}
    for name, files in wanted.items():
        d = recipes[name]
        if not folder_of(d, "UNPACKDIR").exists():
            d.setVar("SRC_URI", " ".join(uri for uri in d.getVar("SRC_URI").split() if uri.startswith("file://")))
            run(d, "do_fetch", "do_unpack")
        built = folder_of(d, "B") / "target" / d.getVar("CARGO_TARGET_SUBDIR")
        built.mkdir(parents=True, exist_ok=True)
        for program in d.getVar("KIOSK_PROGRAMS").split():
            (built / program).write_text("stand-in")
        run(d, "do_install")
        for file in files:
            if not (folder_of(d, "D") / "usr" / file).is_file():
                raise Fault(f"{name}: do_install leaves no /usr/{file}")


def listing(folder):
    """Every file and link below a folder: its mode or where it leads, and its digest."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        elif path.is_file():
            found[name] = f"{'x' if os.access(path, os.X_OK) else '-'} {hashlib.sha256(path.read_bytes()).hexdigest()}"
    return found


def check_overlay(d, tree):
    """do_install of the configuration carries the shared overlay, the machine's update slots and the sample hall."""
    machine = d.getVar("MACHINE")
    run(d, "do_fetch", "do_unpack", "do_install")
    wanted = listing(tree / "images" / "rootfs-overlay")
    installed = folder_of(d, "D") / "usr/share/kiosk"
    found = listing(installed / "overlay")
    for name, what in wanted.items():
        if found.pop(name, None) != what:
            raise Fault(f"{machine}: {name} of images/rootfs-overlay is not installed as it is")
    if strange := [name for name in found if name != "etc/rauc/system.conf"]:
        raise Fault(f"installed, but not in images/rootfs-overlay: {', '.join(strange)}")
    if f"compatible=kiosk-onestop-{machine}\n" not in (installed / "overlay/etc/rauc/system.conf").read_text():
        raise Fault(f"etc/rauc/system.conf is not of {machine}")
    if listing(installed / "sample") != listing(tree / "config"):
        raise Fault("the sample hall is not config/")
    return len(wanted)


def check_root(image, configuration, tree):
    """The image lays the overlay over what packages brought, and the overlay's presets alone say what is started."""
    root = folder_of(image, "IMAGE_ROOTFS")
    shutil.copytree(configuration.getVar("D"), root, symlinks=True)
    for name, text in PACKAGED.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / "etc/resolv.conf").symlink_to("resolv-conf.systemd")
    foreign = root / UNITS / "multi-user.target.wants/foreign.service"
    foreign.parent.mkdir(parents=True)
    foreign.symlink_to("/usr/lib/systemd/system/foreign.service")
    run(image, "kiosk_lay_overlay")
    found = listing(root)
    for name, what in listing(tree / "images" / "rootfs-overlay").items():
        if found.get(name) != what:
            raise Fault(f"the image has no {name} as the overlay has it")
    if (root / "usr/share/kiosk/overlay").exists():
        raise Fault("the image still has the overlay in its package's folder")
    if foreign.is_symlink() or not (root / UNITS / "multi-user.target.wants/kiosk-app.service").is_symlink():
        raise Fault("the overlay's presets do not say what the image starts")


def stand_ins(d, machine):
    """What kernel, firmware, initramfs and image leave for kiosk-boot; gives the names of what must be on a boot partition."""
    deployed = folder_of(d, "DEPLOY_DIR_IMAGE")
    files = {"Image": "Image", f"kiosk-initramfs-{machine}.cpio.zst": "initramfs", f"kiosk-image-{machine}.erofs-lz4hc.verity": "system"}
    files[f"kiosk-image-{machine}.cmdline"] = "kiosk.blocks=1 kiosk.roothash=abc\n"
    wanted = {d.getVar("KIOSK_KERNEL_NAME"), "initramfs.img", "cmdline.txt"}
    if machine.startswith("raspberrypi"):
        firmware = d.getVar("BOOTFILES_DIR_NAME")
        files |= {f"{firmware}/{name}": name for name in ("start4.elf", "config.txt", "rpi-bootfiles.stamp")}
        files |= {name: name for name in ("bcm2712-rpi-5-b.dtb", "kiosk-keypad.dtbo")}
        wanted |= {"start4.elf", "config.txt", "bcm2712-rpi-5-b.dtb", "overlays/", "overlays/kiosk-keypad.dtbo"}
    for name, text in files.items():
        (deployed / name).parent.mkdir(parents=True, exist_ok=True)
        (deployed / name).write_text(text)
    return wanted


def check_boot(d, tree):
    """do_deploy makes the partitions of the layout, with everything on them that a machine boots by."""
    machine = d.getVar("MACHINE")
    wanted = stand_ins(d, machine)
    run(d, "do_fetch", "do_unpack", "do_deploy")
    made = folder_of(d, "DEPLOYDIR")
    lines = (tree / "images/generated/layout.env").read_text().splitlines()
    layout = dict(line.split("=") for line in lines if "=" in line)
    for name, size in (("bootsel.vfat", "BOOTSEL"), ("boot.vfat", "BOOT_A"), ("data.ext4", "DATA")):
        if (made / name).stat().st_size != int(layout[f"{size}_SIZE_MIB"]) << 20:
            raise Fault(f"{machine}: {name} is not of the size in images/layout.toml")
    found = set(told("boot.vfat", "mdir", "-/", "-b", "-i", made / "boot.vfat", "::").replace("::/", "").split())
    if found != wanted:
        raise Fault(f"{machine}: boot.vfat: {', '.join(sorted(found ^ wanted))}")
    line = told("boot.vfat", "mtype", "-i", made / "boot.vfat", "::cmdline.txt")
    if not line.endswith(" kiosk.blocks=1 kiosk.roothash=abc\n") or "panic=" not in line:
        raise Fault(f"{machine}: cmdline.txt is {line!r}")
    if told("bootsel.vfat", "mtype", "-i", made / "bootsel.vfat", "::autoboot.txt") != (tree / "images/generated/autoboot.txt").read_text():
        raise Fault(f"{machine}: autoboot.txt is not that of images/generated")


def check_keypad(d):
    """dtc takes the keypad's overlay, and it fits onto a board whose pins have the name that it asks for."""
    run(d, "do_fetch", "do_unpack", "do_compile")
    made = folder_of(d, "B")
    told("the board of the check", "dtc", "-@", "-I", "dts", "-O", "dtb", "-o", made / "board.dtb", given=KEYPAD_PINS)
    told("the keypad's overlay", "fdtoverlay", "-i", made / "board.dtb", "-o", made / "whole.dtb", made / "kiosk-keypad.dtbo")
    keys = told("the keypad's overlay", "fdtget", "-l", made / "whole.dtb", "/kiosk-keypad").split()
    if sorted(keys) != [f"key-{number}" for number in range(1, 6)]:
        raise Fault(f"the keypad's overlay has keys {keys}")
