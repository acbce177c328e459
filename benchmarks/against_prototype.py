"""Ours against the measured prototype, in turns in one process: `python benchmarks/against_prototype.py FOLDER`.

FOLDER holds the prototype's `scene.py`, `nb_project.py`, `nb_raster.py` and `nb_ssim.py`. First the scenes must be
equal, number by number. Printed as JSON: least milliseconds of both, and how many times faster ours is.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numba
import torch
from torch import Tensor

from headsmith.bench.params import SCENES, parsed_counts
from headsmith.bench.scene import Scene, make_scene
from headsmith.bench.timing import Work, least_ms
from headsmith.bench.training import (
    Unknowns,
    forward_backward_of,
    forward_of,
    mean_ssim,
    render_ours,
    step_of,
    unknowns_of,
)
from headsmith.quiet import native_stderr_silenced

STAGES = {"project": ("See", "Project"), "blend": ("Blend", "_F")}
"""the autograd functions of each stage, ours and the prototype's, as torch's profiler names them"""
FIELDS = ("means", "quats", "scales", "opacities", "sh", "viewmat", "K")


def load(folder: Path) -> SimpleNamespace:
    """The prototype's modules; its folder may be read-only."""
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(folder))
    names = ("scene", "nb_project", "nb_raster", "nb_ssim")
    return SimpleNamespace(**{name: importlib.import_module(name) for name in names})


def check_scenes(prototype: SimpleNamespace, count: int) -> None:
    """Stops the program where a scene differs from the prototype's in any number."""
    for kind in SCENES:
        theirs, ours = prototype.scene.make_scene(count, kind, K=4), make_scene(kind, count)
        for name in FIELDS:
            if not torch.equal(theirs[name], getattr(ours, name)):
                sys.exit(f"scene {kind}, {count} splats: {name} differs")


def renderer(prototype: SimpleNamespace):
    """The prototype's rasteriser as `headsmith.bench.training.Renderer`."""

    def render(unknowns: Unknowns, scene: Scene) -> Tensor:
        means, quats, log_scales, sh, logits = unknowns
        size = scene.size_px
        means2d, conics, depths, colors = prototype.nb_project.project(
            means, quats, log_scales.exp(), sh, scene.viewmat, scene.K, size, size
        )
        return prototype.nb_raster.rasterize(
            means2d, conics, colors, torch.sigmoid(logits), depths, torch.ones(3), size, size
        )[0]

    return render


def ssim_of(ssim, scene: Scene) -> Work:
    """SSIM of two noisy pictures, with its gradient."""
    random = torch.Generator().manual_seed(2)
    image = torch.rand(scene.size_px, scene.size_px, 3, generator=random).requires_grad_()
    other = (image.detach() + 0.1 * torch.randn(image.shape, generator=random)).clamp(0, 1)

    def work() -> None:
        image.grad = None
        ssim(image, other).backward()

    return work


def compare(prototype: SimpleNamespace, scene: Scene, repeats: int) -> dict[str, dict[str, float]]:
    """{stage: {"ours_ms", "prototype_ms", "times_faster"}}."""
    theirs = renderer(prototype)
    pairs = {
        "forward": (forward_of(render_ours, scene), forward_of(theirs, scene)),
        "forward_backward": (forward_backward_of(render_ours, scene), forward_backward_of(theirs, scene)),
        "step": (step_of(render_ours, scene), step_of(theirs, scene, prototype.nb_ssim.ssim)),
        "ssim": (ssim_of(mean_ssim, scene), ssim_of(prototype.nb_ssim.ssim, scene)),
    }
    rows = {}
    for name, (ours, other) in pairs.items():
        ms = least_ms({"ours_ms": ours, "prototype_ms": other}, repeats)
        rows[name] = ms | {"times_faster": round(ms["prototype_ms"] / ms["ours_ms"], 3)}
    return rows


def stage_ms(work: Work) -> dict[str, float]:
    """{autograd function: milliseconds} of one call; a backward pass has "Backward" after the name."""
    with native_stderr_silenced(), torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
        work()
    return {event.key: event.cpu_time_total / 1000 for event in profile.key_averages()}


def compare_stages(prototype: SimpleNamespace, scene: Scene, repeats: int) -> dict[str, dict[str, float]]:
    """As `compare`, of the parts of forward+backward."""
    works = [forward_backward_of(render, scene) for render in (render_ours, renderer(prototype))]
    least: dict[str, list[float]] = {}
    for _ in range(repeats):
        for side, work in enumerate(works):
            times = stage_ms(work)
            for stage, names in STAGES.items():
                for suffix in ("", "Backward"):
                    best = least.setdefault(stage + suffix.lower(), [float("inf")] * 2)
                    best[side] = min(best[side], times[names[side] + suffix])
    return {
        stage: {"ours_ms": round(ours, 3), "prototype_ms": round(other, 3), "times_faster": round(other / ours, 3)}
        for stage, (ours, other) in least.items()
    }


def picture_difference(prototype: SimpleNamespace, scene: Scene) -> float:
    """The largest difference of the two pictures, 0..1."""
    unknowns = unknowns_of(scene)
    with torch.no_grad():
        return float((render_ours(unknowns, scene) - renderer(prototype)(unknowns, scene)).abs().max())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--counts", type=parsed_counts, default=(20_000, 50_000, 100_000, 150_000))
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    torch.set_num_threads(numba.get_num_threads())
    prototype = load(options.folder)
    result = {}
    for count in options.counts:
        check_scenes(prototype, count)
        for kind in SCENES:
            scene = make_scene(kind, count)
            rows = compare(prototype, scene, options.repeats)
            rows |= compare_stages(prototype, scene, options.repeats)
            result.setdefault(kind, {})[str(count)] = rows | {
                "largest_difference": picture_difference(prototype, scene)
            }
            print(kind, count, {name: row["times_faster"] for name, row in rows.items()}, file=sys.stderr)
    print(json.dumps({"threads": numba.get_num_threads(), "scenes": result}, indent=1))


if __name__ == "__main__":
    main()
