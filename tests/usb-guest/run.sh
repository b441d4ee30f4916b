#!/usr/bin/env bash
# Boots Debian's stock kernel in qemu with USB gadgets that play a printer, scanners and keypads, and lets the real
# drivers loose on them through real device nodes. README.md beside this file says what that proves.
#   tests/usb-guest/run.sh [SCENARIO...]     all scenarios unless some are named
set -euo pipefail
cd "$(dirname "$0")/../.."

here=tests/usb-guest
out=target/usb-guest
guest_limit=420
modules=(configfs dummy_hcd libcomposite usb_f_printer usb_f_hid usb_f_acm usblp cdc-acm usbhid hid-generic evdev uinput)

say() { echo "usb-guest: $*"; }
fail() {
  echo "usb-guest: $1 Remedy: $2" >&2
  exit 1
}

need_tools() {
  local missing=()
  command -v qemu-system-x86_64 >/dev/null || missing+=(qemu-system-x86)
  command -v cpio >/dev/null || missing+=(cpio)
  # A busybox that wants libraries would not start in the guest.
  [[ $(ldd "$(command -v busybox)" 2>&1) == *"not a dynamic"* ]] || missing+=(busybox-static)
  [ ${#missing[@]} -eq 0 ] || fail "this machine lacks ${missing[*]}." "apt-get install --no-install-recommends ${missing[*]}"
  { command -v apt-get && command -v dpkg-deb; } >/dev/null ||
    fail "the guest's kernel comes from Debian's packages." "run this on Debian or a relative of it"
}

# The kernel package is taken apart, never installed.
fetch_kernel() {
  [ -e "$out/kernel/version" ] && return
  local package
  package=$(apt-cache depends linux-image-amd64 | grep -o 'linux-image-[0-9][^ ]*' | head -n 1) || true
  [ -n "$package" ] || fail "apt knows no linux-image-amd64." "apt-get update"
  say "downloading $package (once; delete $out/kernel to renew it)"
  rm -rf "$out/kernel" "$out/download"
  mkdir -p "$out/kernel" "$out/download"
  (cd "$out/download" && apt-get -q -o APT::Sandbox::User=root download "$package" >apt.log 2>&1) ||
    fail "apt-get download $package failed." "apt-get update, then read $out/download/apt.log"
  dpkg-deb -x "$out"/download/linux-image-*.deb "$out/kernel"
  rm -rf "$out/download"
  find "$out/kernel" -name '*.ko.xz' -exec xz -d {} +
  local version=${package#linux-image-}
  busybox depmod -b "$out/kernel" "$version"
  echo "$version" >"$out/kernel/version"
}

copy_modules() {
  local root=$1 version tree name line file
  version=$(cat "$out/kernel/version")
  tree=lib/modules/$version
  mkdir -p "$root/$tree"
  for name in "${modules[@]}"; do
    # A line of modules.dep: the module, a colon, all that it needs.
    line=$(grep -E "(^|/)$name\.ko:" "$out/kernel/$tree/modules.dep") ||
      fail "kernel $version has no module $name." "rm -r $out/kernel, apt-get update, and run this again"
    for file in ${line/:/ }; do
      (cd "$out/kernel/$tree" && cp --parents "$file" "$OLDPWD/$root/$tree/")
    done
  done
  busybox depmod -b "$root" "$version"
}

copy_program() {
  local root=$1 program=$2 library
  install -D -s "$program" "$root/bin/usb-guest"
  # Lines such as "libm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x...)" and the loader's own.
  ldd "$program" | grep -o '/[^ ]*' | while read -r library; do
    install -D "$library" "$root$library"
  done
}

pack() {
  local root=$out/root
  rm -rf "$root"
  mkdir -p "$root"/{bin,dev,proc,sys,tmp}
  copy_modules "$root"
  copy_program "$root" "${CARGO_TARGET_DIR:-target}/debug/examples/usb-guest"
  install "$(command -v busybox)" "$root/bin/busybox"
  install "$here/init" "$root/init"
  (cd "$root" && find . -print0 | cpio --null --create --format=newc --quiet) >"$out/initramfs"
}

boot() {
  local wanted
  wanted=$(IFS=,; echo "$*")
  rm -f "$out"/{console.log,results.jsonl}
  # No KVM: where /dev/kvm exists it may hang.
  timeout "$guest_limit" qemu-system-x86_64 -accel tcg -cpu max -m 512 -smp 2 -nodefaults -no-user-config \
    -display none -no-reboot -kernel "$out"/kernel/boot/vmlinuz-* -initrd "$out/initramfs" \
    -append "console=ttyS0 quiet loglevel=4 panic=-1 usb-guest=$wanted" \
    -serial "file:$out/console.log" -serial "file:$out/results.jsonl" ||
    fail "the guest did not end by itself within $guest_limit s." "read $out/console.log"
}

report() {
  local seconds=$1 summary
  summary=$(grep '^{"run"' "$out/results.jsonl") ||
    fail "the guest broke off." "read $out/console.log and $out/results.jsonl"
  grep -q '^{"scenario"' "$out/results.jsonl" || fail "no scenario has such a name." "tests/usb-guest/run.sh without names runs all"
  {
    printf '{"recorded":"%s","kernel":"%s","seconds":%s,\n' \
      "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$(cat "$out/kernel/version")" "$seconds"
    printf '%s,\n"scenarios":[\n' "${summary:1:-1}"
    grep '^{"scenario"' "$out/results.jsonl" | paste -sd, | sed 's/},{"scenario"/},\n{"scenario"/g'
    printf ']}\n'
  } >"$out/report.json"
  sed -nE 's/^\{"scenario":"([^"]*)","ok":true,"ms":([0-9]+),"facts":(.*)\}$/  ok    \1 (\2 ms) \3/p;
    s/^\{"scenario":"([^"]*)","ok":false,"ms":([0-9]+),"error":(.*)\}$/  FAIL  \1 (\2 ms) \3/p' "$out/results.jsonl"
  say "$(grep -c '"ok":true' "$out/results.jsonl") scenarios hold, boot to power-off $seconds s; report in $out/report.json"
  grep -q '"failed":0[,}]' <<<"$summary" || fail "scenarios failed." "read the lines above and $out/console.log"
}

need_tools
mkdir -p "$out"
fetch_kernel
say "building the guest's program"
"${CARGO:-cargo}" build --quiet --locked -p kiosk-drivers --example usb-guest
say "packing kernel $(cat "$out/kernel/version"), its modules and our program"
pack
say "booting (software emulation, at most $guest_limit s)"
started=$SECONDS
boot "$@"
report $((SECONDS - started))
