#!/usr/bin/env bash
# Bytes and CPU of a ticket, beside python-escpos: drivers/benches/tickets.sh OUT_DIR; writes OUT_DIR/tickets.json.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=${1:-target/bench}
venv=$out/venv
mkdir -p "$out"
if ! "$venv/bin/python" -c 'import escpos' 2>/dev/null; then
  python3 -m venv "$venv" && "$venv/bin/pip" install --quiet python-escpos==3.1 || {
    echo "tickets: python-escpos, which the figures are compared with, cannot be installed. Remedy: apt-get install python3-venv, and a way to PyPI." >&2
    exit 1
  }
fi
"${CARGO:-cargo}" run --quiet --release --locked -p kiosk-drivers --example bench-tickets -- "$venv/bin/python" "$out"
