"""What can be asked of a GLB."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from headsmith.asset.arkit import ARKIT_52
from headsmith_exporters.textures import TextureFormat

Profile = Literal["engine", "web"]
WEB_TEXTURE_PX = 1024


@dataclass(frozen=True)
class GlbOptions:
    texture: Literal["auto", "jpeg", "png", "webp"] = "auto"
    """the file of the texture: by default JPEG for engines and WebP for the web"""
    jpeg_quality: int = 92
    """1..95, of JPEG and WebP alike"""
    morph_targets: tuple[str, ...] = ARKIT_52
    """the blendshapes to write, in this order"""
    profile: Profile = "engine"
    """`engine`: core glTF 2.0; `web`: a fraction of the size, for readers of three common extensions"""
    texture_px: int = 0
    """longest side of the texture; 0 is the avatar's own, for the web at most 1024"""

    def texture_format(self) -> TextureFormat:
        if self.texture == "auto":
            return "webp" if self.profile == "web" else "jpeg"
        return self.texture

    def longest_px(self, own_px: int) -> int:
        """The longest side that the texture may have."""
        return self.texture_px or (min(own_px, WEB_TEXTURE_PX) if self.profile == "web" else own_px)
