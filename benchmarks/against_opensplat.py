"""Ours against OpenSplat's CPU path, in turns in one process: `python benchmarks/against_opensplat.py FOLDER`.

FOLDER is a copy of OpenSplat's sources (AGPL-3.0; it is in no package registry, so it is fetched and compiled by who
wants the figure). Its projection, forward and backward run as they are, compiled for this processor; spherical
harmonics and the gradients of the projection are torch's in both. Needs a C++ compiler and ninja.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numba
import torch
from torch import Tensor
from torch.utils.cpp_extension import load_inline

from headsmith.bench.scene import SH_DEGREE, Scene, make_scene
from headsmith.bench.timing import least_ms
from headsmith.bench.training import Unknowns, forward_backward_of, forward_of, render_ours, unknowns_of
from headsmith.splats.reference import colors_of

NEAR_M, FAR_M = 1.0, 100.0
BINDINGS = r"""
#include <torch/extension.h>
#include "rasterizer/gsplat-cpu/gsplat_cpu.cpp"

using Lists = std::vector<int32_t>;

std::vector<torch::Tensor> project(torch::Tensor means, torch::Tensor scales, torch::Tensor quats,
                                   torch::Tensor view, torch::Tensor projection, std::vector<double> camera, int size) {
    auto out = project_gaussians_forward_tensor_cpu(means.size(0), means, scales, 1.0f, quats, view, projection,
                                                    camera[0], camera[1], camera[2], camera[3], size, size, 0.01f);
    return {std::get<0>(out), std::get<2>(out), std::get<3>(out), std::get<4>(out)};
}

std::tuple<torch::Tensor, torch::Tensor, py::capsule> forward(int size, torch::Tensor xys, torch::Tensor conics,
        torch::Tensor colors, torch::Tensor opacities, torch::Tensor background, torch::Tensor covs,
        torch::Tensor depths) {
    auto out = rasterize_forward_tensor_cpu(size, size, xys, conics, colors, opacities, background, covs, depths);
    py::capsule lists(std::get<2>(out), [](void *p) { delete[] static_cast<Lists *>(p); });
    return {std::get<0>(out), std::get<1>(out), lists};
}

std::tuple<torch::Tensor, torch::Tensor, torch::Tensor, torch::Tensor> backward(int size, torch::Tensor xys,
        torch::Tensor conics, torch::Tensor colors, torch::Tensor opacities, torch::Tensor background,
        torch::Tensor covs, torch::Tensor depths, torch::Tensor finals, py::capsule lists, torch::Tensor v_image) {
    torch::Tensor v_alpha = torch::zeros({size, size});
    return rasterize_backward_tensor_cpu(size, size, xys, conics, colors, opacities, background, covs, depths, finals,
                                         lists.get_pointer<Lists>(), v_image, v_alpha);
}
"""


def compiled(folder: Path) -> Any:
    """OpenSplat's functions as a module."""
    return load_inline(
        "headsmith_bench_opensplat", BINDINGS, functions=["project", "forward", "backward"],
        extra_cflags=["-O3", "-march=native"], extra_include_paths=[str(folder.resolve())],
    )  # fmt: skip


def renderer(opensplat: Any):
    """OpenSplat's CPU path as `headsmith.bench.training.Renderer`."""

    class Blend(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, size: int, *splats: Tensor) -> Tensor:
            image, finals, lists = opensplat.forward(size, *splats)
            ctx.saved = (size, splats, finals, lists)
            return image

        @staticmethod
        def backward(ctx: Any, g_image: Tensor) -> tuple[Tensor | None, ...]:
            size, splats, finals, lists = ctx.saved
            g_xys, g_conics, g_colors, g_opacities = opensplat.backward(
                size, *splats, finals, lists, g_image.contiguous()
            )
            return None, g_xys, g_conics, g_colors, g_opacities, None, None, None

    def render(unknowns: Unknowns, scene: Scene) -> Tensor:
        means, quats, log_scales, sh, logits = unknowns
        K, size = scene.K, scene.size_px
        camera = [float(K[0, 0]), float(K[1, 1]), float(K[0, 2]), float(K[1, 2])]
        projection = clip_matrix(camera, size) @ scene.viewmat
        xys, conics, covs, depths = opensplat.project(means, log_scales.exp(), quats, scene.viewmat, projection, camera,
                                                      size)  # fmt: skip
        colors = colors_of(sh, means, scene.viewmat, SH_DEGREE)
        opacities = torch.sigmoid(logits)[:, None]
        return Blend.apply(size, xys.contiguous(), conics.contiguous(), colors.contiguous(), opacities, torch.ones(3),
                           covs.contiguous(), depths.contiguous())  # fmt: skip

    return render


def clip_matrix(camera: list[float], size_px: int) -> Tensor:
    """[4, 4] camera space to clip space."""
    depth = FAR_M - NEAR_M
    return torch.tensor([
        [2 * camera[0] / size_px, 0, 0, 0], [0, 2 * camera[1] / size_px, 0, 0],
        [0, 0, (FAR_M + NEAR_M) / depth, -FAR_M * NEAR_M / depth], [0, 0, 1, 0],
    ])  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(numba.get_num_threads())
    scene = make_scene("brief", options.count)
    theirs = renderer(compiled(options.folder))
    unknowns = unknowns_of(scene)
    with torch.no_grad():
        difference = (render_ours(unknowns, scene) - theirs(unknowns, scene)).abs()
    result = {"count": options.count, "threads": numba.get_num_threads(),
              "largest_difference": float(difference.max()), "mean_difference": float(difference.mean())}  # fmt: skip
    for name, work_of in (("forward", forward_of), ("forward_backward", forward_backward_of)):
        ms = least_ms({"ours_ms": work_of(render_ours, scene), "opensplat_ms": work_of(theirs, scene)}, options.repeats)
        result[name] = ms | {"times_faster": round(ms["opensplat_ms"] / ms["ours_ms"], 2)}
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
