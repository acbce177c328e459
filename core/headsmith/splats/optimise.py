"""Gradient descent on local splats against training views."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from headsmith.splats.binding_torch import SplatFrames, deform
from headsmith.splats.compositing import SH_C0
from headsmith.splats.local_splats import LocalSplats
from headsmith.splats.losses import Target, view_loss
from headsmith.splats.params import Limits, Pulls, SplatParams
from headsmith.splats.rasterize import rasterize
from headsmith.types import Camera, Progress

_LIMIT_EVERY = 8
"""steps between two returns to the limits"""
_MAX_OPACITY = 0.995
_MIN_HAIR_OPACITY = 0.02


@dataclass(frozen=True)
class PosedView:
    """One view to match, with the splats' frames in its pose."""

    target: Target
    camera: Camera
    frames: SplatFrames
    real: bool


@dataclass(frozen=True)
class Unknowns:
    """What the optimiser changes; lengths in units of the triangle's scale."""

    offset: Tensor
    quat: Tensor
    log_scale: Tensor
    logit: Tensor
    sh0: Tensor
    """[N, 1, 3]"""

    @staticmethod
    def of(splats: LocalSplats, device: str) -> Unknowns:
        sh0 = (splats.colors[:, None] - 0.5) / SH_C0
        logit = torch.logit(torch.from_numpy(splats.opacities), 1e-3).numpy()
        arrays = (splats.offset, splats.quats, splats.log_scales, logit, sh0)
        return Unknowns(*(torch.tensor(a, dtype=torch.float32, device=device, requires_grad=True) for a in arrays))

    def written_to(self, splats: LocalSplats) -> LocalSplats:
        """`splats` with these values; quaternions of unit length."""
        quats = torch.nn.functional.normalize(self.quat, dim=1)
        values = {
            "offset": self.offset, "quats": quats, "log_scales": self.log_scale,
            "opacities": torch.sigmoid(self.logit), "colors": 0.5 + SH_C0 * self.sh0[:, 0],
        }  # fmt: skip
        return replace(splats, **{name: value.detach().cpu().numpy() for name, value in values.items()})


@dataclass(frozen=True)
class Bounds:
    """The limits as tensors, one row per splat."""

    home: Tensor
    drift: Tensor
    min_log_scale: Tensor
    max_log_scale: Tensor
    min_logit: Tensor
    max_logit: float
    max_log_ratio: float

    @staticmethod
    def of(splats: LocalSplats, limits: Limits, device: str) -> Bounds:
        floor = np.where(splats.on_skin > 0, np.float32(limits.min_opacity), np.float32(_MIN_HAIR_OPACITY))

        def tensor(a: np.ndarray) -> Tensor:
            return torch.from_numpy(a.astype(np.float32)).to(device)

        return Bounds(
            tensor(splats.offset), tensor(splats.spacing * limits.drift),
            tensor(splats.log_scales + np.log(limits.shrinkage)), tensor(splats.log_scales + np.log(limits.growth)),
            torch.logit(tensor(floor)), float(np.log(_MAX_OPACITY / (1 - _MAX_OPACITY))),
            float(np.log(limits.anisotropy)),
        )  # fmt: skip

    @torch.no_grad()
    def impose(self, unknowns: Unknowns) -> None:
        """Moves whatever left its bounds back onto them, in place."""
        away = unknowns.offset - self.home
        shrink = (self.drift / away.norm(dim=1).clamp_min(1e-8)).clamp_max(1.0)
        unknowns.offset.copy_(self.home + away * shrink[:, None])
        scales = unknowns.log_scale
        scales.copy_(torch.minimum(torch.maximum(scales, self.min_log_scale), self.max_log_scale))
        in_plane = scales[:, :2]
        in_plane.copy_(torch.maximum(in_plane, in_plane.amax(1, keepdim=True) - self.max_log_ratio))
        unknowns.logit.copy_(torch.maximum(unknowns.logit, self.min_logit).clamp_max(self.max_logit))


