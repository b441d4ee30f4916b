#!/usr/bin/env bash
# `make yocto-parse LAYERS=dir`: the layer in front of the real ones, for whoever has their checkouts. They are only
# read; everything written goes to target/yocto.
#   yocto/check/parse.sh DIR [STEP...]     steps: parse, bundle, compile, layer; all of them unless some are named
# DIR holds bitbake, openembedded-core, meta-openembedded, meta-raspberrypi and meta-rauc, at the commits of
# images/kas/kiosk.lock.yml or others of the series.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=yocto/check/common.sh
source yocto/check/common.sh

layers=${1:-}
[ -n "$layers" ] || fail "no folder with the layers was named." "make yocto-parse LAYERS=dir; docs/yocto.md tells which layers"
shift
layers=$(realpath "$layers")
steps=("$@")
[ ${#steps[@]} -gt 0 ] || steps=(parse bundle compile layer)
tree=$PWD
build=$tree/$out/build

needed() {
  local folder tool missing=()
  for folder in bitbake openembedded-core meta-openembedded meta-raspberrypi meta-rauc; do
    [ -d "$layers/$folder" ] || fail "$layers has no $folder." "check out the layers of images/kas/kiosk.lock.yml there"
  done
  for tool in chrpath diffstat gawk:gawk cpio makeinfo:texinfo lz4c:lz4 zstd file locale-gen:locales; do
    command -v "${tool%%:*}" >/dev/null || missing+=("${tool##*:}")
  done
  [ ${#missing[@]} -eq 0 ] || fail "BitBake wants ${missing[*]}." "apt-get install --no-install-recommends ${missing[*]}"
  locale -a | grep -qi '^en_US.utf-\?8$' || fail "BitBake wants the locale en_US.UTF-8." "echo 'en_US.UTF-8 UTF-8' >>/etc/locale.gen && locale-gen"
}

# Network stays shut, so that nothing is fetched but what lies here already: cargo's crates.
configure() {
  mkdir -p "$build/conf" "$build/downloads"
  # BitBake refuses to run as root unless this file is there.
  touch "$build/conf/sanity.conf"
  local meta=$layers/meta-openembedded
  cat >"$build/conf/bblayers.conf" <<END
BBPATH = "\${TOPDIR}"
BBFILES ?= ""
BBLAYERS = "$layers/openembedded-core/meta $meta/meta-oe $meta/meta-python $meta/meta-networking $meta/meta-filesystems $layers/meta-raspberrypi $layers/meta-rauc $tree/yocto/meta-kiosk-onestop"
END
  cat >"$build/conf/local.conf" <<END
CONF_VERSION = "2"
DISTRO ?= "kiosk-onestop"
BB_NO_NETWORK = "1"
# What cargo has downloaded, and no source mirror.
DL_DIR = "$build/downloads"
$1
END
  local crate
  for crate in "${CARGO_HOME:-$HOME/.cargo}"/registry/cache/*/*.crate; do
    [ -e "$build/downloads/${crate##*/}" ] || ln -s "$crate" "$build/downloads/"
  done
}

bitbake() {
  (cd "$build" && MACHINE=$machine BUILDDIR=$build LC_ALL=en_US.UTF-8 BB_ENV_PASSTHROUGH_ADDITIONS=MACHINE \
    PATH=$(rustc --print sysroot)/bin:$layers/openembedded-core/scripts:$layers/bitbake/bin:$PATH "$layers/bitbake/bin/bitbake" "$@")
}

logged() {
  local log=$build/$1.log
  shift
  "$@" >"$log" 2>&1 || fail "BitBake failed: $(grep -m 1 -E 'ERROR' "$log" || tail -n 1 "$log")." "read $log"
}

# Every recipe of every layer, three machines.
step_parse() {
  configure ""
  for machine in qemuarm64 raspberrypi4-64 raspberrypi5; do
    logged "parse-$machine" bitbake -p
    say "$machine: $(grep -E '^Parsing of' "$build/parse-$machine.log" | tail -n 1)"
  done
}

# Everything that an update bundle takes, down to the compilers, without running it.
step_bundle() {
  configure ""
  for machine in qemuarm64 raspberrypi5; do
    logged "bundle-$machine" bitbake -n kiosk-bundle kiosk-disk
    say "$machine: $(grep -E 'Tasks Summary' "$build/bundle-$machine.log")"
  done
}

# The app's own recipe, with the compilers of this machine in the place of those that BitBake would build first.
step_compile() {
  machine=qemuarm64
  configure 'HOSTTOOLS += "cargo rustc pkg-config cc c++"
ASSUME_PROVIDED += "rust-native cargo-native pkgconfig-native quilt-native patch-native python3-native libstd-rs-native fontconfig-native xz-native lzip-native zstd-native"
INHERIT:remove = "rm_work create-spdx vex"'
  logged compile bitbake -c compile kiosk-app-native
  local program
  program=$(find "$build"/tmp*/work -path '*kiosk-app-native*/release/kiosk-app' -type f | head -n 1)
  [ -n "$program" ] || fail "the recipe left no program." "read $build/compile.log"
  say "BitBake compiled $("$program" --version)"
}

step_layer() {
  machine=qemuarm64
  configure 'DISTRO = "nodistro"'
  (cd "$build" && MACHINE=$machine BUILDDIR=$build LC_ALL=en_US.UTF-8 BB_ENV_PASSTHROUGH_ADDITIONS=MACHINE \
    PATH=$layers/openembedded-core/scripts:$layers/bitbake/bin:$PATH \
    yocto-check-layer "$tree/yocto/meta-kiosk-onestop" --dependency "$layers/openembedded-core/meta" --no-auto-dependency \
    --machines qemuarm64 --output-log "$build/layer.log") >"$build/layer.out" 2>&1 ||
    fail "yocto-check-layer: $(grep -m 1 -E 'FAIL|ERROR' "$build/layer.out" || tail -n 1 "$build/layer.out")." "read $build/layer.out"
  say "yocto-check-layer: $(grep -E 'PASS|Summary' "$build/layer.out" | tail -n 1)"
}

needed
yocto/crates.py
for step in "${steps[@]}"; do
  case $step in
  parse | bundle | compile | layer) "step_$step" ;;
  *) fail "there is no step $step." "parse, bundle, compile or layer" ;;
  esac
done
