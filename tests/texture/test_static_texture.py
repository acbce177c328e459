"""Whole textures of a subject whose skin and light are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from headsmith.head_model.shading import render_textured, sample_bilinear, sh_basis
from headsmith.texture import TextureParams, make_texture
from headsmith.types import StaticTexture

PARAMS = TextureParams(size_px=512, analysis_px=512)


@pytest.fixture(scope="module")
def made(subject, light) -> StaticTexture:
    frame, mattes, view = subject.shoot(0.3, light)
    return make_texture(subject.model, subject.fit(view), [frame], [mattes], PARAMS)


@pytest.fixture(scope="module")
def texels(subject, made):
    """[N, 3] sRGB 0..1."""
    return made.albedo.reshape(-1, 3)[subject.atlas.texel] / 255


def test_types_and_sizes(made):
    assert made.albedo.shape == (512, 512, 3)
    assert made.albedo.dtype == np.uint8
    assert made.observed.shape == (512, 512)
    assert made.observed.min() >= 0
    assert made.observed.max() <= 1
    assert made.light_sh.shape == (1, 9, 3)
    assert np.isfinite(made.light_sh).all()


def test_albedo_under_its_light_gives_the_photo_back(subject, light, made):
    m = subject.model
    frame, mattes, view = subject.shoot(0.3, light)
    image, buffers = render_textured(
        m.v_template, m.faces, m.uvs, m.uv_faces, made.albedo, view.camera, made.light_sh[0]
    )
    face = buffers.interpolate(m.regions["face"][m.faces][..., None])[..., 0] > 0.5
    error = (image - frame.image / 255)[face & (mattes.skin > 0.5)]
    assert -10 * np.log10((error**2).mean()) > 28


def test_albedo_is_that_of_the_subject(subject, made, texels):
    m, atlas = subject.model, subject.atlas
    truth = subject.albedo.reshape(-1, 3)[atlas.texel]
    plain = atlas.at(m.regions["face"]) * (1 - atlas.at(np.maximum(m.regions["lips"], m.regions["eyes"]))) > 0.9
    seen = plain & (made.observed.reshape(-1)[atlas.texel] > 0.9)
    ratio = texels[seen] / truth[seen]
    assert (ratio / ratio.mean(0)).std() < 0.06
    assert np.corrcoef(texels[seen].mean(1), truth[seen].mean(1))[0, 1] > 0.5


def test_unseen_places_are_marked_and_filled(subject, made, texels):
    m, atlas = subject.model, subject.atlas
    observed = made.observed.reshape(-1)[atlas.texel]
    position = atlas.at(m.v_template)
    head = subject.part("head")
    assert observed[head & (position[:, 2] < -0.15)].max() == 0
    cheek = head & (atlas.at(m.regions["face"]) > 0.9) & (position[:, 0] > 0.03) & (position[:, 2] > 0)
    assert observed[cheek & (position[:, 1] < -0.04) & (position[:, 1] > -0.06)].mean() > 0.9
    assert observed[~head].max() == 0
    neck = texels[head & (atlas.at(m.regions["neck"]) > 0.9) & (position[:, 2] < -0.1)]
    skin = texels[cheek].mean(0)
    assert np.abs(neck.mean(0) - skin).max() < 0.1


def test_background_reaches_no_texel(texels):
    greenness = texels[:, 1] - np.maximum(texels[:, 0], texels[:, 2])
    assert greenness.max() < 0.04


def test_seams_do_not_show(subject, made):
    """Both sides of every UV seam, sampled along it, have the same colour."""
    m = subject.model
    first: dict[tuple[int, int], tuple[int, int]] = {}
    pairs = []
    for face, corners in enumerate(m.faces):
        for k in range(3):
            a, b = int(corners[k]), int(corners[(k + 1) % 3])
            uv = (int(m.uv_faces[face, k]), int(m.uv_faces[face, (k + 1) % 3]))
            if (b, a) in first:
                pairs.append((first.pop((b, a))[::-1], uv))
            else:
                first[a, b] = uv
    seams = np.array([p for p in pairs if p[0] != p[1]])
    assert len(seams) > 10
    middle = m.uvs[seams].mean(2)
    colour = sample_bilinear(made.albedo, middle)
    difference = np.abs(colour[:, 0] - colour[:, 1]).max(1)
    assert np.median(difference) < 0.03
    assert np.quantile(difference, 0.9) < 0.12


def test_sides_match_though_one_is_hardly_seen(subject, texels):
    m, atlas = subject.model, subject.atlas
    position = atlas.at(m.v_template)
    ear = subject.part("head") & (atlas.at(m.regions["ears"]) > 0.9)
    left, right = (texels[ear & (side * position[:, 0] > 0)].mean(0) for side in (1, -1))
    assert np.abs(left - right).max() < 0.04


def test_hair_covers_the_back_of_the_head_only_where_there_is_hair(subject, light, texels):
    position = subject.atlas.at(subject.model.v_template)
    back = subject.part("head") & (position[:, 2] < -0.13) & (position[:, 1] > 0.02)
    assert texels[back].mean() < 0.3
    frame, mattes, view = subject.shoot(0.0, light, hair=False)
    bald = make_texture(subject.model, subject.fit(view), [frame], [mattes], PARAMS)
    skin = bald.albedo.reshape(-1, 3)[subject.atlas.texel] / 255
    assert skin[back].mean() < 0.9
    assert np.abs(skin[back].std(0)).max() < 0.12


def test_eyes_are_whole_and_alike(subject, texels):
    m, atlas = subject.model, subject.atlas
    position = atlas.at(m.v_template)
    means = []
    for part in ("eye_left", "eye_right"):
        chosen = subject.part(part)
        middle = position[chosen].mean(0) * [1, 1, 0] + [0, 0, position[chosen, 2].max()]
        distance = np.linalg.norm((position[chosen] - middle)[:, :2], axis=1)
        front = position[chosen, 2] > 0
        pupil, white = texels[chosen][front & (distance < 0.0012)], texels[chosen][front & (distance > 0.0085)]
        assert pupil.mean() < 0.1
        assert white.mean() > 0.4
        means.append(texels[chosen].mean(0))
    assert np.abs(means[0] - means[1]).max() < 0.03


def test_teeth_are_pale_and_the_mouth_is_red(subject, texels):
    teeth = texels[subject.part("teeth_upper")]
    assert (teeth.mean(1) > 0.65).mean() > 0.2
    tongue = texels[subject.part("tongue")].mean(0)
    assert tongue[0] > 1.3 * tongue[1]
    cavity = texels[subject.part("head") & (subject.atlas.at(subject.model.regions["inner_mouth"]) > 0.9)].mean(0)
    assert cavity[0] > 1.5 * cavity[1]


def test_same_input_same_texture(subject, light, made):
    frame, mattes, view = subject.shoot(0.3, light)
    again = make_texture(subject.model, subject.fit(view), [frame], [mattes], PARAMS)
    assert np.array_equal(again.albedo, made.albedo)
    assert np.array_equal(again.light_sh, made.light_sh)


def test_two_photos_of_different_exposure_become_one_skin(subject, light, made):
    shots = [subject.shoot(0.6, light), subject.shoot(-0.6, 0.7 * light)]
    frames, mattes, views = zip(*shots, strict=True)
    both = make_texture(subject.model, subject.fit(*views), frames, mattes, PARAMS)
    m, atlas = subject.model, subject.atlas
    face = subject.part("head") & (atlas.at(m.regions["face"]) > 0.9)
    seen = both.observed.reshape(-1)[atlas.texel][face]
    assert seen.mean() > made.observed.reshape(-1)[atlas.texel][face].mean()
    x = atlas.at(m.v_template)[face, 0]
    skin = both.albedo.reshape(-1, 3)[atlas.texel][face] / 255
    left, right = (skin[(side * x > 0.025) & (side * x < 0.05)].mean(0) for side in (1, -1))
    assert np.abs(left - right).max() < 0.04
    shading = [(sh_basis(np.array([0.0, 0, 1])) @ s).mean() for s in both.light_sh]
    assert shading[1] / shading[0] == pytest.approx(0.7, rel=0.08)


def test_a_head_without_mouth_parts_or_regions_is_painted_too(subject, light):
    m = subject.model
    only = np.flatnonzero(m.face_part == 0)
    bare = replace(
        m, faces=m.faces[only], uv_faces=m.uv_faces[only], face_part=m.face_part[only], part_names=("head",),
        regions={"face": m.regions["face"]}, landmark_weight=np.zeros_like(m.landmark_weight),
    )  # fmt: skip
    frame, mattes, view = subject.shoot(0.0, light)
    texture = make_texture(bare, subject.fit(view), [frame], [mattes], replace(PARAMS, size_px=256))
    assert texture.albedo.std() > 5


def test_a_photo_without_any_skin_gives_a_usual_one(subject, light):
    frame, mattes, view = subject.shoot(0.0, light)
    empty = replace(mattes, **{k: np.zeros_like(mattes.skin) for k in ("person", "head", "hair", "skin")})
    texture = make_texture(subject.model, subject.fit(view), [frame], [empty], replace(PARAMS, size_px=256))
    assert texture.observed.max() < 0.01
    assert 0.4 < texture.albedo.mean() / 255 < 0.8


def test_progress_runs_to_the_end(subject, light):
    frame, mattes, view = subject.shoot(0.0, light)
    told: list[float] = []
    make_texture(subject.model, subject.fit(view), [frame], [mattes], replace(PARAMS, size_px=256), told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0
