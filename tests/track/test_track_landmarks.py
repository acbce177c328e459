"""Tracking by landmarks alone, of a head whose every pose is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.track.performance import FOCAL_PX, GreyClip, Performance, head_directions, posed_landmarks

from headsmith.asset.quaternions import matrices_from_quaternions
from headsmith.errors import InputError
from headsmith.pipeline.clips import part_of
from headsmith.track import ChunkParams, TrackParams, motion_of, track_head
from headsmith.types import ClipLandmarks, HeadTrack


def track(performance: Performance, seen: ClipLandmarks, params: TrackParams | None = None) -> HeadTrack:
    params = replace(params or TrackParams(), focal_px=FOCAL_PX)
    return track_head(performance.model, performance.fit, seen, GreyClip(seen.info), None, params)


def turn_deg(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.degrees(np.arccos(np.clip((np.einsum("tij,tij->t", a, b) - 1) / 2, -1, 1)))


def test_head_turns_as_it_did(performance: Performance, tracked: HeadTrack) -> None:
    true = performance.T_camera_world[:, :3, :3]
    assert turn_deg(head_directions(performance.model, tracked), true).mean() < 0.5


def test_landmarks_lie_where_they_were(performance: Performance, tracked: HeadTrack) -> None:
    p, T = performance, tracked
    true = posed_landmarks(p.model, p.fit, (p.expression, p.joint_rotations, p.T_camera_world))
    found = posed_landmarks(p.model, p.fit, (T.expression, T.joint_rotations, T.T_camera_world))
    # landmarks leave the distance open, by as much for every point
    found = found * (true[..., 2].mean(1) / found[..., 2].mean(1))[:, None, None]
    assert np.linalg.norm(found - true, axis=-1).mean() < 1.0e-3
    assert tracked.error.max() < 0.01


def test_weights_and_blinks(performance: Performance, tracked: HeadTrack) -> None:
    names = performance.model.expression_names
    assert np.abs(tracked.expression - performance.expression).mean() < 0.05
    for name in ("eyeBlinkLeft", "eyeBlinkRight"):
        found, true = tracked.expression[:, names.index(name)], performance.expression[:, names.index(name)]
        assert found.argmax() == true.argmax()
        assert found.max() > 0.7


def test_eyes_follow_the_irises(performance: Performance, tracked: HeadTrack) -> None:
    names = performance.model.expression_names
    gaze = [names.index(f"eyeLook{way}{side}") for way in ("In", "Out") for side in ("Left", "Right")]
    assert np.abs(tracked.expression[:, gaze] - performance.expression[:, gaze]).mean() < 0.08


def test_frames_without_a_face_lie_between_their_neighbours(performance: Performance, tracked: HeadTrack) -> None:
    found = performance.seen.found.copy()
    found[[0, 20, 21]] = False
    with_gaps = track(performance, replace(performance.seen, found=found))
    assert with_gaps.tracked.tolist() == found.tolist()
    assert np.all(with_gaps.error[~found] == 0)
    assert np.allclose(with_gaps.T_camera_world[0], with_gaps.T_camera_world[1], atol=1e-3)
    directions = (head_directions(performance.model, t) for t in (with_gaps, tracked))
    assert turn_deg(*directions)[20:22].max() < 2


def test_covered_frames_bow_to_their_neighbours(performance: Performance, tracked: HeadTrack) -> None:
    points, occluded = performance.seen.points_px.copy(), performance.seen.occluded.copy()
    points[30, :, 0] += 12
    occluded[30] = 1
    fooled = track(performance, replace(performance.seen, points_px=points))
    warned = track(performance, replace(performance.seen, points_px=points, occluded=occluded))
    way = [np.linalg.norm(t.T_camera_world[30, :3, 3] - tracked.T_camera_world[30, :3, 3]) for t in (fooled, warned)]
    assert way[1] < way[0] / 2


def test_processes_change_nothing_and_tell_progress(performance: Performance) -> None:
    told: list[float] = []
    params = TrackParams(chunk=ChunkParams(frames=16, overlap=4))
    one = track(performance, performance.seen, params)
    two = track_head(performance.model, performance.fit, performance.seen, GreyClip(performance.seen.info), None,
                     replace(params, workers=2, focal_px=FOCAL_PX), told.append)  # fmt: skip
    assert np.allclose(one.expression, two.expression, atol=1e-5)
    assert np.allclose(one.T_camera_world, two.T_camera_world, atol=1e-6)
    assert told == sorted(told)
    assert told[-1] == 1
    assert len(told) > 3


def test_seams_agree(performance: Performance, tracked: HeadTrack) -> None:
    parts = track(performance, performance.seen, TrackParams(chunk=ChunkParams(frames=15, overlap=5)))
    assert np.abs(parts.expression - tracked.expression).max() < 0.03
    assert np.abs(parts.T_camera_world - tracked.T_camera_world).max() < 2e-3


def test_focal_length_is_doubted_when_it_is_far_off(performance: Performance) -> None:
    few = part_of(performance.seen, range(0, 40, 4))
    for given, least, most in ((FOCAL_PX, 0.99, 1.01), (FOCAL_PX / 2, 0.7, 1.5)):
        seen = replace(few, info=replace(few.info, focal_px=given))
        found = track_head(performance.model, performance.fit, seen, GreyClip(seen.info))
        assert least < found.camera.focal_px / FOCAL_PX < most


def test_clip_without_a_face_is_the_users_mistake(performance: Performance) -> None:
    with pytest.raises(InputError, match=r"talk\.mp4: found no face"):
        track(performance, replace(performance.seen, found=np.zeros_like(performance.seen.found)))


def test_one_frame_is_a_clip(performance: Performance) -> None:
    one = track(performance, part_of(performance.seen, [7]))
    assert len(one.index) == 1
    assert np.linalg.norm(one.T_camera_world[0, :3, 3] - performance.T_camera_world[7, :3, 3]) < 0.02
    assert motion_of(performance.model, one, "talk.mp4").fps == pytest.approx(25)


def test_motion_is_even_and_turns_the_neck(performance: Performance, tracked: HeadTrack) -> None:
    motion = motion_of(performance.model, tracked, "talk.mp4")
    neck = motion.joint_names.index("neck")
    assert motion.fps == pytest.approx(25)
    assert motion.weights.shape == tracked.expression.shape
    assert np.allclose(np.linalg.norm(motion.joint_rotations_wxyz, axis=-1), 1, atol=1e-5)
    true = performance.T_camera_world[:, :3, :3]
    between = matrices_from_quaternions(motion.joint_rotations_wxyz[:, neck])
    assert turn_deg(between[0].T @ between, true[0].T @ true).mean() < 1


def test_heads_with_coefficients_turn_eyes_by_joints(performance: Performance) -> None:
    model = performance.model
    flat = model.exprdirs.reshape(-1, model.exprdirs.shape[2])
    _, _, Vt = np.linalg.svd(flat, full_matrices=False)
    directions = (flat @ Vt[:30].T * 0.5).reshape(*model.v_template.shape, 30).astype(np.float32)
    other = replace(model, exprdirs=directions, expression_names=tuple(f"expression_{i:03d}" for i in range(30)))
    seen = part_of(performance.seen, range(0, 30, 2))
    found = track_head(other, performance.fit, seen, GreyClip(seen.info), None, TrackParams(focal_px=FOCAL_PX))
    assert found.expression.shape == (15, 30)
    assert found.error.mean() < 0.01
    assert np.abs(found.joint_rotations[:, other.joint_names.index("jaw")]).max() > 1e-3
    true = posed_landmarks(model, performance.fit, (performance.expression[0:30:2], performance.joint_rotations[0:30:2],
                                                    performance.T_camera_world[0:30:2]))  # fmt: skip
    state = found.expression, found.joint_rotations, found.T_camera_world
    assert (
        np.linalg.norm(posed_landmarks(other, performance.fit, state)[..., :2] - true[..., :2], axis=-1).mean() < 2e-3
    )
    assert motion_of(other, found, "talk.mp4").blendshape_names == other.expression_names
