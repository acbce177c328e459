"""Textures: the static one from photos, and the mask of the parts that a dynamic one may replace."""

from headsmith.texture.mask import dynamic_mask
from headsmith.texture.params import TextureParams
from headsmith.texture.static import make_texture

__all__ = ["TextureParams", "dynamic_mask", "make_texture"]
