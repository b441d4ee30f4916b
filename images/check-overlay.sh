#!/usr/bin/env bash
# Lets other people's programs judge images/rootfs-overlay: units, sandboxes, firewall, USB rules, users, folders, switches of
# the kernel. Each judge is first shown something broken, which it must refuse.
#   images/check-overlay.sh          the tree itself, with stand-ins for the programs that a build brings; a few seconds
#   images/check-overlay.sh ROOT     a finished root file system: what the units and scripts call must be in it
set -euo pipefail
cd "$(dirname "$0")/.."

overlay=images/rootfs-overlay
finished=${1:-}
# Listens to people, the network or the bus: systemd-analyze's score (0 best, 10 worst), times ten, at most this.
watched=(kiosk-app.service kiosk-ntp.service kiosk-usbguard.service kiosk-clock-synchronized.service)
limit=25

say() { echo "overlay: $*"; }
fail() {
  echo "overlay: $1 Remedy: $2" >&2
  exit 1
}

for program in systemd-analyze systemd-sysusers systemd-tmpfiles nft usbguard-rule-parser; do
  command -v "$program" >/dev/null || fail "$program is missing." "tests/setup.sh test"
done
work=$(mktemp -d)
kiosk='' hall=''
leave() {
  rm -rf "$work"
  local net
  for net in $kiosk $hall; do ip netns delete "$net" 2>/dev/null || true; done
}
trap leave EXIT

# nft asks the kernel, which wants a network of one's own from whoever is not root.
if [ "$(id -u)" = 0 ]; then in_own_network=(); else in_own_network=(unshare --map-root-user --net); fi

# Every judge takes a file or unit and a root; says nothing and succeeds, or says what is wrong and fails.
# $1 may be several units: together they show cycles. Of a finished root only what is said of our own units counts, for its
# systemd may be newer than the one that judges here.
judge_unit() {
  local said words=.
  [ "$2" != "$finished" ] || words='(^|/)(kiosk-[a-z-]+|data|var|tmp|emergency|rescue)\.[a-z]+:'
  # shellcheck disable=SC2086 # they are words
  said=$(systemd-analyze --root="$2" verify $1 2>&1 | grep -E "$words") || true
  [ -z "$said" ] || { echo "$said"; return 1; }
}
judge_sandbox() { systemd-analyze --root="$2" security --offline=true --threshold="$limit" "$1" 2>&1 | tail -n 1; }
judge_nft() { "${in_own_network[@]}" nft --check --file "$1" 2>&1; }
judge_usb() {
  usbguard-rule-parser -f "$1" >/dev/null 2>&1 || { usbguard-rule-parser -f "$1" 2>&1 | tail -n 2; return 1; }
  # An open list, or one that lets a device in whatever else it is besides, is no list.
  [ "$(sed '/^#/d; /^$/d' "$1" | tail -n 1)" = reject ] || { echo "the last rule is not reject"; return 1; }
  ! grep -nE '^allow' "$1" | grep -vE 'with-interface (equals|match-all) \{' || return 1
  ! grep -nE '^allow.*(\{| )(08|e0|0e|01):' "$1"
}
# Silent, or its words are a complaint; that it would make a user is none.
silent() { ! sed '/^Creating /d; /^Would write /d' | grep .; }
judge_users() { systemd-sysusers --root="$2" --dry-run "$1" 2>&1 >/dev/null | silent; }
judge_folders() { systemd-tmpfiles --root="$2" --create "$1" 2>&1 | silent; }
# A name that neither this kernel knows nor the file marks as one that may be missing.
judge_switches() {
  local name
  sed -nE 's/^([a-z][^ =]*) *=.*/\1/p' "$1" | while read -r name; do
    [ -e "/proc/sys/${name//.//}" ] || { echo "$name is no switch of this kernel"; return 1; }
  done
}
judge_script() { sh -n "$1" 2>&1; }

# must_refuse JUDGE NAME: the judge is shown the broken file on standard input under that name.
must_refuse() {
  local judge=$1 file=$broken/$2
  mkdir -p "$(dirname "$file")"
  cat >"$file"
  case $judge in judge_unit | judge_sandbox) file=${2##*/} ;; esac
  ! "$judge" "$file" "$broken" >/dev/null 2>&1 || fail "$judge accepts something broken ($2)." "a judge that refuses nothing proves nothing: look at its command in images/check-overlay.sh"
}
# must_accept JUDGE FILE [ROOT]
must_accept() {
  local said
  said=$("$1" "$2" "${3:-$root}" 2>&1) || fail "$1 refuses $2: $said" "read the message; the file is in $overlay"
}

