#!/usr/bin/env bash
# Makes the environment named, with a pip of its own, from a plain python3: scripts/venv.sh .venv
set -euo pipefail
cd "$(dirname "$0")/.."
env=$1
python=${PYTHON:-python3}

fail() {
  echo "set-up: $*" >&2
  exit 1
}

can_venv() { "$python" -c 'import ensurepip, venv' 2>/dev/null; }

can_lend_pip() { "$python" -m pip install --help 2>/dev/null | grep -q -e '--python'; }

add_debian_venv() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
  echo "Installing Debian's python3-venv …"
  export DEBIAN_FRONTEND=noninteractive
  { apt-get -qq update && apt-get -qq -y install python3-venv; } >/dev/null && can_venv
}

command -v "$python" >/dev/null ||
  fail "there is no $python; install Python 3.11 or newer (on Debian: apt install python3-venv)."
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
  fail "$("$python" -V 2>&1) is too old; name a newer one: make setup PYTHON=python3.11"

echo "Making $env with $("$python" -V) …"
rm -rf "$env"
if can_venv; then
  "$python" -m venv "$env"
elif can_lend_pip; then
  "$python" -m venv --without-pip "$env"
elif add_debian_venv; then
  "$python" -m venv "$env"
else
  fail "$python cannot make environments; install its venv module (apt install python3-venv)."
fi

scripts/install.sh "$env" requirements/build.txt
echo "$(pwd -P) $(realpath "$env/bin/python")" >"$env/.made-for"
