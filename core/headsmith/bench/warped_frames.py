"""What pictures alone could do: of the frames that a build learnt from, the one that comes nearest to a held-out frame
when it is bent and relit to match it.

The truth itself says how to bend it, which no avatar is told. Where even that is far from the frame, the frame shows
what the learnt part of the clip does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter, map_coordinates

from headsmith.evaluation.clip import Comparison, uncovered
from headsmith.evaluation.frames import Compared
from headsmith.evaluation.results import FrameScores
from headsmith.evaluation.scores import scores_of
from headsmith.metrics import psnr
from headsmith.pipeline.clips import close_ups, learnt_rows
from headsmith.track.evidence import spread_over
from headsmith.types import F32, U8, Bool

FORM = "learnt frame, warped"
ROUNDS = 2
SMOOTH_PX = 4.0
"""standard deviation of the flow's own blur: more would not reach lips and lids, less would paint"""
RELIT = 0.15
"""standard deviation of the light's blur, in sides of a square as large as the face"""


def learnt_pictures(comparison: Comparison, hold_out: float, count: int) -> list[U8]:
    """Close-ups of at most `count` frames before the held-out end, evenly spread, in which nothing covers the face."""
    followed = comparison.followed
    watched = followed.watched
    free = [row for row in learnt_rows(watched.seen, hold_out) if uncovered(followed, row)]
    chosen = [int(row) for row in spread_over(np.array(free), count)]
    return [close_up.frames[0].image for close_up in close_ups(watched, chosen, comparison.longest_px)]


def with_reference(compared: Compared, learnt: Sequence[U8]) -> FrameScores:
    """The frame's figures, and beside its forms' those of the learnt picture that comes nearest on the face."""
    picture, masks = compared.picture.astype(np.float32) / 255, compared.masks
    scores = scores_of({FORM: nearest(picture, masks["face"], learnt)}, picture, masks)
    return replace(compared.result, scores={**compared.result.scores, **scores})


def nearest(picture: F32, face: Bool, learnt: Sequence[U8]) -> F32:
    """[H, W, 3] sRGB 0..1: of `learnt` the picture that, matched, is most like `picture` where `face` is."""
    height, width = picture.shape[:2]
    resized = (Image.fromarray(other).resize((width, height), Image.Resampling.LANCZOS) for other in learnt)
    tries = [matched(np.asarray(other, np.float32) / 255, picture, face) for other in resized]
    return max(tries, key=lambda one: psnr(one, picture, face))


def matched(other: F32, picture: F32, face: Bool) -> F32:
    """`other` bent by dense optical flow (Kroeger et al. 2016) and relit by a smooth difference, to match `picture`."""
    for _ in range(ROUNDS):
        other = _bent(other, _flow(picture, other))
    sigma = RELIT * float(np.sqrt(face.sum()))
    share = gaussian_filter(face.astype(np.float32), sigma)[..., None] + 1e-4
    difference = (picture - other) * face[..., None]
    return np.clip(other + gaussian_filter(difference, (sigma, sigma, 0)) / share, 0, 1)


def _flow(to: F32, of: F32) -> F32:
    """[H, W, 2] right and down, from the pixels of `to` to where `of` shows the same."""
    grey = [np.round(255 * image.mean(-1)).astype(np.uint8) for image in (to, of)]
    # OpenCV's type stubs know none of its flows
    dis = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)  # type: ignore[attr-defined]
    flow = dis.calc(grey[0], grey[1], None)
    return gaussian_filter(flow, (SMOOTH_PX, SMOOTH_PX, 0))


def _bent(image: F32, flow: F32) -> F32:
    rows, columns = np.indices(image.shape[:2], dtype=np.float32)
    place = [rows + flow[..., 1], columns + flow[..., 0]]
    return np.stack([map_coordinates(image[..., c], place, order=1, mode="nearest") for c in range(3)], -1)
