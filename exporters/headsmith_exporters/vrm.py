"""VRM 1.0: the head of `glb` as a humanoid, with expressions, gaze and permissions.

https://github.com/vrm-c/vrm-specification/tree/master/specification/VRMC_vrm-1.0
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from headsmith.asset.avatar import Avatar, Rig
from headsmith_exporters.glb import build_document
from headsmith_exporters.glb_options import GlbOptions
from headsmith_exporters.gltf_document import Document
from headsmith_exporters.mesh_parts import split_mesh
from headsmith_exporters.onnx_pointer import point_to_network
from headsmith_exporters.registry import Encoded, Format
from headsmith_exporters.textures import encode_texture, shrunk
from headsmith_exporters.vrm_expressions import expressions
from headsmith_exporters.vrm_meta import VrmOptions, meta
from headsmith_exporters.vrm_skeleton import add_humanoid, humanoid

EXTENSION = "VRMC_vrm"
GAZE_LIMITS_DEG = {
    "rangeMapHorizontalInner": 30.0,
    "rangeMapHorizontalOuter": 30.0,
    # the same both ways: three-vrm 3.5 takes the one for the other
    "rangeMapVerticalDown": 12.0,
    "rangeMapVerticalUp": 12.0,
}
"""how far eyes turn with lids that stay; up to there they turn by just the angle to what they look at"""


def encode(avatar: Avatar, stem: str, options: VrmOptions) -> Encoded:
    """One .vrm file.

    Raises InputError where the avatar lacks one of ARKit's blendshapes or the head's joint, and for accessories that
    cannot be worn.
    """
    parts = split_mesh(avatar.head)
    # VRM has no animations of its own
    still = replace(avatar, motions={})
    document = build_document(still, parts, _glb_options(options))
    point_to_network(document, avatar, stem)
    bones = add_humanoid(document, avatar.rig)
    nodes = document.objects["nodes"]
    skinned = {node["name"]: index for index, node in enumerate(nodes) if "skin" in node}
    found = expressions(avatar, parts, skinned)
    document.use_extension(EXTENSION)
    document.extensions[EXTENSION] = {
        "specVersion": "1.0",
        "humanoid": humanoid(bones),
        "meta": meta(avatar, stem, options, _add_thumbnail(document, avatar)),
        "firstPerson": _first_person([index for index, node in enumerate(nodes) if "mesh" in node]),
        "lookAt": _look_at(avatar.rig),
        "expressions": found,
    }
    counts = {
        "meshes": len(document.objects["meshes"]),
        "vertices": sum(len(part.source_vertex) for part in parts),
        "bones": len(bones),
        "expressions": sum(map(len, found.values())),
    }
    return Encoded({f"{stem}.vrm": document.to_glb()}, counts)


def _add_thumbnail(document: Document, avatar: Avatar) -> int | None:
    """The middle of the preview, a square whose side is a power of two; returns the image."""
    if avatar.preview is None:
        return None
    height, width = avatar.preview.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = np.ascontiguousarray(avatar.preview[top : top + side, left : left + side])
    small = shrunk(square, 1 << (side.bit_length() - 1))
    return document.add_image("thumbnail", "image/jpeg", encode_texture(small, "jpeg", 90))


def _glb_options(options: VrmOptions) -> GlbOptions:
    return GlbOptions(texture=options.texture, jpeg_quality=options.jpeg_quality, texture_px=options.texture_px,
                      accessories=options.accessories)  # fmt: skip


def _first_person(mesh_nodes: Sequence[int]) -> dict[str, Any]:
    """Who wears the head must not see it, and what it wears, from inside."""
    return {"meshAnnotations": [{"node": node, "type": "thirdPersonOnly"} for node in mesh_nodes]}


def _look_at(rig: Rig) -> dict[str, Any]:
    """By the eyes' joints where the rig has both, else by the expressions lookUp to lookRight."""
    names = rig.joint_names
    head = rig.joints_m[names.index("neck")]
    if "left_eye" not in names or "right_eye" not in names:
        ranges = {name: {"inputMaxValue": limit, "outputScale": 1.0} for name, limit in GAZE_LIMITS_DEG.items()}
        return {"type": "expression", "offsetFromHeadBone": (-head).tolist(), **ranges}
    middle = (rig.joints_m[names.index("left_eye")] + rig.joints_m[names.index("right_eye")]) / 2
    ranges = {name: {"inputMaxValue": limit, "outputScale": limit} for name, limit in GAZE_LIMITS_DEG.items()}
    return {"type": "bone", "offsetFromHeadBone": (middle - head).tolist(), **ranges}


FORMATS = (Format("vrm", ".vrm", "VRM 1.0: a humanoid with expressions and gaze, for VRM apps", VrmOptions, encode),)
