"""Levels of detail: an avatar with fewer splats that looks as much like the full one as they allow.

Splats are judged by what they contribute to pictures from all around and in several expressions, the survivors grow
over the gaps, and all are refitted for a short while to renders of the full avatar.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from headsmith.asset.avatar import Avatar, BoundSplats, Splats
from headsmith.asset.harmonics import SH_C0
from headsmith.asset.posing import Driver
from headsmith.splats.contribution import contribution
from headsmith.splats.frames import splat_frames
from headsmith.splats.likeness import Likeness, compare
from headsmith.splats.local_splats import LocalSplats
from headsmith.splats.losses import Target
from headsmith.splats.optimise import PosedView, optimise
from headsmith.splats.params import Pulls, SplatParams
from headsmith.splats.render import render_splats
from headsmith.splats.thinning import inherit, merged, survivors, walk, worth
from headsmith.splats.train import bound
from headsmith.splats.viewpoints import Viewpoint, viewpoints
from headsmith.types import F32, Progress, TrainingView, no_progress

_WIDTHS_ON_SKIN = 2.0
"""a splat that lies farther from its triangle than so many of its own widths is hair"""
_WIDTHS_APART = 1.25
"""distance of neighbours, in widths (standard deviations)"""
_REVEALED = 12
"""how much the expression that shows a splat best counts, where the front view counts 6"""
_JUDGED, _REFITTED = 0.1, 0.95
"""share of the work that is done after these"""


@dataclass(frozen=True)
class LevelParams:
    steps: int = 450
    view_px: int = 384
    """longer side of the renders that splats are judged by and refitted to"""
    seed: int = 0


@dataclass(frozen=True)
class LevelReport:
    """What a level costs."""

    asked: int
    splats: int
    full: int
    """splats of the avatar that it was made of"""
    views: dict[str, Likeness]
    """by name, the level against the full avatar"""
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON; decibels of equal pictures are null."""
        views = {name: {"psnr_db": round(like.psnr_db, 2) if np.isfinite(like.psnr_db) else None,
                        "ssim": round(like.ssim, 4)} for name, like in self.views.items()}  # fmt: skip
        return asdict(self) | {"views": views, "seconds": round(self.seconds, 1)}


def simplify(
    avatar: Avatar, count: int, progress: Progress = no_progress, params: LevelParams | None = None
) -> tuple[Avatar, LevelReport]:
    """The avatar with `count` splats, or as it is where it has no more; the same for the same input and seed.

    Raises ValueError for a count below 1.
    """
    if count < 1:
        raise ValueError("a level needs at least one splat")
    start = time.perf_counter()
    params, full = params or LevelParams(), len(avatar.splats.splats)
    level = avatar if full <= count else replace(avatar, splats=_reduced(avatar, count, params, progress))
    views = compare(avatar, level)
    progress(1.0)
    return level, LevelReport(count, len(level.splats.splats), full, views, time.perf_counter() - start)


def _reduced(avatar: Avatar, count: int, params: LevelParams, progress: Progress) -> BoundSplats:
    views, driver = viewpoints(avatar, params.view_px), Driver(avatar)
    rest, local = avatar.splats.splats, _local(avatar.splats)
    contributions = _contributions(driver, views, lambda done: progress(_JUDGED * done))
    # lids are not merged with eyes, nor hair with skin: they move apart
    groups = 2 * avatar.head.face_part[local.triangle] + (local.on_skin > 0)
    kept = survivors(worth(contributions, rest.means, local.colors), walk(rest.means, groups), count)
    heritage = inherit(rest.means, groups, contributions, kept)
    first = merged(local, rest, heritage)
    posed = [view for v in views for view in [_posed_view(avatar, driver, first, v)] * v.counts]
    fitted = optimise(first, tuple(posed), _splat_params(count, params),
                      lambda done: progress(_JUDGED + (_REFITTED - _JUDGED) * done))  # fmt: skip
    level = bound(fitted, avatar.head.vertices, avatar.head.faces)
    return replace(level, splats=replace(level.splats, shN=heritage.mixed(rest.shN)))


def _contributions(driver: Driver, views: tuple[Viewpoint, ...], progress: Progress) -> F32:
    """[N] summed over the views; of the expressions the one that shows a splat best, as teeth are seen in few."""
    calm: F32 = np.zeros(1, np.float32)
    revealed = calm
    for i, view in enumerate(views):
        shown = contribution(driver.splats(view.pose), view.camera)
        if view.expressive:
            revealed = np.maximum(revealed, shown)
        else:
            calm = calm + view.counts * shown
        progress((i + 1) / len(views))
    return (calm + _REVEALED * revealed).astype(np.float32)


def _splat_params(count: int, params: LevelParams) -> SplatParams:
    """The views are renders, right wherever they are looked at: nothing pulls the splats back to their start."""
    return SplatParams(count, params.steps, params.seed, pulls=Pulls(0, 0, 0, 0))


def _local(bound_splats: BoundSplats) -> LocalSplats:
    """As the optimiser takes them, by the part of their colour that is the same from everywhere."""
    binding, splats = bound_splats.binding, bound_splats.splats
    width = np.exp(binding.log_scale).max(axis=1)
    on_skin = np.linalg.norm(binding.offset, axis=1) <= _WIDTHS_ON_SKIN * width
    return LocalSplats(
        binding.triangle, binding.barycentric, binding.offset, binding.rotation_wxyz, binding.log_scale,
        splats.opacities, _plain_colors(splats), _WIDTHS_APART * width, on_skin.astype(np.float32),
    )  # fmt: skip


def _plain_colors(splats: Splats) -> F32:
    """[N, 3] sRGB of band 0."""
    return (0.5 + SH_C0 * splats.sh0[:, 0]).astype(np.float32)


def _posed_view(avatar: Avatar, driver: Driver, first: LocalSplats, view: Viewpoint) -> PosedView:
    """A render of the full avatar to match, without what depends on direction: that is taken over, not fitted."""
    splats = driver.splats(view.pose)
    image, alpha = render_splats(replace(splats, shN=splats.shN[:, :0]), view.camera)
    picture = TrainingView(
        view.camera, (image * 255 + 0.5).astype(np.uint8), alpha, np.ones_like(alpha), view.pose.weights,
        view.pose.joint_rotations, real=False,
    )  # fmt: skip
    frames = splat_frames(driver.vertices(view.pose), avatar.head.faces, first.triangle, first.barycentric)
    return PosedView(Target.of(picture), view.camera, frames, False)
