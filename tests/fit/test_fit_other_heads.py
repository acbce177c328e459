"""Heads without ARKit's blendshapes, with a jaw that turns or with no jaw at all."""

from dataclasses import replace

import numpy as np
import pytest

from headsmith.fit import fit_head
from headsmith.head_model.expression_prior import expression_mean
from headsmith.head_model.landmark_sets import inter_ocular_px

COEFFICIENTS = 40


@pytest.fixture(scope="module")
def coefficient_model(model):
    """The default head with principal components of its blendshapes, each scaled to half of its greatest weight."""
    flat = model.exprdirs.reshape(-1, model.exprdirs.shape[2])
    _, _, Vt = np.linalg.svd(flat, full_matrices=False)
    directions = (flat @ Vt[:COEFFICIENTS].T * 0.5).reshape(*model.v_template.shape, COEFFICIENTS)
    names = tuple(f"expression_{i:03d}" for i in range(COEFFICIENTS))
    return replace(model, exprdirs=directions.astype(np.float32), expression_names=names)


def _without_jaw(model):
    keep = [0, 1, 3, 4]
    weights = model.weights.copy()
    weights[:, 1] += weights[:, 2]
    return replace(
        model,
        weights=weights[:, keep],
        J_regressor=model.J_regressor[keep],
        parents=np.array([-1, 0, 1, 1], np.int32),
        joint_names=tuple(model.joint_names[j] for j in keep),
    )


@pytest.mark.parametrize("jaw", [True, False])
def test_landmarks_are_met(coefficient_model, make_person, jaw):
    head = coefficient_model if jaw else _without_jaw(coefficient_model)
    person = make_person(seed=6, smile=0.5)
    fit = fit_head(head, person.frames, person.landmarks, person.mattes)
    view, seen = fit.views[0], person.landmarks[0]
    rest = head.rest_vertices(fit.identity, fit.offsets_m)
    px, _ = view.camera.project(head.landmarks(head.pose(rest, view.expression, view.joint_rotations)))
    assert np.linalg.norm(px - seen.points_px, axis=1).mean() < 0.015 * inter_ocular_px(seen.points_px)
    assert view.expression.shape == (COEFFICIENTS,)
    assert view.joint_rotations.shape == (5 if jaw else 4, 3)


def test_scores_become_coefficients_that_move_the_face_alike(model, coefficient_model):
    scores = np.zeros(52, np.float32)
    scores[23:25] = 0.8
    found = coefficient_model.exprdirs @ expression_mean(coefficient_model, scores)
    wanted = np.tensordot(scores, model.arkit, 1)
    rows = np.unique(model.faces[model.landmark_triangle])
    assert np.linalg.norm((found - wanted)[rows]) < 0.25 * np.linalg.norm(wanted[rows])
