"""Textures: the static one from photos, and the dynamic one, a network, in the parts that a mask shows."""

from headsmith.texture.dynamic_params import DynamicParams
from headsmith.texture.dynamic_train import train_dynamic
from headsmith.texture.mask import dynamic_mask
from headsmith.texture.params import TextureParams
from headsmith.texture.refine_static import RefineParams, refine_texture
from headsmith.texture.shade import ShadeParams, shade_dynamic
from headsmith.texture.static import make_texture

__all__ = [
    "DynamicParams",
    "RefineParams",
    "ShadeParams",
    "TextureParams",
    "dynamic_mask",
    "make_texture",
    "refine_texture",
    "shade_dynamic",
    "train_dynamic",
]
