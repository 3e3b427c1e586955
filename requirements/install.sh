#!/usr/bin/env bash
# Build .venv anew from a lock: requirements/install.sh cpu|gpu PYTHON STAMP
#
# STAMP is written last. An environment without it is half done, or of another lock, and is built
# again from nothing: what pip had begun to unpack when it was killed looks installed and is not.
set -euo pipefail
machine=$1 python=$2 stamp=$3
lock=requirements/$machine.txt
ours=.venv/built-by-make
torch_cpu_index=https://download.pytorch.org/whl/cpu

stop() {
    printf '%s\n' "" "$@" "" >&2
    exit 1
}

# A second make waits for the first and finds the work done.
exec 9<"$0"
flock 9
[ ! -e "$stamp" ] || exit 0

[ -e "$lock" ] || stop "There is no lock for MACHINE=$machine: it is cpu or gpu."
[ "$(uname -sm)" = "Linux x86_64" ] ||
    stop "The locks are for Linux x86_64, this is $(uname -sm)." \
        "docs/architecture.md says how to manage an environment of your own."
command -v "$python" >/dev/null ||
    stop "There is no $python. Install Python 3.11 to 3.13, or name one: make PYTHON=/path/to/python3.12"
"$python" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' ||
    stop "$python is $("$python" -V 2>&1); Python 3.11 to 3.13 is needed." \
        "Name another one: make PYTHON=python3.12"
"$python" -c 'import ensurepip, venv' 2>/dev/null ||
    stop "$python cannot make virtual environments. On Debian and Ubuntu: apt-get install python3-venv"
command -v cc >/dev/null &&
    "$python" -c 'import os, sysconfig as s; os.stat(s.get_path("include") + "/Python.h")' 2>/dev/null ||
    stop "One package (pycosat) is compiled here, and a C compiler or Python's headers are missing." \
        "On Debian and Ubuntu: apt-get install build-essential python3-dev"
# The interpreter behind an activated .venv, since .venv is about to go.
python=$("$python" -c 'import sys; print(sys._base_executable)')
[ ! -e .venv ] || [ -e "$ours" ] ||
    stop ".venv is here and was not built by make, so make leaves it alone." \
        "Move or remove it, then run make again."

echo "Building .venv: $(grep -vc '^#' "$lock") packages of $lock, a few minutes, once."
mkdir -p .venv
touch "$ours"
find .venv -mindepth 1 ! -path "$ours" -delete
"$python" -m venv .venv

pip() {
    .venv/bin/python -m pip --disable-pip-version-check "$@"
}
[ -t 1 ] || export PIP_QUIET=2

# torch comes first and alone: the CPU build is not on PyPI. Where pip is configured with one it is
# taken, else it comes from PyTorch's index, which must not be asked for the other packages.
# setuptools comes with it, to build the few packages that have no wheels.
torch=$(grep -E '^torch=' "$lock")
[ "$machine" = gpu ] || pip install --no-deps "$torch" >/dev/null 2>&1 ||
    pip install --no-deps --index-url "$torch_cpu_index" "$torch"
pip install --no-deps "$(grep -E '^setuptools=' "$lock")"
pip install --no-deps --no-build-isolation -r "$lock"
.venv/bin/python -c 'import torch, transformers'
touch "$stamp"
