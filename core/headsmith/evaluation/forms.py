"""One avatar in its three forms: the mesh with its static texture, with its dynamic one, and the splats."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headsmith.asset import Avatar, Driver, Pose
from headsmith.asset.dynamic_texture import TextureNetwork, direction_to, pose_parameters
from headsmith.asset.texture_blend import TextureBlend
from headsmith.head_model.raster import shrink
from headsmith.head_model.shading import render_textured
from headsmith.preview import scaled_camera, to_uint8
from headsmith.splats import render_splats
from headsmith.types import F32, U8, Camera

STATIC, DYNAMIC, SPLATS = "mesh static", "mesh dynamic", "splats"
SUPERSAMPLE = 2


@dataclass(frozen=True)
class Look:
    """How a frame shows the head."""

    camera: Camera
    pose: Pose
    light_sh: F32
    """[9, 3] in head space"""


@dataclass(frozen=True)
class Shown:
    """A form on black."""

    image: F32
    """[H, W, 3] sRGB 0..1, premultiplied"""
    alpha: F32
    """[H, W] 0..1"""

    def over(self, picture: F32) -> F32:
        """[H, W, 3] in front of another picture."""
        return self.image + (1 - self.alpha[..., None]) * picture


class Forms:
    """An avatar ready for many frames."""

    def __init__(self, avatar: Avatar) -> None:
        self.avatar = avatar
        self._driver = Driver(avatar)
        self._network = None if avatar.dynamic_texture is None else TextureNetwork(avatar.dynamic_texture)
        self._blend = None
        if self._network is not None:
            self._blend = TextureBlend(avatar.material, (self._network.height_px, self._network.width_px))

    @property
    def names(self) -> tuple[str, ...]:
        return (STATIC, SPLATS) if self._network is None else (STATIC, DYNAMIC, SPLATS)

    def shown(self, look: Look) -> dict[str, Shown]:
        """Every form by name. Mesh and textures are seen in the light of `look`; splats bring the light of the clip
        that they learnt from."""
        vertices = self._driver.vertices(look.pose)
        out = {STATIC: self._mesh(vertices, self.avatar.material.static_texture, look)}
        if self._network is not None and self._blend is not None:
            parameters = pose_parameters(self.avatar, look.pose, direction_to(look.camera))
            texture = to_uint8(self._blend.shown(self._network.texture(parameters)))
            out[DYNAMIC] = self._mesh(vertices, texture, look)
        out[SPLATS] = Shown(*render_splats(self._driver.splats(look.pose), look.camera, (0.0, 0.0, 0.0)))
        return out

    def _mesh(self, vertices_m: F32, texture: U8, look: Look) -> Shown:
        head, camera = self.avatar.head, scaled_camera(look.camera, SUPERSAMPLE)
        image, buffers = render_textured(
            vertices_m, head.faces, head.uvs, head.uv_faces, texture, camera, look.light_sh
        )
        alpha = (buffers.triangle >= 0).astype(np.float32)[..., None]
        return Shown(shrink(image, SUPERSAMPLE), shrink(alpha, SUPERSAMPLE)[..., 0])
