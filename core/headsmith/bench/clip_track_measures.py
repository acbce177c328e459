"""How far a track is from the truth, and from another track: millimetres, degrees and weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headsmith.head_model.model import HeadModel
from headsmith.types import F32, HeadTrack
from headsmith.views.skull import move, rigid_between, scalp_vertices

MM = 1000.0
KNOWN_LANDMARK = 0.3
"""landmarks whose weight on the mesh is less are not measured"""
GAZE = "eyeLook"
"""blendshapes that eye joints can replace"""


@dataclass(frozen=True)
class Posed:
    """A head in the frames of a clip, in camera space; N frames."""

    landmarks_m: F32
    """[N, L, 3]"""
    R_skull: F32
    """[N, 3, 3] from the rest pose"""
    T_skull: F32
    """[N, 4, 4] the same with its place"""
    gaze: F32
    """[N, 2, 3] unit, where the left and the right eye look, in the skull's frame"""


@dataclass(frozen=True)
class TrackError:
    """Means over the frames where the face was tracked."""

    landmark_mm: float
    """as they lie in camera space, nothing aligned"""
    landmark_in_head_mm: float
    """after the skull of each frame was put where it truly is: the error of shape and expression"""
    landmark_aligned_mm: float
    """after the best rigid alignment of each frame's landmarks"""
    landmark_px: float
    """as the camera sees them"""
    rotation_deg: float
    turn_deg: float
    """rotation relative to the clip's mean: without what two heads' rest poses differ by"""
    place_mm: float
    """of the skull's origin"""
    depth_mm: float
    """the part of it along the camera's axis"""
    weight: float
    """mean absolute error of all blendshape weights"""
    weight_without_gaze: float
    weight_active: float
    """of the weights that are truly above 0.1"""
    by_blendshape: dict[str, float]
    gaze_deg: float
    jitter_mm: float
    """mean second difference of the landmarks' errors from frame to frame"""
    blink_peaks: tuple[float, ...]
    """at each true blink, the greatest tracked weight of `eyeBlink` within a frame of the shut eye"""
    blink_shift_frames: float
    """mean distance in time of the tracked from the true closing"""


def posed(model: HeadModel, rest_m: F32, track: HeadTrack) -> Posed:
    """All frames of a track, of the head with rest vertices [V, 3]."""
    scalp, known = scalp_vertices(model), model.landmark_weight > KNOWN_LANDMARK
    eyes = [np.unique(model.faces[model.faces_of(part)]) for part in ("eye_left", "eye_right")]
    landmarks, skulls, gazes = [], [], []
    for k in range(len(track.index)):
        vertices = model.pose(rest_m, track.expression[k], track.joint_rotations[k]).astype(np.float32)
        skull = rigid_between(rest_m[scalp], vertices[scalp])
        in_skull = move(np.linalg.inv(skull), vertices)
        gazes.append([rigid_between(rest_m[eye], in_skull[eye])[:3, 2] for eye in eyes])
        landmarks.append(move(track.T_camera_world[k], model.landmarks(vertices)[known]))
        skulls.append(track.T_camera_world[k].astype(np.float64) @ skull)
    T = np.stack(skulls)
    return Posed(np.stack(landmarks), T[:, :3, :3], T, np.array(gazes))


def track_error(
    model: HeadModel,
    true_rest_m: F32,
    truth: HeadTrack,
    rest_m: F32,
    track: HeadTrack,
    own: HeadModel | None = None,
) -> TrackError:
    """Of a track of the head with rest vertices `rest_m` [V, 3], and its `own` expressions if the model's are not its
    own; `truth` has every frame of the clip."""
    track = rows_of_track(track, np.flatnonzero(track.tracked))
    truth = rows_of_track(truth, np.searchsorted(truth.index, track.index))
    a, b = posed(model, true_rest_m, truth), posed(own or model, rest_m, track)
    error = b.landmarks_m - a.landmarks_m
    back = a.T_skull @ np.linalg.inv(b.T_skull)
    in_head = np.stack([move(back[k], b.landmarks_m[k]) for k in range(len(back))]) - a.landmarks_m
    aligned = [move(rigid_between(y, x), y) - x for x, y in zip(a.landmarks_m, b.landmarks_m, strict=True)]
    pixels = np.linalg.norm(camera_px(track, b.landmarks_m) - camera_px(truth, a.landmarks_m), axis=-1)
    weights = np.abs(track.expression - truth.expression)
    names = model.expression_names
    plain = np.array([not name.startswith(GAZE) for name in names])
    active = truth.expression > 0.1
    cosine = (a.gaze * b.gaze).sum(-1)
    place = (b.T_skull - a.T_skull)[:, :3, 3]
    peaks, shift = _blinks(model, truth, track)
    return TrackError(
        landmark_mm=_mean_length(error), landmark_in_head_mm=_mean_length(in_head),
        landmark_aligned_mm=_mean_length(np.stack(aligned)), landmark_px=float(pixels.mean()),
        rotation_deg=angle_deg(a.R_skull, b.R_skull), turn_deg=_turn_deg(a.R_skull, b.R_skull),
        place_mm=_mean_length(place), depth_mm=float(np.abs(place[:, 2]).mean() * MM),
        weight=float(weights.mean()), weight_without_gaze=float(weights[:, plain].mean()),
        weight_active=float(weights[active].mean()) if active.any() else 0.0,
        by_blendshape={name: float(w) for name, w in zip(names, weights.mean(0), strict=True)},
        gaze_deg=float(np.degrees(np.arccos(np.clip(cosine, -1, 1))).mean()),
        jitter_mm=_mean_length(error[2:] - 2 * error[1:-1] + error[:-2]) if len(error) > 2 else 0.0,
        blink_peaks=peaks, blink_shift_frames=shift,
    )  # fmt: skip


