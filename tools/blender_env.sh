#!/usr/bin/env bash
# An environment with Blender as a Python module: blender_env.sh BPY_VERSION PYTHON_VERSION FOLDER
# The add-on and the project are installed in it from the sources; the rest is pinned in constraints-blender.txt.
# Exit code 3 where that Python is not installed.
set -euo pipefail
cd "$(dirname "$0")/.."
bpy=$1 version=$2 folder=$3

wanted=$(cat constraints-blender.txt pyproject.toml blender_addon/pyproject.toml; echo "$bpy")
stamp="$folder/.made-for"
if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi
if ! python=$(tools/find_python.sh "$version"); then
    echo "Blender $bpy needs Python $version, and none was found." >&2
    exit 3
fi
"$python" -m venv "$folder"
"$folder/bin/pip" install --quiet --constraint constraints-blender.txt "bpy==$bpy" \
    --editable . --editable blender_addon av hypothesis pillow pytest pytest-xdist
echo "$wanted" > "$stamp"
