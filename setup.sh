#!/bin/sh
# Sets up a Python environment for this folder and runs grace-tui, or its tests, in it.
#
#   sh setup.sh run [ARGUMENTS]     open the room (grace-tui ARGUMENTS)
#   sh setup.sh test [ARGUMENTS]    run the tests (pytest ARGUMENTS)
#   sh setup.sh dev [COMMAND]       run COMMAND with the tools of a developer, or only install them
#
# GRACE_VENV names the environment's folder (default: .venv); PYTHON the interpreter to make it with.
# The exit code is that of what was run; 1 if the setup failed, 2 if the call was wrong.

set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
venv=${GRACE_VENV:-$root/.venv}

say() { printf 'setup: %s\n' "$*" >&2; }
fail() {
    say "$*"
    exit 1
}
usage() {
    sed -n '4,6s/^#  *//p' "$0" >&2
    exit 2
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; elif have sudo; then sudo "$@"; else return 1; fi
}

have() { command -v "$1" >/dev/null 2>&1; }

# Installs Debian packages; false where that is not possible here.
debian() {
    have apt-get || return 1
    say "installing $* with apt-get"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq >&2 &&
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2
}

# Prints the first interpreter that is new enough.
find_python() {
    for name in ${PYTHON:+"$PYTHON"} python3 python3.14 python3.13 python3.12 python3.11 python; do
        if have "$name" && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    return 1
}

make_venv() {
    python=$(find_python) || {
        debian python3 python3-venv || say "apt-get could not install python3"
        python=$(find_python) || fail "Python 3.11 or newer is needed; install it, or name it in PYTHON"
    }
    # Debian splits venv and pip off Python; `import venv` alone would succeed without them.
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        debian "python$version-venv" || fail "$python has no venv; install the package python$version-venv"
    fi
    say "making $venv with $("$python" --version)"
    "$python" -m venv "$venv" || fail "$python could not make $venv"
}

# What an environment was installed for: a change of any of these means installing again.
stamp() { printf '%s %s %s\n' "$1" "$root" "$(cksum <"$root/pyproject.toml")"; }

# install KIND WHAT: installs this project into the environment, unless it was installed so already.
install() {
    if [ -f "$venv/grace-stamp" ] && "$venv/bin/python" -c '' 2>/dev/null; then
        done_for=$(cat "$venv/grace-stamp")
        [ "$done_for" = "$(stamp "$1")" ] && return
        [ "$1" = run ] && [ "$done_for" = "$(stamp dev)" ] && return
    fi
    "$venv/bin/python" -c '' 2>/dev/null || make_venv
    rm -f "$venv/grace-stamp"
    say "installing grace-tui and what it needs"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --editable "$root$2" ||
        fail "pip could not install; its message is above"
    stamp "$1" >"$venv/grace-stamp"
}

# The programs that some tests drive.
test_programs() {
    missing=
    have tmux || missing="$missing tmux"
    have ssh || missing="$missing openssh-client"
    [ -z "$missing" ] && return
    # shellcheck disable=SC2086  # a list of words
    debian $missing || fail "the tests need:$missing; install them"
}

[ $# -gt 0 ] || usage
verb=$1
shift
case $verb in
run)
    install run ''
    cd "$root"
    exec "$venv/bin/grace-tui" "$@"
    ;;
test)
    install dev '[dev]'
    test_programs
    cd "$root"
    exec "$venv/bin/python" -m pytest "$@"
    ;;
dev)
    install dev '[dev]'
    [ $# -gt 0 ] || exit 0
    PATH=$venv/bin:$PATH
    export PATH
    cd "$root"
    exec "$@"
    ;;
*) usage ;;
esac
