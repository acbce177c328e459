"""Measures against what is known in advance."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from headsmith.bench.clip_measures import face_parts, face_vertices, nearest_on_mesh, shape_error, surface_error
from headsmith.bench.clip_seen import landmark_error, true_landmarks
from headsmith.bench.clip_table import each_subject, markdown, write_page
from headsmith.bench.clip_track_measures import seam_jumps_mm, track_difference, track_error
from headsmith.bench.clips import SyntheticClip, small_clip, synthetic_clip_b


@pytest.fixture(scope="module")
def clip() -> SyntheticClip:
    return synthetic_clip_b(small_clip(3, seconds=3.0))


def test_nearest_place_is_the_nearest_of_many() -> None:
    random = np.random.default_rng(0)
    vertices = random.normal(size=(30, 3))
    faces = random.integers(0, 30, (40, 3)).astype(np.int32)
    # points and segments among them
    faces = np.concatenate([faces, [[0, 0, 0], [1, 1, 2], [3, 4, 3], [5, 6, 6]]]).astype(np.int32)
    vertices[7] = (vertices[5] + vertices[6]) / 2
    faces = np.concatenate([faces, [[5, 7, 6]]]).astype(np.int32)
    points = random.normal(size=(50, 3)) * 1.5
    place, distance = nearest_on_mesh(points, vertices, faces)
    weights = random.dirichlet((0.5, 0.5, 0.5), 4000)
    samples = np.einsum("sk,fkc->fsc", weights, vertices[faces]).reshape(-1, 3)
    sampled = np.linalg.norm(points[:, None] - samples[None], axis=2).min(1)
    assert (distance <= sampled + 1e-9).all()
    assert (sampled - distance).max() < 0.1
    assert np.allclose(np.linalg.norm(points - place, axis=1), distance)


def test_face_parts_divide_the_face(clip: SyntheticClip) -> None:
    parts = face_parts(clip.model)
    together = np.concatenate(list(parts.values()))
    assert sorted(together) == sorted(face_vertices(clip.model))
    assert min(map(len, parts.values())) > 50


def test_surface_error_ignores_place_and_only_on_request_size(clip: SyntheticClip) -> None:
    T = Rotation.from_euler("xyz", [0.2, -0.1, 0.3]).as_matrix()
    moved = (clip.rest_m @ T.T + [0.1, 0.2, 0.3]).astype(np.float32)
    assert surface_error(clip.model, moved, clip.rest_m).mean_mm < 1e-3
    larger = moved * 1.05
    assert surface_error(clip.model, larger, clip.rest_m).mean_mm > 0.3
    scaled = surface_error(clip.model, larger, clip.rest_m, scaled=True)
    assert scaled.mean_mm < 1e-2
    assert scaled.scale == pytest.approx(1 / 1.05, abs=1e-4)


def test_surface_error_is_the_height_of_a_bump(clip: SyntheticClip) -> None:
    rows = face_parts(clip.model)["nose"]
    bumped = clip.rest_m.copy()
    bumped[rows, 2] += 0.002
    error = surface_error(clip.model, bumped, clip.rest_m)
    assert error.by_part_mm["nose"] > 5 * error.by_part_mm["chin"]
    assert 0.05 < error.mean_mm < 0.6
    assert shape_error(clip.model, bumped, clip.rest_m).face_mm > 0.2


def test_shape_error_of_the_mean_head(clip: SyntheticClip) -> None:
    model = clip.model
    wider = clip.rest_m.copy()
    wider[:, 0] *= 1.03
    assert shape_error(model, wider, clip.rest_m).eye_distance_mm == pytest.approx(0.03 * 62, abs=0.3)
    assert shape_error(model, model.v_template, clip.rest_m).face_mm > 0.5
    assert shape_error(model, clip.rest_m, clip.rest_m).face_mm < 1e-3


def test_true_track_has_no_error(clip: SyntheticClip) -> None:
    error = track_error(clip.model, clip.rest_m, clip.track, clip.rest_m, clip.track)
    assert error.landmark_mm < 1e-4
    assert error.rotation_deg < 1e-3
    assert error.weight == 0
    assert len(error.blink_peaks) >= 1
    assert min(error.blink_peaks) > 0.8
    assert error.blink_shift_frames == 0


def test_track_errors_are_what_was_put_in(clip: SyntheticClip) -> None:
    T = clip.track.T_camera_world.copy()
    turn = Rotation.from_euler("y", 2, degrees=True).as_matrix()
    T[:, :3, :3] = T[:, :3, :3] @ turn
    turned = replace(clip.track, T_camera_world=T.astype(np.float32))
    error = track_error(clip.model, clip.rest_m, clip.track, clip.rest_m, turned)
    assert error.rotation_deg == pytest.approx(2, abs=0.01)
    # turned about the bust's axes, from which the neck turns the skull
    assert error.turn_deg < 0.2
    assert error.landmark_in_head_mm < 0.01
    further = clip.track.T_camera_world + np.array([[0, 0, 0, 0]] * 2 + [[0, 0, 0, 0.01], [0] * 4], np.float32)
    far = track_error(clip.model, clip.rest_m, clip.track, clip.rest_m, replace(clip.track, T_camera_world=further))
    assert far.landmark_mm == pytest.approx(10, abs=0.01)
    assert far.depth_mm == pytest.approx(10, abs=0.01)
    assert far.landmark_aligned_mm < 0.01
    wrong = replace(clip.track, expression=np.clip(clip.track.expression + 0.1, 0, 1.1))
    assert track_error(clip.model, clip.rest_m, clip.track, clip.rest_m, wrong).weight == pytest.approx(0.1, abs=1e-3)


def test_missed_blinks_show(clip: SyntheticClip) -> None:
    expression = clip.track.expression.copy()
    rows = [clip.model.expression_names.index(f"eyeBlink{side}") for side in ("Left", "Right")]
    expression[:, rows] *= 0.3
    error = track_error(clip.model, clip.rest_m, clip.track, clip.rest_m, replace(clip.track, expression=expression))
    assert max(error.blink_peaks) < 0.35
    assert error.by_blendshape["eyeBlinkLeft"] > 0
    assert error.by_blendshape["jawOpen"] == 0


def test_seams_stand_out(clip: SyntheticClip) -> None:
    T = clip.track.T_camera_world.copy()
    T[20:, 0, 3] += 0.003
    broken = replace(clip.track, T_camera_world=T)
    at, elsewhere = seam_jumps_mm(clip.model, clip.rest_m, broken, clip.track, clip.rest_m, (20,))
    assert at == pytest.approx(3, abs=0.01)
    assert elsewhere < 0.01
    difference = track_difference(clip.model, clip.rest_m, clip.track, broken)
    assert difference.landmark_mm == pytest.approx(3, abs=0.01)
    assert difference.rotation_deg < 1e-3


def test_landmark_error_of_known_noise(clip: SyntheticClip) -> None:
    seen = true_landmarks(clip, range(0, 40, 4), sd_px=2.0)
    error = landmark_error(clip, seen)
    # the mean length of a normal vector in the plane
    assert error.px == pytest.approx(2 * np.sqrt(np.pi / 2), rel=0.05)
    assert error.found == 1
    assert landmark_error(clip, true_landmarks(clip, [1, 5])).mm < 1e-3


def test_finished_subjects_are_not_measured_again(tmp_path: Path) -> None:
    asked: list[int] = []

    def measured(seed: int, folder: Path) -> dict[str, int]:
        assert folder.is_dir()
        asked.append(seed)
        return {"seed": seed}

    assert each_subject((1, 2), tmp_path / "work", measured) == [{"seed": 1}, {"seed": 2}]
    assert each_subject((2, 3), tmp_path / "work", measured) == [{"seed": 2}, {"seed": 3}]
    assert asked == [1, 2, 3]
    assert each_subject((3,), None, measured) == [{"seed": 3}]
    assert asked == [1, 2, 3, 3]


def test_page_has_a_table(tmp_path: Path) -> None:
    page = tmp_path / "results/name.md"
    write_page(page, "Title", "command", [markdown(("what", "mm"), [("nose", 1.234), ("chin", 2)])])
    assert page.read_text() == "# Title\n\n`command`\n\n| what | mm |\n| --- | ---: |\n| nose | 1.23 |\n| chin | 2 |\n"
