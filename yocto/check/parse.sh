#!/usr/bin/env bash
# `make yocto-parse LAYERS=dir`: the layer in front of the real ones, for whoever has their checkouts. They are only
# read; everything written goes to target/yocto.
#   yocto/check/parse.sh DIR [STEP...]     steps: crates, compile, parse, bundle, layer; all of them unless some are named
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
[ ${#steps[@]} -gt 0 ] || steps=(crates compile parse bundle layer)
tree=$PWD
build=$tree/$out/build
own=$tree/yocto/meta-kiosk-onestop
app=$own/recipes-kiosk/kiosk-app

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

# configure SETTINGS [LAYER...]: network stays shut, so that nothing is fetched but what lies here already: cargo's crates.
configure() {
  local settings=$1
  shift
  mkdir -p "$build/conf" "$build/downloads"
  # BitBake refuses to run as root unless this file is there.
  touch "$build/conf/sanity.conf"
  cat >"$build/conf/bblayers.conf" <<END
BBPATH = "\${TOPDIR}"
BBFILES ?= ""
BBLAYERS = "$layers/openembedded-core/meta $*"
END
  cat >"$build/conf/local.conf" <<END
CONF_VERSION = "2"
BB_NO_NETWORK = "1"
# What cargo has downloaded, and no source mirror.
DL_DIR = "$build/downloads"
$settings
END
  local crate
  for crate in "${CARGO_HOME:-$HOME/.cargo}"/registry/cache/*/*.crate; do
    [ -e "$build/downloads/${crate##*/}" ] || ln -s "$crate" "$build/downloads/"
  done
}
every_layer=("$layers"/meta-openembedded/meta-{oe,python,networking,filesystems} "$layers"/meta-{raspberrypi,rauc} "$own")
distro='DISTRO ?= "kiosk-onestop"'
# Programs of this machine in the place of those that BitBake would build first.
of_the_host='HOSTTOOLS += "cargo rustc pkg-config cc c++ nativepython3"
INHERIT:remove = "uninative"'

# in_build COMMAND...: with the layers' programs in front, and cargo itself instead of rustup's proxy.
in_build() {
  mkdir -p "$build/bin"
  ln -sf "$(python3 -c 'import sys; print(sys.executable)')" "$build/bin/nativepython3"
  (cd "$build" && MACHINE=$machine BUILDDIR=$build LC_ALL=en_US.UTF-8 \
    BB_ENV_PASSTHROUGH_ADDITIONS="MACHINE BB_NUMBER_THREADS CARGO_BUILD_JOBS" \
    PATH=$(rustc --print sysroot)/bin:$layers/openembedded-core/scripts:$layers/bitbake/bin:$PATH:$build/bin "$@")
}

# logged NAME COMMAND...
logged() {
  local log=$build/$1.log
  shift
  in_build "$@" >"$log" 2>&1 || fail "BitBake failed: $(grep -m 1 -E 'ERROR|FAIL' "$log" || tail -n 1 "$log")." "read $log"
}

# oe-core's own list of crates, from the same Cargo.lock: nothing but the remarks may differ from ours.
step_crates() {
  machine=qemuarm64
  configure "$distro
$of_the_host" "$own"
  local theirs=$app/kiosk-app-crates.inc
  trap 'rm -f "$theirs"' RETURN
  logged crates bitbake -b "$app/kiosk-app_0.1.0.bb" -c update_crates
  diff <(grep -E '^ +crate:|^SRC_URI' "$theirs") <(grep -E '^ +crate:|^SRC_URI' yocto/crates/kiosk-crates.inc) >"$build/crates.diff" ||
    fail "oe-core's update_crates gives another list." "read $build/crates.diff, mend yocto/crates.py"
  say "update_crates writes the same $(grep -c crate:// "$theirs") crates and $(grep -c sha256sum "$theirs") checksums"
}

# The app's own recipe with the features of the image, compiled for this machine by the compilers of this machine.
step_compile() {
  machine=qemuarm64
  pkg-config --exists libinput libudev xkbcommon fontconfig || fail "libraries of the touchscreen are missing." "tests/setup.sh kiosk"
  configure "$distro
$of_the_host
PACKAGECONFIG:pn-kiosk-app-native:forcevariable = \"linuxkms\"
PKG_CONFIG_LIBDIR:pn-kiosk-app-native = \"$(pkg-config --variable pc_path pkg-config)\"" "$own"
  logged compile bitbake -b "virtual:native:$app/kiosk-app_0.1.0.bb" -c compile
  local program
  program=$(find "$build"/tmp/work -path '*/kiosk-app-native/*/release/kiosk-app' -type f | head -n 1)
  [ -n "$program" ] || fail "the recipe left no program." "read $build/compile.log"
  say "BitBake compiled $("$program" --version)"
}

# Every recipe of every layer, three machines.
step_parse() {
  configure "$distro" "${every_layer[@]}"
  for machine in qemuarm64 raspberrypi4-64 raspberrypi5; do
    logged "parse-$machine" bitbake -p
    say "$machine: $(grep -E '^Parsing of' "$build/parse-$machine.log" | tail -n 1)"
  done
}

# Everything that an update bundle takes, down to the compilers, without running it.
step_bundle() {
  configure "$distro" "${every_layer[@]}"
  for machine in qemuarm64 raspberrypi5; do
    logged "bundle-$machine" bitbake -n kiosk-bundle kiosk-disk
    say "$machine: $(grep -E 'Tasks Summary' "$build/bundle-$machine.log")"
  done
}

# What the Yocto Project asks of a layer, with oe-core alone; the layer itself is added by the program.
step_layer() {
  machine=qemuarm64
  configure 'DISTRO = "nodistro"'
  logged layer yocto-check-layer "$own" --dependency "$layers/openembedded-core/meta" --no-auto-dependency \
    --machines qemuarm64
  say "yocto-check-layer: $(grep -E '\.\.\. PASS' "$build/layer.log" | tail -n 1)"
}

needed
yocto/crates.py
for step in "${steps[@]}"; do
  case $step in
  crates | compile | parse | bundle | layer) "step_$step" ;;
  *) fail "there is no step $step." "crates, compile, parse, bundle or layer" ;;
  esac
done
