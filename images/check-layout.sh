#!/usr/bin/env bash
# Has genimage build the disk from images/generated with small stand-ins, and asks sfdisk, which knows nothing of the
# layout, where the partitions really start. A layout that was changed by hand must fail (positive control).
#   images/check-layout.sh
set -euo pipefail
cd "$(dirname "$0")/.."

say() { echo "check-layout: $*"; }
fail() {
  echo "check-layout: $1 Remedy: $2" >&2
  exit 1
}

for tool in genimage:genimage sfdisk:fdisk; do
  command -v "${tool%%:*}" >/dev/null || fail "${tool%%:*} is missing." "apt-get install --no-install-recommends ${tool##*:}"
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Name, start and size of each partition, as layout.env has them.
# shellcheck source=/dev/null
source images/generated/layout.env
names=(BOOTSEL BOOT_A BOOT_B SYSTEM_A SYSTEM_B DATA)

built() {
  local config=$1 into=$2
  mkdir -p "$into/in" "$into/root" "$into/out"
  local file
  for file in bootsel.vfat boot.vfat system.img data.ext4; do echo "$file" >"$into/in/$file"; done
  genimage --config "$config" --inputpath "$into/in" --rootpath "$into/root" --outputpath "$into/out" --tmppath "$into/tmp" >"$into/log" 2>&1 ||
    fail "genimage refuses $config: $(tail -n 1 "$into/log")" "make layout, or mend images/layout.toml"
}

# Prints what differs between the table and the layout; silent when all is as it should be.
differences() {
  local image=$1 name number start size line
  sfdisk --dump "$image" >"$image.table"
  grep -q "^label-id: 0x$DISK_SIGNATURE$" "$image.table" || echo "the signature is not $DISK_SIGNATURE"
  for name in "${names[@]}"; do
    number=${name}_NUMBER start=${name}_START_MIB size=${name}_SIZE_MIB
    # sfdisk counts sectors of 512 bytes, padded with blanks.
    line=$(tr -d ' ' <"$image.table" | grep -F "kiosk.img${!number}:start=" || true)
    [[ $line == *"start=$((${!start} * 2048)),size=$((${!size} * 2048)),"* ]] || echo "$name should be at ${!start} MiB: ${line##*/}"
  done
}

built images/generated/genimage.cfg "$work/real"
found=$(differences "$work/real/out/kiosk.img")
[ -z "$found" ] || fail "the disk is not as images/layout.toml says: $found." "look at images/gen/src/written.rs"

sed 's/offset = 1248M/offset = 1252M/' images/generated/genimage.cfg >"$work/moved.cfg"
cmp -s images/generated/genimage.cfg "$work/moved.cfg" && fail "the positive control moves nothing." "name another partition's start in this script"
built "$work/moved.cfg" "$work/moved"
[ -n "$(differences "$work/moved/out/kiosk.img")" ] || fail "a moved partition went unnoticed." "mend this script"
say "genimage and sfdisk agree with images/layout.toml: ${#names[@]} partitions, $DISK_MIB MiB; a moved one is noticed"
