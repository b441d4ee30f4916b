#!/usr/bin/env bash
# Makes the keys that sign a bundle on a developer's machine: a CA and a signing certificate, both named "development".
# They are made once a build folder and never committed. A hall's image is built with the project's own offline CA instead.
#   images/rauc/keys.sh FOLDER             makes FOLDER/{ca,sign}.{pem,key} unless they are there
#   images/rauc/keys.sh check FILE.pem...  fails if one of the certificates is a development one: for a release build
set -euo pipefail

fail() {
  echo "rauc keys: $1 Remedy: $2" >&2
  exit 1
}
command -v openssl >/dev/null || fail "openssl is missing." "apt-get install openssl"

# In the subject of every development certificate, and in no other.
MARK="kiosk development"

if [ "${1:-}" = check ]; then
  shift
  [ $# -gt 0 ] || fail "nothing to check." "name the keyring and the signing certificate"
  for file; do
    # A keyring holds any number of certificates: all of them count.
    subjects=$(openssl crl2pkcs7 -nocrl -certfile "$file" 2>/dev/null | openssl pkcs7 -print_certs -noout) ||
      fail "$file holds no certificate." "name a file in PEM format"
    if grep -q "subject=.*$MARK" <<<"$subjects"; then
      fail "$file has a development certificate, which anybody can make." "build the release with RAUC_KEYRING, RAUC_CERT and RAUC_KEY of the project's own CA"
    fi
  done
  exit 0
fi

folder=${1:?usage: images/rauc/keys.sh FOLDER}
[ -s "$folder/sign.pem" ] && [ -s "$folder/sign.key" ] && [ -s "$folder/ca.pem" ] && exit 0
mkdir -p "$folder"
umask 077
# A kiosk whose clock stands at the image's build time must take the bundle of the same build: valid from the day before.
from=$(date -u -d "@$((${SOURCE_DATE_EPOCH:-$(date +%s)} - 86400))" +%Y%m%d%H%M%SZ)
until=$(date -u -d "@$((${SOURCE_DATE_EPOCH:-$(date +%s)} + 20 * 365 * 86400))" +%Y%m%d%H%M%SZ)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat >"$work/ca.conf" <<CONF
[ca]
default_ca = kiosk
[kiosk]
database = $work/index
new_certs_dir = $work
rand_serial = yes
default_md = sha256
policy = any
x509_extensions = sign
[any]
organizationName = supplied
commonName = supplied
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[sign]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = emailProtection, codeSigning
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[req]
distinguished_name = any
CONF
: >"$work/index"
{
  for who in ca sign; do
    openssl ecparam -name prime256v1 -genkey -noout -out "$folder/$who.key"
    openssl req -new -config "$work/ca.conf" -key "$folder/$who.key" -subj "/O=$MARK/CN=$MARK $who" -out "$work/$who.csr"
  done
  openssl ca -batch -notext -config "$work/ca.conf" -selfsign -keyfile "$folder/ca.key" -in "$work/ca.csr" \
    -extensions authority -startdate "$from" -enddate "$until" -out "$folder/ca.pem"
  openssl ca -batch -notext -config "$work/ca.conf" -cert "$folder/ca.pem" -keyfile "$folder/ca.key" -in "$work/sign.csr" \
    -startdate "$from" -enddate "$until" -out "$folder/sign.pem"
} >"$work/log" 2>&1 || fail "openssl failed: $(tail -n 3 "$work/log" | tr '\n' ' ')" "look at $folder and run this again"
