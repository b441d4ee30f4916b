#!/usr/bin/env bash
# `make yocto-check`: the layer in front of BitBake's own library, oelint and kas, from the package registries alone.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=yocto/check/common.sh
source yocto/check/common.sh

PATH=$PATH:/usr/sbin:/sbin
for program in cargo systemctl dtc fdtoverlay mkfs.vfat mcopy mke2fs; do
  command -v "$program" >/dev/null || fail "$program is missing." "tests/setup.sh test"
done
make_venv
yocto/crates.py
"$venv/bin/python" yocto/check/check.py

mapfile -t files < <(git ls-files yocto/meta-kiosk-onestop | grep -E '\.(bb|bbappend|bbclass|inc|conf)$')
# The home page is a name of ours that no network knows.
lint() { "$venv/bin/oelint-adv" --release wrynose --quiet --relpaths --hide info --hide warning --suppress oelint.vars.homepageping "$@" 2>&1; }
lint "${files[@]}" || fail "oelint finds errors in the layer." "mend the lines above"
sed 's/^LICENSE = .*/LICENSE = ""/; s/^SUMMARY = .*//' yocto/meta-kiosk-onestop/recipes-kiosk/kiosk-drv/kiosk-drv_0.1.0.bb >"$out/broken_0.1.0.bb"
if lint "$out/broken_0.1.0.bb" >/dev/null; then fail "oelint took a recipe without a summary." "look at yocto/check/run.sh"; fi
say "oelint: no errors in ${#files[@]} files; a recipe without a summary is refused"

dump() { KAS_WORK_DIR=$PWD "$venv/bin/kas" --log-level error dump --skip repos_checkout --skip finish_setup_repos "$1" 2>&1; }
pinned() {
  local text=$1 name
  while read -r name; do
    grep -A1 -E "^    $name:\$" <<<"$text" | grep -qE '^      commit: [0-9a-f]{40}$' || { echo "$name is not pinned by a commit"; return 1; }
  done < <(grep -B1 -E '^    url: ' <<<"$text" | sed -nE 's/^  ([a-z-]+):$/\1/p')
}
for machine in raspberrypi4-64 raspberrypi5 qemuarm64; do
  text=$(dump "images/kas/$machine.yml") || fail "kas refuses images/kas/$machine.yml: $text." "mend that file"
  grep -qx "machine: $machine" <<<"$text" || fail "images/kas/$machine.yml is for another machine." "name the machine as its layer does"
  problem=$(pinned "$text") || fail "images/kas/$machine.yml: $problem." "kas lock --update images/kas/raspberrypi5.yml"
done
if pinned "$(sed 's/commit: .*/branch: wrynose/' <<<"$text")" >/dev/null; then fail "a repository without a commit went unnoticed." "look at yocto/check/run.sh"; fi
say "kas: three machines, every layer pinned by commit; one that is not is noticed"
