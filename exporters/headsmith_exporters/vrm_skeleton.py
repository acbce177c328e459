"""The humanoid that VRM 1.0 asks for, around a head: the bones of the head are the rig's, the body's are bare nodes.

https://github.com/vrm-c/vrm-specification/blob/master/specification/VRMC_vrm-1.0/humanoid.md: 15 bones are required, in
a T-pose that looks along +Z with its soles at y = 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from headsmith.asset.avatar import Rig
from headsmith.errors import InputError
from headsmith_exporters.gltf_armature import ARMATURE
from headsmith_exporters.gltf_document import Document

STATURE_M = 1.7
EYE_HEIGHT = 0.936
"""of the stature, as all lengths of `BODY`"""

BODY: dict[str, tuple[str | None, tuple[float, float, float]]] = {
    # Drillis and Contini, "Body Segment Parameters" (1966): heights of ankle, knee, hip, shoulder and eye, lengths of
    # the arm's parts; the hips' joints stand closer than the hips' width there
    "hips": (None, (0.0, 0.530, 0.0)),
    "spine": ("hips", (0.0, 0.600, 0.0)),
    "leftUpperLeg": ("hips", (0.050, 0.530, 0.0)),
    "leftLowerLeg": ("leftUpperLeg", (0.050, 0.285, 0.0)),
    "leftFoot": ("leftLowerLeg", (0.050, 0.039, 0.0)),
    "leftUpperArm": ("spine", (0.129, 0.818, 0.0)),
    "leftLowerArm": ("leftUpperArm", (0.315, 0.818, 0.0)),
    "leftHand": ("leftLowerArm", (0.461, 0.818, 0.0)),
}
"""bone -> the bone above it, and where it is in fractions of the stature; the right side mirrors the left"""

HEAD = {"root": "neck", "neck": "head", "jaw": "jaw", "left_eye": "leftEye", "right_eye": "rightEye"}
"""joint of the rig -> bone"""

Point = NDArray[np.float64]


def body_joints() -> dict[str, tuple[str | None, Point]]:
    """Every bone of the body: the bone above it, and its place [3] in metres above the floor's origin."""
    joints: dict[str, tuple[str | None, Point]] = {}
    for name, (above, place) in BODY.items():
        here = np.array(place) * STATURE_M
        joints[name] = above, here
        if name.startswith("left"):
            mirrored = above.replace("left", "right") if above else None
            joints[name.replace("left", "right")] = mirrored, here * [-1, 1, 1]
    return joints


def lift_of(rig: Rig) -> Point:
    """[3] metres from head space to a space with the floor at y = 0 and the neck's foot above its origin."""
    names = rig.joint_names
    eyes = [rig.joints_m[names.index(eye)] for eye in ("left_eye", "right_eye") if eye in names]
    head = rig.joints_m[names.index("neck")]
    eye_height = float(np.mean([eye[1] for eye in eyes])) if eyes else float(head[1])
    foot = rig.joints_m[int(np.flatnonzero(rig.parents < 0)[0])]
    return np.array([0.0, EYE_HEIGHT * STATURE_M - eye_height, -float(foot[2])])


def add_humanoid(document: Document, rig: Rig) -> dict[str, int]:
    """Puts the rig of a document with an armature on a body; returns bone -> node.

    Everything moves by `lift_of(rig)`. Raises InputError for a rig without the joint that turns the head.
    """
    if "neck" not in rig.joint_names:
        raise InputError("the avatar", found="no joint 'neck'", expected="one that turns the head",
                         action="choose another format, such as glb")  # fmt: skip
    nodes = document.objects["nodes"]
    armature = next(index for index, node in enumerate(nodes) if node.get("name") == ARMATURE)
    first, roots = armature + 1, nodes[armature]["children"]
    bones = {HEAD[name]: first + row for row, name in enumerate(rig.joint_names) if name in HEAD}
    joints = body_joints()
    for name, (above, place) in joints.items():
        origin = joints[above][1] if above else np.zeros(3)
        bones[name] = _add_below(document, bones[above] if above else None, _title(name), place - origin)
    nodes[armature]["children"] = [bones["hips"]]
    nodes[bones["spine"]].setdefault("children", []).extend(roots)
    for row in np.flatnonzero(rig.parents < 0):
        place = rig.joints_m[row] + lift_of(rig) - joints["spine"][1]
        nodes[first + int(row)]["translation"] = place.tolist()
    return bones


def _add_below(document: Document, parent: int | None, name: str, offset: Point) -> int:
    node = document.add("nodes", {"name": name, "translation": offset.tolist()})
    if parent is not None:
        document.objects["nodes"][parent].setdefault("children", []).append(node)
    return node


def _title(bone: str) -> str:
    return bone[0].upper() + bone[1:]


def humanoid(bones: dict[str, int]) -> dict[str, Any]:
    """VRMC_vrm.humanoid"""
    return {"humanBones": {bone: {"node": node} for bone, node in bones.items()}}
