#!/usr/bin/env bash
# Installs hash-pinned requirements into an environment: scripts/install.sh ENV FILE
# While it works the environment's .made-for is away, so that half an installation is never believed.
set -euo pipefail
cd "$(dirname "$0")/.."
env=$1
file=$2
log=$(mktemp)
trap 'rm -f "$log"' EXIT

believe() { [ ! -e "$env/.made-for.away" ] || mv "$env/.made-for.away" "$env/.made-for"; }
doubt() { [ ! -e "$env/.made-for" ] || mv "$env/.made-for" "$env/.made-for.away"; }

pip=("$env/bin/python" -m pip)
"${pip[@]}" --version >/dev/null 2>&1 || pip=("${PYTHON:-python3}" -m pip --python "$env/bin/python")

echo "Installing $file into $env …"
doubt
if "${pip[@]}" --disable-pip-version-check --retries 2 install --quiet --no-input --no-compile \
  --require-hashes --no-deps --only-binary :all: --requirement "$file" >"$log" 2>&1; then
  believe
elif grep -qiE 'retrying|connection|timed out|resolution' "$log"; then
  believe # nothing is installed before everything is there
  echo "set-up: the package index did not answer; check the network (or pip's settings) and run this again." >&2
  exit 1
else
  grep -E '^ *(ERROR|Expected|Got)' "$log" >&2 || cat "$log" >&2
  echo "set-up: $file could not be installed; the lines above are pip's." >&2
  exit 1
fi
