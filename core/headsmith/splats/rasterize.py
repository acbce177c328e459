"""One call to turn splats into images, with gsplat's names: gsplat on CUDA, our kernels everywhere else."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any, Literal

import torch
from torch import Tensor

from headsmith.splats import rasterize_cuda
from headsmith.splats.compositing import DEPTH_ALPHA_MIN
from headsmith.splats.rasterize_cpu import Canvas, rasterize_cameras

RenderMode = Literal["RGB", "D", "ED", "RGB+D", "RGB+ED"]
RasterizeMode = Literal["classic", "antialiased"]
RENDER_MODES = ("RGB", "D", "ED", "RGB+D", "RGB+ED")
RASTERIZE_MODES = ("classic", "antialiased")
MAX_SH_DEGREE = 3


def rasterize(
    means: Tensor, quats: Tensor, scales: Tensor, opacities: Tensor, colors: Tensor, *, viewmats: Tensor, Ks: Tensor,
    width: int, height: int, sh_degree: int | None = None, backgrounds: Tensor | None = None,
    render_mode: RenderMode = "RGB", absgrad: bool = False, rasterize_mode: RasterizeMode = "classic",
) -> tuple[Tensor, Tensor, dict[str, Any]]:  # fmt: skip
    """Render splats as gsplat 1.5's `rasterization` does: images [C, H, W, n], alphas [C, H, W, 1], meta.

    Args:
        means: [N, 3] metres.
        quats: [N, 4] wxyz, any length.
        scales: [N, 3] standard deviations, metres.
        opacities: [N] 0..1.
        colors: [N, K, 3] or [C, N, K, 3] spherical-harmonics coefficients, K >= (sh_degree + 1)^2; [N, 3] or
            [C, N, 3] colours where `sh_degree` is None.
        viewmats: [C, 4, 4] world to camera, OpenCV axes (`Camera.T_camera_world`); or [4, 4], and then the images
            have no camera axis either, while meta keeps it.
        Ks: [C, 3, 3] intrinsics; pixel centres are at +0.5.
        sh_degree: 0..3, or None.
        backgrounds: [C, 3] colour behind the splats; black where None.
        render_mode: the image's channels: colour, then depth along the camera's axis in metres, summed by weight ("D")
            or their mean ("ED").
        absgrad: sets `meta["means2d"].absgrad` [C, N, 2] in the backward pass: each pixel's |dL/d means2d|, summed.
        rasterize_mode: "antialiased" dims splats smaller than a pixel.

    Differentiable in every tensor but `Ks`. Splats that are not finite, too faint or not in view are not drawn, have
    zero gradients and `meta["radii"]` [C, N, 2] of 0. `meta["means2d"]` [C, N, 2] lies on the way to the image:
    after `retain_grad()` it has a gradient. On the CPU everything is float32 and bitwise the same for any number of
    threads; tensors on devices that have no kernels are rendered there too, with one warning a process.

    Raises ValueError for an unknown mode or degree, or shapes that do not fit together.
    """
    single = viewmats.ndim == 2
    if single:
        viewmats, Ks = viewmats[None], Ks[None]
        backgrounds = None if backgrounds is None else backgrounds[None]
    _check(means, quats, scales, opacities, colors, viewmats, Ks, backgrounds, sh_degree)
    if render_mode not in RENDER_MODES or rasterize_mode not in RASTERIZE_MODES:
        raise ValueError(f"unknown mode {render_mode!r} or {rasterize_mode!r}")
    if means.is_cuda and rasterize_cuda.is_available():
        images, alphas, meta = rasterize_cuda.rasterize_gsplat(
            means, quats, scales, opacities, colors, viewmats=viewmats, Ks=Ks, width=width, height=height,
            sh_degree=sh_degree, backgrounds=backgrounds, render_mode=render_mode, absgrad=absgrad,
            rasterize_mode=rasterize_mode,
        )  # fmt: skip
    else:
        device = means.device
        canvas = Canvas(width, height, 0 if sh_degree is None else (sh_degree + 1) ** 2,
                        rasterize_mode == "antialiased", absgrad)  # fmt: skip
        images, alphas, meta = rasterize_cameras(
            *(_on_cpu(t) for t in (means, quats, scales, opacities, colors)), viewmats=_on_cpu(viewmats),
            Ks=_on_cpu(Ks), backgrounds=None if backgrounds is None else _on_cpu(backgrounds),
            render_mode=render_mode, canvas=canvas,
        )  # fmt: skip
        images = _mean_depth(images, alphas) if "ED" in render_mode else images
        images, alphas = images.to(device), alphas.to(device)
    return (images[0], alphas[0], meta) if single else (images, alphas, meta)


def _mean_depth(images: Tensor, alphas: Tensor) -> Tensor:
    """The last channel, a sum of depths by weight, divided by the weights' sum."""
    return torch.cat([images[..., :-1], images[..., -1:] / alphas.clamp_min(DEPTH_ALPHA_MIN)], -1)


def _on_cpu(tensor: Tensor) -> Tensor:
    if tensor.device.type == "cpu":
        return tensor
    announce_move(tensor.device.type)
    return tensor.cpu()


@cache
def announce_move(device_type: str) -> None:
    """Warns, the first time only, that splats on `device_type` are rendered on the CPU."""
    reason = "gsplat is not installed" if device_type == "cuda" else "there are no splat kernels for it"
    warnings.warn(f"splats on '{device_type}' are rendered on the CPU: {reason}", stacklevel=4)


def _check(
    means: Tensor, quats: Tensor, scales: Tensor, opacities: Tensor, colors: Tensor, viewmats: Tensor, Ks: Tensor,
    backgrounds: Tensor | None, sh_degree: int | None,
) -> None:  # fmt: skip
    n, cameras = len(means), len(viewmats)
    if sh_degree is not None and not 0 <= sh_degree <= MAX_SH_DEGREE:
        raise ValueError(f"sh_degree {sh_degree} is not in 0..{MAX_SH_DEGREE}")
    tail = 1 if sh_degree is None else 2
    wanted = {"means": (means, (n, 3)), "quats": (quats, (n, 4)), "scales": (scales, (n, 3)),
              "opacities": (opacities, (n,)), "viewmats": (viewmats, (cameras, 4, 4)), "Ks": (Ks, (cameras, 3, 3)),
              "backgrounds": (backgrounds, (cameras, 3))}  # fmt: skip
    for name, (tensor, shape) in wanted.items():
        if tensor is not None and tensor.shape != shape:
            raise ValueError(f"{name} have shape {tuple(tensor.shape)}, not {shape}")
    few = sh_degree is not None and colors.shape[-2] < (sh_degree + 1) ** 2
    if few or colors.shape[-1] != 3 or colors.shape[:-tail] not in ((n,), (cameras, n)):
        raise ValueError(f"colors of shape {tuple(colors.shape)} do not fit {n} splats and sh_degree {sh_degree}")
