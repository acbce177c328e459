#!/usr/bin/env bash
# Prints a Python of the version asked for: find_python.sh 3.13. Fails where none is found.
# A name on PATH is not enough: version managers put names there that only say what is missing.
set -euo pipefail
wanted=$1

works() { "$1" -c "import sys, venv; sys.exit('%d.%d' % sys.version_info[:2] != '$wanted')" 2>/dev/null; }

candidates=("${PYTHON:-python3}" "python$wanted" "/usr/local/bin/python$wanted" "/opt/homebrew/bin/python$wanted")
for root in "${PYENV_ROOT:-$HOME/.pyenv}" /opt/pyenv; do
    candidates+=("$root"/versions/"$wanted".*/bin/"python$wanted")
done
if command -v uv >/dev/null; then
    candidates+=("$(uv python find --no-python-downloads "$wanted" 2>/dev/null || true)")
fi
for candidate in "${candidates[@]}"; do
    path=$(command -v "$candidate" || true)
    if [ -n "$path" ] && works "$path"; then
        echo "$path"
        exit 0
    fi
done
exit 1
