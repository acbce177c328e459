# SPDX-License-Identifier: GPL-3.0-or-later
"""The splats as an object: a mesh of one vertex per splat, and the modifier that draws them."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from headsmith.asset import Avatar
from headsmith.asset.harmonics import BAND_SIZES, SH_C0
from headsmith.asset.quaternions import conjugate, multiply, normalized
from headsmith.types import F32

from ..compat import modifier_input, modifier_input_path, set_modifier_input
from ..scene import get_values, set_attribute, to_blender
from .splat_material import splat_material
from .splat_nodes import input_identifier, splat_group
from .splat_order import SplatOrder, growth, splat_order

MODIFIER = "Headsmith Splats"
_SHARE = "headsmith_share"
"""the custom property of the mesh that tells what share of the splats its growth is for"""


def build_splats(avatar: Avatar, head: bpy.types.Object, obj: bpy.types.Object | None, name: str) -> bpy.types.Object:
    """The splats as object `name`, bound to `head`, not yet linked; an `obj` of an earlier import gets new data."""
    if obj is None:
        obj = bpy.data.objects.new(name, bpy.data.meshes.new(name))
    _fill(obj.data, avatar)
    obj.parent = head.parent
    _keep_out_of_light(obj)
    add_splat_modifier(obj, head, len(avatar.head.faces), _bands(avatar))
    return obj


def _fill(mesh: bpy.types.Mesh, avatar: Avatar) -> None:
    """Attributes are as in the bundle: relative to the triangles, they have no axes of their own.

    The mesh itself stays, as other objects may show it too, and so does what is hidden, while the number is the same.
    """
    splats, binding = avatar.splats.splats, avatar.splats.binding
    if len(mesh.vertices) != len(splats):
        mesh.clear_geometry()
        mesh.vertices.add(len(splats))
    mesh.vertices.foreach_set("co", to_blender(splats.means).ravel())
    set_attribute(mesh, "splat_triangle", "INT", binding.triangle)
    set_attribute(mesh, "splat_barycentric", "FLOAT_VECTOR", binding.barycentric)
    set_attribute(mesh, "splat_offset", "FLOAT_VECTOR", binding.offset)
    set_attribute(mesh, "splat_rotation", "QUATERNION", normalized(binding.rotation_wxyz))
    set_attribute(mesh, "splat_scale", "FLOAT_VECTOR", np.exp(binding.log_scale))
    set_attribute(mesh, "splat_opacity", "FLOAT", splats.opacities)
    set_attribute(mesh, "splat_colour", "FLOAT_VECTOR", 0.5 + SH_C0 * splats.sh0[:, 0])
    order = splat_order(splats)
    set_attribute(mesh, "splat_rank", "FLOAT", order.rank)
    set_attribute(mesh, "splat_heir", "INT", order.heir)
    set_attribute(mesh, "splat_covered", "FLOAT", order.covered)
    set_attribute(mesh, "splat_growth", "FLOAT", np.ones(len(splats), np.float32))
    for k in range(splats.shN.shape[1]):
        set_attribute(mesh, f"splat_sh_{k + 1}", "FLOAT_VECTOR", splats.shN[:, k])
    if splats.shN.shape[1]:
        set_attribute(mesh, "splat_rest_rotation", "QUATERNION", _rest_rotation(avatar))
    mesh.update()


def _rest_rotation(avatar: Avatar) -> F32:
    """[N, 4] from the frame of each splat's triangle at rest to head space."""
    turn = normalized(avatar.splats.binding.rotation_wxyz)
    return multiply(normalized(avatar.splats.splats.quats), conjugate(turn))


def _bands(avatar: Avatar) -> int:
    return BAND_SIZES.index(avatar.splats.splats.shN.shape[1])


def set_splat_input(obj: bpy.types.Object, name: str, value: Any) -> None:
    """The input `name` (of `splat_nodes.INPUTS`) of the splats' modifier, where the artist has left it there."""
    modifier = obj.modifiers.get(MODIFIER)
    if modifier is None or modifier.node_group is None:
        return
    identifier = input_identifier(modifier.node_group, name)
    if modifier_input(modifier, identifier) != value:
        set_modifier_input(modifier, identifier, value)
        # before 5.2 modifiers' inputs are custom properties, whose change nobody notices
        obj.update_tag()


