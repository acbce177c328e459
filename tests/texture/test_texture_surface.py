"""Texels as points of the mesh, and smooth fields on it."""

from __future__ import annotations

import numpy as np

from headsmith.head_model.shading import sample_bilinear
from headsmith.texture.mirror import mirrored_uv
from headsmith.texture.surface import Guide, edges_of, solve_field
from headsmith.texture.uv import fill_between_charts


def test_texels_lie_where_the_uvs_say(subject):
    model, atlas = subject.model, subject.atlas
    uv = (model.uvs[model.uv_faces[atlas.triangle]] * atlas.barycentric[..., None]).sum(1)
    row, column = np.divmod(atlas.texel, atlas.size_px)
    assert np.abs(uv[:, 0] * atlas.size_px - (column + 0.5)).max() < 1e-2
    assert np.abs((1 - uv[:, 1]) * atlas.size_px - (row + 0.5)).max() < 1e-2
    assert np.allclose(atlas.barycentric.sum(1), 1, atol=1e-5)


def test_vertex_means_invert_interpolation_of_smooth_values(subject):
    model, atlas = subject.model, subject.atlas
    mean, weight = atlas.vertex_means(atlas.at(model.v_template), np.ones(len(atlas.texel), np.float32))
    edges = edges_of(model.faces)
    typical_m = np.median(np.linalg.norm(model.v_template[edges[:, 0]] - model.v_template[edges[:, 1]], axis=1))
    error_m = np.linalg.norm(mean - model.v_template, axis=1)[weight > 1]
    assert np.median(error_m) < 0.5 * typical_m


def test_space_between_charts_repeats_the_nearest_texel(subject):
    values = np.ones((len(subject.atlas.texel), 3), np.float32)
    filled = fill_between_charts(subject.atlas.image(values), subject.atlas)
    assert (filled == 1).all()


def test_mirrored_texels_lie_at_mirrored_places(subject):
    model, atlas = subject.model, subject.atlas
    position = atlas.at(model.v_template)
    image = fill_between_charts(atlas.image(position), atlas)
    there = sample_bilinear(image, mirrored_uv(model, atlas))
    head = subject.part("head")
    error_m = np.linalg.norm(there - position * np.array([-1, 1, 1]), axis=1)[head]
    assert np.quantile(error_m, 0.97) < 1e-3


def test_mirrored_texels_on_a_mesh_that_is_not_symmetric(subject):
    from dataclasses import replace

    model, atlas = subject.model, subject.atlas
    broken = replace(model, mirror=np.roll(model.mirror, 1))
    position = atlas.at(model.v_template)
    image = fill_between_charts(atlas.image(position), atlas)
    there = sample_bilinear(image, mirrored_uv(broken, atlas))
    face = subject.part("head") & (atlas.at(model.regions["face"]) > 0.9) & (np.abs(position[:, 0]) > 0.02)
    error_m = np.linalg.norm(there - position * np.array([-1, 1, 1]), axis=1)[face]
    assert np.median(error_m) < 1e-3


def test_a_field_keeps_what_is_observed_and_bridges_the_rest(subject):
    model = subject.model
    ramp = model.v_template[:, :1] * 10
    seen = (np.abs(model.v_template[:, 0]) > 0.05).astype(np.float32)
    field = solve_field(model.faces, ramp * seen[:, None], 1e3 * seen)
    assert np.abs(field - ramp)[seen > 0].max() < 0.05
    assert np.isfinite(field).all()
    assert field.min() > ramp.min() - 0.05
    assert field.max() < ramp.max() + 0.05


def test_a_guide_hands_on_its_differences(subject):
    model = subject.model
    wanted = np.sin(40 * model.v_template[:, 1:2])
    seen = (model.v_template[:, 0] > 0).astype(np.float32)
    guide = Guide(wanted + 5, np.ones(len(wanted), np.float32))
    field = solve_field(model.faces, wanted * seen[:, None], 10 * seen, guide)
    head = np.unique(model.faces[model.faces_of("head")])
    assert np.abs(field - wanted)[head].max() < 0.05
