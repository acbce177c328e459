# SPDX-License-Identifier: GPL-3.0-or-later
"""What the add-on keeps with an accessory's object: how it was made, so that it can be made again in other sizes.

Each kind's sizes are the fields of its parameters in `headsmith.accessories`, with their ranges and units.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import bpy

from headsmith.accessories import KINDS, Params, default_params


def _changed(settings: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    """A slider was moved: the accessory is made anew."""
    from . import accessories
    from .avatars import lacks

    owner = settings.id_data
    kept = owner.headsmith_accessory
    wearer = accessories.wearer(owner) if kept.live and not kept.filling else None
    # one that lies in a scene without avatars, or whose avatar is not whole, keeps its settings for later
    if wearer is not None and not lacks(wearer):
        accessories.update_accessory(owner)


def _restyled(settings: bpy.types.PropertyGroup, context: bpy.types.Context) -> None:
    """Another style brings its own sizes and materials."""
    kept = settings.id_data.headsmith_accessory
    if kept.live and not kept.filling:
        fill(kept, kept.kind, default_params(kept.kind, getattr(settings, style_field(kept.kind))))
        _changed(settings, context)


def style_field(kind: str) -> str:
    """The name of the parameter that holds the style; "" where the kind has one style only."""
    names = [f.name for f in dataclasses.fields(default_params(kind)) if "choice" in f.metadata]
    return names[0] if names else ""


def _property(field: dataclasses.Field[Any]) -> Any:
    """A Blender property for a field of parameters."""
    name = field.name.removesuffix("_m").removesuffix("_rad").replace("_", " ").title()
    if "choice" in field.metadata:
        choice = field.metadata["choice"]
        items = [(option, option.title(), "") for option in choice.options]
        return bpy.props.EnumProperty(name=name, description=choice.text, items=items, update=_restyled)
    if "color" in field.metadata:
        return bpy.props.FloatVectorProperty(
            name=name, description=field.metadata["color"], default=field.default, update=_changed,
            subtype="COLOR", size=3, min=0, max=1,
        )  # fmt: skip
    number = field.metadata["number"]
    unit = {"m": {"subtype": "DISTANCE", "precision": 4, "step": 0.05}, "rad": {"subtype": "ANGLE"}, "": {}}[
        number.unit
    ]
    more = "; 0 fits the head" if number.automatic else ""
    return bpy.props.FloatProperty(
        name=name, description=number.text + more, default=field.default, max=number.high, update=_changed,
        min=0.0 if number.automatic else number.low, **unit,
    )  # fmt: skip


def _group(kind: str) -> type:
    """The class of the kind's sizes."""
    fields = dataclasses.fields(default_params(kind))
    body = {"__annotations__": {field.name: _property(field) for field in fields}, "__doc__": f"Sizes of {kind}."}
    return type(f"HEADSMITH_PG_{kind}", (bpy.types.PropertyGroup,), body)


SIZES = {kind: _group(kind) for kind in KINDS}


class AccessorySettings(bpy.types.PropertyGroup):
    """`Object.headsmith_accessory`: of the avatar's accessories, generated or the artist's own."""

    kind: bpy.props.StringProperty(name="Kind", description="Of a generated one; empty for others")  # type: ignore[valid-type]
    anchor: bpy.props.StringProperty(name="Anchor", description="Where on the head it sits")  # type: ignore[valid-type]
    follow: bpy.props.StringProperty(name="Follow", description="BONE or SURFACE")  # type: ignore[valid-type]
    hides_hair: bpy.props.BoolProperty(name="Hides Hair")  # type: ignore[valid-type]
    margin_m: bpy.props.FloatProperty(name="Margin", subtype="DISTANCE")  # type: ignore[valid-type]
    live: bpy.props.BoolProperty(  # type: ignore[valid-type]
        name="Live", default=True, description="Make it anew while its sizes are changed"
    )
    filling: bpy.props.BoolProperty(options={"HIDDEN", "SKIP_SAVE"})  # type: ignore[valid-type]
    scale_to_width: bpy.props.BoolProperty(name="Scale to Width", default=True)  # type: ignore[valid-type]
    # where it was put, in the rig's space at rest, column by column: what differs is the artist's own doing
    seat: bpy.props.FloatVectorProperty(size=16)  # type: ignore[valid-type]
    # what an object brought along when it was first fitted
    own_rotation: bpy.props.FloatVectorProperty(size=4, default=(1, 0, 0, 0))  # type: ignore[valid-type]
    own_scale: bpy.props.FloatVectorProperty(size=3, default=(1, 1, 1))  # type: ignore[valid-type]


AccessorySettings.__annotations__.update({k: bpy.props.PointerProperty(type=group) for k, group in SIZES.items()})


def params_of(settings: AccessorySettings) -> Params:
    """The parameters that the settings stand for; a size below its range, where 0 fits the head, is 0."""
    values: dict[str, Any] = {}
    sizes = getattr(settings, settings.kind)
    for field in dataclasses.fields(default_params(settings.kind)):
        value = getattr(sizes, field.name)
        number = field.metadata.get("number")
        if number is not None:
            # Blender keeps single precision, which can fall outside by a rounding error
            value = 0.0 if number.automatic and value < number.low else min(max(value, number.low), number.high)
        values[field.name] = tuple(value) if "color" in field.metadata else value
    return default_params(settings.kind, **values)


def fill(settings: AccessorySettings, kind: str, params: Params) -> None:
    """Writes `params` to the settings, without making anything anew."""
    settings.filling = True
    settings.kind = kind
    sizes = getattr(settings, kind)
    try:
        for field in dataclasses.fields(params):
            setattr(sizes, field.name, getattr(params, field.name))
    finally:
        settings.filling = False


CLASSES = (*SIZES.values(), AccessorySettings)


def register() -> None:
    """Puts the settings on objects."""
    bpy.types.Object.headsmith_accessory = bpy.props.PointerProperty(type=AccessorySettings)


def unregister() -> None:
    """Takes them off again."""
    del bpy.types.Object.headsmith_accessory
