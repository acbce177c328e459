"""Which frames of a clip to learn from: sharp ones that nothing covers, spread over poses or over expressions.

Everything is decided by farthest-point sampling (Gonzalez, Clustering to minimize the maximum intercluster distance,
1985): each next frame is the one most unlike all that are chosen already. No chance is involved.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from headsmith.asset.arkit import ARKIT_52
from headsmith.types import F32, Bool, ClipLandmarks

MOST_OCCLUDED = 0.1
# of the median of the frames around in pose
LEAST_SHARP = 0.7
POSE_NEIGHBOURS = 31
BLINKING = 0.5
# what one unit of a score's distance from neutral costs, in units of sharpness relative to the neighbours'
SMILE_COST, OCCLUSION_COST = 0.3, 1.0
# a turn of half a radian counts as much as one expression fully on
POSE_WEIGHT = 2.0
GAZE = np.array(["eyeLook" in name for name in ARKIT_52])
BLINK = np.array(["eyeBlink" in name for name in ARKIT_52])
GAZE_WEIGHT = 0.5
Y, Z = 1, 2


def key_frames(seen: ClipLandmarks, count: int = 18) -> tuple[int, ...]:
    """Rows of `seen`, at most `count`, in the order of time, for a still head that turns: the frames are parted by
    yaw and pitch, and of each part the sharpest is taken, with a face at rest where there is a choice. Blinks are left
    out if there are enough other frames."""
    rows = _usable(seen, np.flatnonzero(seen.found), count)
    awake = rows[seen.scores[rows][:, BLINK].max(1, initial=0) <= BLINKING]
    rows = awake if len(awake) >= count else rows
    if not len(rows):
        return ()
    pose = pose_rad(seen.T_face[rows])
    worth = _worth(seen, rows, pose)
    resting = np.array([float(seen.scores[row][~GAZE].sum()) for row in rows])
    worth = worth - SMILE_COST * resting / max(1.0, float(resting.max(initial=0)))
    start = int((np.linalg.norm(pose - np.median(pose, 0), axis=1) - 0.1 * worth).argmin())
    centres = _farthest(pose, np.ones(len(rows)), start, count)
    part = np.linalg.norm(pose[:, None] - pose[centres], axis=-1).argmin(1)
    best = [np.flatnonzero(part == k)[worth[part == k].argmax()] for k in np.unique(part)]
    return tuple(sorted(int(rows[i]) for i in best))


def expressive_frames(seen: ClipLandmarks, rows: Sequence[int], count: int) -> tuple[int, ...]:
    """At most `count` of those rows of `seen`, in the order of time: the ones whose expressions and poses differ
    most, starting with the one most at rest."""
    allowed = np.array([row for row in rows if seen.found[row]], np.int64)
    good = _usable(seen, allowed, count)
    if not len(good):
        return ()
    pose = pose_rad(seen.T_face[good])
    scores = seen.scores[good] * np.where(GAZE, GAZE_WEIGHT, 1.0)
    features = np.concatenate([scores, POSE_WEIGHT * pose], 1)
    sharper = np.clip(_worth(seen, good, pose), 0.5, 1.5)
    start = int(np.linalg.norm(np.concatenate([scores, pose - np.median(pose, 0)], 1), axis=1).argmin())
    return tuple(sorted(int(good[i]) for i in _farthest(features, sharper, start, count)))


def pose_rad(T_face: F32) -> F32:
    """[N, 2] yaw (positive: the face turns to the picture's right) and pitch (positive: upwards) of MediaPipe's
    matrices [N, 4, 4]."""
    forward = T_face[:, :3, Z] / np.maximum(np.linalg.norm(T_face[:, :3, Z], axis=1, keepdims=True), 1e-9)
    return np.stack([np.arctan2(forward[:, 0], forward[:, 2]), np.arcsin(np.clip(forward[:, Y], -1, 1))], 1)


def _usable(seen: ClipLandmarks, rows: np.ndarray, count: int) -> np.ndarray:
    """Those that are uncovered and sharp for their pose; if they are fewer than `count`, the least covered ones."""
    if not len(rows):
        return rows
    clear = rows[seen.occluded[rows] <= MOST_OCCLUDED]
    if len(clear) < count:
        clear = np.sort(rows[np.argsort(seen.occluded[rows], kind="stable")[:count]])
    sharp = clear[_sharp(seen, clear)]
    return sharp if len(sharp) >= count else clear


def _sharp(seen: ClipLandmarks, rows: np.ndarray) -> Bool:
    return _relative_sharpness(seen, rows, pose_rad(seen.T_face[rows])) >= LEAST_SHARP


def _worth(seen: ClipLandmarks, rows: np.ndarray, pose: F32) -> F32:
    """About 1: sharpness for the pose, less what is covered."""
    return _relative_sharpness(seen, rows, pose) - OCCLUSION_COST * seen.occluded[rows]


def _relative_sharpness(seen: ClipLandmarks, rows: np.ndarray, pose: F32) -> F32:
    """[n] by the median of the frames nearest in pose: a face from the side shows less detail than one from the
    front."""
    sharpness = seen.sharpness[rows]
    if len(rows) <= 1:
        return np.ones(len(rows))
    near = min(POSE_NEIGHBOURS, len(rows))
    usual = [np.median(sharpness[np.argpartition(((pose - p) ** 2).sum(1), near - 1)[:near]]) for p in pose]
    return sharpness / np.maximum(usual, 1e-9)


def _farthest(points: F32, weights: F32, start: int, count: int) -> list[int]:
    """At most `count` numbers of points [n, D], of which there is one or more, from `start` on: each next one has the
    largest distance from those before, times its weight [n]."""
    chosen = [start]
    distance = np.linalg.norm(points - points[start], axis=1)
    while len(chosen) < min(count, len(points)):
        value = distance * weights
        value[chosen] = -1.0
        chosen.append(int(value.argmax()))
        distance = np.minimum(distance, np.linalg.norm(points - points[chosen[-1]], axis=1))
    return chosen
