#!/usr/bin/env bash
# Builds the firmware of a kiosk from Debian trixie for arm64: a disk image to flash and a bundle to update with.
#   images/image.sh        target/images/{kiosk.img,kiosk.raucb,packages.txt}
#   FRESH=1                fetch Debian's packages again (otherwise kept until images/debian/packages.txt changes)
#   RELEASE=1 RAUC_KEY=... RAUC_CERT=... RAUC_KEYRING=...   sign with a real key; a development key is refused then
# Root is needed for files that belong to others than the builder inside the image. docs/image.md says more.
cd "$(dirname "$0")/.."
# shellcheck source=images/common.sh
source images/common.sh
# shellcheck source=images/debian/rootfs.sh
source images/debian/rootfs.sh
# shellcheck source=/dev/null
source images/generated/layout.env

machine=arm64
programs=target/cross/programs
root=$out/root
parts=$out/parts
keys=target/rauc-keys
# Named by what it follows from: another list of packages is another folder.
cache=$out/cache/debian-$(sha256sum <images/debian/packages.txt | cut -c1-16)
# Every time in the image is that of the commit it was built from, so that the same commit gives the same bytes.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH TZ=UTC LC_ALL=C.UTF-8
umask 022

need() {
  [ "$(id -u)" = 0 ] || fail "files of the image belong to other users, which only root can set." "run this as root, in a container for example"
  tests/setup.sh image
  local name
  for name in kiosk-app kiosk-bootctl drv; do
    [ -x "$programs/$name" ] || fail "$programs/$name is missing." "make cross"
  done
}

