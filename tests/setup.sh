#!/usr/bin/env bash
# Installs what building and testing need on Debian 12 or 13, and nothing that is there already.
#   tests/setup.sh build   what `make run` and `make demo` need
#   tests/setup.sh kiosk   that and what the build for a kiosk's own touchscreen needs
#   tests/setup.sh image   the tools that build the firmware image (the Rust programs come from a chroot of their own)
#   tests/setup.sh emulator what `make test-image` boots the image with
#   tests/setup.sh test    that and the judges of `make test`: a browser, a barcode reader, a text reader, the parsers of the image's files
set -euo pipefail
cd "$(dirname "$0")/.."

want=${1:-build}
packages=()
keep_off=()

need_command() { command -v "$1" >/dev/null 2>&1 || packages+=("$2"); }
need_library() { pkg-config --exists "$1" 2>/dev/null || packages+=("$2"); }

command -v cargo >/dev/null 2>&1 || {
  echo "setup: no Rust toolchain. Remedy: install rustup or Debian's rustc and cargo, 1.94 or newer, then run this again." >&2
  exit 1
}

need_command cc gcc
need_command make make
need_command pkg-config pkg-config
need_library fontconfig libfontconfig-dev
need_library xkbcommon libxkbcommon-dev
need_command fc-list fontconfig
# winit loads these at run time; without them there is no window.
for library in libX11-xcb.so.1:libx11-xcb1 libxkbcommon-x11.so.0:libxkbcommon-x11-0 libXcursor.so.1:libxcursor1 libXi.so.6:libxi6 libXrandr.so.2:libxrandr2; do
  ldconfig -p | grep -q "${library%%:*}" || packages+=("${library##*:}")
done
# Slint wants one font that fontconfig can see, even though all that it shows are its own.
[ -n "$(fc-list 2>/dev/null | head -n 1)" ] || packages+=(fonts-noto-core)

if [ "$want" = kiosk ]; then
  need_library libinput libinput-dev
  need_library libudev libudev-dev
fi

if [ "$want" = emulator ]; then
  need_command qemu-system-aarch64 qemu-system-arm
  need_command fdtput device-tree-compiler
fi

if [ "$want" = image ]; then
  for pair in mmdebstrap:mmdebstrap mkfs.erofs:erofs-utils veritysetup:cryptsetup-bin genimage:genimage mcopy:mtools mkfs.vfat:dosfstools \
    mke2fs:e2fsprogs depmod:kmod cpio:cpio xz:xz-utils zstd:zstd readelf:binutils rauc:rauc mksquashfs:squashfs-tools openssl:openssl \
    systemd-sysusers:systemd; do
    need_command "${pair%%:*}" "${pair##*:}"
  done
fi

if [ "$want" = test ]; then
  need_command zbarimg zbar-tools
  need_command tesseract tesseract-ocr
  tesseract --list-langs 2>/dev/null | grep -qx vie || packages+=(tesseract-ocr-vie)
  need_command chromium chromium
  need_command node nodejs
  need_command npm npm
  need_command genimage genimage
  need_command sfdisk fdisk
  need_command rauc rauc
  need_command mksquashfs squashfs-tools
  need_command dbus-daemon dbus-daemon
  need_command gdbus libglib2.0-bin
  need_command openssl openssl
  need_command mkfs.vfat dosfstools
  need_command mcopy mtools
  # `make yocto-check` brings its judges with pip, but for these.
  need_command fdtoverlay device-tree-compiler
  need_command mke2fs e2fsprogs
  python3 -c 'import ensurepip' >/dev/null 2>&1 || packages+=(python3 python3-venv)
  # Judges of images/rootfs-overlay. Of USBGuard only the parser of its rules is wanted: the daemon, which starts when it is
  # installed, would refuse this machine's own devices.
  need_command systemd-analyze systemd
  need_command nft nftables
  need_command ip iproute2
  # It runs images/initramfs/init where nothing else is: it must need no libraries.
  need_command busybox busybox-static
  if ! command -v usbguard-rule-parser >/dev/null 2>&1; then
    packages+=(usbguard)
    keep_off=(usbguard.service usbguard-dbus.service)
  fi
fi

if [ ${#packages[@]} -gt 0 ]; then
  echo "setup: installing with apt-get: ${packages[*]}"
  if [ "$(id -u)" = 0 ]; then as_root=(); elif command -v sudo >/dev/null 2>&1; then as_root=(sudo); else
    echo "setup: these packages are missing and you are not root. Remedy: apt-get install ${packages[*]}" >&2
    exit 1
  fi
  for unit in "${keep_off[@]}"; do "${as_root[@]}" ln -sfn /dev/null "/etc/systemd/system/$unit"; done
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null || {
    echo "setup: apt-get failed. Remedy: apt-get install ${packages[*]}, then run this again." >&2
    exit 1
  }
fi

# Clients that nobody here wrote: a browser's driver, and a program that prints receipts.
install_npm() {
  if [ "$want" = test ] && [ -f "tests/$1/package-lock.json" ] && [ ! -d "tests/$1/node_modules/$2" ]; then
    echo "setup: installing $2 with npm"
    (cd "tests/$1" && npm ci --silent --no-audit --no-fund) || {
      echo "setup: npm failed. Remedy: run 'npm ci' in tests/$1 and read what it says." >&2
      exit 1
    }
  fi
}
install_npm browser playwright-core
install_npm receiptio receiptio
if [ "$want" = emulator ] && ! qemu-system-aarch64 -device help | grep -q virtio-multitouch-pci; then
  echo "setup: this qemu has no touchscreen (9.0 or newer has). Remedy on Debian 12: enable bookworm-backports, then apt-get install -t bookworm-backports qemu-system-arm." >&2
  exit 1
fi
echo "setup: ready for $want"
