# shellcheck shell=bash
# Copyright (c) 2026, virtfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What quickstart and runtests share; sourced, never run. Sets ROOT, VENV, CACHE and PY, and has:
#   env_ready control|dev   the virtual environment is there and first on PATH
#   stage                   the collection is copied to $STAGE, where Ansible finds it
#   need_packages, need_root, need_lab, remove_all
# Quiet and quick when there is nothing to do; one clear sentence when something cannot be done.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
VENV=$ROOT/.venv
# One folder for each checkout, outside of it: ansible-test skips everything inside an ignored folder.
CACHE_ALL=${XDG_CACHE_HOME:-$HOME/.cache}/virtfleet.kvm
CACHE=$CACHE_ALL/$(printf %s "$ROOT" | sha256sum | cut -c1-12)
COLLECTIONS=$CACHE/collections
STAGE=$COLLECTIONS/ansible_collections/virtfleet/kvm
UV_VERSION=0.13.9

# A user's own settings must not change what a test or the demonstration shows.
for name in $(compgen -e ANSIBLE_) PYTHONPATH PYTHONHOME VIRTUAL_ENV VIRTFLEET_LAB; do unset "$name"; done
export PYTHONUNBUFFERED=1

say() { printf '[%3ds] %s\n' "$SECONDS" "$*"; }
die() {
    printf '\n%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

need_root() { [ "$(id -u)" = 0 ] || die "$1 needs root: run it with sudo."; }

# The lab itself knows best what it needs of the machine: root, namespaces, overlayfs, cgroup2, disk space.
need_lab() {
    local said
    need_root 'a test host'
    said=$("$ROOT/tests/lab/lab" check) || die "this machine cannot carry test hosts. $said"
}

# need_packages WHY COMMAND-OR-FILE=PACKAGE...  installs the packages whose command or file is missing.
need_packages() {
    local why=$1 pair probe missing=()
    shift
    for pair in "$@"; do
        probe=${pair%%=*}
        if [ "${probe#/}" != "$probe" ]; then
            [ -e "$probe" ] || missing+=("${pair#*=}")
        else
            command -v "$probe" >/dev/null 2>&1 || missing+=("${pair#*=}")
        fi
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    command -v apt-get >/dev/null ||
        die "$why needs ${missing[*]}, and this machine has no apt-get: install them by hand (Debian's package names)."
    [ "$(id -u)" = 0 ] || die "$why needs Debian's ${missing[*]}: run as root, or first: sudo apt-get install ${missing[*]}"
    say "Installing Debian's ${missing[*]} ($why)"
    mkdir -p "$CACHE"
    local apt=(apt-get -qq -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
    if ! DEBIAN_FRONTEND=noninteractive "${apt[@]}" install -y --no-install-recommends "${missing[@]}" >"$CACHE/apt.log" 2>&1 </dev/null; then
        # A fresh machine has no package lists, and an old one has stale lists.
        "${apt[@]}" update >>"$CACHE/apt.log" 2>&1 </dev/null || true
        DEBIAN_FRONTEND=noninteractive "${apt[@]}" install -y --no-install-recommends "${missing[@]}" >>"$CACHE/apt.log" 2>&1 </dev/null || {
            tail -5 "$CACHE/apt.log" >&2
            die "apt-get could not install ${missing[*]}; all it said is in $CACHE/apt.log"
        }
    fi
}

# The real interpreter behind a command: pyenv's shims answer to names they have no Python for.
real_python() { "$1" -I -c 'import sys; print(sys.executable)' 2>/dev/null; }

python_is_supported() {
    "$1" -I -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
}

find_python() {
    local candidate
    for candidate in /usr/bin/python3 python3.11 python3.12 python3.13 python3 \
        "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[123].*/bin/python3; do
        command -v "$candidate" >/dev/null 2>&1 || continue
        if python_is_supported "$candidate"; then
            real_python "$candidate"
            return
        fi
    done
    return 1
}

requirements_sum() { (cd "$ROOT/requirements" && sha256sum "$@" && echo "$ROOT $UV_VERSION") | sha256sum | cut -c1-32; }

# env_ready control: what quickstart needs; env_ready dev: all that the tests need on top.
env_ready() {
    local wanted=$1 control dev=''
    control=$(requirements_sum control.txt)
    PY=$VENV/bin/python
    export PATH="$VENV/bin:$PATH" PY
    [ "$wanted" != dev ] || dev=$(requirements_sum control.txt dev.txt)
    env_is "$control" "$dev" && return
    mkdir -p "$CACHE"
    # Two runs in one checkout: the second waits, then finds everything done.
    exec 8>"$CACHE/env.lock"
    flock 8
    env_is "$control" "$dev" || make_env "$control" "$dev"
    exec 8>&-
}

env_is() {
    [ -x "$VENV/bin/python" ] && [ "$(cat "$VENV/.control" 2>/dev/null)" = "$1" ] &&
        { [ -z "$2" ] || [ "$(cat "$VENV/.dev" 2>/dev/null)" = "$2" ]; }
}

make_env() {
    local control=$1 dev=$2 python
    need_packages 'the control node' git=git ssh=openssh-client
    if ! python=$(find_python); then
        need_packages 'the control node' /usr/bin/python3=python3
        python=$(find_python) || die 'no Python 3.11, 3.12 or 3.13 on this machine, and /usr/bin/python3 is not one of them.'
    fi
    "$python" -I -c 'import ensurepip' 2>/dev/null || need_packages 'a virtual environment' /no/ensurepip=python3-venv
    if [ "$(cat "$VENV/.control" 2>/dev/null)" != "$control" ] || ! [ -x "$VENV/bin/python" ]; then
        say "Making the virtual environment .venv (Python $("$python" -V | cut -d' ' -f2), ansible-core $(sed -n 's/^ansible-core==//p' "$ROOT/requirements/control.txt"))"
        rm -rf "$VENV"
        "$python" -m venv "$VENV" || die "$python could not make a virtual environment in $VENV"
        pypi "$VENV/bin/pip" install --quiet --disable-pip-version-check "uv==$UV_VERSION"
        pypi uv_install control
        echo "$control" >"$VENV/.control"
    fi
    [ -n "$dev" ] || return 0
    say 'Installing the development tools into .venv'
    local headers
    headers=$("$PY" -I -c 'import sysconfig; print(sysconfig.get_path("include"))')
    need_packages 'building libvirt-python' gcc=gcc pkg-config=pkg-config \
        /usr/include/libvirt/libvirt.h=libvirt-dev "$headers/Python.h=python3-dev"
    pypi uv_install dev
    echo "$dev" >"$VENV/.dev"
}

# Without .pyc files every start of Ansible would cost 0.6 s more.
uv_install() {
    local files=(-r "$ROOT/requirements/control.txt")
    [ "$1" = control ] || files+=(-r "$ROOT/requirements/dev.txt")
    UV_LINK_MODE=copy "$VENV/bin/uv" --quiet pip install --python "$PY" --compile-bytecode "${files[@]}"
}

pypi() {
    "$@" >"$CACHE/pypi.log" 2>&1 && return
    tail -15 "$CACHE/pypi.log" >&2
    die "could not install Python packages from PyPI (is the network or the proxy up?); all that was said is in $CACHE/pypi.log"
}

stage() { "$PY" -I "$ROOT/tests/tools/stage.py" "$ROOT" "$STAGE"; }

# The test hosts are gone by now; this is the rest.
remove_all() {
    rm -rf "$VENV" "$CACHE"
    rmdir "$CACHE_ALL" 2>/dev/null || true
}
