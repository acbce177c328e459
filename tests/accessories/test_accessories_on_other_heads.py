"""Accessories on people that differ, and on heads of other topologies."""

from __future__ import annotations

import numpy as np
import pytest
from tests.head_model.model_files import remesh

from headsmith.accessories import KINDS, Anchors, default_params, fit_accessory, measure_head
from headsmith.accessories.geometry import nearest
from headsmith.asset import HeadMesh, Rig
from headsmith.head_model.default import load_default_head
from headsmith.head_model.model import HeadModel

BALD = np.zeros((0, 3), np.float32)


def measured(model: HeadModel, identity: np.ndarray) -> Anchors:
    vertices = model.rest_vertices(identity).astype(np.float32)
    head = HeadMesh("", "", vertices, model.faces, model.uvs, model.uv_faces, model.part_names, model.face_part,
                    model.regions)  # fmt: skip
    return measure_head(head, Rig(model.joint_names, model.parents, model.joints(vertices), model.weights), BALD)


def check_all_fit(head: Anchors) -> None:
    for kind, entry in KINDS.items():
        for style in entry.styles:
            mesh = fit_accessory(head, kind, default_params(kind, style))
            distance = nearest(head.skin, mesh.vertices).distance_m
            if kind == "earrings":
                away = np.min([np.linalg.norm(mesh.vertices - ear.lobe_m, axis=1) for ear in head.ears], axis=0)
                assert distance[away > 0.012].min(initial=1) > -0.003, style
            else:
                assert distance.min() > -0.001, style


@pytest.mark.parametrize("seed", range(3))
def test_on_anyone(seed: int) -> None:
    model = load_default_head()
    identity = np.random.default_rng(seed).normal(0, 1, model.shapedirs.shape[2]).astype(np.float32)
    head = measured(model, identity)
    assert 0.48 < head.skull_circumference_m < 0.68
    assert head.joint == "neck"
    check_all_fit(head)


def test_on_other_topology() -> None:
    """FLAME's counts, skin and eyes only, and the origin elsewhere."""
    model = load_default_head()
    mesh = remesh(5023, 9976)
    part = np.zeros(len(model.v_template), np.int32)
    part[model.faces] = model.face_part[:, None]
    shift = np.array([0.0, -0.02, 0.03])
    regions = {name: mesh.apply(values) for name, values in model.regions.items()}
    head = HeadMesh("", "", (mesh.apply(model.v_template) + shift).astype(np.float32), mesh.faces.astype(np.int32),
                    model.uvs, model.uv_faces, model.part_names, part[mesh.sources[mesh.faces[:, 0], 0]],
                    regions)  # fmt: skip
    joints = model.joints(model.v_template) + shift
    found = measure_head(head, Rig(model.joint_names, model.parents, joints, mesh.apply(model.weights)), BALD)
    expected = measured(model, np.zeros(1, np.float32))
    for name, anchor in expected.points.items():
        assert np.allclose(found.at(name).position_m, anchor.position_m + shift, atol=0.003)
    check_all_fit(found)
