"""The dense twin of the rasteriser in plain torch: every splat at every pixel, any dtype, differentiable by autograd.

Slow and short on purpose: the tests hold the kernels to it. Memory grows with splats times pixels.
"""

from __future__ import annotations

import torch
from torch import Tensor

from headsmith.asset.harmonics import SH_C0
from headsmith.splats.compositing import (
    ALPHA_MAX,
    ALPHA_MIN,
    DEPTH_ALPHA_MIN,
    EPS2D_PX2,
    FRUSTUM_MARGIN,
    NEAR_M,
    TRANSMITTANCE_MIN,
)


def rotation_matrices(quats: Tensor) -> Tensor:
    """Quaternions wxyz [N, 4], any length, to rotation matrices [N, 3, 3]."""
    w, x, y, z = torch.nn.functional.normalize(quats, dim=-1).unbind(-1)
    rows = [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
            2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
            2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)]  # fmt: skip
    return torch.stack(rows, -1).reshape(-1, 3, 3)


def project(
    means: Tensor, quats: Tensor, scales: Tensor, viewmat: Tensor, K: Tensor, size_px: tuple[int, int]
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """EWA projection: means2d [N, 2] px, conics [N, 3] (xx, xy, yy of the inverse covariance), depths [N] m and the
    antialiasing compensation [N] of splats under `viewmat` [4, 4] and `K` [3, 3]."""
    focal = torch.stack([K[0, 0], K[1, 1]])
    principal = K[:2, 2]
    size = torch.tensor(size_px, dtype=means.dtype)
    point = means @ viewmat[:3, :3].T + viewmat[:3, 3]
    depth = point[:, 2]
    slope = point[:, :2] / depth[:, None]
    margin = FRUSTUM_MARGIN * 0.5 * size / focal
    clamped = torch.minimum(torch.maximum(slope, -(principal / focal + margin)), (size - principal) / focal + margin)
    jacobian = means.new_zeros(len(means), 2, 3)
    jacobian[:, 0, 0], jacobian[:, 1, 1] = focal[0] / depth, focal[1] / depth
    jacobian[:, :, 2] = -focal * clamped / depth[:, None]
    axes = jacobian @ viewmat[:3, :3] @ rotation_matrices(quats) * scales[:, None]
    sharp = axes @ axes.transpose(1, 2)
    blurred = sharp + EPS2D_PX2 * torch.eye(2, dtype=means.dtype)
    determinant = _det2(blurred)
    conics = torch.stack([blurred[:, 1, 1], -blurred[:, 0, 1], blurred[:, 0, 0]], -1) / determinant[:, None]
    compensation = (_det2(sharp) / determinant).clamp_min(0).sqrt()
    return slope * focal + principal, conics, depth, compensation


def _det2(m: Tensor) -> Tensor:
    return m[:, 0, 0] * m[:, 1, 1] - m[:, 0, 1] * m[:, 1, 0]


def sh_basis(directions: Tensor, degree: int) -> Tensor:
    """Real spherical harmonics [N, (degree + 1)^2] of unit `directions` [N, 3], in the order of the 3DGS .ply."""
    x, y, z = directions.unbind(-1)
    xx, yy, zz = x * x, y * y, z * z
    values = [torch.full_like(x, SH_C0)]
    if degree >= 1:
        values += [-0.4886025119029199 * y, 0.4886025119029199 * z, -0.4886025119029199 * x]
    if degree >= 2:
        values += [1.092548430592079 * x * y, -1.092548430592079 * y * z, 0.9461746957575601 * zz - 0.3153915652525201,
                   -1.092548430592079 * x * z, 0.5462742152960395 * (xx - yy)]  # fmt: skip
    if degree >= 3:
        values += [-0.5900435899266435 * y * (3 * xx - yy), 2.890611442640554 * x * y * z,
                   y * (0.4570457994644658 - 2.285228997322329 * zz), z * (1.865881662950577 * zz - 1.119528997770346),
                   x * (0.4570457994644658 - 2.285228997322329 * zz), 1.445305721320277 * z * (xx - yy),
                   -0.5900435899266435 * x * (xx - 3 * yy)]  # fmt: skip
    return torch.stack(values, -1)


def colors_of(sh: Tensor, means: Tensor, viewmat: Tensor, degree: int) -> Tensor:
    """[N, 3] colour towards the camera from coefficients `sh` [N, K, 3]."""
    centre = torch.inverse(viewmat)[:3, 3]
    basis = sh_basis(torch.nn.functional.normalize(means - centre, dim=-1), degree)
    return ((basis[..., None] * sh[:, : basis.shape[1]]).sum(1) + 0.5).clamp_min(0)


def composite(
    means2d: Tensor, conics: Tensor, colors: Tensor, opacities: Tensor, depths: Tensor, size_px: tuple[int, int]
) -> tuple[Tensor, Tensor]:
    """Front-to-back blending: premultiplied image [H, W, C] and alpha [H, W, 1]."""
    order = torch.argsort(depths.detach(), stable=True)
    order = order[depths.detach()[order] > NEAR_M]
    means2d, conics, colors, opacities = means2d[order], conics[order], colors[order], opacities[order]
    width, height = size_px
    ys, xs = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
    pixels = torch.stack([xs, ys], -1).to(means2d).reshape(-1, 1, 2)
    dx, dy = (pixels - means2d).unbind(-1)
    sigma = 0.5 * (conics[:, 0] * dx * dx + conics[:, 2] * dy * dy) + conics[:, 1] * dx * dy
    raw = opacities * torch.exp(-sigma)
    alpha = torch.where(raw < ALPHA_MAX, raw, torch.full_like(raw, ALPHA_MAX))
    alpha = torch.where(raw.detach() >= ALPHA_MIN, alpha, 0.0)
    # what follows the finishing splat is never drawn, as transmittance only falls
    alpha = torch.where(torch.cumprod(1 - alpha, 1).detach() > TRANSMITTANCE_MIN, alpha, 0.0)
    after = torch.cumprod(1 - alpha, 1)
    before = torch.cat([torch.ones_like(after[:, :1]), after[:, :-1]], 1)
    image = (alpha * before) @ colors
    final = after[:, -1] if len(order) else torch.ones(len(pixels), dtype=means2d.dtype)
    return image.reshape(height, width, -1), (1 - final).reshape(height, width, 1)


def rasterize_dense(
    means: Tensor, quats: Tensor, scales: Tensor, opacities: Tensor, colors: Tensor, *, viewmat: Tensor, K: Tensor,
    width: int, height: int, sh_degree: int | None = None, background: Tensor | None = None,
    render_mode: str = "RGB", antialiased: bool = False,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """One camera: image [H, W, n], alpha [H, W, 1] and means2d [N, 2]; the arguments are those of `rasterize`."""
    means2d, conics, depths, compensation = project(means, quats, scales, viewmat, K, (width, height))
    if antialiased:
        opacities = opacities * compensation
    parts = []
    if "RGB" in render_mode:
        parts.append(colors if sh_degree is None else colors_of(colors, means, viewmat, sh_degree))
    if "D" in render_mode:
        parts.append(depths[:, None])
    image, alpha = composite(means2d, conics, torch.cat(parts, 1), opacities, depths, (width, height))
    if background is not None and "RGB" in render_mode:
        behind = torch.cat([background, background.new_zeros(image.shape[-1] - 3)])
        image = image + (1 - alpha) * behind
    if "ED" in render_mode:
        image = torch.cat([image[..., :-1], image[..., -1:] / alpha.clamp_min(DEPTH_ALPHA_MIN)], -1)
    return image, alpha, means2d
