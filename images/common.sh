# For the scripts beside it: how they talk, fail and measure. Sourced, from the top of the repository.
set -euo pipefail
shopt -s inherit_errexit

# shellcheck disable=SC2034 # the scripts use it
out=target/images
script=$(basename "$0" .sh)

say() { echo "$script: $*"; }
fail() {
  echo "$script: $1 Remedy: $2" >&2
  exit 1
}

# Says how long a step took: step "what it does" function arguments...
step() {
  local name=$1 began=$EPOCHREALTIME ended
  shift
  "$@"
  ended=$EPOCHREALTIME
  say "$name: $(awk -v us=$((${ended/./} - ${began/./})) 'BEGIN { printf "%.1f s", us / 1e6 }')"
}

# Bytes that a file takes, in MiB with one decimal.
mib() { awk -v bytes="$(stat -c %s "$1")" 'BEGIN { printf "%.1f MiB", bytes / 1048576 }'; }

# The host's own Debian mirror and its security archive, as apt has them.
mirrors() {
  apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' | sort -u | awk '
    $2 ~ /-security$/ { security = $1 }
    $2 !~ /-/ { main = $1 }
    END { if (main != "" && security != "") print main, security; else exit 1 }' ||
    fail "apt names no Debian mirror with a security archive." "run this on Debian, after apt-get update"
}
