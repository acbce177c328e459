"""The deformation of `binding_torch` with its gradients in one pass over the splats, for the CPU (float32)."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numba import prange
from torch import Tensor

from headsmith.splats.binding_torch import SplatFrames
from headsmith.splats.jit import f32, parallel_kernel


@parallel_kernel
def deform_forward(offset, quat, log_scale, origin, rotation, frame_quat, frame_scale, means, quats, scales):
    """Fills means [N, 3], quats [N, 4] and scales [N, 3] in head space."""
    for i in prange(offset.shape[0]):
        s = frame_scale[i, 0]
        for a in range(3):
            turned = rotation[i, a, 0] * offset[i, 0] + rotation[i, a, 1] * offset[i, 1]
            means[i, a] = origin[i, a] + s * (turned + rotation[i, a, 2] * offset[i, 2])
            scales[i, a] = s * np.exp(log_scale[i, a])
        aw, ax, ay, az = frame_quat[i, 0], frame_quat[i, 1], frame_quat[i, 2], frame_quat[i, 3]
        bw, bx, by, bz = quat[i, 0], quat[i, 1], quat[i, 2], quat[i, 3]
        quats[i, 0] = aw * bw - ax * bx - ay * by - az * bz
        quats[i, 1] = aw * bx + ax * bw + ay * bz - az * by
        quats[i, 2] = aw * by - ax * bz + ay * bw + az * bx
        quats[i, 3] = aw * bz + ax * by - ay * bx + az * bw


@parallel_kernel
def deform_backward(rotation, frame_quat, frame_scale, scales, g_means, g_quats, g_scales, g_offset, g_quat, g_log):
    """Fills g_offset [N, 3], g_quat [N, 4] and g_log [N, 3]; the product with a quaternion is turned back by its
    conjugate."""
    for i in prange(g_offset.shape[0]):
        s = frame_scale[i, 0]
        for a in range(3):
            turned = rotation[i, 0, a] * g_means[i, 0] + rotation[i, 1, a] * g_means[i, 1]
            g_offset[i, a] = s * (turned + rotation[i, 2, a] * g_means[i, 2])
            g_log[i, a] = scales[i, a] * g_scales[i, a]
        aw, ax, ay, az = frame_quat[i, 0], -frame_quat[i, 1], -frame_quat[i, 2], -frame_quat[i, 3]
        bw, bx, by, bz = g_quats[i, 0], g_quats[i, 1], g_quats[i, 2], g_quats[i, 3]
        g_quat[i, 0] = aw * bw - ax * bx - ay * by - az * bz
        g_quat[i, 1] = aw * bx + ax * bw + ay * bz - az * by
        g_quat[i, 2] = aw * by - ax * bz + ay * bw + az * bx
        g_quat[i, 3] = aw * bz + ax * by - ay * bx + az * bw


class Deform(torch.autograd.Function):
    """(offset, quat, log_scale, frames) -> (means, quats, scales)."""

    @staticmethod
    def forward(  # type: ignore[override]
        ctx: Any, offset: Tensor, quat: Tensor, log_scale: Tensor, frames: SplatFrames
    ) -> tuple[Tensor, ...]:
        n = len(offset)
        local = [t.detach().numpy() for t in (offset, quat, log_scale)]
        of_frames = [t.numpy() for t in (frames.origin, frames.rotation, frames.quat, frames.scale)]
        posed = [np.empty((n, k), f32) for k in (3, 4, 3)]
        deform_forward(*local, *of_frames, *posed)
        ctx.saved = (*of_frames[1:], posed[2])
        return tuple(torch.from_numpy(a) for a in posed)

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        gradients = [np.empty((len(upstream[0]), k), f32) for k in (3, 4, 3)]
        deform_backward(*ctx.saved, *(np.ascontiguousarray(g.numpy()) for g in upstream), *gradients)
        return (*(torch.from_numpy(g) for g in gradients), None)
