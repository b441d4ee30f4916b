#!/usr/bin/env bash
# Makes a signed RAUC bundle from the two images of a slot.
#   images/rauc/bundle.sh --machine arm64 --version 0.1.0 --boot boot.vfat --system system.img --out kiosk.raucb
# Keys: RAUC_CERT and RAUC_KEY sign, RAUC_KEYRING is what kiosks have; without them development keys are made in
# target/rauc-keys (RAUC_KEYS names another folder). --release refuses those. RAUC_FORMAT=plain is for tests on a host
# whose kernel has no device mapper; no kiosk takes such a bundle.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

fail() {
  echo "bundle: $1 Remedy: $2" >&2
  exit 1
}
for tool in rauc:rauc mksquashfs:squashfs-tools openssl:openssl; do
  command -v "${tool%%:*}" >/dev/null || fail "${tool%%:*} is missing." "apt-get install --no-install-recommends ${tool##*:}"
done

machine='' version='' boot='' system='' out='' release=
while [ $# -gt 0 ]; do
  case $1 in
    --machine) machine=$2 && shift 2 ;;
    --version) version=$2 && shift 2 ;;
    --boot) boot=$2 && shift 2 ;;
    --system) system=$2 && shift 2 ;;
    --out) out=$2 && shift 2 ;;
    --release) release=1 && shift ;;
    *) fail "no such option: $1." "see the head of images/rauc/bundle.sh" ;;
  esac
done
[ -n "$machine" ] && [ -n "$version" ] && [ -n "$out" ] || fail "--machine, --version and --out are needed." "see the head of images/rauc/bundle.sh"
for file in "$boot" "$system"; do
  [ -s "$file" ] || fail "the image '$file' is missing or empty." "make image"
done

conf=$here/../generated/system-$machine.conf
[ -s "$conf" ] || fail "no machine $machine in images/layout.toml." "name one of its machines, or add it and run make layout"
compatible=$(sed -n 's/^compatible=//p' "$conf")

keys=${RAUC_KEYS:-$here/../../target/rauc-keys}
if [ -z "${RAUC_CERT:-}" ]; then
  [ -z "$release" ] || fail "a release is not signed with a development key." "set RAUC_CERT, RAUC_KEY and RAUC_KEYRING"
  "$here/keys.sh" "$keys"
fi
cert=${RAUC_CERT:-$keys/sign.pem} key=${RAUC_KEY:-$keys/sign.key} keyring=${RAUC_KEYRING:-$keys/ca.pem}
[ -z "$release" ] || "$here/keys.sh" check "$cert" "$keyring"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/in"
# Linked where possible: a system is some hundred megabytes.
ln "$boot" "$work/in/boot.vfat" 2>/dev/null || cp "$boot" "$work/in/boot.vfat"
ln "$system" "$work/in/system.img" 2>/dev/null || cp "$system" "$work/in/system.img"
build=$(date -u -d "@${SOURCE_DATE_EPOCH:-$(date +%s)}" +%Y%m%d%H%M%S)
sed -e "s|@COMPATIBLE@|$compatible|; s|@VERSION@|$version|; s|@BUILD@|$build|; s|@FORMAT@|${RAUC_FORMAT:-verity}|" \
  "$here/manifest.raucm.in" >"$work/in/manifest.raucm"
rm -f "$out"
# The quickest compression: the system is compressed already, what it gains are the empty blocks of the boot image.
rauc bundle --cert="$cert" --key="$key" --keyring="$keyring" --mksquashfs-args="-comp lz4" "$work/in" "$out" >"$work/log" 2>&1 ||
  fail "rauc bundle failed: $(tail -n 2 "$work/log" | tr '\n' ' ')" "read what RAUC says"
