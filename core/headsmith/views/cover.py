"""Hands and other things before the face: where a picture is quite unlike the textured head, nothing may be learnt."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from headsmith.asset.normals import vertex_normals
from headsmith.head_model.model import HeadModel
from headsmith.head_model.raster import RasterBuffers, rasterize
from headsmith.head_model.shading import sample_bilinear, sh_basis, srgb_to_linear
from headsmith.types import F32, Bool, HeadFit, StaticTexture, TrainingView
from headsmith.views.skull import region

SURE, LIKELY = 0.22, 0.1
"""mean difference of log(colour) around a pixel from which something covers the face, and with which that goes on"""
LEAST_SHARE = 0.004
"""of the face's pixels that a cover has at least; less is a fold or a highlight"""
BESIDE = 0.015
"""how far a feature may be from where tracking puts it, in head sizes"""
AROUND, MARGIN = 0.014, 0.02
"""standard deviation of the surroundings, and how far beyond its found edge a cover reaches, in head sizes"""
REACH = 0.15
"""how far beyond the face a cover is followed, in head sizes: necks have a hand's colours too"""
LEAST_SPREAD = 12.0
"""of the colours of a cover, sRGB 0..255"""
LOG_FLOOR = 0.015
LIGHT_ROUNDS = 6
LIGHT_SCALE = 0.15
"""difference of log(colour) at which a pixel counts half in the light"""
KNOWN = 0.3
"""how far a texel must have been observed"""


def doubt_covers(view: TrainingView, model: HeadModel, fit: HeadFit, texture: StaticTexture) -> TrainingView:
    """`view` with weight 0 where something covers the face that is not of the head."""
    drawn = _draw(view, model, fit, texture)
    if not drawn.known.any():
        return view
    covered = _covered(_difference(view, drawn), drawn)
    if covered.any():
        covered |= _continued(view, covered, drawn)
    return replace(view, weight=np.where(covered, 0, view.weight).astype(np.float32))


@dataclass(frozen=True)
class _Drawn:
    """The head in the view's pose, [H, W, ...]."""

    albedo: F32
    """linear RGB"""
    normal: F32
    shown: Bool
    """where there is any head"""
    known: Bool
    """bare skin whose colour is known and that expressions do not uncover"""
    size_px: float


def _draw(view: TrainingView, model: HeadModel, fit: HeadFit, texture: StaticTexture) -> _Drawn:
    posed = model.pose(model.rest_vertices(fit.identity, fit.offsets_m), view.expression, view.joint_rotations)
    buffers = rasterize(posed, model.faces, view.camera)
    uv = buffers.interpolate(model.uvs[model.uv_faces])
    albedo = srgb_to_linear(sample_bilinear(texture.albedo, uv))
    observed = sample_bilinear(np.round(255 * texture.observed).astype(np.uint8), uv)[..., 0]
    normal = buffers.interpolate(vertex_normals(posed, model.faces)[model.faces])
    normal /= np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-8)
    known = _steady_skin(model, buffers) & (observed > KNOWN) & (view.alpha > 0.9) & (view.weight > 0)
    rows = np.nonzero((buffers.triangle >= 0).any(1))[0]
    return _Drawn(albedo, normal, buffers.triangle >= 0, known, float(np.ptp(rows)) + 1 if len(rows) else 1.0)


def _steady_skin(model: HeadModel, buffers: RasterBuffers) -> Bool:
    """[H, W] the face without eyes and the inside of the mouth, which tracking places less surely."""
    wanted = region(model, "face") - region(model, "inner_mouth") - region(model, "eyes") - 0.5 * region(model, "scalp")
    share = buffers.interpolate(wanted[model.faces][..., None])[..., 0]
    return (buffers.triangle >= 0) & model.faces_of("head")[np.maximum(buffers.triangle, 0)] & (share > 0.5)


