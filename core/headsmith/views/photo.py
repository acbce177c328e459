"""A photo as the splats shall match it: the head alone, on black, without the background's colour at its edges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from headsmith.head_model.model import HeadModel
from headsmith.head_model.raster import rasterize
from headsmith.types import F32, U8, Bool, Frame, HairShell, HeadFit, Mattes, TrainingView
from headsmith.views.render import above_collar
from headsmith.views.skull import move, region, skull_pose

_SURE_ALPHA = 0.95
"""matte from which a pixel shows nothing but the head"""
_RIM_PX = 1.5
"""how far into the sure matte the background still shines, for a head of `_RIM_HEAD_PX`"""
_RIM_HEAD_PX = 300.0
_BROAD_RIM = 4.0
"""a rim wider than this many `rim_px` is not the lens's blur but the matte's doubt"""
_SOFT = 0.012
"""width of the head's soft edge, as a fraction of its size in the picture"""
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

    Pixels of the matte that neither head nor hair can explain (shoulders, hands) and those where it fades across the
    neck have weight 0; everything else has weight 1.
    """
    view = fit.views[index]
    cover = _cover(model, fit, index, hair)
    drawn = cover.mesh | cover.hair
    size = _size(drawn)
    matte = np.clip(mattes.head, 0, 1)
    near = _within(drawn, _REACH * size)
    depth = np.clip(ndimage.distance_transform_edt(drawn) / (_SOFT * size) - 0.5, 0, 1)
    # deep inside nothing is half transparent: there a faint matte means doubt, not hair that lets light through
    alpha = np.where(near, np.where(matte > 0.5, np.maximum(matte, depth), matte), 0).astype(np.float32)
    weight = np.ones_like(alpha)
    weight[~near & (matte > 0.02)] = 0
    # at a collar the matte fades out across the neck, which says nothing about the neck itself
    weight[cover.lower & (matte < np.where(depth == 1, _SURE_ALPHA, 0.5))] = 0
    image = foreground(frame.image, matte, _RIM_PX * max(size / _RIM_HEAD_PX, 0.5))
    shown = np.clip(image * alpha[..., None] + 0.5, 0, 255).astype(np.uint8)
    return TrainingView(view.camera, shown, alpha, weight, view.expression, view.joint_rotations, real=True,
                        skin=mattes.skin)  # fmt: skip


def foreground(image: U8, alpha: F32, rim_px: float) -> F32:
    """[H, W, 3] 0..255: the colours of what the matte [H, W] shows, free of what lies behind it.

    At the rim colours are carried outwards from `rim_px` inside the sure matte, and mixed in as they get surer. Far
    from the outline a picture's own colours stand, however unsure the matte.
    """
    sure_px, outline_px = _px_inside(alpha >= _SURE_ALPHA), _px_inside(alpha > 0.5)
    core = (sure_px > rim_px) | (outline_px > 2 * _BROAD_RIM * rim_px)
    if not core.any():
        return image.astype(np.float32)
    carried = _carry_out(image.astype(np.float32), core)
    own = np.maximum(sure_px / rim_px, outline_px / (_BROAD_RIM * rim_px) - 1)
    own = np.clip(own, 0, 1)[..., None]
    return (image * own + carried * (1 - own)).astype(np.float32)


def _px_inside(mask: Bool) -> F32:
    """[H, W] pixels to the nearest pixel outside the mask; the picture's border is no outside."""
    if mask.all():
        return np.full(mask.shape, np.inf, np.float32)
    return ndimage.distance_transform_edt(mask).astype(np.float32)


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
    T_skull = skull_pose(model, rest, posed)
    head = rasterize(posed, model.faces, view.camera)
    kept = head.interpolate(above_collar(rest, fit)[model.faces][..., None])[..., 0] > 0
    mesh = (head.triangle >= 0) & kept
    neck = head.interpolate(region(model, "neck")[model.faces][..., None])[..., 0] > 0.5
    shell = np.zeros_like(mesh)
    if hair is not None:
        moved = move(T_skull, hair.vertices_m)
        shell = rasterize(moved, hair.faces, view.camera).triangle >= 0
    return Cover(mesh, shell, neck & ~shell)


def _within(mask: Bool, distance_px: float) -> Bool:
    if not mask.any():
        return mask
    return ndimage.distance_transform_edt(~mask) <= distance_px


def _size(mask: Bool) -> float:
    """Longer side of the mask's box in pixels."""
    rows, columns = np.nonzero(mask.any(1))[0], np.nonzero(mask.any(0))[0]
    return float(max(np.ptp(rows), np.ptp(columns)) + 1) if len(rows) else 1.0
