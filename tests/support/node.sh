#!/bin/sh
# Prints the folder of `node` and `npm`: those of the system, or else some from PyPI, installed under .cache/node.
set -eu
cd "$(dirname "$0")/../.."
if command -v npm >/dev/null && command -v node >/dev/null; then
    dirname "$(command -v npm)"
    exit
fi
if [ ! -x .cache/node/bin/npm ]; then
    python3 -m venv .cache/node
    .cache/node/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r tests/support/node.txt
fi
echo "$PWD/.cache/node/bin"
