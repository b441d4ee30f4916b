#!/usr/bin/env bash
# Builds the kiosk's programs for the image's processor (aarch64) in a chroot with Debian trixie's compiler and libraries.
#   images/cross.sh           the commit that is checked out -> target/cross/programs/
#   images/cross.sh --again   the same from nothing in another folder, and compares the bytes (20 min of two cores)
# Root is needed for the chroot. Inside it every path is the same on every machine, and no path gets into a program.
cd "$(dirname "$0")/.."
# shellcheck source=images/common.sh
source images/common.sh

cross=target/cross
chroot=$cross/chroot
target=aarch64-unknown-linux-gnu
programs=(kiosk-app kiosk-bootctl drv)
# Where the compiler writes inside the chroot.
built=/target

need() {
  [ "$(id -u)" = 0 ] || fail "a chroot needs root." "run this as root, in a container for example"
  tests/setup.sh image
  [ -z "$(git status --porcelain --untracked-files=no)" ] || say "what is not committed is not built"
}

# The compiler is newer than trixie's own, from its backports; the libraries are those of the image.
make_chroot() {
  [ -e "$chroot/ready" ] && return
  local main security foreign
  read -r main security < <(mirrors)
  foreign=$(printf ',%s:arm64' libinput-dev libudev-dev libxkbcommon-dev libfontconfig-dev)
  mkdir -p "$cross"
  rm -rf "$chroot"
  mmdebstrap --quiet --variant=minbase --architectures=amd64,arm64 \
    --include="ca-certificates,crossbuild-essential-arm64,pkg-config$foreign" trixie "$chroot" \
    "deb $main trixie main" "deb $main trixie-updates main" "deb $security trixie-security main" "deb $main trixie-backports main" \
    2>"$cross/chroot.log" || fail "mmdebstrap failed: $(tail -n 1 "$cross/chroot.log")" "read $cross/chroot.log"
  inside sh -c 'apt-get update -qq && apt-get install -y -qq --no-install-recommends -t trixie-backports rustc cargo libstd-rust-dev:arm64' \
    >>"$cross/chroot.log" 2>&1 || fail "the compiler was not installed: $(tail -n 1 "$cross/chroot.log")" "read $cross/chroot.log"
  touch "$chroot/ready"
}

# Runs a program in the chroot with nothing of this machine's environment.
inside() {
  cp /etc/resolv.conf "$chroot/etc/resolv.conf"
  chroot "$chroot" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 CARGO_HOME=/cargo CARGO_TARGET_DIR="$built" \
    CARGO_BUILD_JOBS="${CARGO_BUILD_JOBS:-$(nproc)}" "$@"
}

# Only files that differ are written, so that cargo builds only what changed.
copy_sources() {
  [ -d "$chroot/src/.git" ] || git init -q "$chroot/src"
  git -C "$chroot/src" fetch -q --depth 1 "file://$PWD" "$(git rev-parse HEAD)" || fail "git did not hand over the commit." "git fsck"
  git -C "$chroot/src" checkout -q --force --detach FETCH_HEAD
  git -C "$chroot/src" clean -qfdx
}

fetch_crates() {
  inside cargo fetch --quiet --locked --manifest-path /src/Cargo.toml --target "$target" ||
    fail "cargo could not fetch the crates." "look whether the registry answers, then run this again"
}

compile() {
  local maps registry
  maps="--remap-path-prefix=/src=kiosk --remap-path-prefix=$built=target"
  for registry in "$chroot"/cargo/registry/src/*; do
    maps+=" --remap-path-prefix=/cargo/registry/src/$(basename "$registry")=crates"
  done
  # shellcheck disable=SC2046 # one word a program
  inside env "RUSTFLAGS=$maps" "CFLAGS_${target//-/_}=-O2 ${maps//--remap-path-prefix/-ffile-prefix-map}" \
    CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc "CC_${target//-/_}=aarch64-linux-gnu-gcc" \
    PKG_CONFIG_ALLOW_CROSS=1 PKG_CONFIG_LIBDIR=/usr/lib/aarch64-linux-gnu/pkgconfig:/usr/share/pkgconfig \
    cargo build --quiet --release --frozen --manifest-path /src/Cargo.toml --target "$target" \
    -p kiosk-app -p kiosk-bootctl -p kiosk-drivers --no-default-features --features kiosk-app/linuxkms,kiosk-drivers/tool \
    $(printf -- '--bin %s ' "${programs[@]}") ||
    fail "the programs do not compile." "read cargo's message above"
}

# A path that the builder chose would give other bytes elsewhere. The compiler's own source path, which Debian chose,
# must be found: else this looks for nothing.
check_paths() {
  local file=$1 paths
  strings -a "$file" >"$cross/strings"
  grep -q '/usr/src/rustc-' "$cross/strings" || fail "$(basename "$file") names no source file at all." "look whether strings still reads it"
  paths=$(grep -oE "(/cargo/registry|/src/(kiosk-app|drivers/src|images/bootctl)|$built/(aarch64|release)|/root/|/home/)[A-Za-z0-9._/-]*" "$cross/strings" | sort -u | head -n 3 || true)
  [ -z "$paths" ] || fail "$(basename "$file") has paths of its builder in it: $paths." "map them in images/cross.sh"
}

keep_programs() {
  local name
  mkdir -p "$cross/programs"
  for name in "${programs[@]}"; do
    check_paths "$chroot$built/$target/release/$name"
    install -m 0755 "$chroot$built/$target/release/$name" "$cross/programs/$name"
    say "$name $(mib "$cross/programs/$name") $(sha256sum "$cross/programs/$name" | cut -c1-16)"
  done
}

compare_again() {
  local name before=$cross/programs
  # Another folder for what is compiled, and nothing in it.
  built=/target-again
  rm -rf "$chroot$built"
  step "compiled again" compile
  for name in "${programs[@]}"; do
    cmp "$before/$name" "$chroot$built/$target/release/$name" ||
      fail "$name came out with other bytes." "look for what differs with diffoscope"
  done
  rm -rf "$chroot$built"
  say "the same bytes twice: ${programs[*]}"
}

need
step "chroot" make_chroot
step "sources" copy_sources
step "crates" fetch_crates
step "compiled" compile
keep_programs
[ "${1:-}" != --again ] || compare_again
