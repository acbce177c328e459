# SPDX-License-Identifier: GPL-3.0-or-later
"""What was written against what Blender has, read back number by number: exporters leave things out silently."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import bpy
import numpy as np
from mathutils.kdtree import KDTree

from headsmith.asset import ARKIT_52
from headsmith.types import F32
from headsmith_exporters.gltf_joints import joint_node_name

from ..controls import joint_bones
from ..scene import from_blender, get_values
from .document import Document, Json

TOLERANCE_M = 1e-4
_SAME_PLACE_M = 1e-5


@dataclass(frozen=True)
class Shapes:
    """The head as Blender has it, in the axes of glTF, where it is exported."""

    head: str
    """the object's name"""
    names: tuple[str, ...]
    """of the shape keys"""
    rest: F32
    """[V, 3] metres"""
    displacements: F32
    """[K, V, 3] metres"""
    joints: dict[str, F32]
    """[3] where each joint rests, by its name in the file"""
    pictures: frozenset[str]
    """names of the head's materials that show a picture"""


@dataclass(frozen=True)
class CheckReport:
    file: str
    bytes: int
    vertices: int
    morph_targets: int
    worst_displacement_m: float
    """the largest difference between a displacement in the file and in Blender"""
    joints: tuple[str, ...]
    animations: dict[str, dict[str, float | int]]
    """name -> seconds, channels of bones and objects, channels of morph weights"""
    accessories: tuple[str, ...]
    problems: tuple[str, ...]
    """one sentence each; empty for a file that holds everything"""

    def json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)

    def sentence(self) -> str:
        """What a person needs to know."""
        if self.problems:
            return f"{self.file} is incomplete: {'; '.join(self.problems)}."
        return (f"{self.file}: {self.morph_targets} morph targets (to {self.worst_displacement_m * 1e6:.1f} um), "
                f"{len(self.joints)} joints, {len(self.accessories)} accessories, {len(self.animations)} animations, "
                f"{self.bytes / 1e6:.1f} MB.")  # fmt: skip


def shapes_of(collection: bpy.types.Collection) -> Shapes:
    """Head and rig of the avatar, read from Blender."""
    settings = collection.headsmith
    head, keys = settings.head, settings.head.data.shape_keys.key_blocks
    count = len(head.data.vertices)
    to_world, rig = np.array(head.matrix_world, np.float64), settings.rig
    points = np.stack([get_values(key.data, "co", (count, 3)) for key in keys]).astype(np.float64)
    points = from_blender(points @ to_world[:3, :3].T + to_world[:3, 3])
    joints = {joint_node_name(bone.name): from_blender(np.array(rig.matrix_world @ bone.bone.head_local))
              for bone in joint_bones(collection)}  # fmt: skip
    names = tuple(key.name for key in keys[1:])
    return Shapes(head.name, names, points[0], points[1:] - points[0], joints, _with_picture(head))


def check(document: Document, shapes: Shapes, clips: dict[str, bool], accessories: tuple[str, ...]) -> dict[str, Any]:
    """The fields of a `CheckReport` that the document alone can tell, by name.

    `clips` are the names of the animations that have to be there, and whether they move sliders.
    """
    problems: list[str] = []
    node = next((n for n in document.nodes() if "skin" in n and n["name"] == shapes.head), None)
    if node is not None and _targets(document, node) != shapes.names:
        node = None
    worst, vertices = float("nan"), 0
    if node is None:
        problems.append(f"no skinned mesh has the head's {len(shapes.names)} morph targets in their order")
    else:
        worst, vertices = _worst_displacement_m(document, node, shapes)
        if not worst <= TOLERANCE_M:
            problems.append(f"a vertex moves {worst:.2g} m differently")
        problems += _picture_problems(document, node, shapes)
    missing = [name for name in ARKIT_52 if name not in shapes.names]
    if missing:
        problems.append(f"the head has no shape key {', '.join(missing[:3])}")
    joints = _joints(document)
    problems += [f"joint {name} is missing or elsewhere" for name, place in shapes.joints.items()
                 if name not in joints or np.abs(joints[name] - place).max() > TOLERANCE_M]  # fmt: skip
    there = {n["name"] for n in document.nodes() if "mesh" in n}
    problems += [f"accessory {name} is missing" for name in accessories if name not in there]
    animations = {a["name"]: _animation(document, a) for a in document.json.get("animations", [])}
    problems += list(_animation_problems(animations, clips))
    return {"vertices": vertices, "morph_targets": len(shapes.names) if node else 0, "worst_displacement_m": worst,
            "joints": tuple(joints), "animations": animations, "problems": tuple(problems),
            "accessories": tuple(name for name in accessories if name in there)}  # fmt: skip


