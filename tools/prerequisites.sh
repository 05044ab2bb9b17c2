#!/bin/sh
# Finds what must be on the machine before anything is installed, or says what is missing.
#
#   prerequisites.sh python    prints the command of a Python 3.11 or later
#   prerequisites.sh node      succeeds where Node 20 or later and npm are there
#
# PYTHON=<command> chooses an interpreter by name.
set -eu

fail() {
    printf 'medallion: %s\n' "$1" >&2
    exit 1
}

python_is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        python_is_new_enough "$PYTHON" ||
            fail "PYTHON=$PYTHON is not a Python 3.11 or later; name another, or unset PYTHON to have one found."
        printf '%s\n' "$PYTHON"
        return
    fi
    for candidate in python3.11 python3.12 python3.13 python3 python; do
        if python_is_new_enough "$candidate"; then
            printf '%s\n' "$candidate"
            return
        fi
    done
    found=$(python3 --version 2>/dev/null || printf 'no python3')
    fail "Python 3.11 or later is needed and this machine has $found; install one (https://www.python.org/downloads/) or name it: make PYTHON=/path/to/python3.11 …"
}

check_node() {
    command -v node >/dev/null 2>&1 ||
        fail "Node 20 or later is needed for the AWS CDK and there is no 'node' on PATH; install it (https://nodejs.org/)."
    version=$(node --version)
    major=${version#v}
    major=${major%%.*}
    [ "$major" -ge 20 ] 2>/dev/null ||
        fail "Node 20 or later is needed for the AWS CDK and this machine has $version; install a newer one (https://nodejs.org/)."
    command -v npm >/dev/null 2>&1 ||
        fail "npm is needed to install the AWS CDK and is not on PATH; it comes with Node (https://nodejs.org/)."
}

case "${1:-}" in
python) find_python ;;
node) check_node ;;
*) fail "usage: prerequisites.sh python|node" ;;
esac
