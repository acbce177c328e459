"""The transparent canvas: what shows through and what does not, against the theory of compositing."""

from __future__ import annotations

import numpy as np
import pytest

from web.conftest import NETWORK_RUNS
from web.pictures import drawn
from web_browser import Browser

BACKGROUNDS = {
    "white": "#fff",
    "black": "#000",
    "checker": "repeating-conic-gradient(#000 0 25%, #fff 0 50%) 0 0 / 16px 16px",
}


@pytest.fixture(params=["splats", "mesh"])
def layer(request: pytest.FixtureRequest, page: Browser) -> np.ndarray:
    """The canvas alone, premultiplied, 0..255."""
    page.run(f"avatar.show = '{request.param}'; avatar.setWeights({{ jawOpen: 0.4 }});")
    if request.param == "mesh":
        page.run(NETWORK_RUNS)
    # one picture a pixel of the screen, so that nothing is resampled
    page.run("avatar.viewer.stage.supersample = false; avatar.viewer.stage.resize();")
    return drawn(page).astype(float)


def test_the_corner_is_transparent(layer: np.ndarray) -> None:
    assert (layer[:8, :8] == 0).all()
    assert (layer[:8, -8:] == 0).all()
    assert layer[..., 3].max() == 255


def test_colours_are_premultiplied(layer: np.ndarray) -> None:
    assert (layer[..., :3] <= layer[..., 3:] + 1).all()


@pytest.mark.parametrize("name", list(BACKGROUNDS))
def test_the_page_shows_through(page: Browser, layer: np.ndarray, name: str) -> None:
    page.run(f"document.documentElement.style.background = {BACKGROUNDS[name]!r};")
    shot = page.shot().astype(float)
    page.run("avatar.style.visibility = 'hidden';")
    behind = page.shot().astype(float)
    page.run("avatar.style.visibility = '';")
    if name == "checker":
        assert np.ptp(behind) == 255
    theory = layer[..., :3] + (1 - layer[..., 3:] / 255) * behind
    assert np.abs(shot - theory).max() <= 2


def test_edges_have_no_dark_fringe(page: Browser) -> None:
    """Undone from their alpha, edge pixels of the splats are about as bright as what lies inside of them."""
    layer = drawn(page).astype(float)
    alpha = layer[..., 3]
    inside, edge = alpha > 250, (alpha > 60) & (alpha < 200)
    assert edge.sum() > 100
    colour = layer[..., :3] / np.maximum(alpha[..., None], 1) * 255
    assert colour[edge].mean() > 0.6 * colour[inside].mean()
