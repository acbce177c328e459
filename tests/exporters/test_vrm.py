"""VRM 1.0 as @pixiv/three-vrm and Khronos' validator see it: numbers, not names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from headsmith.asset.arkit import ARKIT_52
from headsmith.asset.avatar import Avatar, Blendshapes, Rig
from headsmith.errors import InputError
from headsmith_exporters.gltf_reader import read_glb
from headsmith_exporters.mesh_parts import split_mesh
from headsmith_exporters.registry import export
from headsmith_exporters.vrm_expressions import PRESETS
from headsmith_exporters.vrm_meta import VrmOptions
from headsmith_exporters.vrm_skeleton import EYE_HEIGHT, STATURE_M, lift_of

TOLERANCE_M = 1e-5
GAZES = ((20.0, 10.0), (-20.0, -10.0), (80.0, -80.0))
"""yaw to the subject's left and pitch downwards, degrees"""


@pytest.fixture(scope="module", params=["avatar", "built_avatar"])
def made(request: pytest.FixtureRequest) -> Avatar:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def vrm(made: Avatar, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("vrm") / "ada.vrm"
    result = export(made, path, "vrm", VrmOptions(author="Ada"))
    assert (result.counts["bones"], result.counts["expressions"]) == (19, 70)
    return path


@pytest.fixture(scope="module")
def seen(readers: Any, vrm: Path) -> dict[str, Any]:
    return readers.run("vrm_reader.mjs", vrm, *(f"{yaw},{pitch}" for yaw, pitch in GAZES))


def test_validator_finds_nothing_that_it_knows(readers: Any, vrm: Path) -> None:
    """What only the extension refers to (ends of limbs, the thumbnail) it cannot know to be used."""
    (report,) = readers.run("validate.mjs", vrm)
    messages = report["issues"]["messages"]
    assert (report["issues"]["numErrors"], report["issues"]["numWarnings"]) == (0, 0), messages
    assert sorted(m["code"] for m in messages) == ["NODE_EMPTY"] * 4 + ["UNSUPPORTED_EXTENSION", "UNUSED_OBJECT"]
    assert report["info"]["extensionsUsed"] == ["VRMC_vrm"]
    assert report["info"]["animationCount"] == 0


def test_every_required_bone_stands_where_it_should(made: Avatar, seen: dict[str, Any]) -> None:
    bones = {name: np.array(bone["place"]) for name, bone in seen["bones"].items()}
    assert set(bones) == {*seen["required"], "neck", "jaw", "leftEye", "rightEye"}
    assert len(seen["required"]) == 15
    lift = lift_of(made.rig)
    for joint, bone in (("root", "neck"), ("neck", "head"), ("jaw", "jaw"), ("left_eye", "leftEye")):
        ours = made.rig.joints_m[made.rig.joint_names.index(joint)] + lift
        np.testing.assert_allclose(bones[bone], ours, atol=TOLERANCE_M)
    eyes = (bones["leftEye"] + bones["rightEye"]) / 2
    assert eyes[1] == pytest.approx(EYE_HEIGHT * STATURE_M, abs=1e-5)
    chain = ["leftFoot", "leftLowerLeg", "leftUpperLeg", "spine", "leftUpperArm", "neck", "head", "leftEye"]
    assert sorted(chain, key=lambda bone: bones[bone][1]) == chain
    assert bones["leftHand"][0] > bones["leftLowerArm"][0] > bones["leftUpperArm"][0] > 0
    for bone in (name for name in seen["required"] if name.startswith("left")):
        np.testing.assert_allclose(bones[bone] * [-1, 1, 1], bones[bone.replace("left", "right")], atol=1e-6)


def test_the_head_stands_above_the_floor_unchanged(made: Avatar, readers: Any, seen: dict[str, Any]) -> None:
    lift = lift_of(made.rig)
    for part in split_mesh(made.head):
        rest = readers.floats(seen["rest"][part.name], len(part.source_vertex), 3)
        np.testing.assert_allclose(rest, made.head.vertices[part.source_vertex] + lift, atol=TOLERANCE_M)


def test_expressions_move_what_the_blendshapes_move(made: Avatar, readers: Any, seen: dict[str, Any]) -> None:
    assert set(seen["presets"]) == set(PRESETS)
    assert seen["custom"] == list(ARKIT_52)
    moved = 0.0
    for name, weights in {**PRESETS, **{shape: {shape: 1.0} for shape in ARKIT_52}}.items():
        rows = [made.blendshapes.names.index(shape) for shape in weights]
        expected = np.tensordot(np.array(list(weights.values())), made.blendshapes.deltas[rows], 1)
        for part in split_mesh(made.head):
            theirs = readers.floats(seen["expressions"][name][part.name], len(part.source_vertex), 3)
            np.testing.assert_allclose(theirs, expected[part.source_vertex] if weights else 0, atol=TOLERANCE_M)
            moved = max(moved, float(np.abs(theirs).max()))
    assert moved > 0.005


def test_eyes_turn_to_what_they_look_at(seen: dict[str, Any], made: Avatar) -> None:
    names, joints = made.rig.joint_names, made.rig.joints_m
    middle = (joints[names.index("left_eye")] + joints[names.index("right_eye")]) / 2
    np.testing.assert_allclose(seen["lookAt"]["offset"], middle - joints[names.index("neck")], atol=1e-6)
    for (yaw, pitch), look in zip(GAZES, seen["lookAt"]["looks"], strict=True):
        expected = _direction(np.radians(np.clip(yaw, -30, 30)), np.radians(-np.clip(pitch, -12, 12)))
        for quaternion in look["eyes"]:
            np.testing.assert_allclose(_turned_forward(quaternion), expected, atol=1e-6)


def _direction(left_rad: float, up_rad: float) -> np.ndarray:
    return np.array([np.cos(up_rad) * np.sin(left_rad), np.sin(up_rad), np.cos(up_rad) * np.cos(left_rad)])


def _turned_forward(xyzw: list[float]) -> np.ndarray:
    """Where a quaternion takes +Z."""
    x, y, z, w = xyzw
    return np.array([2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y)])


