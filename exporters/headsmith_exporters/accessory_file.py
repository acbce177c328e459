"""A user's .glb as a thing to wear: its meshes at rest, checked before anything of them is used.

Taken over: triangles with normals, texture coordinates and vertex colours, materials and their pictures. Left behind:
animations, skins and blendshapes (the rest pose is worn), cameras, lights.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from headsmith.accessories import Anchors, seat
from headsmith.asset.normals import vertex_normals
from headsmith.errors import InputError
from headsmith.types import F32, I32
from headsmith_exporters.accessory_choice import Given
from headsmith_exporters.accessory_materials import read_materials, read_textures
from headsmith_exporters.gltf_reader import Glb, read_accessor, read_glb
from headsmith_exporters.gltf_scene import placed_triangles, refuse
from headsmith_exporters.worn import Worn, WornPart

MAX_BYTES = 64 << 20
MAX_VERTICES = 1_000_000
MAX_PARTS = 1_000
HAT = "crown"
"""the anchor of what hair belongs under"""
MAX_COORDINATE = 1e6
READABLE = {"KHR_mesh_quantization", "KHR_texture_transform"}
"""extensions that a file may demand; of materials, all that are kept"""
_UV_SETS = ("TEXCOORD_0", "TEXCOORD_1")


def given_accessory(head: Anchors, chosen: Given) -> Worn:
    """The file's scene, scaled and placed at its anchor of `head`. Raises InputError for a file that cannot be worn."""
    worn = read_accessory(chosen.path)
    points = np.concatenate([part.vertices for part in worn.parts])
    placed = seat(head, chosen.anchor, points, chosen.scale)
    parts = tuple(replace(part, covers_hair=chosen.anchor == HAT) for part in worn.parts)
    return replace(worn, parts=parts, anchor=chosen.anchor, to_head=placed)


def read_accessory(path: Path) -> Worn:
    """The meshes of a .glb's scene in its own space. Raises InputError with the file's name."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise InputError(path, found=f"{size} bytes", expected=f"at most {MAX_BYTES}", action="simplify it")
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(path, found=f"a file that cannot be read ({reason})", expected="a .glb file",
                         action="correct the path") from error  # fmt: skip
    try:
        return _worn(read_glb(data, str(path)), path.stem)
    except InputError as error:
        # the reader's own advice is about splats
        raise InputError(path, found=error.found, expected=error.expected,
                         action="export the accessory again as a plain .glb") from error  # fmt: skip


def _worn(glb: Glb, name: str) -> Worn:
    textures = read_textures(glb)
    materials = read_materials(glb, len(textures))
    needed = set(glb.strings("extensionsRequired")) - READABLE
    needed -= {extension for extension in needed if extension.startswith("KHR_materials_")}
    if needed:
        refuse(f"the required extension '{min(needed)[:60]}'", "core glTF 2.0")
    parts, vertices = list[WornPart](), 0
    for primitive, matrix in placed_triangles(glb):
        part = _part(glb, primitive, len(materials))
        vertices += len(part.vertices) + len(part.faces)
        if vertices > MAX_VERTICES or len(parts) == MAX_PARTS:
            refuse(f"more than {MAX_VERTICES} vertices and triangles, or {MAX_PARTS} meshes", "fewer")
        parts.append(_moved(part, matrix))
    if not parts:
        refuse("no triangles in its scene", "at least one mesh")
    return Worn(name, tuple(parts), materials, textures, "", np.eye(4))


def _part(glb: Glb, primitive: dict[str, Any], materials: int) -> WornPart:
    attributes = glb.object("attributes", primitive)
    vertices = _near(_read(glb, attributes.get("POSITION"), 3))
    count = len(vertices)
    if not count:
        refuse("a mesh without vertices", "at least three")

    def optional(name: str, width: int) -> F32 | None:
        values = _read(glb, attributes[name], width) if name in attributes else None
        if values is not None and len(values) != count:
            refuse(f"{len(values)} of {name} for {count} vertices", "as many")
        return values

    faces = _faces(glb, primitive, count)
    normals = optional("NORMAL", 3)
    uvs = [optional(name, 2) for name in _UV_SETS]
    material = primitive.get("material")
    if material is not None and not (isinstance(material, int) and 0 <= material < materials):
        refuse("a material that is not there", f"one below {materials}")
    return WornPart(
        vertices=vertices,
        normals=vertex_normals(vertices, faces) if normals is None else normals,
        uvs=tuple(one for one in uvs if one is not None),
        colors=_colors(glb, attributes, count),
        faces=faces,
        material=material,
    )


def _read(glb: Glb, accessor: Any, width: int) -> F32:
    values = read_accessor(glb, accessor, width, MAX_VERTICES)
    if not np.isfinite(values).all():
        refuse("a vertex that is not a number", "finite numbers")
    return values


def _faces(glb: Glb, primitive: dict[str, Any], count: int) -> I32:
    """[F, 3]"""
    if "indices" in primitive:
        rows = read_accessor(glb, primitive["indices"], 1, 3 * MAX_VERTICES)[:, 0].astype(np.int64)
    else:
        rows = np.arange(count)
    if not len(rows) or len(rows) % 3 or rows.max() >= count or rows.min() < 0:
        refuse(f"{len(rows)} indices that are no triangles of its {count} vertices", "whole triangles")
    return rows.reshape(-1, 3).astype(np.int32)


def _colors(glb: Glb, attributes: dict[str, Any], count: int) -> F32 | None:
    """[V, 4], opaque where the file has three channels."""
    if "COLOR_0" not in attributes:
        return None
    kind = glb.indexed("accessors", attributes["COLOR_0"]).get("type")
    colors = _read(glb, attributes["COLOR_0"], 4 if kind == "VEC4" else 3)
    if len(colors) != count:
        refuse(f"{len(colors)} colours for {count} vertices", "as many")
    return np.concatenate([colors, np.ones((count, 1), np.float32)], 1)[:, :4]


def _moved(part: WornPart, matrix: F32) -> WornPart:
    """The part where its node puts it."""
    linear = matrix[:3, :3]
    if abs(np.linalg.det(linear)) < 1e-15:
        refuse("a node that is scaled to nothing", "some size")
    vertices = _near(part.vertices @ linear.T + matrix[:3, 3])
    normals = part.normals @ np.linalg.inv(linear)
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    normals = np.where(length > 1e-12, normals / np.maximum(length, 1e-12), [0.0, 0, 1])
    # a mirror turns triangles over
    faces = part.faces[:, [0, 2, 1]] if np.linalg.det(linear) < 0 else part.faces
    return replace(part, vertices=vertices.astype(np.float32), normals=normals.astype(np.float32), faces=faces)


def _near(vertices: F32) -> F32:
    if not np.abs(vertices).max(initial=0) < MAX_COORDINATE:
        refuse("a vertex that is far away", f"coordinates below {MAX_COORDINATE:g}")
    return vertices
