from __future__ import annotations

import numpy as np

from headsmith.types import Landmarks
from headsmith.views import doubt_mouth, photo_view
from headsmith.views.mouth import INNER_LIPS


def seen_landmarks(bob, opening_px: float) -> Landmarks:
    """The fitted head's own landmarks, but the inner lips parted by `opening_px`."""
    fit, model = bob.fit, bob.model
    view = fit.views[0]
    posed = model.pose(model.rest_vertices(fit.identity, fit.offsets_m), view.expression, view.joint_rotations)
    points = view.camera.project(model.landmarks(posed))[0].astype(np.float32)
    corner, rim = points[list(INNER_LIPS)].mean(0), list(INNER_LIPS)
    upper = np.array([78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308])
    points[rim, 1] = corner[1]
    points[upper[2:-2], 1] -= opening_px / 2
    points[[324, 318, 402, 317, 14, 87, 178, 88], 1] += opening_px / 2
    empty = np.zeros(478, np.float32)
    return Landmarks(points, empty, np.zeros(52, np.float32), np.eye(4, dtype=np.float32))


def test_teeth_in_the_photo_are_not_learnt_by_closed_lips(bob) -> None:
    view = photo_view(bob.model, bob.fit, 0, bob.frames[0], bob.mattes[0], None)
    closed, opened = (doubt_mouth(view, bob.model, bob.fit, seen_landmarks(bob, px)) for px in (0.0, 12.0))
    lost = (view.weight > 0) & (opened.weight == 0)
    assert lost.sum() > 2 * ((view.weight > 0) & (closed.weight == 0)).sum()
    landmarks = seen_landmarks(bob, 12.0).points_px
    x, y = landmarks[list(INNER_LIPS)].mean(0).astype(int)
    assert opened.weight[y + 3, x] == 0
    assert opened.weight[y - 40, x] == view.weight[y - 40, x]


def test_only_the_weight_changes(bob) -> None:
    view = photo_view(bob.model, bob.fit, 0, bob.frames[0], bob.mattes[0], None)
    doubted = doubt_mouth(view, bob.model, bob.fit, seen_landmarks(bob, 12.0))
    np.testing.assert_array_equal(doubted.image, view.image)
    np.testing.assert_array_equal(doubted.alpha, view.alpha)
    assert (doubted.weight <= view.weight).all()
