"""The photos' gains."""

from __future__ import annotations

import torch

from headsmith.splats.cloud import Cloud
from headsmith.splats.exposure import Exposure
from headsmith.splats.optimise import optimise
from headsmith.splats.params import LearningRates, Pulls, SplatParams
from headsmith.types import no_progress
from splats.clouds import checks, make_splats, plain, shown, view_of

NO_PULLS = Pulls(0, 0, 0, 0)
GAIN = torch.tensor([1.25, 1.1, 1.0])


def test_known_gains_are_found() -> None:
    exposure = Exposure([True, False, True], weight=1e-3, rate=1e-2)
    scene = checks() * 0.6
    photos = {0: scene * GAIN, 2: scene / GAIN}
    for _ in range(150):
        for view, photo in photos.items():
            ((exposure.applied(scene, view) - photo).abs().mean() + exposure.penalty(view)).backward()
            exposure.step(view)
    gains = exposure.gains().detach()
    assert torch.allclose(gains, torch.stack([GAIN, 1 / GAIN]), rtol=0.03)
    assert torch.allclose(gains.log().mean(0), torch.zeros(3), atol=1e-6)
    assert torch.equal(exposure.applied(scene, 1), scene)


def test_one_photo_and_synthesised_views_have_gain_1() -> None:
    scene = checks()
    for real in ([True, False, False], [False, False]):
        exposure = Exposure(real, weight=0.1, rate=1e-2)
        assert all(exposure.applied(scene, view) is scene for view in range(len(real)))
        assert exposure.penalty(0) is None
    fixed = Exposure([True, True], weight=float("inf"), rate=1e-2)
    assert fixed.applied(scene, 0) is scene


def test_differently_exposed_photos_agree_on_the_splats() -> None:
    splats = plain(make_splats(300))
    scene = checks() * 0.6
    views = tuple(view_of((scene * gain).clamp(0, 1), splats) for gain in (1.25, 0.8))
    params = SplatParams(steps=200, rates=LearningRates(sh0=0.05), pulls=NO_PULLS, exposure_rate=1e-2,
                         exposure_weight=1e-3)  # fmt: skip
    result = optimise(splats, views, params, no_progress)
    around = slice(4, 14)
    assert float((shown(Cloud(result, params)) - scene)[around, around].abs().mean()) < 0.015
