"""Photos on black, without the background at their edges."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import ndimage

from headsmith.views import HairParams, grow_hair, photo_view
from headsmith.views.photo import foreground


def soft(sitter):
    """The sitter's frame and mattes as a lens sees them: edges mix head and wall."""
    frame, matte = sitter.frames[0], sitter.mattes[0]
    alpha = ndimage.gaussian_filter(matte.head, 1.2)
    wall = frame.image[2, 2].astype(np.float32)
    head = np.where((matte.head > 0.5)[..., None], frame.image, [90, 60, 35]).astype(np.float32)
    mixed = head * alpha[..., None] + wall * (1 - alpha[..., None])
    hair = ndimage.gaussian_filter(matte.hair, 1.2)
    return replace(frame, image=mixed.astype(np.uint8)), replace(matte, head=alpha, hair=hair)


def test_the_wall_does_not_shine_through_the_rim(bob) -> None:
    frame, matte = soft(bob)
    hair = grow_hair(bob.model, bob.fit, (frame,), (matte,), HairParams.draft())
    view = photo_view(bob.model, bob.fit, 0, frame, matte, hair)
    red, green = view.image[..., 0].astype(int), view.image[..., 1].astype(int)
    assert (green <= red + 6).all(), "green is only in the wall"
    assert (frame.image[..., 1].astype(int) > frame.image[..., 0] + 20).any()
    assert not view.image[view.alpha == 0].any()


def test_the_rim_keeps_its_own_brightness(bob) -> None:
    """Composed on black, a hair pixel of coverage a shows a times the hair's colour."""
    frame, matte = soft(bob)
    view = photo_view(bob.model, bob.fit, 0, frame, matte, None)
    top = (view.alpha > 0.3) & (view.alpha < 0.95) & (matte.hair > 0.3)
    ratio = view.image[top] / (np.array([90, 60, 35]) * view.alpha[top][:, None])
    assert abs(np.median(ratio) - 1) < 0.06


def test_only_what_the_model_cannot_explain_is_left_open(bob) -> None:
    frame, matte = bob.frames[0], bob.mattes[0]
    with_hand = matte.head.copy()
    with_hand[200:240, 2:30] = 1
    collar = matte.head.copy()
    collar[265:] = 0
    hair = grow_hair(bob.model, bob.fit, (frame,), (matte,), HairParams.draft())
    plain = photo_view(bob.model, bob.fit, 0, frame, matte, hair)
    assert plain.weight.min() == 1
    np.testing.assert_allclose(plain.alpha, matte.head)
    hand = photo_view(bob.model, bob.fit, 0, frame, replace(matte, head=with_hand), hair)
    assert hand.weight[220, 10] == 0
    assert hand.alpha[220, 10] == 0
    covered = photo_view(bob.model, bob.fit, 0, frame, replace(matte, head=collar), hair)
    hidden = (matte.head > 0.5) & (collar < 0.5)
    assert hidden.any()
    assert covered.weight[hidden].max() == 0
    assert covered.weight[100].min() == 1


def test_the_pose_is_the_fits(bob) -> None:
    view = photo_view(bob.model, bob.fit, 0, bob.frames[0], bob.mattes[0], None)
    assert view.real
    assert view.camera == bob.fit.views[0].camera
    assert view.expression is bob.fit.views[0].expression


def test_a_sharp_picture_without_a_matte_is_left_alone() -> None:
    image = np.random.default_rng(0).integers(0, 255, (12, 14, 3)).astype(np.uint8)
    np.testing.assert_array_equal(foreground(image, np.zeros((12, 14), np.float32), 1.5), image)
    np.testing.assert_array_equal(foreground(image, np.ones((12, 14), np.float32), 1.0), image)


def test_doubt_deep_inside_is_not_transparency(bob) -> None:
    """A matte of 0.7 in the middle of the face: the face stays whole, in its own colours."""
    head = bob.mattes[0].head.copy()
    head[110:150, 120:165] = 0.7
    frame = bob.frames[0]
    view = photo_view(bob.model, bob.fit, 0, frame, replace(bob.mattes[0], head=head), None)
    assert view.alpha[110:150, 120:165].min() == 1
    np.testing.assert_array_equal(view.image[110:150, 120:165], frame.image[110:150, 120:165])
