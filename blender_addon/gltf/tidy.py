# SPDX-License-Identifier: GPL-3.0-or-later
"""What Blender's exporter leaves to be repaired by hand, repaired: the file becomes like one written without Blender.

Joints of Blender's armatures rest turned by a quarter about X in glTF's axes. Here every joint's rest rotation becomes
the identity and the rig's joints get the names of `headsmith export --format glb`, so that one program can drive both
files.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from headsmith.asset.quaternions import conjugate, matrices_from_quaternions, multiply, quaternions_from_matrices
from headsmith.types import F32
from headsmith_exporters.gltf_joints import joint_node_name

from .document import Document, Json

_NOTHING = 1e-6
_REST: dict[str, list[float]] = {"rotation": [0, 0, 0, 1], "translation": [0, 0, 0]}


def tidy(document: Document, names: Mapping[str, str], asset: Json) -> None:
    """Joints at rest without rotation, skinned meshes at the root, expressions neutral, names as in the outliner.

    `names` maps names of stand-in objects to those of the artist's; `asset` is added to glTF's description of itself.
    """
    for named in (*document.json["scenes"], *document.nodes(), *document.json.get("meshes", [])):
        named["name"] = names.get(named.get("name", ""), named.get("name", ""))
    for joint in {joint for skin in document.json.get("skins", []) for joint in skin["joints"]}:
        document.nodes()[joint]["name"] = joint_node_name(document.nodes()[joint]["name"])
    for mesh in document.json.get("meshes", []):
        if "weights" in mesh:
            mesh["weights"] = [0.0] * len(mesh["weights"])
    turns = _rest_turns(document)
    _turn_nodes(document, turns)
    _turn_animations(document, turns)
    _drop_resting_channels(document)
    _raise_skinned_meshes(document)
    document.json["asset"] |= asset
    document.prune()


def parents(nodes: list[Json]) -> dict[int, int]:
    """The parent of each node that has one."""
    return {child: i for i, node in enumerate(nodes) for child in node.get("children", [])}


def _rest_turns(document: Document) -> dict[int, F32]:
    """For each joint the quaternion (wxyz) that, put behind its own, makes it rest like the axes of glTF."""
    turns: dict[int, F32] = {}
    for skin in document.json.get("skins", []):
        bind = document.values(skin["inverseBindMatrices"]).reshape(-1, 4, 4).transpose(0, 2, 1)
        # the bind matrix has the inverse of the rest rotation, armature included
        found = multiply(
            quaternions_from_matrices(_without_scale(bind[:, :3, :3])), _placed(document, skin["joints"])[None]
        )
        turned = bind.copy()
        turned[:, :3] = np.einsum("jba,jbc->jac", matrices_from_quaternions(found), bind[:, :3])
        skin["inverseBindMatrices"] = document.add_values(turned)
        turns |= dict(zip(skin["joints"], found, strict=True))
    return turns


def _placed(document: Document, joints: list[int]) -> F32:
    """The rotation in the world (wxyz) of the armature that carries `joints`."""
    nodes = document.nodes()
    above, quat = parents(nodes), np.array([1.0, 0, 0, 0])
    node = next(above.get(joint, -1) for joint in joints if above.get(joint) not in joints)
    while node >= 0:
        quat = multiply(np.roll(np.array(nodes[node].get("rotation", _REST["rotation"])), 1), quat)
        node = above.get(node, -1)
    return quat


def _without_scale(linear: F32) -> F32:
    u, _, vt = np.linalg.svd(linear)
    return u @ vt


def _turn_nodes(document: Document, turns: Mapping[int, F32]) -> None:
    nodes = document.nodes()
    above = parents(nodes)
    for i, node in enumerate(nodes):
        if i in turns or above.get(i) in turns:
            for path, rest in _REST.items():
                value = np.array([node.pop(path, rest)])
                turned = _turned(path, value, turns.get(above.get(i, -1)), turns.get(i))[0]
                if np.abs(turned - rest).max() > _NOTHING:
                    node[path] = turned.tolist()


def _turn_animations(document: Document, turns: Mapping[int, F32]) -> None:
    above = parents(document.nodes())
    for animation in document.json.get("animations", []):
        for channel in animation["channels"]:
            node, path = channel["target"].get("node", -1), channel["target"]["path"]
            if path in (*_REST, "scale") and (node in turns or above.get(node) in turns):
                sampler = dict(animation["samplers"][channel["sampler"]])
                values = document.values(sampler["output"])
                turned = _turned(path, values, turns.get(above.get(node, -1)), turns.get(node))
                sampler["output"] = document.add_values(turned)
                channel["sampler"] = len(animation["samplers"])
                animation["samplers"].append(sampler)


def _drop_resting_channels(document: Document) -> None:
    """Takes out what keeps a node where it is anyway, and animations of which nothing is left."""
    nodes = document.nodes()
    for animation in document.json.get("animations", []):
        animation["channels"] = [c for c in animation["channels"] if not _is_rest(document, animation, nodes, c)]
        _drop_unused_samplers(animation)
    kept = [animation for animation in document.json.pop("animations", []) if animation["channels"]]
    if kept:
        document.json["animations"] = kept


def _is_rest(document: Document, animation: Json, nodes: list[Json], channel: Json) -> bool:
    path, node = channel["target"]["path"], nodes[channel["target"]["node"]]
    if path == "weights":
        return False
    rest = np.array(node.get(path, {**_REST, "scale": [1, 1, 1]}[path]))
    values = document.values(animation["samplers"][channel["sampler"]]["output"])
    return bool(np.abs(values - rest).max() < _NOTHING)


def _drop_unused_samplers(animation: Json) -> None:
    order = sorted({channel["sampler"] for channel in animation["channels"]})
    animation["samplers"] = [animation["samplers"][i] for i in order]
    for channel in animation["channels"]:
        channel["sampler"] = order.index(channel["sampler"])


def _turned(path: str, values: Any, above: F32 | None, own: F32 | None) -> F32:
    """Rotations [T, 4] (xyzw), translations or scales [T, 3] of a node whose parent's and own axes are turned."""
    if path == "rotation":
        quats = np.roll(values, 1, axis=1)
        quats = quats if above is None else multiply(conjugate(above)[None], quats)
        quats = quats if own is None else multiply(quats, own[None])
        return np.roll(quats, -1, axis=1)
    if path == "translation":
        return values if above is None else values @ matrices_from_quaternions(above[None])[0]
    # exact for equal scales and for quarter turns
    return values if own is None else values @ np.abs(matrices_from_quaternions(own[None])[0])


def _raise_skinned_meshes(document: Document) -> None:
    """A skinned mesh's place in the tree is ignored, so it stands at the root, as the specification advises."""
    nodes = document.nodes()
    above = parents(nodes)
    roots = document.json["scenes"][document.json.get("scene", 0)]["nodes"]
    for i, node in enumerate(nodes):
        if "skin" not in node or "children" in node:
            continue
        for path in ("rotation", "translation", "scale", "matrix"):
            node.pop(path, None)
        if i in above:
            siblings = nodes[above[i]]["children"]
            siblings.remove(i)
            roots.append(i)
            if not siblings:
                del nodes[above[i]]["children"]
