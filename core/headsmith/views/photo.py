"""A photo as the splats shall match it: the head alone, on black, without the background's colour at its edges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from headsmith.head_model.model import HeadModel
from headsmith.head_model.raster import rasterize
from headsmith.types import F32, U8, Bool, Frame, HairShell, HeadFit, Mattes, TrainingView
from headsmith.views.skull import move, region, skull_pose

_SURE_ALPHA = 0.95
"""matte from which a pixel shows nothing but the head"""
_RIM_PX = 1.5
"""how far into the sure matte the background still shines, for a head of `_RIM_HEAD_PX`"""
_RIM_HEAD_PX = 300.0
_REACH = 0.03
"""how far from mesh and hair the matte is still believed, as a fraction of the head's size in the picture"""


@dataclass(frozen=True)
class Cover:
    """What the model can draw in a photo, [H, W] each."""

    mesh: Bool
    hair: Bool
    lower: Bool
    """mesh of the neck, which clothes may hide"""


def photo_view(
    model: HeadModel, fit: HeadFit, index: int, frame: Frame, mattes: Mattes, hair: HairShell | None
) -> TrainingView:
    """Photo `index` of the fit, composed on black.

    Pixels of the matte that neither head nor hair can explain (shoulders, hands) and the part of the neck that
    something covers have weight 0; everything else has weight 1.
    """
    view = fit.views[index]
    cover = _cover(model, fit, index, hair)
    drawn = cover.mesh | cover.hair
    near = _within(drawn, _REACH * _size(drawn))
    alpha = np.where(near, np.clip(mattes.head, 0, 1), 0).astype(np.float32)
    weight = np.ones_like(alpha)
    weight[~near & (mattes.head > 0.02)] = 0
    # at a collar the matte fades out across the neck, which says nothing about the neck itself
    weight[cover.lower & (mattes.head < np.where(_deep_inside(drawn), _SURE_ALPHA, 0.5))] = 0
    image = foreground(frame.image, np.clip(mattes.head, 0, 1), _RIM_PX * max(_size(drawn) / _RIM_HEAD_PX, 0.5))
    shown = np.clip(image * alpha[..., None] + 0.5, 0, 255).astype(np.uint8)
    return TrainingView(view.camera, shown, alpha, weight, view.expression, view.joint_rotations, real=True)


def foreground(image: U8, alpha: F32, rim_px: float) -> F32:
    """[H, W, 3] 0..255: the colours of what the matte [H, W] shows, free of what lies behind it.

    At the rim colours are carried outwards from `rim_px` inside the sure matte, and mixed in as they get surer.
    """
    sure = alpha >= _SURE_ALPHA
    inside_px = ndimage.distance_transform_edt(np.pad(sure, 1, mode="edge"))[1:-1, 1:-1]
    core = inside_px > rim_px
    if not core.any():
        return image.astype(np.float32)
    carried = _carry_out(image.astype(np.float32), core)
    own = np.clip(inside_px / rim_px, 0, 1)[..., None]
    return (image * own + carried * (1 - own)).astype(np.float32)


def _carry_out(image: F32, core: Bool) -> F32:
    """Colours of the core carried outwards: the mean over the nearest of its pixels, near and far."""
    index = ndimage.distance_transform_edt(~core, return_distances=False, return_indices=True)
    nearest = image[tuple(index)]
    # the nearest pixel alone draws rays outwards; a little blur along the rim takes them away
    smooth = np.stack([ndimage.gaussian_filter(nearest[..., k], 1.0, mode="nearest") for k in range(3)], -1)
    return np.where(core[..., None], image, smooth)


def _cover(model: HeadModel, fit: HeadFit, index: int, hair: HairShell | None) -> Cover:
    view = fit.views[index]
    rest = model.rest_vertices(fit.identity, fit.offsets_m)
    posed = model.pose(rest, view.expression, view.joint_rotations)
    head = rasterize(posed, model.faces, view.camera)
    mesh = head.triangle >= 0
    neck = head.interpolate(region(model, "neck")[model.faces][..., None])[..., 0] > 0.5
    shell = np.zeros_like(mesh)
    if hair is not None:
        moved = move(skull_pose(model, rest, posed), hair.vertices_m)
        shell = rasterize(moved, hair.faces, view.camera).triangle >= 0
    return Cover(mesh, shell, neck & ~shell)


def _within(mask: Bool, distance_px: float) -> Bool:
    if not mask.any():
        return mask
    return ndimage.distance_transform_edt(~mask) <= distance_px


def _deep_inside(mask: Bool) -> Bool:
    return ndimage.distance_transform_edt(mask) > 0.5 * _REACH * _size(mask)


def _size(mask: Bool) -> float:
    """Longer side of the mask's box in pixels."""
    rows, columns = np.nonzero(mask.any(1))[0], np.nonzero(mask.any(0))[0]
    return float(max(np.ptp(rows), np.ptp(columns)) + 1) if len(rows) else 1.0
