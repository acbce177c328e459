"""A known head, found in pictures that it was not fitted to."""

from collections.abc import Callable

import numpy as np

from headsmith.fit import pose_head
from headsmith.head_model.model import HeadModel
from headsmith.types import HeadFit


def test_a_known_head_is_posed_as_in_a_further_photo(model: HeadModel, make_person: Callable) -> None:
    person = make_person(3, views=2, smile=0.6)
    # the same head told as offsets: who the head is must come from both
    head = HeadFit(0.5 * person.identity, (person.rest_m - model.rest_vertices(0.5 * person.identity)), ())
    views = pose_head(model, head, person.frames, person.landmarks, person.mattes)
    for view, camera, expression in zip(views, person.cameras, person.expressions, strict=True):
        points = model.landmarks(model.pose(person.rest_m, view.expression, view.joint_rotations))
        truth = model.landmarks(model.pose(person.rest_m, expression, np.zeros_like(view.joint_rotations)))
        error_px = np.linalg.norm(view.camera.project(points)[0] - camera.project(truth)[0], axis=1)
        assert error_px.mean() < 1.0
        turn = view.camera.T_camera_world[:3, :3] @ camera.T_camera_world[:3, :3].T
        assert np.degrees(np.arccos(np.clip((np.trace(turn) - 1) / 2, -1, 1))) < 1.0


def test_another_head_fits_worse(model: HeadModel, make_person: Callable) -> None:
    person, other = make_person(3), make_person(4)
    errors = []
    for identity in (person.identity, other.identity):
        head = HeadFit(identity, np.zeros_like(person.rest_m), ())
        (view,) = pose_head(model, head, person.frames, person.landmarks, person.mattes)
        rest = model.rest_vertices(identity)
        points = model.landmarks(model.pose(rest, view.expression, view.joint_rotations))
        errors.append(np.linalg.norm(view.camera.project(points)[0] - person.landmarks[0].points_px, axis=1).mean())
    assert errors[0] < 0.7 * errors[1]