# The tree as it will lie on a machine: over a finished root, or over the units of this machine's own systemd.
lay_out() {
  root=$work/root
  mkdir -p "$root"
  if [ -n "$finished" ]; then
    root=$finished
    return
  fi
  mkdir -p "$root"/usr/{bin,sbin,lib/systemd} "$root"/{data,run,tmp,var,etc}
  ln -s usr/bin usr/sbin usr/lib "$root/"
  cp -a /lib/systemd/system "$root/usr/lib/systemd/"
  cp -a "$overlay/." "$root/"
  local program
  for program in bin/{sh,rm,sleep,touch,systemctl,systemd-tmpfiles,chronyc,kiosk-app,kiosk-bootctl} sbin/{resize2fs,nft,chronyd,usbguard-daemon}; do
    install -m 0755 /dev/null "$root/usr/$program"
  done
  printf 'root:x:0:0:root:/root:/usr/sbin/nologin\n' >"$root/etc/passwd"
  printf 'root:x:0:\n' >"$root/etc/group"
  systemd-sysusers --root="$root" "$PWD/$overlay/usr/lib/sysusers.d/kiosk.conf" >/dev/null 2>&1 ||
    fail "systemd-sysusers cannot make the users." "systemd-sysusers --root=SOMEWHERE $overlay/usr/lib/sysusers.d/kiosk.conf"
  # It complains of masked units, and that is all right.
  systemctl --quiet --root="$root" preset-all 2>/dev/null || true
}

show_something_broken() {
  broken=$work/broken
  mkdir -p "$broken/etc"
  printf 'root:x:0:0:root:/root:/bin/sh\n' >"$broken/etc/passwd"
  printf 'root:x:0:\n' >"$broken/etc/group"
  local units=usr/lib/systemd/system
  mkdir -p "$broken/$units" "$broken/usr/bin"
  install -m 0755 /dev/null "$broken/usr/bin/true"
  printf '[Unit]\nDefaultDependencies=no\n[Service]\nExecStart=/usr/bin/true\n' >"$broken/$units/sound.service"
  printf '[Unit]\nDefaultDependencies=no\nAfter=circle.service\n[Service]\nExecStart=/usr/bin/true\n' >"$broken/$units/other.service"
  must_accept judge_unit sound.service "$broken"
  must_accept judge_unit other.service "$broken"
  must_refuse judge_unit "$units/misspelt.service" <<<$'[Unit]\nDefaultDependencies=no\n[Service]\nExecStart=/usr/bin/true\nWatchdogSek=3'
  must_refuse judge_unit "$units/absent.service" <<<$'[Unit]\nDefaultDependencies=no\n[Service]\nExecStart=/usr/bin/absent'
  must_refuse judge_unit "$units/circle.service" <<<$'[Unit]\nDefaultDependencies=no\nRequires=other.service\nAfter=other.service\n[Service]\nExecStart=/usr/bin/true'
  must_refuse judge_sandbox "$units/open.service" <<<$'[Service]\nExecStart=/usr/bin/true'
  must_refuse judge_nft broken.nft <<<'table inet a { chain b { tcp dport 8080 acept } }'
  must_refuse judge_usb syntax.conf <<<$'allow with-interfaces equals { 07:*:* }\nreject'
  must_refuse judge_usb open.conf <<<'allow with-interface equals { 07:*:* }'
  must_refuse judge_usb mixture.conf <<<$'allow with-interface one-of { 03:*:* }\nreject'
  must_refuse judge_usb storage.conf <<<$'allow with-interface equals { 08:06:50 }\nreject'
  must_refuse judge_users users.conf <<<'u kiosk eight'
  must_refuse judge_folders folders.conf <<<'d /data/x nine'
  must_refuse judge_switches sysctl.conf <<<'kernel.no_such_switch = 1'
  must_refuse judge_script script <<<'if true; then echo'
}

