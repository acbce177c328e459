# SPDX-License-Identifier: GPL-3.0-or-later
"""The dynamic texture's network, kept with the picture that it changes, so that a saved .blend has both."""

from __future__ import annotations

import bpy
import numpy as np

from headsmith.asset import Avatar, DynamicTexture
from headsmith.asset.avatar import Material
from headsmith.asset.damage import damaged

from .albedo import static_texture

KEY = "headsmith_dynamic_texture"
"""custom property of the picture: what `_stored` gives"""


def keep_network(avatar: Avatar, image: bpy.types.Image) -> None:
    """Stores the avatar's network and mask with the picture that shows its static texture, or takes old ones away."""
    if avatar.dynamic_texture is not None:
        image[KEY] = _stored(avatar.dynamic_texture, avatar.material)
    elif KEY in image:
        del image[KEY]


def has_network(image: bpy.types.Image | None) -> bool:
    """Whether the picture can change with the expression."""
    return image is not None and KEY in image


def network_of(image: bpy.types.Image) -> tuple[DynamicTexture, Material]:
    """What `keep_network` stored with the picture; it shows the static texture again.

    Raises InputError where the .blend does not hold it as it should.
    """
    try:
        stored = image[KEY]
        height, width = (int(size) for size in stored["mask_size"])
        mask = np.frombuffer(stored["mask"], np.uint8).reshape(height, width)
        dynamic = DynamicTexture(bytes(stored["onnx"]), tuple(stored["inputs"].split("\n")))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise damaged(f"picture '{image.name}'", f"a custom property {KEY} that was changed", "as imported") from error
    return dynamic, Material(static_texture(image), mask, np.zeros((9, 3), np.float32))


def _stored(dynamic: DynamicTexture, material: Material) -> dict[str, bytes | str | list[int]]:
    return {
        "onnx": dynamic.onnx,
        "inputs": "\n".join(dynamic.inputs),
        "mask": material.dynamic_mask.tobytes(),
        "mask_size": list(material.dynamic_mask.shape),
    }
