"""Pictures as lookups into the dynamic texture: geometry is fixed, so each is rasterised once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from headsmith.head_model.model import HeadModel
from headsmith.head_model.raster import RasterBuffers, rasterize
from headsmith.head_model.shading import irradiance, linear_to_srgb, pixel_normals, sample_bilinear, srgb_to_linear
from headsmith.texture.dynamic_cover import PlainSkin, uncovered, usual_difference
from headsmith.texture.dynamic_params import MASK_PX
from headsmith.texture.mask import dynamic_mask
from headsmith.texture.project import smoothstep
from headsmith.types import F32, I32, U8, Bool, Camera, HeadFit, StaticTexture, TrainingView

FACING = (0.1, 0.4)
"""cosine of the angle to the camera from which a pixel counts, and counts in full"""
EDGE_TRUST = 0.3
"""how far pixels beside a step in depth are believed: fit and lens mix both sides there"""
STEP_M, STEP_PX = 0.0015, 3.0
"""least step in depth, beside what a slope makes between pixels that far apart"""
LEAST_MASK = 0.02
PLAIN = 0.5
"""trust in skin that other pixels are compared with"""
GAIN_LIMIT = 1.6
"""by which exposure may differ from what the light says, either way"""


@dataclass(frozen=True)
class Lookups:
    """The N pixels of one picture where the dynamic texture shows."""

    pixel: I32
    """[N, 2] row, column"""
    uv: F32
    """[N, 2]"""
    static: F32
    """[N, 3] sRGB 0..1"""
    mask: F32
    """[N]"""
    light: F32
    """[N, 3] irradiance, linear"""
    target: F32
    """[N, 3] sRGB 0..1"""
    weight: F32
    """[N] 0..1"""
    plain: PlainSkin
    """the picture's other skin"""


@dataclass(frozen=True)
class Skin:
    """What every picture is compared with."""

    model: HeadModel
    rest_m: F32
    """[V, 3]"""
    static: U8
    """[T, T, 3] sRGB"""
    mask: U8
    """[M, M]"""
    light_sh: F32
    """[9, 3] for pictures whose own light is not known"""


@dataclass(frozen=True)
class Drawn:
    """The head as a camera sees it in a picture's expression and pose."""

    posed_m: F32
    """[V, 3]"""
    buffers: RasterBuffers
    normals: F32
    """[H, W, 3]"""
    uv: F32
    """[H, W, 2]"""


def skin_of(model: HeadModel, fit: HeadFit, texture: StaticTexture) -> Skin:
    rest = model.rest_vertices(fit.identity, fit.offsets_m).astype(np.float32)
    return Skin(model, rest, texture.albedo, dynamic_mask(model, MASK_PX), texture.light_sh[0])


def draw(skin: Skin, view: TrainingView, camera: Camera) -> Drawn:
    """The head of `view`, by a camera of the same place and perhaps other pixels."""
    model = skin.model
    posed = model.pose(skin.rest_m, view.expression, view.joint_rotations).astype(np.float32)
    buffers = rasterize(posed, model.faces, camera)
    uv = buffers.interpolate(model.uvs[model.uv_faces])
    return Drawn(posed, buffers, pixel_normals(buffers, posed, model.faces), uv)


def look_up(skin: Skin, view: TrainingView) -> Lookups:
    """The pixels of `view` that show what the mask covers, and are to be trusted."""
    model = skin.model
    drawn = draw(skin, view, view.camera)
    buffers, uv = drawn.buffers, drawn.uv
    trust = seen_trust(model, view, drawn) * np.where(beside_step(buffers, view.camera), EDGE_TRUST, 1.0)
    light = irradiance(drawn.normals, skin.light_sh if view.light_sh is None else view.light_sh)
    mask = sample_bilinear(skin.mask, uv)[..., 0] * (buffers.triangle >= 0)
    target = view.image.astype(np.float32) / 255
    static = sample_bilinear(skin.static, uv)
    face = buffers.interpolate(region(model, "face")[model.faces][..., None])[..., 0]
    plain = trust * face * (mask < LEAST_MASK)
    light = light * _gain(static, light, target, plain)
    rows, columns = np.nonzero((mask >= LEAST_MASK) & (trust > 0.01))
    at = rows, columns
    pixel = np.stack([rows, columns], 1).astype(np.int32)
    weight, shade = trust[at].astype(np.float32), light[at].astype(np.float32)
    others = _plain_skin(view, buffers, uv, plain, (static, light, target))
    return Lookups(pixel, uv[at], static[at], mask[at], shade, target[at], weight, others)


def _plain_skin(
    view: TrainingView, buffers: RasterBuffers, uv: F32, plain: F32, colours: tuple[F32, F32, F32]
) -> PlainSkin:
    """`colours`: static texture, light and picture, [H, W, 3] each."""
    rows, columns = np.nonzero(plain > PLAIN)
    at = rows, columns
    static, light, target = (colour[at] for colour in colours)
    expected = np.clip(linear_to_srgb(srgb_to_linear(static) * light), 0, 1)
    px_per_m = view.camera.focal_px / float(np.median(buffers.depth_m[at])) if len(rows) else 1.0
    pixel = np.stack([rows, columns], 1).astype(np.int32)
    return PlainSkin(plain.shape, pixel, uv[at], (target - expected).astype(np.float32), px_per_m)


def believed(pictures: Sequence[Lookups]) -> list[Lookups]:
    """The same, without belief in pixels that something covers."""
    usual = usual_difference([lookups.plain for lookups in pictures])
    out = []
    for lookups in pictures:
        clear = uncovered(lookups.plain, usual)[tuple(lookups.pixel.T)]
        out.append(replace(lookups, weight=lookups.weight * clear))
    return out


def region(model: HeadModel, name: str) -> F32:
    """[V] 0..1 membership; everywhere in a model without that region."""
    return model.regions.get(name, np.ones(len(model.v_template), np.float32))


def seen_trust(model: HeadModel, view: TrainingView, drawn: Drawn) -> F32:
    """[H, W] 0..1: seen, turned to the camera, and trusted by the view."""
    towards = view.camera.position_m - drawn.buffers.interpolate(drawn.posed_m[model.faces])
    towards /= np.maximum(np.linalg.norm(towards, axis=-1, keepdims=True), 1e-8)
    facing = smoothstep(*FACING, (drawn.normals * towards).sum(-1))
    return facing * view.weight * view.alpha * (drawn.buffers.triangle >= 0)


def beside_step(buffers: RasterBuffers, camera: Camera) -> Bool:
    """[H, W] pixels beside a step in depth."""
    depth = np.where(np.isfinite(buffers.depth_m), buffers.depth_m, 1e3)
    least = STEP_M + STEP_PX * depth / camera.focal_px
    return ndimage.maximum_filter(depth, 3) - ndimage.minimum_filter(depth, 3) > least


def _gain(static: F32, light: F32, target: F32, weight: F32) -> F32:
    """[3] by which the picture is brighter on plain skin than texture and light say.

    What the network learns then continues the static texture without a step.
    """
    plain = weight > PLAIN
    if plain.sum() < 200:
        return np.ones(3, np.float32)
    expected = srgb_to_linear(static[plain]) * light[plain]
    shown = srgb_to_linear(target[plain])
    ratio = np.median(shown / np.maximum(expected, 1e-3), axis=0)
    return np.clip(ratio, 1 / GAIN_LIMIT, GAIN_LIMIT).astype(np.float32)
