"""Splats that training or a hostile file can contain: nothing hangs, and nothing that is not finite comes out."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from headsmith.splats.rasterize import RENDER_MODES, rasterize
from headsmith.splats.reference import rasterize_dense

ODD = st.sampled_from([0.0, -0.0, 1.0, -1.0, 1e-30, 1e-9, 1e9, -1e9, 1e30, float("inf"), float("-inf"), float("nan")])
NUMBER = st.one_of(ODD, st.floats(-3, 3, width=32))
OPACITY = st.one_of(st.sampled_from([0.0, 1.0, 1 / 255, float("nan"), -1.0]), st.floats(0, 1, width=32))
SPLAT = st.tuples(*([NUMBER] * 10), OPACITY, *([NUMBER] * 3))
SIZE = 40


def camera() -> dict[str, torch.Tensor]:
    viewmat = torch.eye(4)
    viewmat[2, 3] = 2.0
    return {"viewmats": viewmat, "Ks": torch.tensor([[50.0, 0, 20], [0, 50, 20], [0, 0, 1]])}


GOOD = (0.05, 0.02, 0.0, 1.0, 0.1, 0.2, 0.3, 0.2, 0.15, 0.1, 0.6, 0.3, 0.5, 0.7)
"""one sound splat in the middle of the picture: mean, quat, scales, opacity, colour"""


def split(rows: list[tuple[float, ...]]) -> list[torch.Tensor]:
    table = torch.tensor(rows, dtype=torch.float32).reshape(-1, 14)
    parts = (table[:, :3], table[:, 3:7], table[:, 7:10], table[:, 10], table[:, None, 11:])
    return [part.clone().requires_grad_() for part in parts]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(SPLAT, max_size=5),
    st.sampled_from(RENDER_MODES),
    st.sampled_from(["classic", "antialiased"]),
    st.sampled_from([0, None]),
    st.sampled_from([(SIZE, SIZE), (1, 1), (17, 3), (0, 5), (33, 0)]),
)
def test_any_splats(
    rows: list[tuple[float, ...]], render_mode: str, rasterize_mode: str, degree: int | None, size: tuple[int, int]
) -> None:
    """Everything is finite, and a splat that is not drawn has no gradient and changes no bit of what the others do."""
    options = {"width": size[0], "height": size[1], "sh_degree": degree, "render_mode": render_mode}

    def draw(t: list[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor, dict]:
        colors = t[4][:, 0] if degree is None else t[4]
        image, alpha, meta = rasterize(
            *t[:4], colors, **camera(), **options, rasterize_mode=rasterize_mode, absgrad=True
        )
        meta["means2d"].retain_grad()
        (image.sum() + alpha.sum()).backward()
        return image, alpha, meta

    t = split([GOOD, *rows])
    image, alpha, meta = draw(t)
    for tensor in (image, alpha, meta["means2d"], meta["conics"], meta["depths"], meta["opacities"]):
        assert bool(torch.isfinite(tensor).all())
    assert bool(((alpha >= 0) & (alpha <= 1)).all())
    drawn = (meta["radii"][0] > 0).all(-1)
    for part in (*t, meta["means2d"]):
        if part.grad is None:
            continue
        gradient = part.grad[0] if part is meta["means2d"] else part.grad
        assert bool(torch.isfinite(gradient).all())
        assert not gradient[~drawn].any()
    kept = [GOOD, *(row for row, seen in zip(rows, drawn[1:].tolist(), strict=True) if seen)]
    again, again_alpha, _ = draw(split(kept)) if size[0] * size[1] else (image, alpha, meta)
    if bool(drawn[0]):
        assert torch.equal(again, image)
        assert torch.equal(again_alpha, alpha)


def test_no_splats_at_all() -> None:
    empty = [torch.zeros(0, k, requires_grad=True) for k in (3, 4, 3)]
    background = torch.tensor([0.2, 0.4, 0.6])
    image, alpha, _ = rasterize(
        *empty,
        torch.zeros(0),
        torch.zeros(0, 1, 3),
        **camera(),
        sh_degree=0,
        width=17,
        height=5,
        backgrounds=background,
    )
    image.sum().backward()
    assert image.shape == (5, 17, 3)
    assert torch.equal(image, background.expand(5, 17, 3))
    assert not alpha.detach().any()


def test_bad_splats_do_not_disturb_good_ones() -> None:
    """Beside splats that are not drawn, gradients stay those of the good splat alone, and theirs are zero."""
    nan, inf = float("nan"), float("inf")
    means = torch.tensor([[0.0, 0, 0], [nan, 0, 0], [0, 0, -5], [0, inf, 0], [0, 0, 0], [0, 0, 0]])
    scales = torch.tensor([0.1, 0.1, 0.1, 0.1, nan, 1e30])[:, None].expand(6, 3).clone()
    opacities = torch.full((6,), 0.5)
    quats, sh = torch.tensor([[1.0, 0, 0, 0]]).repeat(6, 1), torch.ones(6, 1, 3)

    def gradients(keep: int) -> list[torch.Tensor]:
        t = [x[:keep].clone().requires_grad_() for x in (means, quats, scales, opacities, sh)]
        image, _, _ = rasterize(*t, **camera(), sh_degree=0, width=SIZE, height=SIZE)
        (image * torch.linspace(0, 1, SIZE)[:, None]).sum().backward()
        return [x.grad for x in t]

    for alone, together in zip(gradients(1), gradients(6), strict=True):
        assert torch.equal(alone[0], together[0])
        assert not together[1:].any()


def test_zero_scale_is_a_blurred_dot() -> None:
    """A point still has gsplat's blur of 0.3 px^2."""
    arguments = (
        torch.zeros(1, 3),
        torch.tensor([[1.0, 0, 0, 0]]),
        torch.zeros(1, 3),
        torch.tensor([0.9]),
        torch.ones(1, 1, 3),
    )
    view = camera()
    image, _, _ = rasterize(*arguments, **view, sh_degree=0, width=SIZE, height=SIZE)
    wanted, _, _ = rasterize_dense(
        *(t.double() for t in arguments), viewmat=view["viewmats"].double(), K=view["Ks"].double(), width=SIZE,
        height=SIZE, sh_degree=0,
    )  # fmt: skip
    assert (image - wanted).abs().max() < 1e-5
    assert image.max() > 0.3


def test_equal_depths_are_blended_by_index() -> None:
    """Two opaque splats at one place: the first wins, as in a stable sort."""
    red_green = (torch.tensor([[[1.0, 0, 0]], [[0.0, 1, 0]]]) - 0.5) / 0.28209479177387814
    image, _, _ = rasterize(
        torch.zeros(2, 3), torch.tensor([[1.0, 0, 0, 0]]).repeat(2, 1), torch.full((2, 3), 0.3), torch.ones(2),
        red_green, **camera(), sh_degree=0, width=SIZE, height=SIZE,
    )  # fmt: skip
    assert image[SIZE // 2, SIZE // 2, 0] > 0.99
    assert image[SIZE // 2, SIZE // 2, 1] < 0.01
