"""Two synthetic heads to draw: a shell of splats on an ellipsoid, seen from the front, filling 60 % of the picture.

"brief": a splat's largest standard deviation is 0.5 to 1 % of the head's height whatever their number, so that more
splats mean more overlap. "fit": it is 0.5 to 1 times the splats' mean spacing, as training leaves them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from headsmith.asset.harmonics import SH_C0

HEIGHT_M = 2.0
RADII_M = (0.85, 1.0, 0.9)
DISTANCE_M = 8.0
COVERAGE = 0.6
"""share of the picture that the head fills"""
SH_DEGREE = 1


@dataclass(frozen=True)
class Scene:
    """Splats with activated values, and one camera in front of them."""

    means: Tensor
    """[N, 3] metres"""
    quats: Tensor
    """[N, 4] wxyz, any length"""
    scales: Tensor
    """[N, 3] metres"""
    opacities: Tensor
    """[N] 0.3..0.9"""
    sh: Tensor
    """[N, 4, 3]"""
    viewmat: Tensor
    """[4, 4] world to camera"""
    K: Tensor
    """[3, 3]"""
    size_px: int
    """the picture is square"""


def make_scene(kind: str, count: int, size_px: int = 512, seed: int = 0) -> Scene:
    """`count` splats of the scene `kind`; the same numbers for the same seed, whatever the size of the picture."""
    random = torch.Generator().manual_seed(seed)
    direction = torch.randn(count, 3, generator=random)
    direction = direction / direction.norm(dim=-1, keepdim=True)
    means = direction * (1.0 + 0.01 * torch.randn(count, 1, generator=random)) * torch.tensor(RADII_M)
    share = torch.rand(count, 1, generator=random)
    if kind == "brief":
        widest = HEIGHT_M * (0.005 + 0.005 * share)
    else:
        widest = math.sqrt(ellipsoid_area_m2() / count) * (0.5 + 0.5 * share)
    flattening = 0.25 + 0.75 * torch.rand(count, 2, generator=random)
    quats = torch.randn(count, 4, generator=random)
    opacities = 0.3 + 0.6 * torch.rand(count, generator=random)
    base = (torch.rand(count, 1, 3, generator=random) - 0.5) / SH_C0
    bands = 0.1 * torch.randn(count, (SH_DEGREE + 1) ** 2 - 1, 3, generator=random)
    return Scene(
        means=means, quats=quats, scales=widest * torch.cat([torch.ones(count, 1), flattening], 1),
        opacities=opacities, sh=torch.cat([base, bands], 1), viewmat=_view_from_the_front(), K=_intrinsics(size_px),
        size_px=size_px,
    )  # fmt: skip


def ellipsoid_area_m2() -> float:
    """The shell's area by Knud Thomsen's formula (exponent 1.6, within 1.2 %)."""
    a, b, c = RADII_M
    mean = ((a * b) ** 1.6 + (a * c) ** 1.6 + (b * c) ** 1.6) / 3
    return 4 * math.pi * mean ** (1 / 1.6)


def _view_from_the_front() -> Tensor:
    view = torch.eye(4)
    view[2, 3] = DISTANCE_M
    return view


def _intrinsics(size_px: int) -> Tensor:
    """The focal length at which the ellipsoid's outline, which touches the tangent cone, fills `COVERAGE`."""
    half_height_px = math.sqrt(COVERAGE * size_px**2 / (math.pi * RADII_M[0]))
    focal_px = half_height_px * math.sqrt(DISTANCE_M**2 - RADII_M[1] ** 2) / RADII_M[1]
    return torch.tensor([[focal_px, 0, size_px / 2], [0, focal_px, size_px / 2], [0, 0, 1.0]])