def test_the_wearer_does_not_see_the_head(seen: dict[str, Any], made: Avatar) -> None:
    assert seen["firstPerson"] == [[[part.name], "thirdPersonOnly"] for part in split_mesh(made.head)]


def test_meta(seen: dict[str, Any], made: Avatar) -> None:
    meta = seen["meta"]
    assert (meta["name"], meta["authors"], meta["metaVersion"]) == ("ada", ["Ada"], "1")
    assert meta["licenseUrl"] == "https://vrm.dev/licenses/1.0/"
    assert made.head.model_licence in meta["thirdPartyLicenses"]
    assert meta["copyrightInformation"] == "The person shown gave no consent statement."
    assert (meta["avatarPermission"], meta["commercialUsage"], meta["modification"]) == (
        "onlyAuthor", "personalNonProfit", "prohibited")  # fmt: skip
    assert not any(value for name, value in meta.items() if name.startswith("allow"))


def test_the_thumbnail_is_square(readers: Any, vrm: Path) -> None:
    extension = read_glb(vrm.read_bytes(), "ada.vrm").json["extensions"]["VRMC_vrm"]
    assert extension["meta"]["thumbnailImage"] == 1
    (report,) = readers.run("validate.mjs", vrm)
    image = [r["image"] for r in report["info"]["resources"] if "image" in r][1]
    assert image["width"] == image["height"] in (16, 256)


