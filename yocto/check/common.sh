# Sourced by the scripts of this folder: where things go, and how to say what is wrong.
out=target/yocto
venv=$out/venv

say() { echo "yocto-check: $*"; }
fail() {
  echo "yocto-check: $1 Remedy: $2" >&2
  exit 1
}

# Installs what yocto/check/requirements.txt names, once for each version of that file.
make_venv() {
  mkdir -p "$out"
  cmp -s yocto/check/requirements.txt "$venv/requirements.txt" 2>/dev/null && return
  command -v python3 >/dev/null || fail "python3 is missing." "apt-get install python3 python3-venv"
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "python3 is older than 3.11." "use Debian 12 or newer"
  rm -rf "$venv"
  python3 -m venv "$venv" || fail "python3 cannot make a virtual environment." "apt-get install python3-venv"
  say "installing $(grep -c == yocto/check/requirements.txt) packages with pip (once)"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r yocto/check/requirements.txt || fail "pip failed." "read what it says above"
  cp yocto/check/requirements.txt "$venv/requirements.txt"
}