@dataclass(frozen=True)
class TrackDifference:
    """Between two tracks of one clip and one head: greatest over the frames."""

    landmark_mm: float
    rotation_deg: float
    weight: float


def track_difference(model: HeadModel, rest_m: F32, first: HeadTrack, second: HeadTrack) -> TrackDifference:
    a, b = posed(model, rest_m, first), posed(model, rest_m, second)
    turns = [angle_deg(x[None], y[None]) for x, y in zip(a.R_skull, b.R_skull, strict=True)]
    distance = np.linalg.norm(a.landmarks_m - b.landmarks_m, axis=2).mean(1)
    weight = np.abs(first.expression - second.expression).max()
    return TrackDifference(float(distance.max() * MM), float(max(turns)), float(weight))


def seam_jumps_mm(model: HeadModel, rest_m: F32, track: HeadTrack, truth: HeadTrack, true_rest_m: F32,
                  seams: tuple[int, ...]) -> tuple[float, float]:  # fmt: skip
    """Mean change of the landmarks' errors from a frame to the next: over the seams, and over all other frames.

    A seam is the row at which another chunk begins.
    """
    truth = rows_of_track(truth, np.searchsorted(truth.index, track.index))
    error = posed(model, rest_m, track).landmarks_m - posed(model, true_rest_m, truth).landmarks_m
    step = np.linalg.norm(np.diff(error, axis=0), axis=2).mean(1) * MM
    at = np.isin(np.arange(1, len(error)), seams)
    return float(step[at].mean()) if at.any() else 0.0, float(step[~at].mean())


def rows_of_track(track: HeadTrack, rows: NDArray[np.integer[Any]]) -> HeadTrack:
    """Some frames of a track."""
    return HeadTrack(track.info, track.index[rows], track.tracked[rows], track.camera, track.T_camera_world[rows],
                     track.expression[rows], track.joint_rotations[rows], track.error[rows])  # fmt: skip


def camera_px(track: HeadTrack, points_m: F32) -> F32:
    """[..., 2] pixels of points [..., 3] in camera space."""
    return points_m[..., :2] / points_m[..., 2:] * track.camera.focal_px + np.asarray(track.camera.principal_px)


def angle_deg(a: F32, b: F32) -> float:
    """Mean angle between rotations [N, 3, 3]."""
    # the chord keeps small angles, which the trace loses to rounding
    chord = np.linalg.norm(a - b, axis=(1, 2)) / np.sqrt(8)
    return float(np.degrees(2 * np.arcsin(np.minimum(chord, 1))).mean())


def _turn_deg(a: F32, b: F32) -> float:
    """`angle_deg` after the one rotation of the head's own axes that brings all frames nearest."""
    U, _, Vt = np.linalg.svd(np.einsum("nji,njk->ik", b, a))
    sign = np.diag([1, 1, np.sign(np.linalg.det(U @ Vt))])
    return angle_deg(a, b @ (U @ sign @ Vt))


def _blinks(model: HeadModel, truth: HeadTrack, track: HeadTrack) -> tuple[tuple[float, ...], float]:
    rows = [model.expression_names.index(f"eyeBlink{side}") for side in ("Left", "Right")]
    true, seen = truth.expression[:, rows].mean(1), track.expression[:, rows].mean(1)
    shut = true > 0.6
    starts = np.flatnonzero(shut & ~np.r_[False, shut[:-1]])
    peaks, shifts = [], []
    for start in starts:
        stop = start + int(np.argmin(np.r_[shut[start:], False]))
        low, high = max(0, start - 1), stop + 1
        peaks.append(float(seen[low:high].max()))
        wide = slice(max(0, start - 3), stop + 3)
        centre = [float((np.arange(len(x)) * x).sum() / max(x.sum(), 1e-6)) for x in (true[wide] ** 2, seen[wide] ** 2)]
        shifts.append(abs(centre[0] - centre[1]))
    return tuple(peaks), float(np.mean(shifts)) if shifts else 0.0


def _mean_length(vectors_m: F32) -> float:
    return float(np.linalg.norm(vectors_m, axis=-1).mean() * MM)
