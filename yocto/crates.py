#!/usr/bin/env python3
"""Writes yocto/crates/kiosk-crates.inc, the list of crates that the layer's recipes fetch, from Cargo.lock.

  yocto/crates.py            write the list
  yocto/crates.py --check    write nothing; fail when the list is not up to date

The lines are those of oe-core's update_crates task; the digest tells the recipes which Cargo.lock they are of.
"""

import hashlib
import pathlib
import sys
import tomllib

TREE = pathlib.Path(__file__).resolve().parent.parent
LOCK = TREE / "Cargo.lock"
LIST = TREE / "yocto" / "crates" / "kiosk-crates.inc"


def listed(lock: bytes) -> str:
    """The text of the list for a Cargo.lock."""
    packages = [one for one in tomllib.loads(lock.decode())["package"] if "crates.io" in one.get("source", "")]
    uris = "".join(f"\n    crate://crates.io/{one['name']}/{one['version']} \\" for one in packages)
    sums = "".join(
        f"\nSRC_URI[{one['name']}-{one['version']}.sha256sum] = \"{one['checksum']}\""
        for one in packages
        if "checksum" in one
    )
    digest = hashlib.sha256(lock).hexdigest()
    head = f'# Written from Cargo.lock by `make yocto-crates`.\nKIOSK_CRATES_LOCK = "{digest}"\n\n'
    return f'{head}# from Cargo.lock\nSRC_URI += " \\{uris}\n"\n{sums}\n'


def main() -> int:
    if sys.argv[1:] not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    text = listed(LOCK.read_bytes())
    if LIST.is_file() and LIST.read_text() == text:
        print("yocto-crates: up to date")
        return 0
    if sys.argv[1:]:
        print("yocto-crates: the list is not of this Cargo.lock. Remedy: make yocto-crates", file=sys.stderr)
        return 1
    LIST.parent.mkdir(exist_ok=True)
    LIST.write_text(text)
    print(f"yocto-crates: wrote {text.count('crate://')} crates")
    return 0


if __name__ == "__main__":
    sys.exit(main())
