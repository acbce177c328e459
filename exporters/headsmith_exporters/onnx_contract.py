"""What an engine must know to run an avatar's dynamic texture, as the JSON file beside the network.

docs/engines/README.md says what each field means.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import numpy as np

from headsmith.asset.avatar import Avatar, DynamicTexture
from headsmith.asset.dynamic_texture import AXES, FROM_THE_FRONT, VIEW, TextureNetwork, weight_range
from headsmith.errors import InputError
from headsmith.types import F32
from headsmith_exporters.gltf_joints import joint_node_name
from headsmith_exporters.onnx_pointer import (
    changed_materials,
    changed_parts,
    mask_name,
    network_for_engines,
    network_name,
)

FORMAT = "headsmith-dynamic-texture"
FORMAT_VERSION = 1
_NUMBERS = re.compile(r"\[[-+.\deE,\s]+\]")
CHECKED_PIXELS = 6
PIXEL_TOLERANCE = 2e-3
"""of a colour 0..1: engines that compute in half precision stay within it"""


def dynamic_texture_of(avatar: Avatar) -> DynamicTexture:
    """Raises InputError for an avatar without a dynamic texture."""
    if avatar.dynamic_texture is None:
        raise InputError("the avatar", found="no dynamic texture", expected="one, as every build makes it",
                         action="build the avatar anew, or choose another format")  # fmt: skip
    return avatar.dynamic_texture


def contract(avatar: Avatar, stem: str) -> dict[str, Any]:
    """Everything but the baked textures. Raises InputError for an avatar without a dynamic texture."""
    dynamic = dynamic_texture_of(avatar)
    network, data = TextureNetwork(dynamic), network_for_engines(dynamic)
    height, width = avatar.material.static_texture.shape[:2]
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "network": {
            "file": network_name(stem),
            "bytes": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
            "input": {"name": "parameters", "type": "float32", "shape": [1, len(dynamic.inputs)]},
            "output": {
                "name": "texture",
                "type": "float32",
                "shape": [1, 3, network.height_px, network.width_px],
                "layout": "NCHW",
                "channels": ["red", "green", "blue"],
                "colour_space": "sRGB",
                "minimum": 0.0,
                "maximum": 1.0,
                "first_row": "top",
            },
        },
        "inputs": [_input(name, avatar.blendshapes.names) for name in dynamic.inputs],
        "uv": {
            "origin": "top_left",
            "meaning": "glTF's: u to the right, v down; row 0 of pictures and of the output lies at v = 0",
        },
        "mask": {
            "file": mask_name(stem),
            "size_px": list(avatar.material.dynamic_mask.shape[::-1]),
            "colour_space": "linear",
            "filter": "linear",
        },
        "replaces": {
            "texture": "static_texture",
            "slot": "pbrMetallicRoughness.baseColorTexture",
            "size_px": [width, height],
            "colour_space": "sRGB",
            "materials": list(changed_materials(avatar)),
            "meshes": list(changed_parts(avatar)),
            "formula": "static * (1 - mask) + dynamic * mask, in sRGB values, then held to 0..1",
        },
        "checks": checks(avatar, network),
    }


def contract_bytes(description: dict[str, Any]) -> bytes:
    """Indented, with each list of numbers on a line of its own."""
    text = json.dumps(description, indent=1, allow_nan=False)
    return (_NUMBERS.sub(lambda found: " ".join(found[0].split()), text) + "\n").encode("ascii")


def neutral_parameters(inputs: tuple[str, ...]) -> F32:
    """[P] the face at rest, seen from the front."""
    view = {f"{VIEW}.{axis}": value for axis, value in zip(AXES, FROM_THE_FRONT, strict=True)}
    return np.array([view.get(name, 0.0) for name in inputs], np.float32)


def checks(avatar: Avatar, network: TextureNetwork) -> list[dict[str, Any]]:
    """What the network answers at a few pixels under the mask: neutral, and with everything a little moved."""
    rest = neutral_parameters(network.inputs)
    moved = rest + np.array([0.0 if name.startswith(VIEW) else 0.25 for name in network.inputs], np.float32)
    mask = avatar.material.dynamic_mask
    rows, columns = np.nonzero(mask == mask.max())
    chosen = np.linspace(0, len(rows) - 1, CHECKED_PIXELS).round().astype(int)
    rows = (rows[chosen] + 0.5) * network.height_px // mask.shape[0]
    columns = (columns[chosen] + 0.5) * network.width_px // mask.shape[1]
    out = []
    for parameters in (rest, moved):
        picture = network.texture(parameters)
        pixels = [{"row": int(y), "column": int(x), "rgb": _plain(picture[int(y), int(x)])}
                  for y, x in zip(rows, columns, strict=True)]  # fmt: skip
        out.append({"parameters": _plain(parameters), "tolerance": PIXEL_TOLERANCE, "pixels": pixels})
    return out


def _input(name: str, blendshapes: tuple[str, ...]) -> dict[str, Any]:
    """One entry of the parameter vector."""
    if name in blendshapes:
        least, most = weight_range(name)
        kind: dict[str, Any] = {"kind": "blendshape", "morph_target": name, "unit": "weight"}
        return {"name": name, **kind, "minimum": least, "maximum": most, "neutral": 0.0}
    whose, _, axis = name.rpartition(".")
    if whose == VIEW:
        kind = {"kind": "view", "axis": axis, "unit": "direction"}
        return {"name": name, **kind, "minimum": -1.0, "maximum": 1.0, "neutral": FROM_THE_FRONT[AXES.index(axis)]}
    kind = {"kind": "joint", "joint": joint_node_name(whose), "axis": axis, "unit": "radian"}
    return {"name": name, **kind, "minimum": -3.1416, "maximum": 3.1416, "neutral": 0.0}


def _plain(numbers: F32) -> list[float]:
    return [round(float(number), 6) for number in numbers]