fetch() {
  [ -z "${FRESH:-}" ] && [ -e "$cache/packages" ] || fetch_debian "$cache"
  version=$(basename "$cache"/kernel/usr/lib/modules/*)
}

# Copies the modules that a list names, and those they need, below $2. Unpacked: the system's and the initramfs' own
# compression serve better, and loading is quicker.
copy_modules() {
  local list=$1 into=$2 tree=lib/modules/$version name line file
  mkdir -p "$into/$tree"
  while read -r name; do
    line=$(grep -m1 -E "^[^:]*/${name//[-_]/[-_]}\.ko[^:]*:" "$cache/kernel/usr/$tree/modules.dep") ||
      fail "$list: kernel $version has no module $name." "take that line out, or look whether it is built in"
    for file in ${line/:/ }; do
      [ -e "$into/$tree/${file%.xz}" ] && continue
      mkdir -p "$(dirname "$into/$tree/$file")"
      xz -dc "$cache/kernel/usr/$tree/$file" >"$into/$tree/${file%.xz}"
    done
  done < <(words "$list")
  cp "$cache/kernel/usr/$tree"/modules.{builtin,builtin.modinfo,order} "$into/$tree/"
  depmod -b "$into" "$version"
}

make_root() {
  drop_unwanted "$root"
  copy_tree images/rootfs-overlay "$root"
  install -D -m 0755 -t "$root/usr/bin" "$programs"/{kiosk-app,kiosk-bootctl,drv}
  copy_tree config "$root/usr/share/kiosk/sample"
  install -D -m 0644 -t "$root/usr/share/fonts/kiosk" kiosk-app/ui/fonts/*.ttf
  install -D -m 0644 "images/generated/system-$machine.conf" "$root/etc/rauc/system.conf"
  install -D -m 0644 "$trusted" "$root/etc/rauc/keyring.pem"
  copy_modules images/debian/modules.txt "$root/usr"
  settle_debian "$root"
  printf 'IMAGE_ID=%s-%s\nIMAGE_VERSION=%s\n' "$COMPATIBLE" "$machine" "$(image_version)" >>"$root/usr/lib/os-release"
  make_users "$root"
  preset_units "$root"
}

# Copies files that git keeps: owned by root, and with no more of a mode than git knows.
copy_tree() {
  mkdir -p "$2"
  tar -C "$1" --owner=0 --group=0 --mode=u=rwX,go=rX -cf - . | tar -C "$2" -xf -
}

# Prints the certificate that bundles must be signed under; development keys are made at the first build.
keyring() {
  [ -n "${RAUC_KEYRING:-}" ] || images/rauc/keys.sh "$keys"
  [ -z "${RELEASE:-}" ] || images/rauc/keys.sh check "${RAUC_CERT:-$keys/sign.pem}" "${RAUC_KEYRING:-$keys/ca.pem}"
  echo "${RAUC_KEYRING:-$keys/ca.pem}"
}

image_version() { sed -nE 's/^version = "(.*)"/\1/p' Cargo.toml | head -n 1; }

# The libraries that a program of the image needs, as paths below $root, and theirs.
libraries() {
  local file=$1 name path
  readelf -d "$root/$file" | sed -nE 's/.*\(NEEDED\).*\[(.*)\]/\1/p' | while read -r name; do
    path=usr/lib/aarch64-linux-gnu/$name
    [ -e "$root/$path" ] || fail "$file needs $name, which is not in the image." "add its package to images/debian/packages.txt"
    echo "$path"
    libraries "$path"
  done
}

make_initramfs() {
  local tree=$out/initramfs library name
  rm -rf "$tree"
  mkdir -p "$tree"/{bin,dev,proc,sys,run,system,usr/lib}
  ln -s usr/lib "$tree/lib"
  install -m 0755 "$root/usr/bin/busybox" "$root/usr/sbin/dmsetup" "$tree/bin/"
  libraries usr/sbin/dmsetup | sort -u | while read -r library; do
    install -D -m 0755 "$root/$library" "$tree/lib/aarch64-linux-gnu/$(basename "$library")"
  done
  ln -s aarch64-linux-gnu/ld-linux-aarch64.so.1 "$tree/lib/ld-linux-aarch64.so.1"
  for name in sh cat dd hexdump modprobe mount reboot sleep switch_root umount; do ln -s busybox "$tree/bin/$name"; done
  copy_modules images/debian/modules-early.txt "$tree/usr"
  words images/debian/modules-early.txt >"$tree/modules"
  install -m 0755 images/initramfs/init "$tree/init"
  install -m 0644 images/generated/layout.env "$tree/layout.env"
  set_times "$tree"
  (cd "$tree" && find . -print0 | sort -z | cpio --null --create --format=newc --quiet --reproducible --owner=0:0) |
    zstd -q -19 -f -o "$parts/initramfs.img"
}

set_times() { find "$1" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +; }

# A name-based identity: the same for the same version, unlike another's.
identity() {
  local hash
  hash=$(echo "$COMPATIBLE $machine $(image_version) $SOURCE_DATE_EPOCH $1" | sha256sum)
  echo "${hash:0:8}-${hash:8:4}-8${hash:13:3}-8${hash:17:3}-${hash:20:12}"
}

# Prints how many blocks of 4 KiB the file system has, and the root hash of the tree that it appended to it.
make_system() {
  local image=$parts/system.img bytes
  rm -f "$image"
  set_times "$root"
  mkfs.erofs --quiet -zlz4hc,12 -C65536 -x-1 -T "$SOURCE_DATE_EPOCH" -U "$(identity system)" "$image" "$root" >"$out/erofs.log" 2>&1 ||
    fail "mkfs.erofs failed: $(tail -n 1 "$out/erofs.log")" "read $out/erofs.log"
  bytes=$(stat -c %s "$image")
  [ $((bytes % 4096)) -eq 0 ] || fail "$image is no whole number of blocks." "look at mkfs.erofs"
  blocks=$((bytes / 4096))
  roothash=$(veritysetup format --salt=- --uuid="$(identity verity)" --data-blocks="$blocks" --hash-offset="$bytes" "$image" "$image" |
    sed -nE 's/^Root hash:\s*([0-9a-f]{64})$/\1/p')
  [ -n "$roothash" ] || fail "veritysetup printed no root hash." "run veritysetup format on $image by hand"
  bytes=$(stat -c %s "$image")
  [ "$bytes" -le $((SYSTEM_A_SIZE_MIB * 1048576)) ] || fail "$image is larger than its partition." "drop more, or enlarge system_a and system_b in images/layout.toml"
}

# An empty FAT of a partition's size with the files after it, every time in it that of the commit.
make_fat() {
  local image=$1 label=$2 size_mib=$3
  shift 3
  rm -f "$image"
  truncate -s "${size_mib}M" "$image"
  mkfs.vfat --invariant -n "$label" "$image" >/dev/null
  touch --date="@$SOURCE_DATE_EPOCH" "$@"
  mcopy -m -i "$image" "$@" ::
}

make_boot() {
  local files=$out/boot
  rm -rf "$files"
  mkdir -p "$files"
  cp "$cache/kernel/kernel8.img" "$files/kernel8.img"
  cp "$parts/initramfs.img" "$files/initramfs.img"
  cp images/debian/config.txt "$files/config.txt"
  cp "$cache/kernel/usr/lib/linux-image-$version/broadcom"/bcm271{1,2}-rpi-*.dtb "$files/"
  echo "$(words images/debian/cmdline.txt) kiosk.blocks=$blocks kiosk.roothash=$roothash" >"$files/cmdline.txt"
  make_fat "$parts/boot.vfat" BOOT "$BOOT_A_SIZE_MIB" "$files"/*
  cp images/generated/autoboot.txt "$files/autoboot.txt"
  make_fat "$parts/bootsel.vfat" BOOTSEL "$BOOTSEL_SIZE_MIB" "$files/autoboot.txt"
}

make_data() {
  local image=$parts/data.ext4
  rm -f "$image"
  truncate -s "${DATA_SIZE_MIB}M" "$image"
  E2FSPROGS_FAKE_TIME=$SOURCE_DATE_EPOCH mke2fs -q -t ext4 -b 4096 -L data -m 0 -U "$(identity data)" -E "hash_seed=$(identity seed),root_owner=0:0" "$image"
}

make_disk() {
  rm -rf "$out/tmp"
  genimage --config images/generated/genimage.cfg --inputpath "$parts" --rootpath "$root/usr/share/kiosk" --outputpath "$out" --tmppath "$out/tmp" >"$out/genimage.log" 2>&1 ||
    fail "genimage failed: $(tail -n 1 "$out/genimage.log")" "read $out/genimage.log"
}

make_bundle() {
  # shellcheck disable=SC2086 # an option or nothing
  RAUC_KEYS=$keys images/rauc/bundle.sh --machine "$machine" --version "$(image_version)" --boot "$parts/boot.vfat" \
    --system "$parts/system.img" --out "$out/kiosk.raucb" ${RELEASE:+--release}
}

need
mkdir -p "$parts"
# Asked first: a release without its keys is refused before anything is built.
trusted=$(keyring)
step "packages of Debian" fetch
step "packages unpacked" unpack_debian "$cache" "$root"
step "initramfs" make_initramfs
step "root tree" make_root
step "root judged" images/check-overlay.sh "$root"
step "system partition" make_system
step "boot partitions" make_boot
step "data partition" make_data
step "disk" make_disk
step "bundle" make_bundle
say "bundle $(mib "$out/kiosk.raucb"), system $(mib "$parts/system.img"), kernel $(mib "$out/boot/kernel8.img"), initramfs $(mib "$parts/initramfs.img")"
