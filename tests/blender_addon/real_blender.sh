#!/usr/bin/env bash
# The extension in a whole Blender, as a user has it: real_blender.sh FOLDER EXTENSION.zip
# Makes a Debian with its own Blender (4.3) in FOLDER, once: 1.8 GB; needs root and debootstrap. Installs the extension
# there, runs every command of `blender -b --command headsmith`, checks what was written, and uninstalls it.
# `make real-blender-test FOLDER=...` builds the extension before.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(realpath -m "$1") extension=$(realpath "$2")

if [ ! -x "$root/usr/bin/blender" ]; then
    debootstrap --variant=minbase trixie "$root"
    chroot "$root" apt-get install --yes --no-install-recommends \
        blender libegl1 libgl1 libegl-mesa0 libgl1-mesa-dri python3-numpy
fi

work=$(mktemp -d "$root/tmp/headsmith.XXXXXX")
trap 'rm -rf "$work"' EXIT
inside=${work#"$root"}
mkdir -p "$work/user" "$work/avatars"
cp "$extension" "$work/extension.zip"
for name in ada eve; do
    cp "$here/../../sample_assets/portrait.avatar.zip" "$work/avatars/$name.avatar.zip"
done
head -c 5000 "$work/avatars/ada.avatar.zip" > "$work/avatars/cut.avatar.zip"

in_blender() {
    chroot "$root" env HOME="$inside" BLENDER_USER_RESOURCES="$inside/user" TMPDIR=/tmp \
        blender --background --command "$@"
}
headsmith() {
    in_blender headsmith "$@" --json
}
quick=(--size 64 --samples 1)

in_blender extension validate "$inside/extension.zip"
in_blender extension install-file --repo user_default --enable "$inside/extension.zip"
headsmith import "$inside/avatars/ada.avatar.zip" -o "$inside/ada.blend" > "$work/import.out"
headsmith animate "$inside/ada.blend" --motion talk --seconds 0.5 -o "$inside/talk.blend" > "$work/animate.out"
headsmith render "$inside/ada.blend" "${quick[@]}" --transparent -o "$inside/ada.png" > "$work/render.out"
headsmith export "$inside/talk.blend" -o "$inside/ada.glb" > "$work/export.out"
headsmith export "$inside/ada.blend" -o "$inside/ada.ply" > "$work/splats.out"
headsmith hologram "$inside/ada.blend" "${quick[@]}" -o "$inside/holo.png" > "$work/hologram.out"
code=0
headsmith batch "$inside/avatars" -o "$inside/out" --do "export --preset compact" --do "render ${quick[*]}" \
    > "$work/batch.out" || code=$?
[ "$code" -eq 1 ] || { echo "The batch with a damaged bundle ended with $code instead of 1."; exit 1; }
in_blender extension remove headsmith
python3 "$here/real_blender_check.py" "$work"