def _difference(view: TrainingView, drawn: _Drawn) -> F32:
    """[H, W] mean |log(picture / head in its light)| over the channels where the skin is known, else 0.

    A pixel is compared with the range of its surroundings: brows and folds a little beside their place are no cover.
    """
    picture = np.log(np.maximum(srgb_to_linear(view.image.astype(np.float32) / 255), LOG_FLOOR))
    light = _light(picture, drawn)
    rendered = np.log(np.maximum(drawn.albedo * np.maximum(_basis(drawn.normal) @ light, 0.1), LOG_FLOOR))
    size = (2 * max(1, round(BESIDE * drawn.size_px)) + 1,) * 2 + (1,)
    shown = drawn.shown[..., None]
    least = ndimage.minimum_filter(np.where(shown, rendered, np.inf), size)
    most = ndimage.maximum_filter(np.where(shown, rendered, -np.inf), size)
    beyond = np.maximum(np.maximum(picture - most, least - picture), 0)
    return np.where(drawn.known, np.minimum(beyond.mean(-1), 1.0), 0).astype(np.float32)


def _basis(normal: F32) -> F32:
    """[..., 4] of the nine functions: more would explain a hand as a light."""
    return sh_basis(normal)[..., :4]


def _light(picture: F32, drawn: _Drawn) -> F32:
    """[4, 3] the light that explains most of the picture's skin, given as logarithms [H, W, 3]."""
    ratio = np.exp(picture[drawn.known]) / np.maximum(drawn.albedo[drawn.known], LOG_FLOOR)
    basis = _basis(drawn.normal[drawn.known]).astype(np.float64)
    weight = np.ones(len(ratio))
    light = np.zeros((4, 3))
    for _ in range(LIGHT_ROUNDS):
        system = (basis.T * weight) @ basis + 1e-3 * weight.sum() * np.eye(4)
        light = np.linalg.solve(system, (basis.T * weight) @ ratio)
        residual = np.log(ratio) - np.log(np.maximum(basis @ light, 0.1))
        weight = 1 / (1 + (np.abs(residual).mean(1) / LIGHT_SCALE) ** 2)
    return light.astype(np.float32)


def _covered(difference: F32, drawn: _Drawn) -> Bool:
    """[H, W] connected areas of large difference, with a margin."""
    sigma = AROUND * drawn.size_px
    total = ndimage.gaussian_filter(drawn.known.astype(np.float32), sigma)
    around = np.where(drawn.known, ndimage.gaussian_filter(difference, sigma) / np.maximum(total, 1e-3), 0)
    labels, count = ndimage.label(around > LIKELY)
    if not count:
        return np.zeros(labels.shape, bool)
    sure = np.bincount(labels[around > SURE], minlength=count + 1)
    kept = sure > LEAST_SHARE * drawn.known.sum()
    kept[0] = False
    away = ndimage.distance_transform_edt(~kept[labels]) if kept.any() else np.full(labels.shape, np.inf)
    return away <= MARGIN * drawn.size_px


def _continued(view: TrainingView, covered: Bool, drawn: _Drawn) -> Bool:
    """[H, W] where a cover of the face goes on over neck and hair: joined to it, and of its colours."""
    of_cover = view.image[covered & drawn.known].astype(np.float32)
    if not len(of_cover):
        return covered
    middle = np.median(of_cover, axis=0)
    spread = np.maximum(2.5 * 1.4826 * np.median(np.abs(of_cover - middle), axis=0), LEAST_SPREAD)
    alike = (np.abs(view.image.astype(np.float32) - middle) < spread).all(-1) & (view.alpha > 0.02)
    near = ndimage.distance_transform_edt(~covered) < REACH * drawn.size_px
    alike = ndimage.binary_opening(alike & near & ~drawn.known, iterations=1) | covered
    labels, _ = ndimage.label(alike)
    joined = np.unique(labels[covered])
    whole = np.isin(labels, joined[joined > 0])
    return ndimage.binary_dilation(whole, iterations=max(1, round(0.5 * MARGIN * drawn.size_px)))
