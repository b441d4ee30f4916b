#!/usr/bin/env bash
# Runs images/initramfs/init on machines made of files, under the BusyBox that the image has too: what it starts, what it asks
# the firmware for, and how long it takes over a slot that does not open. Whoever is root sees all of it; others need user
# namespaces. Time is counted, not waited for.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=/dev/null
source images/generated/layout.env

say() { echo "initramfs: $*"; }
fail() {
  echo "initramfs: $1 Remedy: $2" >&2
  exit 1
}

busybox=$(command -v busybox) || fail "busybox is missing." "tests/setup.sh test"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
machine=$work/machine
if [ "$(id -u)" = 0 ]; then in_machine=(chroot "$machine" /init); else in_machine=(unshare --map-root-user chroot "$machine" /init); fi

# A command of the machine, which first notes that it was called.
command_of() {
  rm -f "$machine/bin/$1"
  printf '#!/bin/sh\necho "%s $*" >>/log\n%s\n' "$1" "$2" >"$machine/bin/$1"
  chmod 0755 "$machine/bin/$1"
}

# A machine with one disk whose first word on everything is yes: a MODEL whose firmware booted PARTITION, by TRYBOOT (0 or 1).
make_machine() {
  local model=$1 partition=$2 tryboot=$3 name number
  rm -rf "$machine"
  mkdir -p "$machine"/{bin,dev,proc/device-tree/chosen/bootloader,sys/block/vda,run,bootsel} "$machine"/system/usr/{bin,lib/systemd}
  cp "$busybox" "$machine/bin/busybox"
  for name in sh cat dd hexdump; do ln -s busybox "$machine/bin/$name"; done
  cp images/initramfs/init images/generated/layout.env "$machine/"
  : >"$machine/modules"
  printf '%s\0' "$model" >"$machine/proc/device-tree/model"
  printf '\0\0\0%b' "\\x0$partition" >"$machine/proc/device-tree/chosen/bootloader/partition"
  printf '\0\0\0%b' "\\x0$tryboot" >"$machine/proc/device-tree/chosen/bootloader/tryboot"
  echo "quiet kiosk.blocks=5 kiosk.roothash=ab" >"$machine/proc/cmdline"
  # The signature as the kernel's partition table has it: the lowest byte first.
  head -c 440 /dev/zero >"$machine/dev/vda"
  printf '%b' "\\x${DISK_SIGNATURE:6:2}\\x${DISK_SIGNATURE:4:2}\\x${DISK_SIGNATURE:2:2}\\x${DISK_SIGNATURE:0:2}" >>"$machine/dev/vda"
  for number in "$BOOTSEL_NUMBER" "$SYSTEM_A_NUMBER" "$SYSTEM_B_NUMBER"; do
    mkdir "$machine/sys/block/vda/vda$number"
    echo "$number" >"$machine/sys/block/vda/vda$number/partition"
  done
  for name in lib/systemd/systemd lib/libc.so.6 bin/kiosk-app bin/kiosk-bootctl; do echo program >"$machine/system/usr/$name"; done
  command_of mount 'case $* in *vfat*) /bin/busybox mv /system /old; /bin/busybox ln -s /bootsel /system;; esac'
  command_of umount '[ ! -L /system ] || { /bin/busybox rm /system; /bin/busybox mv /old /system; }'
  command_of dmsetup :
  command_of modprobe :
  command_of sleep :
  command_of vcmailbox :
  command_of switch_root :
  # The one that ends the machine.
  # shellcheck disable=SC2016 # the machine's own variable
  command_of reboot '/bin/busybox kill -9 $PPID'
}

# Lets it run until it starts the system or restarts; then: $ended, $asked (of the firmware), $waited (seconds).
boot() {
  : >"$machine/log"
  { timeout 60 "${in_machine[@]}" >"$work/out" 2>&1; } 2>/dev/null || true
  ended=nothing asked=nothing
  if grep -q '^switch_root /system /usr/lib/systemd/systemd$' "$machine/log"; then ended=started; fi
  if grep -q '^reboot -f$' "$machine/log"; then ended=restarted; fi
  if [ -e "$machine/bootsel/tryboot" ] || grep -q '^vcmailbox 0x00038064 4 4 1$' "$machine/log"; then asked=other; fi
  waited=$(awk '$1 == "sleep" { sum += $2 } END { print int(sum) }' "$machine/log")
}