def set_share(obj: bpy.types.Object, share: float) -> None:
    """Draws only `share` of the splats, which grow over the gaps; objects with the same mesh need the same share."""
    mesh = obj.data
    if share < 1 or mesh.get(_SHARE, 1.0) < 1:
        count = len(mesh.vertices)
        rank, covered = (get_values(mesh.attributes[f"splat_{name}"].data, "value", (count,))
                         for name in ("rank", "covered"))  # fmt: skip
        heir = np.empty(count, np.int32)
        mesh.attributes["splat_heir"].data.foreach_get("value", heir)
        set_attribute(mesh, "splat_growth", "FLOAT", growth(SplatOrder(rank, heir, covered), share))
        mesh.update_tag()
    mesh[_SHARE] = share
    set_splat_input(obj, "Quality", share)


def _keep_out_of_light(obj: bpy.types.Object) -> None:
    """Quads that face the camera must throw no shadows and light nothing; sorted anew, they blur with no motion."""
    obj.visible_shadow = obj.visible_diffuse = False
    obj.cycles.use_motion_blur = False


def add_splat_modifier(obj: bpy.types.Object, head: bpy.types.Object, triangles: int, bands: int) -> None:
    """The one modifier, new or brought up to date, with its drivers."""
    group = splat_group()
    modifier = obj.modifiers.get(MODIFIER) or obj.modifiers.new(MODIFIER, "NODES")
    modifier.node_group = group
    values = {"Head": head, "Triangles": triangles, "Bands": bands, "Material": splat_material()}
    for name, value in values.items():
        set_splat_input(obj, name, value)
    for name, expression in EXPRESSIONS.items():
        _drive(obj, modifier, name, expression)


_LARGER = "max(w * ax, h * ay)"
_SIDE = f"({_LARGER} if fit == 0 else w * ax if fit == 1 else h * ay)"
"""the side of the picture that the sensor's width or height stands for: camera.sensor_fit is AUTO, then HORIZONTAL"""
_PIXELS = f"{_SIDE} * percent / 100 / ax"
EXPRESSIONS = {
    "Focal Length": f"{_PIXELS} / (ortho if kind == 1 else (sensor_y if fit == 2 else sensor_x) / lens)",
    "Orthographic": "1 if kind == 1 else 0",
    "Slope Limit": "0.65 * (sensor_y if fit == 2 else sensor_x) / lens + 1",
}
VARIABLES = {
    "w": ("render.resolution_x", 1920.0),
    "h": ("render.resolution_y", 1080.0),
    "ax": ("render.pixel_aspect_x", 1.0),
    "ay": ("render.pixel_aspect_y", 1.0),
    "percent": ("render.resolution_percentage", 100.0),
    "lens": ("camera.data.lens", 50.0),
    "sensor_x": ("camera.data.sensor_width", 36.0),
    "sensor_y": ("camera.data.sensor_height", 24.0),
    "fit": ("camera.data.sensor_fit", 0.0),
    "kind": ("camera.data.type", 0.0),
    "ortho": ("camera.data.ortho_scale", 1.0),
}
"""of the scene that is rendered, and what holds where it has no camera"""


def _drive(obj: bpy.types.Object, modifier: Any, name: str, expression: str) -> None:
    path = f'modifiers["{MODIFIER}"]' + _joined(modifier_input_path(input_identifier(modifier.node_group, name)))
    obj.driver_remove(path)
    driver = obj.driver_add(path).driver
    driver.type = "SCRIPTED"
    for short, (source, fallback) in VARIABLES.items():
        if short not in expression:
            continue
        variable = driver.variables.new()
        variable.name, variable.type = short, "CONTEXT_PROP"
        target = variable.targets[0]
        target.context_property, target.data_path = "ACTIVE_SCENE", source
        target.use_fallback_value, target.fallback_value = True, fallback
    driver.expression = expression


def _joined(path: str) -> str:
    return path if path.startswith("[") else f".{path}"