def test_consent_and_permissions_are_handed_on(avatar: Avatar, readers: Any, tmp_path: Path) -> None:
    agreed = replace(avatar, preview=None, provenance=replace(avatar.provenance, consent="Yes, for the film. A. L."))
    options = VrmOptions(" Ada L. ", " ", "everyone", "corporation", "unnecessary", "allowModification", True)
    export(agreed, tmp_path / "ada.vrm", "vrm", options)
    meta = readers.run("vrm_reader.mjs", tmp_path / "ada.vrm")["meta"]
    assert meta["copyrightInformation"] == "Consent of the person shown: Yes, for the film. A. L."
    assert (meta["name"], meta["authors"]) == ("Ada L.", ["not stated"])
    assert len(read_glb((tmp_path / "ada.vrm").read_bytes(), "ada.vrm").json["images"]) == 1
    assert (meta["avatarPermission"], meta["commercialUsage"], meta["creditNotation"]) == (
        "everyone", "corporation", "unnecessary")  # fmt: skip
    assert (meta["modification"], meta["allowRedistribution"]) == ("allowModification", True)


def test_without_eye_joints_gaze_is_an_expression(avatar: Avatar, readers: Any, tmp_path: Path) -> None:
    rig = avatar.rig
    weights = rig.weights[:, :3].copy()
    weights[:, 1] += rig.weights[:, 3:].sum(1)
    blind = Rig(rig.joint_names[:3], rig.parents[:3], rig.joints_m[:3], weights)
    export(replace(avatar, rig=blind), tmp_path / "ada.vrm", "vrm")
    (report,) = readers.run("validate.mjs", tmp_path / "ada.vrm")
    assert report["issues"]["numErrors"] == 0
    seen = readers.run("vrm_reader.mjs", tmp_path / "ada.vrm", "30,9")
    assert set(seen["bones"]) == {*seen["required"], "neck", "jaw"}
    assert seen["lookAt"]["looks"][0]["presets"] == pytest.approx(
        {"lookLeft": 1.0, "lookRight": 0.0, "lookDown": 0.75, "lookUp": 0.0})  # fmt: skip


def test_missing_blendshapes_and_heads_are_refused(avatar: Avatar, tmp_path: Path) -> None:
    shapes = Blendshapes(avatar.blendshapes.names[:51], avatar.blendshapes.deltas[:51])
    with pytest.raises(InputError, match="no blendshape 'tongueOut'"):
        export(replace(avatar, blendshapes=shapes), tmp_path / "ada.vrm", "vrm")
    stiff = replace(avatar.rig, joint_names=("root", "skull", *avatar.rig.joint_names[2:]))
    with pytest.raises(InputError, match="no joint 'neck'"):
        export(replace(avatar, rig=stiff), tmp_path / "ada.vrm", "vrm")
    assert list(tmp_path.iterdir()) == []


def test_accessories_are_worn_and_not_seen_from_inside(built_avatar: Avatar, readers: Any, tmp_path: Path) -> None:
    options = VrmOptions(texture_px=256, accessories=("glasses:round",))
    result = export(built_avatar, tmp_path / "ada.vrm", "vrm", options)
    assert result.counts["meshes"] == len(split_mesh(built_avatar.head)) + 1
    (report,) = readers.run("validate.mjs", tmp_path / "ada.vrm")
    assert (report["issues"]["numErrors"], report["issues"]["numWarnings"]) == (0, 0)
    assert {r["image"]["width"] for r in report["info"]["resources"] if "image" in r} == {256}
    seen = readers.run("vrm_reader.mjs", tmp_path / "ada.vrm")
    *_, (names, kind) = seen["firstPerson"]
    assert len(seen["firstPerson"]) == len(split_mesh(built_avatar.head)) + 1
    assert kind == "thirdPersonOnly"
    assert all(name.startswith("glasses") for name in names)


def test_other_permissions_than_vrms_are_refused() -> None:
    with pytest.raises(InputError, match="option 'credit': found 'never', expected one of required, unnecessary"):
        VrmOptions(credit="never")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="option 'texture'"):
        VrmOptions(texture="webp")  # type: ignore[arg-type]
