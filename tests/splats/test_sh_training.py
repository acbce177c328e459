"""Colours that depend on direction: learnt in the triangle's frame, kept by the asset, turned with the surface."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from headsmith.asset.binding import deform
from headsmith.asset.harmonics import SH_C0, sh_bands
from headsmith.asset.skinning import rotation_matrices
from headsmith.splats.binding_torch import local_directions
from headsmith.splats.frames import splat_frames
from headsmith.splats.local_splats import LocalSplats
from headsmith.splats.optimise import optimise
from headsmith.splats.params import LearningRates, SplatParams
from headsmith.splats.posed_view import PosedView
from headsmith.splats.schedule import sh_degree_at
from headsmith.splats.train import bound
from headsmith.splats.unknowns import Unknowns
from headsmith.splats.view_render import directed_colors, render_view
from headsmith.types import Camera, no_progress
from splats.clouds import SIZE_PX, front_camera, make_splats, sheet, view_of


def glossy(count: int, degree: int) -> LocalSplats:
    random = np.random.default_rng(3)
    shN = random.normal(0, 0.1, (count, (degree + 1) ** 2 - 1, 3)).astype(np.float32)
    return replace(make_splats(count), shN=shN)


def bent_sheet() -> np.ndarray:
    """[16, 3] the sheet, folded and turned."""
    vertices = sheet()[0].copy()
    vertices[:, 2] = 0.06 * np.sin(20 * vertices[:, 0])
    return (vertices @ rotation_matrices(np.array([[0.3, -0.8, 0.4]]))[0].T).astype(np.float32)


@pytest.mark.parametrize("degree", [1, 2, 3])
def test_training_sees_the_colours_that_the_asset_shows(degree: int) -> None:
    splats, (rest, faces) = glossy(60, degree), sheet()
    # a rest pose in which the triangles do not lie along the axes
    rest = (rest @ rotation_matrices(np.array([[0.5, 0.2, -0.3]]))[0].T).astype(np.float32)
    avatar, posed, eye = bound(splats, rest, faces), bent_sheet(), np.array([0.3, 0.2, 1.0], np.float32)
    shown = deform(avatar.binding, avatar.splats, posed, faces)
    away = shown.means - eye
    bands = sh_bands(away / np.linalg.norm(away, axis=1, keepdims=True), (degree + 1) ** 2 - 1)
    wanted = 0.5 + SH_C0 * shown.sh0[:, 0] + (bands[..., None] * shown.shN).sum(1)

    frames = splat_frames(posed, faces, splats.triangle, splats.barycentric)
    unknowns = Unknowns.of(splats, "cpu", degree)
    directions = local_directions(torch.from_numpy(shown.means), frames, torch.from_numpy(eye))
    sh = torch.cat([unknowns.sh0, unknowns.shN], 1)
    ours = directed_colors(directions, sh, degree).detach().numpy()
    assert np.abs(ours - np.maximum(wanted, 0)).max() < 2e-5
    assert wanted.std() > 0.1


def test_bands_come_one_after_the_other() -> None:
    params = SplatParams(steps=100, sh_degree=3, sh_share=0.6)
    assert [sh_degree_at(step, params) for step in (0, 19, 20, 39, 40, 59, 60, 99)] == [0, 0, 1, 1, 2, 2, 3, 3]
    assert {sh_degree_at(step, SplatParams(steps=100)) for step in range(100)} == {0}


def side_camera(yaw_rad: float) -> Camera:
    camera = front_camera()
    T = camera.T_camera_world.copy()
    T[:3, :3] = T[:3, :3] @ rotation_matrices(np.array([[0, -yaw_rad, 0]]))[0]
    return replace(camera, T_camera_world=T.astype(np.float32))


def test_a_sheet_that_changes_with_the_view_is_learnt() -> None:
    splats = replace(make_splats(150), colors=np.full((150, 3), 0.5, np.float32))
    views = []
    for yaw, color in ((-0.6, (0.8, 0.3, 0.3)), (0.6, (0.3, 0.3, 0.8))):
        view = view_of(torch.tensor(color).expand(SIZE_PX, SIZE_PX, 3).contiguous(), splats)
        middle = torch.zeros(SIZE_PX, SIZE_PX, 1)
        middle[16:32, 18:30] = 1 / (16 * 12)
        views.append(replace(view, camera=side_camera(yaw), target=replace(view.target, weight=middle)))
    errors = []
    for degree in (0, 1):
        params = SplatParams(steps=120, sh_degree=degree, sh_share=0.1, rates=LearningRates(sh0=5e-2, shN=5e-2))
        result = optimise(splats, tuple(views), params, no_progress)
        errors.append(np.mean([error_in_the_middle(result, view, degree) for view in views]))
    assert result.shN is not None
    assert result.shN.shape == (150, 3, 3)
    assert errors[1] < 0.4 * errors[0]


def error_in_the_middle(splats: LocalSplats, view: PosedView, degree: int) -> float:
    with torch.no_grad():
        image = render_view(Unknowns.of(splats, "cpu", degree), view.frames, view.camera, degree)[0]
    return float((image - view.target.image)[16:32, 18:30].abs().mean())
