"""Accessories fitted to an avatar: where they sit (anchors) and what they look like (generators); numpy only."""

from headsmith.accessories.anchors import Anchor, Anchors, anchors, measure_head
from headsmith.accessories.attachments import CARRIED_BY, Attachment, attachments
from headsmith.accessories.cap import CapParams
from headsmith.accessories.earrings import EarringParams
from headsmith.accessories.geometry import Surface
from headsmith.accessories.glasses import GlassesParams
from headsmith.accessories.hair_cover import hidden_under
from headsmith.accessories.headband import HeadbandParams
from headsmith.accessories.kinds import KINDS, Params, default_params, fit_accessory, make_accessory
from headsmith.accessories.mesh import AccessoryMesh, Part, PbrMaterial
from headsmith.accessories.params import Choice, Number
from headsmith.accessories.seating import SEATS, anchor_width, seat

__all__ = [
    "CARRIED_BY",
    "KINDS",
    "SEATS",
    "AccessoryMesh",
    "Anchor",
    "Anchors",
    "Attachment",
    "CapParams",
    "Choice",
    "EarringParams",
    "GlassesParams",
    "HeadbandParams",
    "Number",
    "Params",
    "Part",
    "PbrMaterial",
    "Surface",
    "anchor_width",
    "anchors",
    "attachments",
    "default_params",
    "fit_accessory",
    "hidden_under",
    "make_accessory",
    "measure_head",
    "seat",
]
