#!/bin/sh
# install_runtime.sh PYTHON VENV: a virtual environment with the package `lyo` (without the command),
# quicker than `pip install .`. Repeated calls update it.
set -eu
python=$1
venv=$2
root=$(cd "$(dirname "$0")/../.." && pwd)
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
python=$venv/bin/python
tag=$("$python" -c 'import sys; print(sys.implementation.cache_tag)')
target=$root/.cache/target/$tag
# The same for every environment of one interpreter: a changed path would compile all anew.
base=$("$python" -c 'import sys; print(sys._base_executable)')
PYO3_PYTHON=$base cargo build --quiet --release --manifest-path "$root/runtime/Cargo.toml" --target-dir "$target"
packages=$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
suffix=$("$python" -c 'import sysconfig; print(sysconfig.get_config_var("EXT_SUFFIX"))')
mkdir -p "$packages/lyo"
cp "$root"/runtime/python/lyo/*.py "$packages/lyo/"
"$python" -m compileall -q "$packages/lyo"
# Aside and renamed: a running interpreter may have the old one mapped.
cp "$target/release/liblyo_native.so" "$packages/lyo/_native.tmp"
mv "$packages/lyo/_native.tmp" "$packages/lyo/_native$suffix"
