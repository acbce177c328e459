"""The rig in a glTF: a tree of joints under one node, and the skin that all meshes share."""

from __future__ import annotations

import numpy as np

from headsmith.asset.avatar import Rig
from headsmith_exporters.gltf_document import Document
from headsmith_exporters.gltf_joints import joint_node_name
from headsmith_exporters.gltf_packing import Packing

ARMATURE = "Armature"


def add_armature(document: Document, rig: Rig, packing: Packing) -> int:
    """The joints under one node named Armature; returns the skin.

    A skinned mesh's own transform is ignored, so the matrices of the skin also undo the packing of its positions.
    """
    armature = document.add("nodes", {"name": ARMATURE, "children": []})
    first = armature + 1
    for joint, (name, parent) in enumerate(zip(rig.joint_names, rig.parents, strict=True)):
        offset = rig.joints_m[joint] - (rig.joints_m[parent] if parent >= 0 else 0)
        node = document.add("nodes", {"name": joint_node_name(name), "translation": offset.tolist()})
        above = document.objects["nodes"][first + parent if parent >= 0 else armature]
        above.setdefault("children", []).append(node)
    inverse_bind = np.tile(np.eye(4, dtype=np.float32), (len(rig.joint_names), 1, 1))
    inverse_bind[:, :3, 3] = -rig.joints_m
    return document.add("skins", {
        "name": ARMATURE,
        "inverseBindMatrices": document.add_array((inverse_bind @ packing.to_metres()).astype(np.float32)),
        "joints": [first + joint for joint in range(len(rig.joint_names))],
    })  # fmt: skip
