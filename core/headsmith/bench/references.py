"""Other rasterisers on the same scene in the same run, so that ratios need no trust in the machine's quiet."""

from __future__ import annotations

from typing import Any

import torch

from headsmith.bench.dense_torch import render_dense_tiles
from headsmith.bench.gsplat_torch import is_installed, render_gsplat_torch
from headsmith.bench.params import BenchParams
from headsmith.bench.scene import Scene, make_scene
from headsmith.bench.timing import least_ms
from headsmith.bench.training import Renderer, forward_backward_of, forward_of, render_ours, unknowns_of
from headsmith.types import Progress

OURS = "headsmith"
DENSE = "dense torch, tile by tile"
GSPLAT = "gsplat's torch accumulate"
SCENE = "brief"
SHORT_REPEATS = 5


def measure_references(params: BenchParams, progress: Progress) -> dict[str, Any]:
    """{"scene", "count", "size_px", "rasterisers": {name: {"forward_ms", "forward_backward_ms", "times_slower",
    "largest_difference"} or {"skipped": why}}}; ours is among them, and `times_slower` is against ours."""
    scene = make_scene(SCENE, params.reference_count, params.size_px)
    renderers: dict[str, Renderer] = {OURS: render_ours, DENSE: render_dense_tiles}
    skipped = {}
    if is_installed():
        renderers[GSPLAT] = render_gsplat_torch
    else:
        skipped[GSPLAT] = {"skipped": "gsplat is not installed"}
    rows = _timed(renderers, scene, params.reference_repeats, progress)
    return {"scene": SCENE, "count": params.reference_count, "size_px": params.size_px, "rasterisers": rows | skipped}


def _timed(renderers: dict[str, Renderer], scene: Scene, repeats: int, progress: Progress) -> dict[str, Any]:
    forward = least_ms({name: forward_of(render, scene) for name, render in renderers.items()}, repeats, 1)
    progress(0.3)
    both = least_ms({name: forward_backward_of(render, scene) for name, render in renderers.items()}, repeats, 1)
    for times, work_of in ((forward, forward_of), (both, forward_backward_of)):
        # ours is short, and may have had bad luck in few turns
        times[OURS] = min(times[OURS], least_ms({OURS: work_of(render_ours, scene)}, SHORT_REPEATS)[OURS])
    rows = {}
    for name, render in renderers.items():
        rows[name] = {
            "forward_ms": forward[name], "forward_backward_ms": both[name],
            "times_slower": {"forward": round(forward[name] / forward[OURS], 2),
                             "forward_backward": round(both[name] / both[OURS], 2)},
            "largest_difference": largest_difference(render, scene),
        }  # fmt: skip
    return rows


def largest_difference(render: Renderer, scene: Scene) -> float:
    """Between this picture and ours, 0..1: a faster rasteriser of another picture would prove nothing."""
    unknowns = unknowns_of(scene)
    with torch.no_grad():
        return round(float((render(unknowns, scene) - render_ours(unknowns, scene)).abs().max()), 6)
