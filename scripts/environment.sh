#!/bin/sh
# Make .venv if there is none and install one hash-locked file into it: scripts/environment.sh requirements.lock
# With uv on the path uv does both; otherwise the standard library's venv and pip do.
set -eu
cd "$(dirname "$0")/.."
requirements=$1

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

python=
for candidate in python3.13 python3.12 python3.11 python3 python3.14; do
    if command -v "$candidate" >/dev/null && new_enough "$candidate"; then
        python=$candidate
        break
    fi
done
uv=$(command -v uv || true)
# A version manager may leave a `uv` on the path that cannot start here.
[ -z "$uv" ] || "$uv" --version >/dev/null 2>&1 || uv=

if [ -z "$python" ] && [ -z "$uv" ]; then
    echo "Sora Portal needs Python 3.11 or newer (or uv, which brings one). Debian: apt-get install python3" >&2
    exit 1
fi

# An interrupted first run leaves a folder without a working interpreter.
if ! { [ -x .venv/bin/python ] && new_enough .venv/bin/python; }; then
    rm -rf .venv
    if [ -n "$uv" ]; then
        "$uv" venv --quiet --python "${python:->=3.11}" .venv
    else
        # Debian keeps what a virtual environment needs in a package of its own.
        if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
            package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
            if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
                echo "$python cannot make virtual environments yet; installing $package"
                apt-get update -qq && apt-get install -y -qq --no-install-recommends "$package" >/dev/null || true
            fi
            if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
                echo "$python cannot make a virtual environment here. Install its package first:" >&2
                echo "    apt-get install $package      (or install uv)" >&2
                exit 1
            fi
        fi
        "$python" -m venv .venv
    fi
fi

echo "Installing $requirements into .venv"
if [ -n "$uv" ]; then
    # Compiled once here, and not by five processes at once on the first start.
    "$uv" pip install --quiet --compile-bytecode --python .venv/bin/python --require-hashes --requirement "$requirements"
else
    # An environment that uv made has no pip of its own.
    .venv/bin/python -m pip --version >/dev/null 2>&1 || .venv/bin/python -m ensurepip >/dev/null
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement "$requirements"
fi
