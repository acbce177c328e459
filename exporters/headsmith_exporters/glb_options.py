"""What can be asked of a GLB."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NoReturn, get_args, get_type_hints

from headsmith.asset.arkit import ARKIT_52
from headsmith.errors import InputError
from headsmith_exporters.textures import TextureFormat

Profile = Literal["engine", "web"]
WEB_TEXTURE_PX, MAX_TEXTURE_PX = 1024, 8192
MAX_LODS = 2
"""an eighth of the triangles no longer makes a face"""


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

    visemes: bool = False
    """adds the fifteen of lip-sync tools behind the other morph targets, viseme_sil to viseme_U"""
    motions: tuple[str, ...] | None = None
    """the bundle's motions to write as animations; None is all of them"""

    attach_nodes: bool = True
    """empty nodes under the head where glasses, a hat, earrings and a headset belong"""
    accessories: tuple[str, ...] = ()
    """what to wear: `glasses`, `cap`, `headband`, `earrings`, any with `:STYLE`, or `hat.glb@crown`"""
    materials: Literal["auto", "core", "extended"] = "auto"
    """`extended` adds extensions that readers may ignore (specular, sheen, clearcoat); by default for the web only"""

    lods: int = 0
    """lower levels of detail, each a file of its own (NAME.lod1.glb, ...) with half the triangles and texture"""

    def __post_init__(self) -> None:
        hints = get_type_hints(GlbOptions)
        for name in ("profile", "texture", "materials"):
            if getattr(self, name) not in get_args(hints[name]):
                _refuse(name, repr(getattr(self, name)), f"one of {', '.join(get_args(hints[name]))}")
        if not 1 <= self.jpeg_quality <= 95:
            _refuse("jpeg_quality", str(self.jpeg_quality), "1 to 95")
        if not 0 <= self.lods <= MAX_LODS:
            _refuse("lods", str(self.lods), f"0 to {MAX_LODS}")
        if not 0 <= self.texture_px <= MAX_TEXTURE_PX:
            _refuse("texture_px", str(self.texture_px), f"0 to {MAX_TEXTURE_PX}")

    def texture_format(self) -> TextureFormat:
        if self.texture == "auto":
            return "webp" if self.profile == "web" else "jpeg"
        return self.texture

    def extended(self) -> bool:
        """Whether materials have extensions."""
        return self.materials == "extended" or (self.materials == "auto" and self.profile == "web")

    def longest_px(self, own_px: int) -> int:
        """The longest side that the texture may have."""
        return self.texture_px or (min(own_px, WEB_TEXTURE_PX) if self.profile == "web" else own_px)


def _refuse(name: str, found: str, expected: str) -> NoReturn:
    raise InputError(f"option '{name}'", found=found, expected=expected, action="correct it")
