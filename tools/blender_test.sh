#!/usr/bin/env bash
# The add-on's tests in one version of Blender: blender_test.sh BPY_VERSION PYTHON_VERSION
# Where that Python is not installed they are skipped, except in continuous integration (CI=true).
set -euo pipefail
cd "$(dirname "$0")/.."
bpy=$1 version=$2
minor=${bpy%.*}
folder=".venv-bpy${minor//./}"

made=0
tools/blender_env.sh "$bpy" "$version" "$folder" || made=$?
if [ "$made" -eq 3 ] && [ "${CI:-}" != true ]; then
    echo "Skipped: the add-on's tests in Blender $bpy."
    exit 0
elif [ "$made" -ne 0 ]; then
    exit "$made"
fi
echo "The add-on's tests in Blender $bpy:"
exec "$folder/bin/python" -m pytest tests/blender_addon -n 2 --dist loadfile
