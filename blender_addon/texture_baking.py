# SPDX-License-Identifier: GPL-3.0-or-later
"""The dynamic texture as a sequence of pictures, for farms and for people without the add-on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import bpy

from headsmith.errors import InputError
from headsmith.types import F32
from headsmith_exporters.files import write_files

from .builders.dynamic_texture import network_of
from .dynamic_texture import BAKED, FRAMES_KEY, LiveTexture, apply_mode, live_texture, paused
from .pictures import encode_png
from .state import kept_frame
from .texture_parameters import is_evaluated, scene_parameters

Progress = Callable[[float], None]
"""called with the share done, 0..1"""


@dataclass(frozen=True)
class BakeRange:
    """Which frames, both ends included, and where the pictures go."""

    folder: Path
    first: int
    last: int

    def file(self, name: str, frame: int) -> Path:
        """Numbered by the scene's frame."""
        return self.folder / f"{name}_{frame:04d}.png"


def bake(
    collection: bpy.types.Collection, scene: bpy.types.Scene, what: BakeRange, progress: Progress = lambda _: None
) -> bpy.types.Image:
    """Writes the avatar's texture for every frame and lets its materials show the sequence.

    Pictures that are there already, of the same expression and network, are kept: a bake that was broken off goes on
    where it stopped. Raises InputError for an avatar without a network, for frames that cannot be files' numbers, and
    where the folder cannot be written.
    """
    for share in bake_steps(collection, scene, what):
        progress(share)
    return collection.headsmith.baked_albedo


def bake_steps(collection: bpy.types.Collection, scene: bpy.types.Scene, what: BakeRange) -> Iterator[float]:
    """`bake`, a frame at a time; gives the share that is done. Closed early, it leaves the scene as it was."""
    settings = collection.headsmith
    live = live_texture(settings.albedo)
    if live is None:
        raise InputError(f"avatar '{collection.name}'", found="no dynamic texture", expected="one with a network",
                         action="build the avatar with a dynamic texture, or keep its static one")  # fmt: skip
    if not 0 <= what.first <= what.last:
        raise InputError("the frames to bake", found=f"{what.first} to {what.last}",
                         expected="0 or more, the last not before the first", action="choose others")  # fmt: skip
    name = bpy.path.clean_name(collection.name)
    try:
        with kept_frame(scene), paused():
            yield from _write_frames(collection, scene, what, live)
        _use_sequence(collection, what, name)
    finally:
        apply_mode(collection, scene.view_layers[0].depsgraph)


def _write_frames(
    collection: bpy.types.Collection, scene: bpy.types.Scene, what: BakeRange, live: LiveTexture
) -> Iterator[float]:
    name = bpy.path.clean_name(collection.name)
    notes = what.folder / f"{name}.json"
    look = _fingerprint(collection.headsmith.albedo)
    count = what.last - what.first + 1
    _make_folder(what.folder)
    done = _read_notes(notes)
    for frame in range(what.first, what.last + 1):
        scene.frame_set(frame)
        parameters = _parameters(collection, live, scene.view_layers[0].depsgraph)
        digest = hashlib.sha256(look + parameters.tobytes()).hexdigest()
        # what comes before the sequence asks for the number before the first
        for number in [frame - 1, frame] if frame == what.first > 0 else [frame]:
            file = what.file(name, number)
            if done.get(file.name) != digest or not file.is_file():
                done[file.name] = digest
                said = json.dumps(done, indent=0, sort_keys=True).encode()
                # in this order: a picture that the notes do not know is made again, never taken for finished
                write_files({file: encode_png(live.texture(parameters)), notes: said})
        yield (frame - what.first + 1) / count


def _parameters(collection: bpy.types.Collection, live: LiveTexture, depsgraph: bpy.types.Depsgraph) -> F32:
    if not is_evaluated(collection, depsgraph):
        raise InputError(
            f"avatar '{collection.name}'",
            found="a collection that is left out of the scene's view layer",
            expected="one whose expression Blender works out",
            action="switch it on in the outliner",
        )
    return scene_parameters(collection, live.inputs, depsgraph)


def _use_sequence(collection: bpy.types.Collection, what: BakeRange, name: str) -> None:
    """The written files as the avatar's baked picture, and its mode."""
    settings = collection.headsmith
    old = settings.baked_albedo
    image = bpy.data.images.load(str(what.file(name, what.first)))
    image.name = f"{collection.name} Baked Albedo"
    image.source = "SEQUENCE"
    image[FRAMES_KEY] = [what.first, what.last - what.first + 1]
    image.filepath = _portable(image.filepath)
    settings.texture_mode = BAKED
    settings.baked_albedo = image
    if old is not None:
        old.user_remap(image)
        bpy.data.images.remove(old)


def _portable(path: str) -> str:
    """Relative to the .blend, where it has been saved and lies on the same drive."""
    try:
        return bpy.path.relpath(path) if bpy.data.filepath else path
    except ValueError:
        return path


def _fingerprint(image: bpy.types.Image) -> bytes:
    """Of all that makes the texture beside the parameters."""
    dynamic, material = network_of(image)
    digest = hashlib.sha256(dynamic.onnx)
    for part in ("\n".join(dynamic.inputs).encode(), material.dynamic_mask, material.static_texture):
        digest.update(part)
    return digest.digest()


def _read_notes(path: Path) -> dict[str, str]:
    """File name -> what it was made from; nothing where that cannot be told."""
    try:
        notes = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return {str(name): str(digest) for name, digest in notes.items()} if isinstance(notes, dict) else {}


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(str(folder), found=error.strerror or str(error), expected="a folder that can be written to",
                         action="choose another folder or make room there") from error  # fmt: skip
