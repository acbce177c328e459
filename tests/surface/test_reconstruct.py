"""All of the surface stage, on a few frames of a synthetic clip and in few steps."""

from dataclasses import replace

import numpy as np
import pytest

from headsmith.surface import SurfaceParams, reconstruct
from headsmith.surface.deferred_shading import DeferredParams, Level
from headsmith.surface.likely_size import likely_size
from headsmith.surface.params import HullParams
from headsmith.surface.photo_refine import PhotoParams
from headsmith.surface.reconstruct import surface_view, usual_vertices

pytest.importorskip("pycolmap")

LEVEL = Level(steps=4, edge_m=8e-3, shrink=4, step_m=3e-4, smoothing=20.0)
QUICK = SurfaceParams(
    hull=HullParams(voxel_m=0.006), deferred=DeferredParams(levels=(LEVEL,), texture=PhotoParams(sweeps=()))
)


def turned(fit, angle_rad):
    """The fit with each camera off by an angle and 4 % too far away."""
    T = np.eye(4, dtype=np.float32)
    T[:2, :2] = [[np.cos(angle_rad), -np.sin(angle_rad)], [np.sin(angle_rad), np.cos(angle_rad)]]
    T[2, 3] = 0.02
    views = []
    for number, view in enumerate(fit.views):
        error = T if number % 2 else np.linalg.inv(T).astype(np.float32)
        views.append(replace(view, camera=replace(view.camera, T_camera_world=error @ view.camera.T_camera_world)))
    return replace(fit, views=tuple(views))


@pytest.fixture(scope="module")
def result(sweep):
    seen, progress = (sweep.frames, sweep.landmarks, sweep.mattes), []
    found = reconstruct(sweep.clip.model, turned(sweep.fit, 0.06), seen, QUICK, progress.append)
    assert progress == sorted(progress)
    assert progress[-1] == 1.0
    return found


def test_the_cameras_become_those_of_the_clip(sweep, result):
    assert (result.method, result.registered, result.warnings) == ("sfm", len(sweep.frames), ())
    found, true = ([view.camera for view in fit.views] for fit in (result.fit, sweep.fit))
    turns = [turn_deg(between(found[0], a), between(true[0], b)) for a, b in zip(found[1:], true[1:], strict=True)]
    assert max(turns) < 1.2
    given = [view.camera for view in turned(sweep.fit, 0.06).views]
    before = [turn_deg(between(given[0], a), between(true[0], b)) for a, b in zip(given[1:], true[1:], strict=True)]
    assert max(before) > 3.0


def between(a, b):
    """The rotation from one camera to another."""
    return b.T_camera_world[:3, :3] @ a.T_camera_world[:3, :3].T


def turn_deg(A, B):
    return np.degrees(np.arccos(np.clip((np.trace(A.T @ B) - 1) / 2, -1, 1)))


def test_the_head_lies_where_the_pictures_show_it(sweep, result):
    model = sweep.clip.model
    vertices = usual_vertices(model, result.fit, result.rows)
    for view, true in zip(result.fit.views, sweep.fit.views, strict=True):
        found_px = view.camera.project(model.landmarks(vertices))[0]
        true_px = true.camera.project(model.landmarks(sweep.clip.vertices_m(0)))[0]
        seen = model.landmark_weight > 0.5
        assert np.median(np.linalg.norm(found_px - true_px, axis=1)[seen]) < 3.0


def test_the_mesh_has_the_hair(sweep, result):
    above = result.mesh.vertices_m[:, 1].max() - usual_vertices(sweep.clip.model, result.fit, result.rows)[:, 1].max()
    assert above > -0.005
    view = surface_view(result.mesh, sweep.frames[0], sweep.mattes[0], result.fit.views[0].camera)
    assert 0.5 < view.weight.mean() <= 1
    assert view.mask is sweep.mattes[0].person


def test_frames_without_motion_leave_the_fit_as_it_is_and_say_why(sweep):
    still = tuple([sweep.frames[0]] * 5), tuple([sweep.landmarks[0]] * 5), tuple([sweep.mattes[0]] * 5)
    fit = replace(sweep.fit, views=(sweep.fit.views[0],) * 5)
    found = reconstruct(sweep.clip.model, fit, still, QUICK)
    assert found.fit is fit
    assert (found.method, found.mesh, found.registered) == ("landmarks", None, 0)
    (warning,) = found.warnings
    assert warning.startswith("sweep2.mp4: the head's surface was fitted to landmarks alone, because structure from")


def test_the_face_is_as_large_as_the_mean_heads(sweep, result):
    assert likely_size(sweep.clip.model, result.fit) == pytest.approx(1, abs=0.01)
