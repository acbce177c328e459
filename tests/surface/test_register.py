"""A known head's surface, half hidden and elsewhere in space: the model is laid onto it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from headsmith.asset.arkit import ARKIT_52
from headsmith.asset.skinning import rotation_matrices
from headsmith.head_model.default import load_default_head
from headsmith.head_model.model import HeadModel
from headsmith.head_model.raster import rasterize
from headsmith.surface.closest import ClosestPoints
from headsmith.surface.hair_removal import bare_skin, without
from headsmith.surface.mesh import TriangleMesh
from headsmith.surface.posed_head import Pose, rest_of
from headsmith.surface.register import RegisterParams, register_head
from headsmith.surface.register_landmarks import cast_landmarks
from headsmith.surface.topology import split_long_edges
from headsmith.surface.unfold import folded
from headsmith.types import F32, I32, Camera, HeadFit, Landmarks, Mattes, ViewFit

SIZE_PX, FOCAL_PX = 200, 420.0
YAWS_RAD = (-0.9, -0.45, 0.0, 0.45, 0.9)
HAIR_M = 0.012


@dataclass(frozen=True)
class Scan:
    """What registering is given, and the truth."""

    model: HeadModel
    truth_m: F32
    """[V, 3] neutral head in its own space"""
    mesh: TriangleMesh
    landmarks: tuple[Landmarks, ...]
    cameras: tuple[Camera, ...]
    mattes: tuple[Mattes, ...]
    fit: HeadFit
    T_mesh_head: F32


def bump(points_m: F32) -> F32:
    """[V, 3] a shape that no identity has."""
    cheek, chin = np.array([0.045, -0.045, 0.02]), np.array([0.0, -0.1, 0.03])
    near = [np.exp(-np.square(points_m - place).sum(1) / (2 * 0.02**2)) for place in (cheek, chin)]
    return 3e-3 * near[0][:, None] * np.array([0.8, 0.0, 0.6]) + 3e-3 * near[1][:, None] * np.array([0.0, -0.5, 0.8])


def in_head_space(yaw: float) -> Camera:
    T = np.eye(4, dtype=np.float32)
    T[:3, :3] = np.diag([1.0, -1.0, -1.0]) @ rotation_matrices(np.array([[0.0, yaw, 0.0]]))[0]
    T[2, 3] = 0.55
    return Camera(FOCAL_PX, (SIZE_PX / 2, SIZE_PX / 2), (SIZE_PX, SIZE_PX), T)


def outer_skin(model: HeadModel) -> I32:
    """Triangles of skin that show, and the eyes."""
    shown = model.faces_of("head", "eye_left", "eye_right")
    return model.faces[shown & (model.regions["inner_mouth"][model.faces].max(1) < 0.5)]


def surface_of(model: HeadModel, truth_m: F32) -> TriangleMesh:
    """The skin, with hair standing off the scalp."""
    from headsmith.asset.normals import vertex_normals

    lifted = truth_m + HAIR_M * model.regions["scalp"][:, None] * vertex_normals(truth_m, model.faces)
    mesh = TriangleMesh(lifted.astype(np.float32), outer_skin(model))
    return split_long_edges(split_long_edges(mesh, 4e-3), 4e-3)


def matte_of(model: HeadModel, truth_m: F32, camera: Camera) -> Mattes:
    buffers = rasterize(truth_m, model.faces, camera)
    head = (buffers.triangle >= 0).astype(np.float32)
    hair = (buffers.interpolate(model.regions["scalp"][model.faces][..., None])[..., 0] > 0.1).astype(np.float32)
    return Mattes(head, head, hair, head - hair)


@pytest.fixture(scope="module")
def scan() -> Scan:
    model, random = load_default_head(), np.random.default_rng(11)
    identity = np.clip(random.normal(0, 0.7, model.shapedirs.shape[2]), -1.5, 1.5).astype(np.float32)
    rest = model.rest_vertices(identity)
    truth = (rest + bump(rest)).astype(np.float32)
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = rotation_matrices(np.array([[0.05, -0.08, 0.03]]))[0], (0.006, -0.004, 0.01)
    cameras, landmarks, mattes = [], [], []
    for yaw in YAWS_RAD:
        camera = in_head_space(yaw)
        points, depth = camera.project(model.landmarks(truth))
        points = points + random.normal(0, 0.4, points.shape)
        landmarks.append(Landmarks(points.astype(np.float32), depth, np.zeros(52, np.float32), np.eye(4)))
        mattes.append(matte_of(model, truth, camera))
        cameras.append(replace(camera, T_camera_world=(camera.T_camera_world @ np.linalg.inv(T)).astype(np.float32)))
    surface = surface_of(model, truth)
    moved = (surface.vertices_m @ T[:3, :3].T + T[:3, 3]).astype(np.float32)
    expression = np.zeros(len(ARKIT_52), np.float32)
    expression[ARKIT_52.index("mouthSmileLeft")] = 0.3
    views = tuple(ViewFit(in_head_space(yaw), expression, np.zeros((5, 3), np.float32), np.zeros((9, 3), np.float32))
                  for yaw in YAWS_RAD)  # fmt: skip
    fit = HeadFit(np.zeros_like(identity), np.zeros_like(rest), views)
    return Scan(model, truth, replace(surface, vertices_m=moved), tuple(landmarks), tuple(cameras), tuple(mattes),
                fit, T)  # fmt: skip


@pytest.fixture(scope="module")
def registered(scan: Scan) -> HeadFit:
    return register_head(scan.model, scan.fit, scan.mesh, scan.landmarks, scan.cameras, scan.mattes)


def rest_of_fit(scan: Scan, fit: HeadFit) -> F32:
    return scan.model.rest_vertices(fit.identity, fit.offsets_m)


def in_true_space(scan: Scan, fit: HeadFit) -> F32:
    """[V, 3] the posed head, brought by its own cameras to where the truth stands."""
    view = fit.views[2]
    posed = scan.model.pose(rest_of_fit(scan, fit), view.expression, view.joint_rotations)
    T = np.linalg.inv(scan.cameras[2].T_camera_world @ scan.T_mesh_head) @ view.camera.T_camera_world
    return (posed @ T[:3, :3].T + T[:3, 3]).astype(np.float32)


def skin_rows(model: HeadModel, region: str) -> I32:
    skin = np.zeros(len(model.v_template), bool)
    skin[model.faces[model.faces_of("head")]] = True
    return np.flatnonzero(skin & (model.regions[region] > 0.5) & (model.regions["inner_mouth"] < 0.2)).astype(np.int32)


def to_truth_mm(scan: Scan, vertices_m: F32, region: str = "face") -> F32:
    model = scan.model
    mesh = TriangleMesh(scan.truth_m, model.faces[model.faces_of("head")])
    truth = split_long_edges(split_long_edges(mesh, 5e-3), 5e-3)
    return ClosestPoints(truth)(vertices_m[skin_rows(model, region)]).distance_m * 1e3


def test_face_lies_on_the_surface(scan: Scan, registered: HeadFit) -> None:
    before = to_truth_mm(scan, scan.model.v_template).mean()
    after = to_truth_mm(scan, in_true_space(scan, registered))
    assert before > 1.2
    assert after.mean() < 0.25
    assert np.percentile(after, 95) < 1.0


def test_shape_is_the_persons_own(scan: Scan, registered: HeadFit) -> None:
    """Vertex by vertex, so that a head that slid along the surface is found out."""
    rows = skin_rows(scan.model, "face")
    error = np.linalg.norm(in_true_space(scan, registered)[rows] - scan.truth_m[rows], axis=1)
    assert error.mean() < 1.0e-3
    mean = np.linalg.norm(scan.model.v_template[rows] - scan.truth_m[rows], axis=1)
    assert error.mean() < 0.4 * mean.mean()


def test_face_is_found_to_rest(registered: HeadFit) -> None:
    smile = ARKIT_52.index("mouthSmileLeft")
    assert all(view.expression[smile] < 0.15 for view in registered.views)
    assert all((view.expression >= 0).all() for view in registered.views)


def test_cameras_show_the_landmarks_where_they_were(scan: Scan, registered: HeadFit) -> None:
    model, rest = scan.model, rest_of_fit(scan, registered)
    known = model.landmark_weight > 0.5
    for view, seen in zip(registered.views, scan.landmarks, strict=True):
        posed = model.pose(rest, view.expression, view.joint_rotations)
        pixels = view.camera.project(model.landmarks(posed))[0]
        assert np.median(np.linalg.norm(pixels - seen.points_px, axis=1)[known]) < 1.0


def test_hair_does_not_lift_the_scalp(scan: Scan, registered: HeadFit) -> None:
    model = scan.model
    skin = bare_skin(scan.mesh, scan.cameras, scan.mattes)
    assert 0.2 < len(skin.vertices_m) / len(scan.mesh.vertices_m) < 0.9
    high = skin_rows(model, "scalp")
    high = high[model.v_template[high, 1] > 0.08]
    lift = np.linalg.norm(in_true_space(scan, registered)[high] - scan.truth_m[high], axis=1)
    assert np.median(lift) < 0.7 * HAIR_M


def test_lips_stay_closed_and_eyes_round(scan: Scan, registered: HeadFit) -> None:
    model, rest = scan.model, rest_of_fit(scan, registered)
    upper, lower = model.landmarks(rest)[[13, 312, 82]], model.landmarks(rest)[[14, 317, 87]]
    closed = model.landmarks(model.v_template)
    gap = np.linalg.norm(upper - lower, axis=1) - np.linalg.norm(closed[[13, 312, 82]] - closed[[14, 317, 87]], axis=1)
    assert np.abs(gap).max() < 0.8e-3
    for part in ("eye_left", "eye_right"):
        rows = np.unique(model.faces[model.faces_of(part)])
        before, after = (v[rows] - v[rows].mean(0) for v in (model.v_template, rest))
        scale = (before * after).sum() / (before * before).sum()
        # an identity may bend the ball a little; offsets may not
        expected = model.rest_vertices(registered.identity)[rows]
        expected = expected - expected.mean(0)
        assert 0.8 < scale < 1.25
        ratio = (after * expected).sum() / (expected * expected).sum()
        assert np.linalg.norm(after - ratio * expected, axis=1).max() < 0.4e-3


def test_nothing_folds(scan: Scan, registered: HeadFit) -> None:
    neutral = scan.model.rest_vertices(registered.identity)
    assert not folded(neutral, neutral + registered.offsets_m, scan.model.faces).mean() > 0.001


def test_half_a_face_leaves_the_other_to_the_model(scan: Scan) -> None:
    local = (scan.mesh.vertices_m - scan.T_mesh_head[:3, 3]) @ scan.T_mesh_head[:3, :3]
    half = without(scan.mesh, local[:, 0] > -0.005)
    quick = RegisterParams(bend_std=(20.0,))
    fit = register_head(scan.model, scan.fit, half, scan.landmarks, scan.cameras, scan.mattes, quick)
    vertices = in_true_space(scan, fit)
    rows = skin_rows(scan.model, "face")
    seen = scan.model.v_template[rows, 0] > 0.005
    error = to_truth_mm(scan, vertices)
    assert error[seen].mean() < 0.5
    assert error[~seen].mean() < 4.0


def test_too_few_landmarks_leave_the_fit_as_it_was(scan: Scan) -> None:
    away = replace(scan.mesh, vertices_m=scan.mesh.vertices_m + np.float32(1.0))
    fit = register_head(scan.model, scan.fit, away, scan.landmarks, scan.cameras, scan.mattes)
    np.testing.assert_array_equal(fit.identity, scan.fit.identity)
    assert len(fit.warnings) == 1
    assert "landmarks" in fit.warnings[0]


def test_landmarks_meet_the_surface_where_they_are(scan: Scan) -> None:
    cast = cast_landmarks(scan.mesh, scan.landmarks, scan.cameras)
    T = scan.T_mesh_head
    true = scan.model.landmarks(scan.truth_m) @ T[:3, :3].T + T[:3, 3]
    good = (cast.weight > 0.5) & (scan.model.landmark_weight > 0.5)
    assert good.sum() > 250
    assert np.median(np.linalg.norm(cast.points_m - true, axis=1)[good]) < 0.6e-3


def test_a_pose_is_undone(scan: Scan) -> None:
    model, random = scan.model, np.random.default_rng(2)
    rotations = np.zeros((len(model.joint_names), 3), np.float32)
    rotations[model.joint_names.index("jaw"), 0] = 0.2
    rotations[model.joint_names.index("neck"), 1] = 0.3
    pose = Pose(random.uniform(0, 0.3, 52).astype(np.float32), rotations)
    posed = model.pose(scan.truth_m, pose.expression, pose.joint_rotations)
    np.testing.assert_allclose(rest_of(model, posed, model.v_template, pose), scan.truth_m, atol=2e-6)


def test_params_matter(scan: Scan, registered: HeadFit) -> None:
    stiff = RegisterParams(bend_std=(0.5,))
    fit = register_head(scan.model, scan.fit, scan.mesh, scan.landmarks, scan.cameras, scan.mattes, stiff)
    after = to_truth_mm(scan, in_true_space(scan, registered)).mean()
    assert to_truth_mm(scan, in_true_space(scan, fit)).mean() > 1.5 * after
