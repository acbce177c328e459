# SPDX-License-Identifier: GPL-3.0-or-later
"""The avatar as the artist has it, as a glTF file: new accessories, materials and animations included."""

from __future__ import annotations

import tempfile
from pathlib import Path

import bpy

from headsmith.errors import InputError
from headsmith_exporters.files import check_free, write_files

from .check import CheckReport, check, shapes_of
from .clips import clips_of, pushed_down
from .document import Json, read_document
from .finishes import show_one_side, weigh_sheen
from .options import PRESETS, GltfOptions, exporter_arguments
from .stage import staged
from .tidy import tidy

SUFFIXES = (".glb", ".gltf")


def export_gltf(
    collection: bpy.types.Collection,
    scene: bpy.types.Scene,
    path: Path,
    options: GltfOptions = PRESETS["engine"],
    *,
    force: bool = False,
) -> CheckReport:
    """Writes the avatar of `collection` to `path` (.glb, or .gltf with files beside it), and reads it back.

    Head with its shape keys as morph targets, rig as skin, the collection's other objects, and every motion as an
    animation; the splats, which are no mesh, stay out. The scene is as it was afterwards. Raises InputError for a
    path that cannot be written (an existing file without `force`) and where Blender's glTF add-on is switched off.
    """
    _check_request(path, force)
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder, path.with_suffix(path.suffix.lower()).name)
        with staged(collection, scene, options.accessories) as stage:
            clips = clips_of(collection, stage.accessories) if options.animations else []
            with pushed_down(clips):
                bpy.ops.export_scene.gltf(filepath=str(written), **exporter_arguments(options, _is_binary(path)))
            names = dict(stage.names)
            accessories = tuple(names.get(obj.name, obj.name) for obj in stage.accessories)
            shapes = shapes_of(collection)
            expected = {clip.name: clip.moves_expressions() for clip in clips}
        document = read_document(written)
    tidy(document, names, _asset(collection))
    weigh_sheen(document)
    show_one_side(document)
    contents = document.contents(path)
    check_free(contents, force)
    write_files(contents)
    # from the disk: what is checked is what a reader gets
    found = check(read_document(path), shapes, expected, accessories)
    return CheckReport(file=path.name, bytes=sum(map(len, contents.values())), **found)


def _check_request(path: Path, force: bool) -> None:
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(path, found=f"the suffix '{path.suffix}'", expected=" or ".join(SUFFIXES),
                         action="name a .glb file")  # fmt: skip
    check_free([path], force)
    if not hasattr(bpy.types, "EXPORT_SCENE_OT_gltf"):
        raise InputError("glTF export", found="Blender's add-on 'glTF 2.0 format' switched off", expected="it enabled",
                         action="switch it on in Preferences > Add-ons")  # fmt: skip


def _is_binary(path: Path) -> bool:
    return path.suffix.lower() == ".glb"


def _asset(collection: bpy.types.Collection) -> Json:
    """The head model's licence and where the avatar comes from, as `headsmith export` says it."""
    settings = collection.headsmith
    origin = {"head_model": settings.head_model, "head_model_licence": settings.licence, "created": settings.created}
    if settings.consent:
        origin["consent"] = settings.consent
    copyright_line = f"Head model: {settings.head_model}, {settings.licence}"
    return {"copyright": copyright_line, "extras": {"headsmith": origin}}
