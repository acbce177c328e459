"""The shading that expressions make, learnt for heads of which no moving pictures are known."""

from __future__ import annotations

import numpy as np
import pytest

from headsmith.asset import Material, TextureBlend, TextureNetwork, parameters_of
from headsmith.asset.arkit import ARKIT_52
from headsmith.texture.lids import find_lids
from headsmith.texture.mask import dynamic_mask
from headsmith.texture.occlusion import OcclusionParams, SurfacePoints, openness
from headsmith.texture.shade import ShadeParams, shade_dynamic
from headsmith.texture.shade_fill import Filler
from headsmith.texture.shade_lids import clean_lids, closing
from headsmith.texture.shade_poses import shade_poses
from headsmith.texture.shade_targets import ShadeScene, shade_albedo
from headsmith.texture.uv import build_atlas
from headsmith.types import StaticTexture

COARSE = OcclusionParams(directions=14, pixel_m=0.002)
ATLAS_PX = 128
BLINK = {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0}


def square(z_m: float, half_m: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half_m
    return np.column_stack([corners, np.full(4, z_m)]).astype(np.float32), np.array([[0, 1, 2], [0, 2, 3]], np.int32)


def facing_points(*places_m: tuple[float, float, float]) -> SurfacePoints:
    return SurfacePoints(np.array(places_m, np.float32), np.tile(np.array([0, 0, 1], np.float32), (len(places_m), 1)))


def test_a_free_plate_is_open_and_a_covered_one_is_not() -> None:
    vertices, faces = square(0.0)
    middle = facing_points((0, 0, 0))
    assert openness(vertices, faces, middle, OcclusionParams())[0] == pytest.approx(1, abs=0.03)
    lid, _ = square(0.005, half_m=0.5)
    both = np.concatenate([vertices, lid])
    covered = openness(both, np.concatenate([faces, faces + 4]), middle, OcclusionParams())
    assert covered[0] < 0.02


def test_a_wall_takes_about_half_the_light_beside_it() -> None:
    floor, faces = square(0.0, half_m=0.2)
    wall = np.array([[0, -0.5, 0], [0, 0.5, 0], [0, 0.5, 0.5], [0, -0.5, 0.5]], np.float32)
    lit = openness(np.concatenate([floor, wall]), np.concatenate([faces, faces + 4]),
                   facing_points((-0.004, 0, 0), (-0.15, 0, 0)), OcclusionParams(directions=200))  # fmt: skip
    assert lit[0] == pytest.approx(0.5, abs=0.05)
    assert lit[1] > lit[0] + 0.03


def test_shade_only_darkens_and_more_so_with_less_light() -> None:
    albedo = np.tile(np.array([0.7, 0.5, 0.45], np.float32), (4, 1))
    out = shade_albedo(albedo, np.array([0.1, 0.3, 0.6, 0.9], np.float32), np.full(4, 0.6, np.float32))
    np.testing.assert_allclose(out[2:], albedo[2:], atol=1e-4)
    assert (out[0] < out[1]).all()
    assert (out[1] < out[2]).all()
    assert (out[0] / albedo[0])[0] > (out[0] / albedo[0])[2]


@pytest.fixture(scope="module")
def small_atlas(subject):
    return build_atlas(subject.model, ATLAS_PX)


def test_hidden_parts_of_an_eye_go_on_from_what_is_seen(subject, small_atlas) -> None:
    filler = Filler(subject.model, small_atlas)
    eye = subject.model.faces_of("eye_left")[small_atlas.triangle]
    upper = eye & (small_atlas.at(subject.model.v_template)[:, 1] > 0)
    lit = np.where(upper, 0.0, 0.8).astype(np.float32)
    near_edge = upper & (small_atlas.at(subject.model.v_template)[:, 1] < 0.003)
    assert filler.filled(lit)[near_edge].min() > 0.7
    assert filler.filled(np.where(eye, 0.001, 0.8).astype(np.float32))[eye].max() < 0.01


def test_closed_eyes_and_closed_mouths_are_dark_inside(subject, small_atlas) -> None:
    model = subject.model
    scene = ShadeScene(model, subject.fit(subject.shoot(0.0, np.ones((9, 3), np.float32))[2]), small_atlas,
                       np.full((len(small_atlas.texel), 3), 0.5, np.float32), COARSE)  # fmt: skip
    poses = shade_poses(model, scene.fit, 0, 0)
    lit = {}
    for name, face in {"rest": {}, "blink": BLINK, "jaw": {"jawOpen": 1.0}}.items():
        wanted = np.array([face.get(shape, 0.0) for shape in ARKIT_52], np.float32)
        k = int(np.flatnonzero((np.abs(poses.weights - wanted) < 1e-6).all(1))[0])
        lit[name] = scene.openness(poses.vertices(model, scene.fit, k))
    part = {name: model.faces_of(name)[small_atlas.triangle] for name in ("eye_left", "teeth_lower", "tongue")}
    assert lit["rest"][part["eye_left"]].max() > 0.5
    assert np.quantile(lit["blink"][part["eye_left"]], 0.99) < 0.1
    for name in ("teeth_lower", "tongue"):
        assert lit["rest"][part[name]].max() < 0.05
        assert lit["jaw"][part[name]].max() > 0.2


def test_dark_creases_leave_closed_lids(subject, light) -> None:
    model, atlas = subject.model, subject.atlas
    fit = subject.fit(subject.shoot(0.0, light)[2])
    lids = find_lids(model, [fit.views[0].expression])
    albedo = subject.albedo.reshape(-1, 3)[atlas.texel].astype(np.float32)
    dark = albedo * (1 - 0.4 * atlas.at(lids.anywhere * (1 - lids.rim))[:, None])
    gain, share = clean_lids(model, fit, atlas, dark)
    closed = closing(np.array([[BLINK.get(name, 0.0) for name in ARKIT_52]], np.float32))[0]
    cleaned = dark * np.exp(gain * (share @ closed)[:, None])
    crease = subject.part("head") & (atlas.at(lids.anywhere * (1 - lids.rim)) > 0.9)
    before, after = (np.abs(image - albedo)[crease].mean() for image in (dark, cleaned))
    assert after < 0.75 * before
    np.testing.assert_array_equal(closing(np.zeros((1, 52), np.float32)), 0)
    far = share.max(1) == 0
    np.testing.assert_array_equal(cleaned[far], dark[far])


@pytest.fixture(scope="module")
def shown(subject, light):
    """A learnt network, the textures it shows by the name of the face, and the static one, on the subject's atlas."""
    albedo = np.round(subject.albedo * 255).astype(np.uint8)
    texture = StaticTexture(albedo, np.ones(albedo.shape[:2], np.float32), light[None])
    params = ShadeParams(COARSE, atlas_px=ATLAS_PX, mixtures=6, steps=800)
    dynamic = shade_dynamic(subject.model, subject.fit(subject.shoot(0.0, light)[2]), texture, params)
    network = TextureNetwork(dynamic)
    faces = {"rest": {}, "blink": BLINK, "slit": {"jawOpen": 0.12}, "open": {"jawOpen": 1.0}}
    blend = TextureBlend(Material(albedo, dynamic_mask(subject.model, 256), light), (network.height_px,) * 2)
    textures = {
        name: blend.shown(network.texture(parameters_of(dynamic.inputs, face, {}))).reshape(-1, 3)[subject.atlas.texel]
        for name, face in faces.items()
    }
    return dynamic, textures | {"static": albedo.reshape(-1, 3)[subject.atlas.texel] / 255}


def test_the_network_is_small_and_never_leaves_its_names(shown) -> None:
    dynamic, _ = shown
    assert len(dynamic.onnx) <= 2_000_000
    assert {"jawOpen", "eyeBlinkLeft", "left_eye.x"} <= set(dynamic.inputs)


def test_the_resting_face_keeps_its_texture(subject, shown) -> None:
    model, textures = subject.model, shown[1]
    inside = subject.atlas.at(model.regions["inner_mouth"]) > 0
    skin = subject.part("head") & ~inside & (subject.atlas.at(model.regions["eyes"]) < 0.1)
    error = (textures["rest"] - textures["static"])[skin]
    assert -10 * np.log10((error**2).mean()) > 40


def test_the_mouth_brightens_as_it_opens(subject, shown) -> None:
    tongue, textures = subject.part("tongue") | subject.part("teeth_lower"), shown[1]
    rest, slit, wide = (textures[name][tongue].mean() for name in ("rest", "slit", "open"))
    assert rest < 0.75 * wide
    assert slit < 0.9 * wide


def test_eyes_darken_under_closing_lids(subject, shown) -> None:
    textures = shown[1]
    front = subject.part("eye_left") & (subject.atlas.at(subject.model.v_template)[:, 2] > 0.012)
    assert textures["blink"][front].mean() < 0.7 * textures["rest"][front].mean()