@dataclass(frozen=True)
class Home:
    """Where the splats started, and how strongly each unknown is drawn back there."""

    values: tuple[Tensor, ...]
    strengths: tuple[Tensor, ...]

    @staticmethod
    def of(unknowns: Unknowns, splats: LocalSplats, pulls: Pulls) -> Home:
        pulled = (unknowns.offset, unknowns.quat, unknowns.log_scale, unknowns.sh0)
        share = 2 / len(splats) * np.where(splats.on_skin > 0, 1.0, pulls.hair_share)
        of_each = (
            share * pulls.offset / splats.spacing**2,
            share * pulls.quat,
            share * pulls.log_scale,
            share * pulls.sh0,
        )
        strengths = (
            torch.from_numpy(strength.astype(np.float32)).reshape(-1, *[1] * (p.ndim - 1)).to(p.device)
            for strength, p in zip(of_each, pulled, strict=True)
        )
        return Home(tuple(p.detach().clone() for p in pulled), tuple(strengths))

    @torch.no_grad()
    def pull(self, unknowns: Unknowns) -> None:
        """Adds the gradient of the squared distances to the unknowns' own."""
        pulled = (unknowns.offset, unknowns.quat, unknowns.log_scale, unknowns.sh0)
        for unknown, home, strength in zip(pulled, self.values, self.strengths, strict=True):
            if unknown.grad is not None:
                unknown.grad += (unknown - home) * strength


def optimise(splats: LocalSplats, views: tuple[PosedView, ...], params: SplatParams, progress: Progress) -> LocalSplats:
    """`params.steps` steps of Adam, one view each; the same result for the same input and seed."""
    device = params.device
    unknowns, bounds = Unknowns.of(splats, device), Bounds.of(splats, params.limits, device)
    home = Home.of(unknowns, splats, params.pulls)
    names = ("offset", "quat", "log_scale", "logit", "sh0")
    adam = torch.optim.Adam(
        [{"params": [getattr(unknowns, name)], "lr": getattr(params.rates, name)} for name in names],
        betas=(0.9, 0.99), eps=1e-15, fused=True,
    )  # fmt: skip
    decay = params.rates.last_fraction ** (1 / max(params.steps, 1))
    random = np.random.default_rng(params.seed)
    for step, index in enumerate(view_order([view.real for view in views], params)):
        background = torch.from_numpy(_background(random)).to(device)
        adam.zero_grad(set_to_none=True)
        _loss(unknowns, views[index], background, params).backward()
        home.pull(unknowns)
        adam.step()
        for group in adam.param_groups:
            group["lr"] *= decay
        if step % _LIMIT_EVERY == _LIMIT_EVERY - 1 or step == params.steps - 1:
            bounds.impose(unknowns)
        progress((step + 1) / params.steps)
    return unknowns.written_to(splats)


def view_order(real: list[bool], params: SplatParams) -> list[int]:
    """[steps] the view of each step: photos for `photo_share` of them, evenly mixed, the others in shuffled rounds."""
    photos, others = ([i for i, r in enumerate(real) if r is kind] for kind in (True, False))
    random = np.random.default_rng(params.seed)
    share = params.photo_share if photos and others else float(bool(photos))
    queues: dict[bool, list[int]] = {True: [], False: []}
    order = []
    for step in range(params.steps):
        kind = int((step + 1) * share) > int(step * share)
        if not queues[kind]:
            queues[kind] = [int(i) for i in random.permutation(photos if kind else others)]
        order.append(queues[kind].pop())
    return order


def _background(random: np.random.Generator) -> np.ndarray:
    """[3] black, white or any colour, a third each."""
    kind, color = random.integers(3), random.random(3)
    return (color if kind == 2 else np.full(3, float(kind))).astype(np.float32)


def _loss(unknowns: Unknowns, view: PosedView, background: Tensor, params: SplatParams) -> Tensor:
    means, quats, scales = deform(unknowns.offset, unknowns.quat, unknowns.log_scale, view.frames)
    width, height = view.camera.size_px
    image, alpha, _ = rasterize(
        means, quats, scales, torch.sigmoid(unknowns.logit), unknowns.sh0,
        viewmats=torch.from_numpy(view.camera.T_camera_world.astype(np.float32)).to(means.device),
        Ks=torch.from_numpy(view.camera.K).to(means.device), width=width, height=height,
    )  # fmt: skip
    return view_loss(image, alpha, view.target, background, params)
