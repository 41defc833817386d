#!/usr/bin/env bash
# Compiles requirements/*.txt, with hashes and for every platform; --upgrade takes the newest.
set -euo pipefail
cd "$(dirname "$0")/.."

pin() {
  .venv/bin/uv --no-config pip compile --quiet --universal --python-version 3.11 \
    --generate-hashes --no-annotate --no-emit-index-url --no-emit-find-links \
    --custom-compile-command "make lock" "${options[@]}" "$@"
}

options=("$@")
# The README starts the worker with `-P eventlet`, so that extra is set up for everybody.
pin pyproject.toml --extra eventlet --output-file requirements/run.txt
pin pyproject.toml --extra eventlet --extra pandas --group dev --constraint requirements/run.txt \
  --output-file requirements/dev.txt
for name in build foreign lock node peers; do
  pin "requirements/$name.in" --output-file "requirements/$name.txt"
done
# Published as source only, which is not installed here; loading candles does without.
pin requirements/freqtrade.in --no-emit-package sdnotify --output-file requirements/freqtrade.txt
