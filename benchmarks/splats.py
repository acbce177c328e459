"""How long splats take on this machine: `python benchmarks/splats.py [--counts 20000,100000]`, printed as JSON.

Two synthetic heads: "brief" keeps the splats' size whatever their number, "fit" sizes them by their spacing, as
training does. The dense twin draws every splat at every pixel, so it is measured on a small picture, with our time
for the same picture beside it. Times are the least of several repeats, in milliseconds of wall time; compare ratios,
not machines.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numba
import torch
from torch import Tensor

from headsmith.splats.rasterize import rasterize
from headsmith.splats.reference import rasterize_dense

SIZE_PX, DENSE_SIZE_PX, DENSE_COUNT = 512, 96, 2000
HEIGHT_M = 2.0
RADII_M = (0.85, 1.0, 0.9)
AREA_M2 = 10.6
DISTANCE_M = 8.0
COVERAGE = 0.6
"""share of the picture that the head fills"""


@dataclass(frozen=True)
class Scene:
    splats: tuple[Tensor, ...]
    """means, quats, scales, opacities, sh"""
    viewmat: Tensor
    K: Tensor
    size_px: int


def make_scene(kind: str, count: int, size_px: int) -> Scene:
    """A shell of `count` random splats on an ellipsoid, spherical harmonics of degree 1."""
    g = torch.Generator().manual_seed(0)
    direction = torch.nn.functional.normalize(torch.randn(count, 3, generator=g), dim=1)
    means = direction * (1 + 0.01 * torch.randn(count, 1, generator=g)) * torch.tensor(RADII_M)
    u = torch.rand(count, 1, generator=g)
    widest = HEIGHT_M * (0.005 + 0.005 * u) if kind == "brief" else math.sqrt(AREA_M2 / count) * (0.5 + 0.5 * u)
    scales = widest * torch.cat([torch.ones(count, 1), 0.25 + 0.75 * torch.rand(count, 2, generator=g)], 1)
    sh = torch.cat([1.8 * torch.randn(count, 1, 3, generator=g), 0.1 * torch.randn(count, 3, 3, generator=g)], 1)
    splats = (means, torch.randn(count, 4, generator=g), scales, 0.3 + 0.6 * torch.rand(count, generator=g), sh)
    viewmat = torch.eye(4)
    viewmat[2, 3] = DISTANCE_M
    focal = math.sqrt(COVERAGE / (math.pi * RADII_M[0]) * (DISTANCE_M**2 - 1)) * size_px
    K = torch.tensor([[focal, 0, size_px / 2], [0, focal, size_px / 2], [0, 0, 1]])
    return Scene(tuple(t.requires_grad_() for t in splats), viewmat, K, size_px)


def fast(scene: Scene) -> Tensor:
    size = scene.size_px
    return rasterize(*scene.splats, viewmats=scene.viewmat, Ks=scene.K, width=size, height=size, sh_degree=1)[0]


def dense(scene: Scene) -> Tensor:
    size = scene.size_px
    return rasterize_dense(*scene.splats, viewmat=scene.viewmat, K=scene.K, width=size, height=size, sh_degree=1)[0]


def least_ms(work: Callable[[], object], repeats: int) -> float:
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return round(1000 * min(times), 2)


def measure(render: Callable[[Scene], Tensor], scene: Scene, repeats: int) -> dict[str, float]:
    upstream = torch.randn(scene.size_px, scene.size_px, 3, generator=torch.Generator().manual_seed(1))

    def forward() -> None:
        with torch.no_grad():
            render(scene)

    def forward_backward() -> None:
        for t in scene.splats:
            t.grad = None
        render(scene).backward(upstream)

    return {"forward_ms": least_ms(forward, repeats), "forward_backward_ms": least_ms(forward_backward, repeats)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counts", default="20000,50000,100000")
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    torch.set_num_threads(numba.get_num_threads())
    result = {
        kind: {count: measure(fast, make_scene(kind, int(count), SIZE_PX), options.repeats)
               for count in options.counts.split(",")}
        for kind in ("brief", "fit")
    }  # fmt: skip
    small = make_scene("fit", DENSE_COUNT, DENSE_SIZE_PX)
    ours, twin = measure(fast, small, options.repeats), measure(dense, small, 2)
    ratio = {name: round(twin[name] / ours[name], 1) for name in ours}
    dense_result = {"count": DENSE_COUNT, "size_px": DENSE_SIZE_PX, "dense": twin, "ours": ours, "times_faster": ratio}
    print(json.dumps({"threads": numba.get_num_threads(), "splats": result, "against_dense": dense_result}, indent=1))


if __name__ == "__main__":
    main()