# expect WHAT ENDED ASKED LEAST MOST: and waited between LEAST and MOST seconds.
expect() {
  boot
  [ "$ended $asked" = "$2 $3" ] && [ "$waited" -ge "$4" ] && [ "$waited" -le "$5" ] ||
    fail "$1: $ended, asked for $asked, waited $waited s; not: $2, $3, $4 to $5 s. $(tail -n 3 "$machine/dev/kmsg" "$work/out" | tr '\n' ' ')" "read images/initramfs/init"
}

emulated=linux,dummy-virt
pi="Raspberry Pi 4 Model B Rev 1.5"
# shellcheck disable=SC2016 # the machine's own variables
never='case $* in *erofs*) exit 1;; *vfat*) /bin/busybox mv /system /old; /bin/busybox ln -s /bootsel /system;; esac'

for model in "$emulated" "$pi"; do
  for partition in "$BOOT_A_NUMBER" "$BOOT_B_NUMBER"; do
    for tryboot in 0 1; do
      make_machine "$model" "$partition" "$tryboot"
      expect "a sound slot" started nothing 0 0
    done
    system=$([ "$partition" = "$BOOT_A_NUMBER" ] && echo "$SYSTEM_A_NUMBER" || echo "$SYSTEM_B_NUMBER")
    grep -q "dmsetup create .*verity 1 /dev/vda$system /dev/vda$system 4096 4096 5 6 sha256 ab -" "$machine/log" ||
      fail "partition $partition did not open system $system." "read images/initramfs/init"

    make_machine "$model" "$partition" 1
    command_of mount "$never"
    expect "a slot on trial that does not open" restarted nothing 1 5

    make_machine "$model" "$partition" 0
    command_of mount "$never"
    expect "the kept slot that does not open" restarted other 60 120
    # The firmware takes the flag; the other slot does not open either, and the kept one has its turn again.
    make_machine "$model" "$((5 - partition))" 1
    command_of mount "$never"
    expect "neither slot opens" restarted nothing 1 5
  done

  make_machine "$model" 2 0
  # shellcheck disable=SC2016 # the machine's own variables
  command_of mount 'case $* in *erofs*) [ -e /again ] || { : >/again; exit 1; };; esac'
  expect "a card that answers at the second try" started nothing 15 30
  for file in lib/systemd/systemd lib/libc.so.6 bin/kiosk-app bin/kiosk-bootctl; do
    make_machine "$model" 2 0
    rm "$machine/system/usr/$file"
    # Its blocks do not match: reading is what fails.
    mkdir "$machine/system/usr/$file"
    expect "an unreadable $file in the kept slot" restarted other 60 120
  done
  make_machine "$model" 2 0
  echo quiet >"$machine/proc/cmdline"
  expect "a kept slot whose command line is damaged" restarted other 60 120
  # Its partition is gone; bootsel is not.
  make_machine "$model" 3 0
  rm -r "$machine/sys/block/vda/vda$SYSTEM_B_NUMBER"
  expect "a kept slot without its partition" restarted other 120 180
  make_machine "$model" 3 1
  rm "$machine/proc/device-tree/chosen/bootloader/tryboot"
  expect "a firmware that does not say whether this is a trial" restarted nothing 3 60
  make_machine "$model" 1 0
  expect "a partition that is no boot slot" restarted nothing 3 60
done
make_machine "$pi" 2 0
command_of mount "$never"
rm "$machine/bin/vcmailbox"
expect "a Pi without a way to its firmware" restarted nothing 60 120
say "sound slots start, a trial goes back at once, and a kept slot that does not open asks for the other one, slowly"
