"""Gradient descent on local splats against training views."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from headsmith.splats.cloud import Cloud
from headsmith.splats.exposure import Exposure
from headsmith.splats.local_splats import LocalSplats
from headsmith.splats.losses import perceptual_loss, view_loss, without_covers
from headsmith.splats.params import SplatParams
from headsmith.splats.pose_refinement import PoseRefinement
from headsmith.splats.posed_view import FrameCache, PosedView
from headsmith.splats.regularise import penalty
from headsmith.splats.schedule import draw_background, sh_degree_at, view_order
from headsmith.splats.strategy import Densifier
from headsmith.splats.view_render import render_view
from headsmith.types import Progress

_LIMIT_EVERY = 8
"""steps between two returns to the limits"""


@dataclass
class Training:
    """All that changes during a run."""

    params: SplatParams
    cloud: Cloud
    densifier: Densifier | None
    exposure: Exposure
    poses: PoseRefinement
    middle_m: Tensor
    """[3] of the head"""
    frames: FrameCache


def optimise(splats: LocalSplats, views: tuple[PosedView, ...], params: SplatParams, progress: Progress) -> LocalSplats:
    """`params.steps` steps of Adam, one view each; the same result for the same input and seed."""
    real = [view.real for view in views]
    densifier = None if params.strategy is None else params.strategy.begin(params.max_splats, params.seed)
    run = Training(params, Cloud(splats, params), densifier,
                   Exposure(real, params.exposure_weight, params.exposure_rate, params.device),
                   PoseRefinement(real, params.pose_weight, params.pose_rate, params.device),
                   views[0].frames.origin.mean(0),
                   FrameCache(views))  # fmt: skip
    small = tuple(view.halved() for view in views) if params.coarse_share > 0 else views
    decay = params.rates.last_fraction ** (1 / max(params.steps, 1))
    random = np.random.default_rng(params.seed)
    for step, index in enumerate(view_order(real, params)):
        coarse = step < params.coarse_share * params.steps
        background = torch.from_numpy(draw_background(random)).to(params.device)
        _descend(run, step, (small if coarse else views)[index], index, background)
        for group in run.cloud.adam.param_groups:
            group["lr"] *= decay
        if run.densifier is not None and run.densifier.adapt(step, run.cloud):
            run.frames.descend_from(run.cloud.origin)
        if step % _LIMIT_EVERY == _LIMIT_EVERY - 1 or step == params.steps - 1:
            run.cloud.bounds.impose(run.cloud.unknowns)
        progress((step + 1) / params.steps)
    return run.cloud.splats()


def _descend(run: Training, step: int, view: PosedView, index: int, background: Tensor) -> None:
    """One step of Adam for view number `index`."""
    params, cloud, densifier = run.params, run.cloud, run.densifier
    cloud.adam.zero_grad(set_to_none=True)
    absgrad = densifier is not None and densifier.absgrad
    image, alpha, meta = render_view(
        cloud.unknowns, run.frames.of(index), view.camera, sh_degree_at(step, params), absgrad,
        run.poses.viewmat(view.camera, index, run.middle_m),
    )  # fmt: skip
    if densifier is not None:
        densifier.before_backward(meta)
    image = run.exposure.applied(image, index)
    target = without_covers(image, view.target, params.doubt) if view.real else view.target
    loss = view_loss(image, alpha, target, background, params)
    if view.real and params.perceptual_weight and step >= (1 - params.perceptual_share) * params.steps:
        loss = loss + params.perceptual_weight * perceptual_loss(image, target)
    unknowns = cloud.unknowns
    terms = (
        penalty(unknowns.offset, unknowns.log_scale, unknowns.logit, cloud.anchor, params.regularisers),
        run.exposure.penalty(index),
        run.poses.penalty(index),
    )
    sum((term for term in terms if term is not None), start=loss).backward()
    if densifier is not None:
        densifier.observe(meta)
    cloud.home.pull(unknowns)
    cloud.adam.step()
    run.exposure.step(index)
    run.poses.step(index)
