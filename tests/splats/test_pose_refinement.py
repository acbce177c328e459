"""Corrections of cameras that are learnt beside the splats, and pixels that are left out."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import torch

from headsmith.splats.cloud import Cloud
from headsmith.splats.local_splats import LocalSplats
from headsmith.splats.losses import Target, without_covers
from headsmith.splats.optimise import optimise
from headsmith.splats.params import LearningRates, Pulls, SplatParams
from headsmith.splats.pose_refinement import PoseRefinement
from headsmith.splats.view_render import render_view
from headsmith.types import no_progress
from splats.clouds import checks, front_camera, make_splats, plain, shown, view_of

SHIFT_M = 0.0012
"""about a third of a pixel"""


def rough(splats: LocalSplats) -> LocalSplats:
    """The splats at heights of their own: in one plane, the last digit of the camera would say which is in front."""
    height = np.random.default_rng(1).uniform(-0.2, 0.2, len(splats)).astype(np.float32)
    offset = splats.offset.copy()
    offset[:, 2] = height
    return replace(splats, offset=offset)


def displaced(sideways_m: float):
    camera = front_camera()
    T = camera.T_camera_world.copy()
    T[0, 3] += sideways_m
    return replace(camera, T_camera_world=T)


def test_displaced_cameras_are_found() -> None:
    splats = rough(make_splats(300))
    cloud = Cloud(splats, SplatParams())
    picture, frames = shown(cloud), view_of(checks(), splats).frames
    poses = PoseRefinement([True, False, True], weight=0.0, rate=0.2)
    cameras = {0: displaced(SHIFT_M), 2: displaced(-SHIFT_M)}
    for step in range(80):
        view = 2 * (step % 2)
        viewmat = poses.viewmat(cameras[view], view, torch.zeros(3))
        image, _, _ = render_view(cloud.unknowns, frames, cameras[view], viewmat=viewmat)
        (image - picture).square().mean().backward()
        poses.step(view)
    found = poses.corrections()
    assert torch.allclose(found[:, 3], torch.tensor([-SHIFT_M, SHIFT_M]), atol=0.2 * SHIFT_M)
    assert torch.allclose(found.mean(0), torch.zeros(6), atol=1e-7)


def test_a_correction_turns_about_the_middle() -> None:
    poses = PoseRefinement([True, True], weight=0.0, rate=0.1)
    with torch.no_grad():
        poses.values[:, 1] = torch.tensor([2.0, -2.0])
    camera, middle = front_camera(), torch.tensor([0.02, 0.01, -0.1])
    viewmat = poses.viewmat(camera, 0, middle).detach().numpy()
    still = np.append(middle.numpy(), 1)
    assert np.allclose(viewmat @ still, camera.T_camera_world @ still, atol=1e-6)
    assert np.allclose(viewmat[:3, :3] @ viewmat[:3, :3].T, np.eye(3), atol=1e-5)
    assert not np.allclose(viewmat, camera.T_camera_world, atol=1e-4)


def test_views_without_a_correction_keep_their_cameras() -> None:
    camera = front_camera()
    for poses in (PoseRefinement([True, False], 0.0, 0.1), PoseRefinement([True, True], 0.0, 0.0)):
        assert np.array_equal(poses.viewmat(camera, 0, torch.zeros(3)).numpy(), camera.T_camera_world)
        assert poses.penalty(0) is None


def test_training_on_displaced_cameras_is_sharper_with_corrections() -> None:
    splats, scene = rough(plain(make_splats(400))), checks()
    views = tuple(replace(view_of(scene, splats), camera=displaced(x)) for x in (3 * SHIFT_M, -3 * SHIFT_M))
    rates = LearningRates(sh0=0.05)
    blurred, sharp = (
        SplatParams(steps=160, rates=rates, pulls=Pulls(0, 0, 0, 0), pose_rate=rate) for rate in (0.0, 0.2)
    )
    errors = [
        float((shown(Cloud(optimise(splats, views, params, no_progress), params)) - scene).square().mean())
        for params in (blurred, sharp)
    ]
    assert errors[1] < 0.8 * errors[0]


def test_what_covers_the_head_counts_little() -> None:
    image = torch.full((40, 40, 3), 0.5)
    target = Target(image.clone(), torch.ones(40, 40, 1), torch.full((40, 40, 1), 1 / 1600))
    target.image[10:30, 10:30] = 0.9
    left = without_covers(image, target, 0.1).weight
    assert math.isclose(float(left.sum()), 1.0, rel_tol=1e-4)
    assert float(left[14:26, 14:26].max()) < 0.1 * float(left[:4].min())
    assert without_covers(image, target, math.inf) is target
