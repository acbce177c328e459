"""One benchmark run, from its parameters to a result that JSON can hold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numba
import torch

from headsmith.bench.blends import by_depth, count_blends
from headsmith.bench.driving import measure_driving
from headsmith.bench.floor import OPERATIONS_BACKWARD, OPERATIONS_FORWARD, floor_ms, multiply_adds_per_s
from headsmith.bench.machine import machine_facts
from headsmith.bench.params import BenchParams
from headsmith.bench.references import measure_references
from headsmith.bench.scene import Scene, make_scene
from headsmith.bench.timing import least_ms
from headsmith.bench.training import forward_backward_of, forward_of, render_ours, step_of
from headsmith.progress import Watcher
from headsmith.splats.reference import project


def run_bench(params: BenchParams, watcher: Watcher) -> dict[str, Any]:
    """{"machine", "floor", "splats": {scene: {count: times}}, "driving"} and, where asked for, "references"."""
    with _same_threads():
        splats: dict[str, dict[str, Any]] = {}
        rate = multiply_adds_per_s()
        for kind in params.scenes:
            with watcher.stage(kind) as progress:
                splats[kind] = {}
                for k, count in enumerate(params.counts):
                    splats[kind][str(count)] = measure_scene(make_scene(kind, count, params.size_px), params.repeats)
                    # again and again, as any of these may meet another program's work
                    rate = max(rate, multiply_adds_per_s())
                    progress((k + 1) / len(params.counts))
        result = {"machine": machine_facts(), "size_px": params.size_px, **_with_floors(splats, rate)}
        with watcher.stage("driving"):
            result["driving"] = measure_driving(params.driving, params.repeats)
        if params.references:
            with watcher.stage("references") as progress:
                result["references"] = measure_references(params, progress)
    return result


def measure_scene(scene: Scene, repeats: int) -> dict[str, Any]:
    """Times of one scene, and how many blends it needs."""
    works = {
        "forward_ms": forward_of(render_ours, scene),
        "forward_backward_ms": forward_backward_of(render_ours, scene),
        "step_ms": step_of(render_ours, scene),
    }
    times: dict[str, Any] = least_ms(works, repeats)
    return times | {"blends": blends_of(scene)}


def _with_floors(splats: dict[str, dict[str, Any]], rate_per_s: float) -> dict[str, Any]:
    """{"splats", "floor"}: the scenes' times, each with the floor under it at the machine's peak rate."""
    both = OPERATIONS_FORWARD + OPERATIONS_BACKWARD
    operations = {"forward": OPERATIONS_FORWARD, "backward": OPERATIONS_BACKWARD}
    with_floors = {
        kind: {
            count: times
            | {
                "floor_forward_ms": floor_ms(times["blends"], rate_per_s, OPERATIONS_FORWARD),
                "floor_forward_backward_ms": floor_ms(times["blends"], rate_per_s, both),
            }
            for count, times in by_count.items()
        }
        for kind, by_count in splats.items()
    }
    floor = {"multiply_adds_per_s": round(rate_per_s), "operations_per_blend": operations}
    return {"splats": with_floors, "floor": floor}


def blends_of(scene: Scene) -> int:
    """How many (splat, pixel) pairs the picture is made of."""
    size = scene.size_px
    projected = project(scene.means, scene.quats, scene.scales, scene.viewmat, scene.K, (size, size))
    means2d, conics, depths = (t.numpy() for t in projected[:3])
    return int(count_blends(by_depth(means2d, conics, scene.opacities.numpy(), depths), size, size).sum())


@contextmanager
def _same_threads() -> Iterator[None]:
    """torch's operations get as many threads as the kernels, for the time of the run."""
    before = torch.get_num_threads()
    torch.set_num_threads(numba.get_num_threads())
    try:
        yield
    finally:
        torch.set_num_threads(before)
