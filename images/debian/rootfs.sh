# Debian's part of the image, for images/image.sh: packages taken apart (no maintainer script runs, nothing is
# emulated), and by hand the little that those scripts would have done.

# Both of these follow from the list of packages alone and are kept until it changes: $1 is where.
fetch_debian() {
  local into=$1 packages main security
  packages=$(words images/debian/packages.txt | paste -sd,)
  read -r main security < <(mirrors)
  rm -rf "$into.new"
  mkdir -p "$into.new"
  export fetched=$PWD/$into.new
  # In the hook apt still knows the archive: it lists what was taken and gets the kernel, which would otherwise bring
  # an initramfs of Debian's.
  # shellcheck disable=SC2016 # the hook's own variables
  mmdebstrap --quiet --variant=extract --architectures=arm64 --include="$packages" --format=tar \
    --extract-hook='for deb in "$1"/var/cache/apt/archives/*.deb; do dpkg-deb -W --showformat="\${Package} \${Version}\n" "$deb"; done | sort >"$fetched/packages"' \
    --extract-hook='cd "$fetched"; export APT_CONFIG=$MMDEBSTRAP_APT_CONFIG; apt-get -qq -o APT::Sandbox::User=root download "$(apt-cache depends linux-image-arm64 | grep -o "linux-image-[0-9][^ ]*" | head -n 1)"' \
    trixie "$fetched/root.tar" \
    "deb $main trixie main" "deb $main trixie-updates main" "deb $security trixie-security main" 2>"$fetched/log" ||
    fail "mmdebstrap failed: $(tail -n 1 "$fetched/log")" "read $fetched/log; apt-get update, and look whether the mirror answers"
  take_kernel "$fetched"
  rm -rf "$into"
  mv "$into.new" "$into"
}

# The kernel's package is only taken apart.
take_kernel() {
  local into=$1 version
  mkdir "$into/kernel"
  dpkg-deb -W --showformat='${Package} ${Version}\n' "$into"/linux-image-*.deb >>"$into/packages"
  dpkg-deb --fsys-tarfile "$into"/linux-image-*.deb | tar -C "$into/kernel" --wildcards -x './boot/vmlinuz-*' \
    './usr/lib/modules/*' './usr/share/doc/*/copyright' './usr/lib/linux-image-*/broadcom/bcm271[12]-rpi-*'
  version=$(basename "$into"/kernel/usr/lib/modules/*)
  depmod -b "$into/kernel/usr" "$version"
  # The Pi's firmware and qemu unpack it themselves; a third of the bytes is read sooner from a card.
  gzip -9n <"$into/kernel/boot/vmlinuz-$version" >"$into/kernel/kernel8.img"
  rm "$into"/linux-image-*.deb
}

# The lines of a list without remarks.
words() { sed -E 's/#.*//; s/ +$//; /^$/d' "$1"; }

unpack_debian() {
  local cache=$1 root=$2
  rm -rf "$root"
  mkdir -p "$root"
  tar -C "$root" --numeric-owner -xf "$cache/root.tar"
  list_packages "$cache" "$root" >"$out/packages.txt"
}

drop_unwanted() {
  local root=$1 pattern idle=()
  while read -r pattern; do
    compgen -G "$root/$pattern" >/dev/null || idle+=("$pattern")
    # shellcheck disable=SC2086 # it is a pattern
    rm -rf "$root"/$pattern
  done < <(words images/debian/drop.txt)
  [ ${#idle[@]} -eq 0 ] || fail "images/debian/drop.txt: nothing in the packages meets ${idle[*]}." "take those lines out"
  find "$root/usr/share/doc" \( -type f -o -type l \) ! -name copyright -delete
  find "$root/usr/share/doc" -type d -empty -delete
  mkdir -p "$root"/{data,dev,proc,sys,run,tmp,var,etc}
}

# Name, version and licences of every package in the image: what an SBOM needs at least.
list_packages() {
  local cache=$1 root=$2 name version file licences=
  echo "# package version licences (as its copyright file names them; - where that is not machine-readable)"
  while read -r name version; do
    for file in {"$root","$cache/kernel"}/usr/share/doc/"$name"/copyright; do
      [ -e "$file" ] && licences=$(sed -nE 's/^License: *([^ ].*)$/\1/p' "$file" | tr ' ' '_' | sort -u | paste -sd,)
    done
    echo "$name $version ${licences:--}"
    licences=
  done <"$cache/packages"
}

# What maintainer scripts would have done, as far as a kiosk wants it.
settle_debian() {
  local root=$1
  # libc-bin and libnss-resolve
  printf '%s\n' 'passwd: files' 'group: files' 'shadow: files' 'hosts: files resolve [!UNAVAIL=return] dns' \
    'networks: files' 'protocols: files' 'services: files' >"$root/etc/nsswitch.conf"
  # Nobody logs in, so nobody needs a program that makes a user root.
  find "$root" -xdev -type f -perm /6000 -exec chmod ug-s {} +
  ln -sfn ../proc/self/mounts "$root/etc/mtab"
}

# Users of packages that make theirs in a script; then all, in the same order and with the same numbers each time.
make_users() {
  local root=$1
  # An older systemd on this machine does not know the mark for accounts that are locked; all of ours are.
  sed -i "s/^u! /u /" "$root"/usr/lib/sysusers.d/*.conf
  systemd-sysusers --root="$root" >"$out/users.log" 2>&1 || fail "systemd-sysusers refused a line of the image." "read $out/users.log"
  rm -f "$root"/etc/{passwd,group,shadow,gshadow}- "$root/etc/.pwd.lock"
}

# Units on and off as the overlay's presets say.
preset_units() {
  local root=$1
  rm -rf "$root"/etc/systemd/system/*.wants "$root"/etc/systemd/system/*.requires
  systemctl --quiet --root="$root" preset-all 2>"$out/presets.log" ||
    fail "systemctl preset-all failed: $(tail -n 1 "$out/presets.log")" "read $out/presets.log"
}
