#!/usr/bin/env bash
# Prints the path of a Chromium that starts: an installed one, else Debian's, else Playwright's.
set -euo pipefail
cd "$(dirname "$0")/.."
names=(chromium chromium-browser google-chrome google-chrome-stable)

fail() {
  echo "set-up: $*; the other tests run with: make test BROWSER=0" >&2
  exit 1
}

first_that_starts() {
  local name path
  for name in "$@"; do
    path=$(command -v "$name") && "$path" --version >/dev/null 2>&1 && echo "$path" && return
  done
  return 1
}

apt_install() {
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
  echo "Installing Debian's $1 …" >&2
  export DEBIAN_FRONTEND=noninteractive
  { apt-get -qq update && apt-get -qq -y --no-install-recommends install "$1"; } >/dev/null 2>&1
}

playwright() { .venv/bin/python -m playwright "$@" >/dev/null 2>&1; }

playwright_path() {
  .venv/bin/python - <<'PYTHON'
from playwright.sync_api import sync_playwright

with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)
PYTHON
}

# Playwright brings a Node of its own, which needs a library that a bare Debian lacks.
playwright --version || { apt_install libatomic1 && playwright --version; } ||
  fail "Playwright does not start here (on Debian: apt install libatomic1)"

if [ -n "${CHROMIUM:-}" ]; then
  first_that_starts "$CHROMIUM" || fail "CHROMIUM=$CHROMIUM does not start"
  exit
fi
first_that_starts "${names[@]}" && exit
apt_install chromium && first_that_starts "${names[@]}" && exit
first_that_starts "$(playwright_path)" && exit
echo "Downloading Playwright's Chromium …" >&2
playwright install chromium && first_that_starts "$(playwright_path)" && exit
fail "no Chromium starts here and none can be installed (on Debian: apt install chromium)"