judge_the_tree() {
  local unit file units
  units=$(cd "$overlay/usr/lib/systemd/system" && find . -maxdepth 1 -type f -printf '%f\n' | sort | paste -sd' ')
  must_accept judge_unit "$units emergency.service rescue.service tmp.mount multi-user.target"
  for unit in "${watched[@]}"; do must_accept judge_sandbox "$unit"; done
  must_accept judge_nft "$overlay/etc/nftables.conf"
  must_accept judge_usb "$overlay/etc/usbguard/rules.conf"
  must_accept judge_users "$PWD/$overlay/usr/lib/sysusers.d/kiosk.conf"
  must_accept judge_switches "$overlay/usr/lib/sysctl.d/90-kiosk.conf"
  for file in "$overlay"/usr/lib/kiosk/*; do
    if head -n 1 "$file" 2>/dev/null | grep -q '^#!/bin/sh'; then must_accept judge_script "$file"; fi
  done
  if [ -n "$finished" ]; then return; fi
  judge_screen
  judge_books
  judge_stick
  if [ "$(id -u)" = 0 ]; then
    judge_adoption
    must_accept judge_folders "$PWD/$overlay/usr/lib/tmpfiles.d/kiosk.conf"
  else
    say "folders not judged: only root can give them their owners"
  fi
  if udevadm verify --help >/dev/null 2>&1; then
    udevadm verify "$overlay"/usr/lib/udev/rules.d/*.rules >/dev/null || fail "udevadm verify refuses the rules." "read its message"
  fi
}

# What no program judges: that the tree agrees with itself and with the disk's layout.
judge_agreement() {
  local signature file unit link
  signature=$(sed -n 's/^signature = "\(.*\)"/\1/p' images/layout.toml)
  file=$(grep -rhoE 'by-partuuid/[0-9a-f]+' "$overlay" | sort -u)
  [ "$file" = "by-partuuid/$signature" ] || fail "$file is not the disk that images/layout.toml describes ($signature)." "give the units its signature"
  # Whatever says that it wants to be started is started.
  for file in "$overlay"/usr/lib/systemd/system/*.{service,mount,timer,path}; do
    unit=${file##*/}
    if grep -q '^\[Install\]' "$file"; then
      compgen -G "$root/etc/systemd/system/*/$unit" >/dev/null || fail "$unit is not started by the presets." "add it to 00-kiosk.preset"
    fi
  done
  grep -q '^SUBSYSTEM=="block", SUBSYSTEMS=="usb", SYMLINK=""$' "$overlay/usr/lib/udev/rules.d/70-kiosk.rules" ||
    fail "a USB disk with the card's signature gets the card's names." "take its links away in 70-kiosk.rules"
  for unit in getty@.service serial-getty@.service debug-shell.service ctrl-alt-del.target systemd-logind.service; do
    link=$(readlink "$root/etc/systemd/system/$unit") || link=
    [ "$link" = /dev/null ] || fail "$unit is not masked." "ln -s /dev/null $overlay/etc/systemd/system/$unit"
  done
}

