"""Accessories fitted to an avatar: where they sit (anchors) and what they look like (generators); numpy only."""

from headsmith.accessories.anchors import Anchor, Anchors, anchors
from headsmith.accessories.cap import CapParams
from headsmith.accessories.earrings import EarringParams
from headsmith.accessories.glasses import GlassesParams
from headsmith.accessories.headband import HeadbandParams
from headsmith.accessories.kinds import KINDS, Params, default_params, fit_accessory, make_accessory
from headsmith.accessories.mesh import AccessoryMesh, Part, PbrMaterial

__all__ = [
    "KINDS",
    "AccessoryMesh",
    "Anchor",
    "Anchors",
    "CapParams",
    "EarringParams",
    "GlassesParams",
    "HeadbandParams",
    "Params",
    "Part",
    "PbrMaterial",
    "anchors",
    "default_params",
    "fit_accessory",
    "make_accessory",
]
