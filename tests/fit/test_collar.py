from __future__ import annotations

import numpy as np
import pytest

from headsmith.fit.collar import SPARE_M, collar_height
from headsmith.head_model.default import load_default_head
from headsmith.head_model.raster import rasterize
from headsmith.head_model.shading import NEUTRAL_LIGHT
from headsmith.types import Camera, Mattes, ViewFit


def front_view() -> ViewFit:
    T = np.diag([1, -1, -1, 1]).astype(np.float32)
    T[2, 3] = 1.0
    camera = Camera(500.0, (128.0, 110.0), (256, 256), T)
    return ViewFit(camera, np.zeros(52, np.float32), np.zeros((5, 3), np.float32), NEUTRAL_LIGHT)


def mattes_above(height_m: float) -> Mattes:
    """What a photo of the default head in a collar of that height shows."""
    model, camera = load_default_head(), front_view().camera
    buffers = rasterize(model.v_template, model.faces, camera)
    y = buffers.interpolate(model.v_template[:, 1:2][model.faces])[..., 0]
    head = ((buffers.triangle >= 0) & (y > height_m)).astype(np.float32)
    return Mattes(head, head, np.zeros_like(head), head)


@pytest.mark.parametrize("height_m", [-0.15, -0.17])
def test_the_collar_is_found(height_m: float) -> None:
    model = load_default_head()
    found = collar_height(model, model.v_template, [front_view()], [mattes_above(height_m)])
    assert found == pytest.approx(height_m - SPARE_M, abs=0.003)


def test_a_bare_neck_has_none() -> None:
    model = load_default_head()
    assert collar_height(model, model.v_template, [front_view()], [mattes_above(-1.0)]) is None


def test_the_photo_that_shows_most_decides() -> None:
    model = load_default_head()
    both = [mattes_above(-0.15), mattes_above(-0.17)]
    found = collar_height(model, model.v_template, [front_view()] * 2, both)
    assert found == pytest.approx(-0.17 - SPARE_M, abs=0.003)