# Of the hall's screen.env nothing but the turn comes into the environment of a unit that starts programs as root.
judge_screen() {
  local hall=$work/screen/hall run=$work/screen/run said
  mkdir -p "$hall" "$run"
  touch "$hall/10-hall.toml"
  printf 'LD_PRELOAD=/run/kiosk/x.so\nPATH=/run/kiosk\nSLINT_KMS_ROTATION=90\r\n' >"$hall/screen.env"
  "$overlay/usr/lib/kiosk/choose-config" "$hall" "$run"
  said=$(cat "$run/kiosk-screen.env")
  [ "$said" = SLINT_KMS_ROTATION=90 ] || fail "choose-config passes on $said." "only the screen's turn may come from the hall"
  rm "$hall/screen.env"
  "$overlay/usr/lib/kiosk/choose-config" "$hall" "$run"
  said=$(cat "$run/kiosk-screen.env")
  [ "$said" = SLINT_KMS_ROTATION=0 ] || fail "choose-config keeps a turn that the hall took back." "read it"
  said=$(sed -nE 's/^EnvironmentFile=-?//p' "$overlay"/usr/lib/systemd/system/*.service)
  [ "$said" = /run/kiosk-screen.env ] || fail "a unit takes its environment from $said." "take it from a file that only root writes"
}

# Numbers never begin again on a card whose books a repair has lost.
judge_books() {
  local there=$overlay/usr/lib/kiosk/books-there data=$work/books repaired=$work/repaired
  lost() { fail "books-there $1." "read $there"; }
  mkdir -p "$data/kiosk"
  "$there" "$data" "$repaired" || lost "refuses a fresh card"
  touch "$repaired" "$data/kiosk/hall.db"
  "$there" "$data" "$repaired" || lost "refuses a repaired card that has its books"
  rm "$data/kiosk/hall.db"
  if "$there" "$data" "$repaired" >/dev/null; then lost "lets numbers begin again after a repair"; fi
  rm "$repaired"
  touch "$data/kiosk/hall.db"
  if "$there" "$data" "$repaired" >/dev/null; then lost "forgets at the next start that the books are lost"; fi
}

# A bundle from a stick: taken once until a start saw no stick, never more than there is room for; and the stick is shut out
# again in any case.
judge_stick() {
  local stick=$overlay/usr/lib/kiosk/stick place=$work/stick/place bundles=$work/stick/bundles usb=$work/stick/usb said pid
  mkdir -p "$place" "$bundles" "$usb/1-1"
  told() { fail "stick $1." "read $stick"; }
  copied() { said=$("$stick" copy "$place" "$bundles" "$usb"); }
  echo bundle >"$place/0.2.0.raucb"
  copied
  [ -s "$bundles/0.2.0.raucb" ] || told "takes no bundle: $said"
  rm "$bundles/0.2.0.raucb"
  echo another >"$place/0.3.0.raucb"
  echo 'cut off' >"$bundles/0.3.0.raucb.new"
  copied
  [ ! -e "$bundles/0.2.0.raucb" ] || told "takes the same bundle twice"
  case $said in *"0.2.0.raucb was taken before. Remedy: "*) ;; *) told "passes a bundle over without a word: $said" ;; esac
  [ -s "$bundles/0.3.0.raucb" ] || told "does not take the next bundle: $said"
  [ ! -e "$bundles/0.3.0.raucb.new" ] || told "keeps what a cut left"
  rm "$bundles/0.3.0.raucb"
  copied
  ! compgen -G "$bundles/*.raucb" >/dev/null || told "takes two bundles by turns"
  # A start without a stick; the user that the script would be is none of this machine.
  mkdir "$work/stick/bin"
  printf '#!/bin/sh\nshift 4\nexec "$@"\n' >"$work/stick/bin/setpriv" && chmod +x "$work/stick/bin/setpriv"
  ! PATH=$work/stick/bin:$PATH "$stick" there "$place" "$bundles" "$usb" || told "sees a stick where none is"
  copied
  [ -s "$bundles/0.2.0.raucb" ] || told "never takes a bundle again: $said"
  rm "$bundles/0.2.0.raucb" "$place/0.3.0.raucb"
  truncate -s $((1024 * 1024 * 1024 + 1)) "$place/0.1.0.raucb"
  copied
  case $said in *"larger than any bundle"*) ;; *) told "copies whatever size: $said" ;; esac
  # A device that never shows its disk, and a unit that is stopped meanwhile.
  printf '\011\004\000\000\002\010\006\120\000' >"$usb/1-1/descriptors"
  echo 0 >"$usb/1-1/authorized"
  "$stick" there "$place" "$bundles" "$usb" || told "does not see a stick that is held back"
  "$stick" take "$place" "$bundles" "$usb" &
  pid=$!
  until [ "$(cat "$usb/1-1/authorized")" = 1 ]; do sleep 0.02; done
  kill "$pid"
  wait "$pid" || true
  [ "$(cat "$usb/1-1/authorized")" = 0 ] || told "leaves a stick in when it is stopped"
  # 64 MiB of it are the hall's.
  if [ "$(id -u)" != 0 ] || ! mount -t tmpfs -o size=70M tmpfs "$bundles" 2>/dev/null; then return; fi
  rm "$place/0.1.0.raucb"
  truncate -s 10M "$place/0.2.0.raucb"
  copied || true
  umount "$bundles"
  case $said in *"no room"*) ;; *) told "fills the data partition: $said" ;; esac
}

# The hall on the card's first partition: taken over once, again when it changes, and nothing but it.
judge_adoption() {
  local card=$work/card data=$work/data adopt=$overlay/usr/lib/kiosk/adopt-hall
  mkdir -p "$card/hall" "$data/kiosk-config"
  adopted() { "$adopt" "$card" "$data" >/dev/null || fail "adopt-hall failed." "sh -x $adopt"; }
  told() { fail "adopt-hall $1." "read $adopt"; }
  adopted
  [ ! -e "$data/system/hall-adopted" ] || told "takes an empty folder for a hall"
  echo 'id = "one"' >"$card/hall/10-hall.toml"
  echo 'SLINT_KMS_ROTATION=90' >"$card/hall/screen.env"
  echo 'not for us' >"$card/hall/passwd"
  ln -s /etc/passwd "$card/hall/90-link.toml"
  printf '\xef\xbb\xbfserver = https://district.example\r\ntoken=abc\r\n' >"$card/hall/enrol.txt"
  adopted
  [ "$(ls "$data/kiosk-config")" = $'10-hall.toml\nscreen.env' ] || told "took $(ls "$data/kiosk-config" | tr '\n' ' ')"
  [ "$(stat -c %a "$data/system/enrol.txt")" = 600 ] || told "lets others read the token"
  rm "$data/system/enrol.txt" "$data/kiosk-config/screen.env"
  adopted
  [ ! -e "$data/system/enrol.txt" ] && [ ! -e "$data/kiosk-config/screen.env" ] || told "takes the same hall twice"
  echo 'id = "two"' >"$card/hall/10-hall.toml"
  # As after a cut between the two renames.
  mv "$data/kiosk-config" "$data/kiosk-config.old"
  adopted
  grep -q two "$data/kiosk-config/10-hall.toml" || told "does not take a changed hall"
  [ ! -e "$data/system/enrol.txt" ] || told "takes a token again that it had before"
  echo token=def >>"$card/hall/enrol.txt"
  adopted
  grep -q def "$data/system/enrol.txt" || told "does not take a new token"

  printf '#!/bin/sh\necho "$*"\n' >"$work/kiosk-app" && chmod +x "$work/kiosk-app"
  local said
  said=$(PATH=$work:$PATH "$overlay/usr/lib/kiosk/enrol-hall" "$card/hall/enrol.txt")
  [ "$said" = "enrol --server https://district.example --token abc" ] || fail "enrol-hall says $said." "read it"
  echo token=abc >"$card/hall/enrol.txt"
  ! PATH=$work:$PATH "$overlay/usr/lib/kiosk/enrol-hall" "$card/hall/enrol.txt" 2>/dev/null || fail "enrol-hall enrols without a server." "read it"
}

# The firewall at work between two networks of our own: a port that answers "refused" was let through, one that says nothing
# was dropped.
try_firewall() {
  kiosk=kiosk-$$ hall=hall-$$
  if [ "$(id -u)" != 0 ] || ! command -v ip >/dev/null || ! ip netns add "$kiosk" 2>/dev/null; then
    say "the firewall was not tried at work: that wants root, iproute2 and network namespaces"
    return
  fi
  ip netns add "$hall"
  ip -n "$kiosk" link add in netns "$kiosk" type veth peer name out netns "$hall"
  local side
  for side in "$kiosk in 1" "$hall out 2"; do
    read -r where link number <<<"$side"
    ip -n "$where" address add "192.168.77.$number/24" dev "$link"
    ip -n "$where" address add "203.0.113.$number/24" dev "$link"
    ip -n "$where" link set "$link" up
    ip -n "$where" link set lo up
  done
  # passes ADDRESS PORT
  passes() {
    local status=0
    ip netns exec "$hall" timeout 1 bash -c "</dev/tcp/$1/$2" 2>/dev/null || status=$?
    [ "$status" != 124 ]
  }
  passes 192.168.77.1 22 || fail "nothing passes even without a firewall." "look at the two networks in try_firewall"
  ip netns exec "$kiosk" nft --file "$overlay/etc/nftables.conf" || fail "the firewall cannot be loaded." "read nft's message"
  passes 192.168.77.1 8080 || fail "the firewall drops the hall's service." "read $overlay/etc/nftables.conf"
  ! passes 192.168.77.1 22 || fail "the firewall lets port 22 through." "read $overlay/etc/nftables.conf"
  ! passes 203.0.113.1 8080 || fail "the firewall lets strangers in." "read $overlay/etc/nftables.conf"
}

# Programs that the scripts call, in a root that is to be booted.
judge_programs() {
  local program
  for program in sh rm sed head tail tr cut cat stat date touch sync readlink basename dirname wc ln mv cp mkdir chmod sleep \
    sfdisk partx blkid mkswap swapon mke2fs e2fsck resize2fs modprobe loadkeys nft chronyd chronyc usbguard-daemon rauc udevadm \
    seq od mount umount setpriv sha256sum chown systemctl systemd-tmpfiles kiosk-app kiosk-bootctl; do
    [ -e "$finished/usr/bin/$program" ] || [ -e "$finished/usr/sbin/$program" ] ||
      fail "$program is not in $finished." "add its package to the image (docs/machine.md lists what a build must bring)"
  done
  for file in usr/share/zoneinfo/Asia/Ho_Chi_Minh usr/share/kiosk/sample/10-hall.toml etc/rauc/system.conf etc/rauc/keyring.pem data; do
    [ -e "$finished/$file" ] || fail "$file is not in $finished." "docs/machine.md says what a build must bring"
  done
}

lay_out
show_something_broken
judge_the_tree
judge_agreement
if [ -n "$finished" ]; then judge_programs; else try_firewall; fi
say "units, sandboxes (at most ${limit:0:1}.${limit:1}), firewall, USB rules, users, folders and switches hold; every judge refused its broken sample"
