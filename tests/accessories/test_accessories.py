"""Accessories on real and made-up heads: they fit, they do not cut into the skin, and their meshes are sound."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
from tests.synthetic import make_avatar

from headsmith.accessories import (
    KINDS,
    SEATS,
    AccessoryMesh,
    Anchors,
    CapParams,
    EarringParams,
    GlassesParams,
    anchor_width,
    anchors,
    attachments,
    default_params,
    fit_accessory,
    make_accessory,
    seat,
)
from headsmith.accessories.geometry import Surface, cast, nearest
from headsmith.asset import Avatar, read_avatar
from headsmith.errors import InputError

ALL = [(kind, style) for kind, entry in KINDS.items() for style in entry.styles]
SHAPES = KINDS["glasses"].styles


@pytest.fixture(scope="module")
def avatar(sample_avatar: Path) -> Avatar:
    return read_avatar(sample_avatar)


@pytest.fixture(scope="module")
def head(avatar: Avatar) -> Anchors:
    return anchors(avatar)


def moved(avatar: Avatar, shift: np.ndarray, grow: float) -> Avatar:
    """The same person elsewhere and of another size."""
    head = dataclasses.replace(avatar.head, vertices=(avatar.head.vertices * grow + shift).astype(np.float32))
    rig = dataclasses.replace(avatar.rig, joints_m=(avatar.rig.joints_m * grow + shift).astype(np.float32))
    means = (avatar.splats.splats.means * grow + shift).astype(np.float32)
    splats = dataclasses.replace(avatar.splats, splats=dataclasses.replace(avatar.splats.splats, means=means))
    return dataclasses.replace(avatar, head=head, rig=rig, splats=splats)


def part_vertices(mesh: AccessoryMesh, *names: str) -> np.ndarray:
    rows = [k for k, part in enumerate(mesh.parts) if part.name in names]
    used = mesh.faces[np.isin(mesh.face_part, rows)]
    return mesh.vertices[np.unique(used[used >= 0])]


@pytest.mark.parametrize(("kind", "style"), ALL)
def test_meshes_are_closed_consistent_and_without_slivers(head: Anchors, kind: str, style: str) -> None:
    mesh = fit_accessory(head, kind, default_params(kind, style))
    faces, uv_faces, part = mesh.triangles()
    assert len(faces) == len(uv_faces) == len(part)
    corners = mesh.vertices[faces].astype(np.float64)
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    assert np.linalg.norm(cross, axis=1).min() / 2 > 1e-10
    # every directed edge has its one opposite: closed, manifold and consistently turned
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]).astype(np.int64)
    key, opposite = edges @ [1 << 32, 1], edges[:, ::-1] @ [1 << 32, 1]
    assert len(np.unique(key)) == len(key)
    assert np.array_equal(np.sort(key), np.sort(opposite))
    assert (corners[:, 0] * cross).sum() > 0, "faces turn outwards"
    assert mesh.uvs.min() >= 0
    assert mesh.uvs.max() <= 1 + 1e-6
    assert uv_faces.max() < len(mesh.uvs)
    assert np.isin(np.arange(len(mesh.vertices)), faces).all(), "no loose vertices"


@pytest.mark.parametrize("shape", SHAPES)
def test_glasses_fit(head: Anchors, shape: str) -> None:
    mesh = fit_accessory(head, "glasses", GlassesParams.of_shape(shape))
    assert nearest(head.skin, mesh.vertices).distance_m.min() > -0.001
    lens = part_vertices(mesh, "lens")
    for side, pupil in zip((1, -1), head.pupils_m, strict=True):
        own = lens[(lens[:, 0] - head.pupils_m[:, 0].mean()) * side > 0]
        middle = (own.min(0) + own.max(0)) / 2
        assert abs(middle[0] - pupil[0]) < 0.0045
        assert abs(middle[1] - pupil[1]) < 0.009
        assert np.abs(own[:, :2] - pupil[:2]).sum(1).min() < 0.006, "the pupil looks through the lens"
        assert own[:, 2].min() > pupil[2], "lenses stand before the eye"
    frame = part_vertices(mesh, "frame")
    assert np.ptp(frame[frame[:, 2] > 0][:, 0]) == pytest.approx(head.temple_width_m, abs=0.012)


@pytest.mark.parametrize("shape", SHAPES)
def test_arms_rest_on_the_ears(head: Anchors, shape: str) -> None:
    frame = part_vertices(fit_accessory(head, "glasses", GlassesParams.of_shape(shape)), "frame")
    for ear in head.ears:
        own = frame[(frame[:, 0] * ear.side > 0.03) & (np.abs(frame[:, 2] - ear.top_m[2]) < 0.004)]
        assert -0.001 <= own[:, 1].min() - ear.top_m[1] < 0.004
        behind = frame[(frame[:, 0] * ear.side > 0.03) & (frame[:, 2] < ear.back_m[2])]
        assert behind[:, 1].min() < ear.top_m[1] - 0.015, "the tips go down behind the ear"


def test_pads_touch_the_nose(head: Anchors) -> None:
    pads = part_vertices(fit_accessory(head, "glasses"), "nose_pad")
    distance = nearest(head.skin, pads).distance_m
    assert -0.0005 < distance.min() < 0.001


@pytest.mark.parametrize(("kind", "style"), [(k, s) for k, s in ALL if k in ("cap", "headband")])
def test_hats_clear_the_skull(head: Anchors, kind: str, style: str) -> None:
    mesh = fit_accessory(head, kind, default_params(kind, style, hair_share=0.0))
    assert nearest(head.skin, mesh.vertices).distance_m.min() > -0.001
    thick = fit_accessory(head, kind, default_params(kind, style, hair_share=1.0))
    outside, bare = (np.linalg.norm(m.vertices - head.scalp.centre_m, axis=1) for m in (thick, mesh))
    assert (outside - bare)[: len(bare) // 2].mean() > 0.4 * head.hair_m, "hair makes room"


def test_cap_covers_the_top_and_spares_the_eyes(head: Anchors) -> None:
    mesh = fit_accessory(head, "cap", CapParams())
    crown = part_vertices(mesh, "crown")
    assert crown[:, 1].max() > head.at("crown").position_m[1]
    assert mesh.vertices[:, 1].min() > head.pupils_m[:, 1].mean() - 0.02
    assert part_vertices(mesh, "visor")[:, 2].max() > crown[:, 2].max() + 0.03
    above_ears = [crown[np.abs(crown[:, 2] - ear.top_m[2]) < 0.01, 1].min() - ear.top_m[1] for ear in head.ears]
    assert min(above_ears) > 0.0


@pytest.mark.parametrize("style", ["stud", "hoop"])
def test_earrings_go_through_the_lobes_only(head: Anchors, style: str) -> None:
    mesh = fit_accessory(head, "earrings", EarringParams.of_style(style))
    distance = nearest(head.skin, mesh.vertices).distance_m
    assert distance.min() < -0.0005, "a piercing"
    away = np.min([np.linalg.norm(mesh.vertices - ear.lobe_m, axis=1) for ear in head.ears], axis=0)
    assert distance[away > 0.012].min(initial=1.0) > -0.002
    assert away.max() < 0.03


def test_anchors_measure_a_head(avatar: Avatar, head: Anchors) -> None:
    assert 0.05 < head.interpupillary_m < 0.075
    assert 0.12 < head.temple_width_m < 0.17
    assert 0.18 < head.head_height_m < 0.26
    assert 0.16 < head.head_depth_m < 0.24
    assert 0.5 < head.skull_circumference_m < 0.64
    assert head.hair_m > 0.005, "the portrait has hair"
    assert head.joint == "neck"
    for anchor in head.points.values():
        assert np.allclose(anchor.axes.T @ anchor.axes, np.eye(3), atol=1e-6)
        assert np.linalg.det(anchor.axes) == pytest.approx(1)
        on = anchor.barycentric @ avatar.head.vertices[avatar.head.faces[anchor.triangle]]
        assert np.linalg.norm(on - anchor.position_m) < 0.006
    assert head.at("bridge").position_m[2] > head.pupils_m[:, 2].mean()
    left, right = head.at("ear_left").position_m, head.at("ear_right").position_m
    assert left[0] > 0.05
    assert right[0] < -0.05
    assert head.at("lobe_left").position_m[1] < left[1] - 0.03


def test_everything_moves_and_grows_with_the_head(avatar: Avatar, head: Anchors) -> None:
    shift, grow = np.array([0.01, -0.02, 0.03]), 1.1
    other = anchors(moved(avatar, shift, grow))
    assert other.skull_circumference_m == pytest.approx(head.skull_circumference_m * grow, rel=0.02)
    for name, anchor in head.points.items():
        assert np.allclose(other.at(name).position_m, anchor.position_m * grow + shift, atol=0.004)
    glasses = fit_accessory(other, "glasses")
    assert nearest(other.skin, glasses.vertices).distance_m.min() > -0.001
    assert np.ptp(glasses.vertices[:, 0]) > np.ptp(fit_accessory(head, "glasses").vertices[:, 0]) + 0.005


def test_sizes_change_the_mesh(head: Anchors) -> None:
    for kind, entry in KINDS.items():
        for style in entry.styles:
            params = default_params(kind, style)
            before = fit_accessory(head, kind, params)
            for field in dataclasses.fields(params):
                number = field.metadata.get("number")
                if number is None or (style == "hoop" and field.name.startswith("gem")):
                    continue
                value = number.high if getattr(params, field.name) < (number.low + number.high) / 2 else number.low
                after = fit_accessory(head, kind, dataclasses.replace(params, **{field.name: value}))
                same_shape = after.vertices.shape == before.vertices.shape
                changed = not same_shape or not np.allclose(after.vertices, before.vertices, atol=1e-7)
                assert changed or after.parts != before.parts, f"{kind} {style}: {field.name} does nothing"


def test_a_head_without_ears_wears_hats_only() -> None:
    head = anchors(make_avatar())
    assert fit_accessory(head, "cap").joint == "neck"
    for kind in ("glasses", "earrings"):
        with pytest.raises(InputError, match="ears"):
            fit_accessory(head, kind)
    with pytest.raises(InputError, match="choose one of these"):
        head.at("lobe_left")


@pytest.mark.parametrize(
    ("kind", "changes", "message"),
    [
        ("glasses", {"lens_height_m": 0.5}, "0.02 to 0.06 m"),
        ("glasses", {"bridge_m": math.nan}, "bridge_m"),
        ("cap", {"crown_color": (0.1, 2.0, 0.1)}, "linear RGB"),
        ("headband", {"style": "tiara"}, "one of sport, arc"),
        ("earrings", {"weight_kg": 1.0}, "one of style, size_m"),
        ("crown", {}, "one of glasses, cap"),
    ],
)
def test_bad_settings_are_refused_in_one_sentence(head: Anchors, kind: str, changes: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        fit_accessory(head, kind, default_params(kind, **changes))


def test_a_rig_without_eyes_is_refused(avatar: Avatar) -> None:
    rig = dataclasses.replace(avatar.rig, joint_names=("root", "neck", "jaw", "a", "b"))
    with pytest.raises(InputError, match="left_eye"):
        make_accessory(dataclasses.replace(avatar, rig=rig), "cap")


@pytest.mark.parametrize("anchor", list(SEATS))
def test_any_object_is_seated_at_its_width(head: Anchors, anchor: str) -> None:
    bounds = np.array([[-1.0, 0.0, -2.0], [3.0, 1.0, 2.0]])
    matrix = seat(head, anchor, bounds)
    x, y, z = matrix[:3, :3].T
    assert np.linalg.norm(x) == pytest.approx(np.linalg.norm(z))
    assert np.linalg.det(matrix[:3, :3]) > 0
    width = np.linalg.norm(x) * 4.0
    # as deep as wide: what goes around the head has its length
    longest = 0.23 if SEATS[anchor].on_hat_line else 0.18
    assert (0.01 < width < 0.02) if "_" in anchor else (0.13 < width < longest)
    assert y[1] > 0
    as_is = seat(head, anchor, bounds * 0.01, scale_to_width=False)
    assert np.linalg.det(as_is[:3, :3]) == pytest.approx(1)


def test_what_goes_around_the_head_is_as_long_as_it(head: Anchors) -> None:
    round_hat, oval, tiara = (np.array([1.0, 0.5, depth]) for depth in (1.0, 1.4, 0.3))
    sizes = [
        np.linalg.norm(seat(head, "crown", np.stack([-half, half]))[:3, 0]) * 2 for half in (round_hat, oval, tiara)
    ]
    assert sizes[0] > 1.1 * sizes[1]
    assert sizes[1] == pytest.approx(sizes[2])
    assert sizes[2] == pytest.approx(anchor_width(head, "crown"))


def dome(size: float) -> np.ndarray:
    """[N, 3] half a sphere, its opening at y = 0."""
    up, around = np.meshgrid(np.linspace(0, np.pi / 2, 12), np.linspace(0, 2 * np.pi, 40, endpoint=False))
    points = [np.cos(up) * np.sin(around), np.sin(up), np.cos(up) * np.cos(around)]
    return size * np.stack([axis.ravel() for axis in points], 1)


def test_a_visor_does_not_push_a_cap_back(head: Anchors) -> None:
    cap = dome(0.1)
    across, ahead = (side.ravel() for side in np.meshgrid(np.linspace(-0.06, 0.06, 9), np.linspace(0.09, 0.19, 9)))
    visor = np.stack([across, np.full(len(across), 0.004), ahead], 1)
    plain, with_visor = seat(head, "crown", cap), seat(head, "crown", np.concatenate([cap, visor]))
    np.testing.assert_allclose(with_visor, plain, atol=1e-3)
    turned = cap * [1, 1, -1]
    np.testing.assert_allclose(seat(head, "crown", turned), plain, atol=1e-9)


def test_a_cone_keeps_the_size_of_its_opening(head: Anchors) -> None:
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    circle = np.stack([np.sin(angle), np.zeros_like(angle), np.cos(angle)], 1)
    cone = np.concatenate([(1 - share) * circle + [0, 2 * share, 0] for share in np.linspace(0, 1, 11)])
    bounds = np.stack([cone.min(0), cone.max(0)])
    np.testing.assert_allclose(seat(head, "crown", cone), seat(head, "crown", bounds), atol=1e-6)


def test_attachments_are_where_things_sit(head: Anchors) -> None:
    found = attachments(head)
    assert [one.name for one in found.values()] == ["glasses", "hat", "earring_left", "earring_right", "headset"]
    np.testing.assert_array_equal(found["bridge"].position_m, head.at("bridge").position_m)
    assert abs(found["ears"].position_m[0]) < 0.005
    assert 0.12 < found["ears"].width_m < 0.17
    for one in found.values():
        frame = one.matrix()
        np.testing.assert_allclose(frame[:3, :3] @ frame[:3, :3].T, np.eye(3), atol=1e-9)
        assert np.linalg.det(frame[:3, :3]) == pytest.approx(1)


def test_seating_refuses_what_cannot_be_scaled(head: Anchors) -> None:
    with pytest.raises(InputError, match="without width"):
        seat(head, "crown", np.zeros((2, 3)))
    with pytest.raises(InputError, match="choose one of these"):
        seat(head, "elbow", np.eye(3))


def test_nearest_and_cast_agree_with_brute_force() -> None:
    rng = np.random.default_rng(3)
    avatar = make_avatar()
    rows = np.flatnonzero(avatar.head.face_part == 0).astype(np.int32)
    ball = Surface(avatar.head.vertices, avatar.head.faces[rows], rows)
    centre = np.array([0, -0.02, -0.06])
    toward = rng.normal(size=(40, 3))
    toward /= np.linalg.norm(toward, axis=1, keepdims=True)
    hits = cast(ball, centre, toward)
    expected = 1 / np.linalg.norm(toward / [0.075, 0.115, 0.095], axis=1)
    assert np.allclose(hits.distance_m, expected, rtol=0.02)
    on = (hits.barycentric[..., None] * avatar.head.vertices[avatar.head.faces[hits.triangle]]).sum(1)
    assert np.allclose(on, hits.points_m, atol=1e-6)
    away = nearest(ball, centre + toward * (expected + 0.01)[:, None])
    inside = nearest(ball, centre + toward * (expected - 0.01)[:, None])
    assert away.distance_m.min() > 0.005
    assert inside.distance_m.max() < -0.005
    assert np.isinf(cast(ball, centre + np.array([1.0, 0, 0]), np.array([[1.0, 0, 0]])).distance_m).all()