def _targets(document: Document, node: Json) -> tuple[str, ...]:
    return tuple(document.json["meshes"][node["mesh"]].get("extras", {}).get("targetNames", ()))


def _worst_displacement_m(document: Document, node: Json, shapes: Shapes) -> tuple[float, int]:
    """The largest error of any vertex under any target, infinite for one without counterpart; and how many there are.

    Vertices in the same place are told apart by how they move.
    """
    tree = KDTree(len(shapes.rest))
    for i, point in enumerate(shapes.rest):
        tree.insert(point, i)
    tree.balance()
    worst, count, met = 0.0, 0, set[int]()
    for primitive in document.json["meshes"][node["mesh"]]["primitives"]:
        rest = document.values(primitive["attributes"]["POSITION"])
        moved = np.stack([document.values(target["POSITION"]) for target in primitive["targets"]])
        pairs = [(row, i) for row, point in enumerate(rest) for _, i, _ in tree.find_range(point, _SAME_PLACE_M)]
        errors = np.full(len(rest), np.inf)
        if pairs:
            rows, sources = np.array(pairs).T
            np.minimum.at(errors, rows, np.abs(moved[:, rows] - shapes.displacements[:, sources]).max((0, 2)))
            met |= set(sources.tolist())
        worst, count = max(worst, float(errors.max(initial=0))), count + len(rest)
    return (worst if len(met) == len(shapes.rest) else float("inf")), count


def _with_picture(head: bpy.types.Object) -> frozenset[str]:
    """Materials whose Base Color comes straight from an image that has pixels."""
    found = set()
    for material in head.data.materials:
        nodes = material.node_tree.nodes if material and material.node_tree else ()
        for bsdf in (n for n in nodes if n.bl_idname == "ShaderNodeBsdfPrincipled"):
            source = bsdf.inputs["Base Color"].links[0].from_node if bsdf.inputs["Base Color"].is_linked else None
            if source and source.bl_idname == "ShaderNodeTexImage" and source.image and source.image.has_data:
                found.add(material.name)
    return frozenset(found)


def _picture_problems(document: Document, node: Json, shapes: Shapes) -> list[str]:
    materials = document.json.get("materials", [])
    used = [p["material"] for p in document.json["meshes"][node["mesh"]]["primitives"] if "material" in p]
    shown = {materials[i]["name"] for i in used
             if "baseColorTexture" in materials[i].get("pbrMetallicRoughness", {})}  # fmt: skip
    return [f"material {name} lost its picture" for name in sorted(shapes.pictures - shown)]


def _joints(document: Document) -> dict[str, F32]:
    """Where each joint rests."""
    found = {}
    for skin in document.json.get("skins", []):
        bind = document.values(skin["inverseBindMatrices"]).reshape(-1, 4, 4).transpose(0, 2, 1)
        places = np.linalg.inv(bind)[:, :3, 3]
        found |= {document.nodes()[i]["name"]: place for i, place in zip(skin["joints"], places, strict=True)}
    return found


def _animation(document: Document, animation: Json) -> dict[str, float | int]:
    times = [document.json["accessors"][s["input"]]["max"][0] for s in animation["samplers"]]
    weights = sum(channel["target"]["path"] == "weights" for channel in animation["channels"])
    return {"seconds": round(max(times, default=0.0), 4), "turned": len(animation["channels"]) - weights,
            "weights": weights}  # fmt: skip


def _animation_problems(animations: dict[str, dict[str, float | int]], clips: dict[str, bool]) -> Iterator[str]:
    for name, moves_sliders in clips.items():
        found = animations.get(name)
        if found is None:
            yield f"animation {name} is missing"
        elif moves_sliders and not found["weights"]:
            yield f"animation {name} lost its expressions"
