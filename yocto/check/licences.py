"""A recipe's LICENSE against what each crate of its program says of itself."""

import re
import subprocess

from fault import Fault

# Not a crate's: the program's own and its fonts'.
OWN = {"GPL-3.0-only", "OFL-1.1"}
NAME = re.compile(r"[A-Za-z0-9.+-]+(?: WITH [A-Za-z0-9.-]+)?")


def allowed(expression, licences):
    """Whether these licences are enough for a crate: "MIT OR Apache-2.0", "MIT/Apache-2.0", "(MIT OR ISC) AND Zlib"."""
    words = {"AND": "and", "OR": "or"}
    asked = NAME.sub(lambda name: words.get(name[0]) or str(name[0] in licences), expression.replace("/", " OR "))
    if not re.fullmatch(r"(?:and|or|True|False|[() ])+", asked):
        raise Fault(f"a licence that cannot be read: {expression}")
    return eval(asked, {"__builtins__": {}})  # of the words above alone


def crates_of(d, tree):
    """Name and licence of every crate in the recipe's program."""
    features = d.getVar("KIOSK_FEATURES").split()
    for name in (d.getVar("PACKAGECONFIG") or "").split():
        features += d.getVarFlag("PACKAGECONFIG", name).split(",")[0].split()
    command = ["cargo", "tree", "--offline", "--locked", "--package", d.getVar("KIOSK_PACKAGE"), *features]
    command += ["--edges", "normal,no-proc-macro", "--target", "aarch64-unknown-linux-gnu", "--prefix", "none", "--format", "{p}|{l}"]
    answer = subprocess.run(command, cwd=tree, capture_output=True, text=True)
    if answer.returncode:
        raise Fault(f"{d.getVar('PN')}: cargo tree: {answer.stderr.strip()}")
    return sorted({tuple(line.removesuffix(" (*)").split("|")) for line in answer.stdout.splitlines() if line})


def check_crates_licences(d, tree):
    """LICENSE allows every crate, and names no licence that none of them asks for."""
    named = set(d.getVar("LICENSE").split(" & "))
    crates = crates_of(d, tree)
    for crate, licence in crates:
        if not allowed(licence, named):
            raise Fault(f"{d.getVar('PN')}: LICENSE does not allow {crate.split(' (')[0]}: {licence}")
    for name in sorted(named - OWN):
        if all(allowed(licence, named - {name}) for _, licence in crates):
            raise Fault(f"{d.getVar('PN')}: LICENSE names {name}, which no crate asks for")
    return len(crates)
