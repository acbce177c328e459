"""Which pixels of a hair matte to believe: mattes take collars, shoulders and beards for hair now and then."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from headsmith.head_model.model import HeadModel
from headsmith.types import F32, Bool
from headsmith.views.skull import region

_SPECK_M = 0.004
"""radius of what is too thin to be more than noise in the matte"""
_MIN_PIECE = 0.03
"""holes smaller than this fraction of the hair are filled, and pieces as small dropped"""
_TUFT = 0.2
"""a separate piece above the ears needs this fraction of the largest one"""
_SAME_COLOR = 9.0
"""distance in `_opponent` space up to which a colour occurs in the hair above the ears"""
_PATCH_M = 0.006
"""hair below the ears is judged in patches of about this radius"""
_WIDER_M, _LONGER_M = 0.04, 0.16
"""hair below the chin reaches at most so much farther sideways than above it, and down"""


@dataclass(frozen=True)
class MatteView:
    """The crop of a photo, maps [H, W, ...]."""

    hair: F32
    """the matte"""
    color: F32
    """[H, W, 3] sRGB 0..255"""
    at_head_m: F32
    """[H, W, 3] each pixel's place at the head's depth, in the skull's rest frame"""
    on_mesh_m: F32
    """[H, W, 3] the place on the mesh, NaN beside it"""
    px_m: float


def plausible_hair(model: HeadModel, vertices_m: F32, view: MatteView) -> Bool:
    """[H, W] the pixels of hair, given the head [V, 3] as posed in the photo."""
    hair = ndimage.binary_opening(view.hair > 0.5, _disc(_SPECK_M / view.px_m)) & ~_beard(model, vertices_m, view)
    ear_y, chin_y = _levels(model, vertices_m)
    hair = _within_reach(hair, view.at_head_m, chin_y)
    low = view.at_head_m[..., 1] < ear_y
    hair &= ~low | _colored_like(view.color, hair & ~low, _PATCH_M / view.px_m)
    return _fill_pinholes(_main_pieces(hair, view.at_head_m[..., 1] > ear_y, _SPECK_M / view.px_m))


def _disc(radius_px: float) -> Bool:
    reach = max(int(radius_px), 1)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    return x * x + y * y <= max(radius_px, 1) ** 2


def _levels(model: HeadModel, vertices_m: F32) -> tuple[float, float]:
    """Heights of the ears and of the chin, metres."""
    ears, face = region(model, "ears") > 0.5, region(model, "face") > 0.5
    low, high = vertices_m[:, 1].min(), vertices_m[:, 1].max()
    ear_y = vertices_m[ears, 1].mean() if ears.any() else 0.4 * low + 0.6 * high
    chin_y = vertices_m[face, 1].min() if face.any() else 0.6 * low + 0.4 * high
    return float(ear_y), float(chin_y)


def _beard(model: HeadModel, vertices_m: F32, view: MatteView) -> Bool:
    """[H, W] the middle of the lower face, where hair is a beard and belongs to the texture."""
    face, lips = region(model, "face") > 0.5, region(model, "lips") > 0.5
    if not face.any() or not lips.any():
        return np.zeros(view.hair.shape, bool)
    half_width = 0.75 * np.abs(vertices_m[face, 0]).max()
    place = np.nan_to_num(view.on_mesh_m, nan=1.0)
    return (place[..., 1] < vertices_m[lips, 1].max() + 0.02) & (np.abs(place[..., 0]) < half_width)


def _within_reach(hair: Bool, at_head_m: F32, chin_y: float) -> Bool:
    above = hair & (at_head_m[..., 1] > chin_y)
    if not above.any():
        return hair
    wide = at_head_m[..., 0][above]
    x, y = at_head_m[..., 0], at_head_m[..., 1]
    near = (x > wide.min() - _WIDER_M) & (x < wide.max() + _WIDER_M) & (y > chin_y - _LONGER_M)
    return hair & ((y > chin_y) | near)


def _colored_like(color: F32, sample: Bool, radius_px: float) -> Bool:
    """[H, W] where most of a patch has colours that occur in the sample."""
    known = _opponent(color[sample])
    if len(known) < 50:
        return np.ones(sample.shape, bool)
    known = known[:: max(len(known) // 2000, 1)]
    apart = cKDTree(known).query(_opponent(color).reshape(-1, 3), distance_upper_bound=_SAME_COLOR)[0]
    alike = np.isfinite(apart).reshape(sample.shape).astype(np.float32)
    return ndimage.gaussian_filter(alike, radius_px, mode="nearest") > 0.5


def _opponent(color: F32) -> F32:
    """sRGB [..., 3] to half the brightness and one and a half times the colour differences."""
    red, green, blue = np.moveaxis(np.asarray(color, np.float32), -1, 0)
    return np.stack([(red + green + blue) / 6, 1.5 * (red - green), 1.5 * (0.5 * (red + green) - blue)], -1)


def _main_pieces(hair: Bool, above: Bool, neck_px: float) -> Bool:
    """The largest piece, and others of weight above the ears; a piece that hangs by a thread counts as separate."""
    core = ndimage.binary_erosion(hair, _disc(neck_px))
    labels, count = ndimage.label(core)
    if count == 0:
        return np.zeros_like(hair)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    sizes[0] = 0
    upper = np.bincount(labels[above].ravel(), minlength=count + 1)
    kept = (sizes == sizes.max()) | ((upper > 0.5 * sizes) & (sizes > _TUFT * sizes.max()))
    kept[0] = False
    return _without_crumbs(ndimage.binary_dilation(kept[labels], _disc(2 * neck_px)) & hair)


def _without_crumbs(mask: Bool) -> Bool:
    labels, _ = ndimage.label(mask)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return mask & (sizes >= _MIN_PIECE * sizes.max())[labels]


def _fill_pinholes(hair: Bool) -> Bool:
    labels, _ = ndimage.label(~hair)
    sizes = np.bincount(labels.ravel())
    small = sizes < _MIN_PIECE * hair.sum()
    small[0] = False
    return hair | small[labels]
