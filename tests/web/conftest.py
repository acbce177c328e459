"""A browser on a folder of exported avatars, and a page that holds one of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from asset.networks import texture_network
from gltf_readers.programs import Missing
from headsmith.asset.arkit import ARKIT_52
from headsmith.asset.avatar import Avatar, BoundSplats, DynamicTexture, Motion
from headsmith.asset.bundle import read_avatar
from headsmith.asset.manifest import parameter_names
from headsmith_exporters.registry import export
from headsmith_exporters.web import WebOptions
from node_readers import refuse
from web_browser import Browser, browser_on

SIDE_PX = 256
READY = "await customElements.whenDefined('headsmith-avatar'); await avatar.ready;"
NETWORK_RUNS = "while (!avatar.hasDynamicTexture) await new Promise((resolve) => setTimeout(resolve, 20));"
PAGE = """<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">
<style>body { margin: 0 } headsmith-avatar { width: 256px; height: 256px }</style>
<headsmith-avatar src="%s/" %s></headsmith-avatar>
<script type="module" src="%s/lib/headsmith-avatar.js"></script>"""


@pytest.fixture(scope="session")
def shown(sample_avatar: Path) -> Avatar:
    """A real person's avatar, with a motion and a network that listens to every parameter."""
    avatar = thinned(read_avatar(sample_avatar))
    inputs = (*parameter_names(avatar), "view.x", "view.y", "view.z")
    network = DynamicTexture(texture_network(len(inputs)), inputs)
    return replace(avatar, dynamic_texture=network, motions={"wave": _wave(avatar)})


def thinned(avatar: Avatar) -> Avatar:
    """Every third splat, half as large again: without a graphics card a picture takes as long as there are splats."""
    few = avatar.splats.rows(np.arange(0, len(avatar.splats.splats), 3))
    grown = few.binding.log_scale + np.float32(np.log(1.5))
    larger = BoundSplats(replace(few.splats, scales=1.5 * few.splats.scales), replace(few.binding, log_scale=grown))
    return replace(avatar, splats=larger)


def _wave(avatar: Avatar) -> Motion:
    """Two seconds in which everything moves."""
    rng, frames = np.random.default_rng(7), 20
    turns = rng.normal([1, 0, 0, 0], 0.05, (frames, 2, 4))
    turns /= np.linalg.norm(turns, axis=-1, keepdims=True)
    return Motion(10.0, ARKIT_52, rng.uniform(0, 1, (frames, 52)).astype(np.float32), avatar.rig.joint_names[:2],
                  turns.astype(np.float32), rng.normal(0, 0.01, (frames, 3)).astype(np.float32), "test")  # fmt: skip


def without_splats(avatar: Avatar) -> Avatar:
    nothing = avatar.splats.rows(np.arange(0))
    return replace(avatar, splats=nothing, dynamic_texture=None, motions={}, preview=None)


@pytest.fixture(scope="session")
def site(shown: Avatar, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A served folder: two exported avatars, and pages that hold them."""
    folder = tmp_path_factory.mktemp("site")
    export(shown, folder / "ada", "web")
    export(without_splats(shown), folder / "bare", "web", WebOptions(texture_px=256, accessories=("glasses",)))
    (folder / "ada.html").write_text(PAGE % ("ada", 'mode="hologram"', "ada"))
    (folder / "bare.html").write_text(PAGE % ("bare", 'show="splats"', "bare"))
    return folder


@pytest.fixture(scope="session")
def browser(site: Path) -> Iterator[Browser]:
    try:
        with browser_on(site) as opened:
            yield opened
    except Missing as missing:
        refuse(missing)


@pytest.fixture
def page(browser: Browser) -> Browser:
    """The avatar as a hologram on a page of ours, as exported and standing still."""
    if browser.showing != "page":
        browser.open("ada.html", (SIDE_PX, SIDE_PX))
        browser.run(f"{READY} avatar.viewer.stage.stop();")
        browser.showing = "page"
    browser.run("avatar.show = 'splats'; avatar.stop(); avatar.resetWeights(); avatar.resetView();")
    return browser


@pytest.fixture
def whole(browser: Browser) -> Browser:
    """The exported page itself, with its panel; the avatar does nothing by itself."""
    if browser.showing != "whole":
        browser.open("ada/index.html", (480, 300))
        browser.run(READY)
        browser.showing = "whole"
    browser.run("avatar.idle = avatar.lookAtCursor = false; avatar.resetWeights(); avatar.resetView();")
    return browser
