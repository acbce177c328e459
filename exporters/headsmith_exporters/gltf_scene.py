"""The tree of nodes of a glTF that is read without trust: what it shows, and where.

https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html#transformations
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn

import numpy as np

from headsmith.asset.quaternions import matrices_from_quaternions, normalized
from headsmith.errors import InputError
from headsmith.types import F32
from headsmith_exporters.gltf_reader import Glb

MAX_NODES = 10_000
_TRIANGLES = 4


def placed_triangles(glb: Glb) -> Iterator[tuple[dict[str, Any], F32]]:
    """Every primitive of triangles in the file's scene with the [4, 4] of its node."""
    for mesh, matrix in _placed_meshes(glb):
        for primitive in glb.objects("primitives", mesh):
            if glb.number("mode", primitive, _TRIANGLES) == _TRIANGLES:
                yield primitive, matrix


def _placed_meshes(glb: Glb) -> Iterator[tuple[dict[str, Any], F32]]:
    """Every mesh of the file's scene with the [4, 4] of its node in the scene."""
    nodes = glb.objects("nodes")
    scene = (
        glb.indexed("scenes", glb.json.get("scene", 0)) if "scenes" in glb.json else {"nodes": list(range(len(nodes)))}
    )
    waiting = [(index, np.eye(4)) for index in _indices(scene.get("nodes", []))]
    seen = set[int]()
    while waiting:
        index, above = waiting.pop()
        node = glb.indexed("nodes", index)
        if index in seen or len(seen) >= MAX_NODES:
            refuse("nodes that are no tree, or too many", f"a tree of at most {MAX_NODES}")
        seen.add(index)
        matrix = above @ _matrix(node)
        if "mesh" in node:
            # a skinned mesh ignores its own place
            yield glb.indexed("meshes", node["mesh"]), np.eye(4) if "skin" in node else matrix
        waiting += [(child, matrix) for child in reversed(_indices(node.get("children", [])))]


def _indices(value: Any) -> list[int]:
    if not isinstance(value, list) or not all(isinstance(one, int) and not isinstance(one, bool) for one in value):
        refuse("a list of nodes that holds something else", "glTF 2.0")
    return list(value)


def _matrix(node: dict[str, Any]) -> F32:
    """[4, 4] of a node relative to its parent."""
    if "matrix" in node:
        return _numbers(node["matrix"], 16).reshape(4, 4).T
    xyzw = _numbers(node.get("rotation", [0, 0, 0, 1]), 4)
    matrix = np.eye(4)
    matrix[:3, :3] = matrices_from_quaternions(normalized(xyzw[[3, 0, 1, 2]])) * _numbers(node.get("scale", [1] * 3), 3)
    matrix[:3, 3] = _numbers(node.get("translation", [0] * 3), 3)
    return matrix


def _numbers(value: Any, count: int) -> F32:
    """[count] finite numbers, none of them absurd."""
    try:
        found = np.array(value, np.float64)
    except (TypeError, ValueError):
        found = np.empty(0)
    if found.shape != (count,) or not (np.abs(found) < 1e9).all():
        refuse("a node whose place is not made of numbers", "glTF 2.0")
    return found


def refuse(found: str, expected: str) -> NoReturn:
    """What is wrong with an accessory; whoever knows its file says which, and what to do."""
    raise InputError("the accessory", found=found, expected=expected, action="correct it")
