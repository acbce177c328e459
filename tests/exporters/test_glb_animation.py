"""Motions as glTF animations and visemes as morph targets, against the bundle's own numbers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gltf_parts import Parts
from headsmith.asset.avatar import Avatar, Motion
from headsmith.asset.posing import pose_from, posed_vertices
from headsmith.errors import InputError
from headsmith.motion import VISEMES, talk
from headsmith_exporters.glb import GlbOptions, encode
from headsmith_exporters.mesh_parts import split_mesh
from headsmith_exporters.visemes import VISEME_TARGETS

JOINTS = {"Neck": "root", "Head": "neck", "Jaw": "jaw", "LeftEye": "left_eye", "RightEye": "right_eye"}


def written(avatar: Avatar, folder: Path, options: GlbOptions | None = None) -> Parts:
    (folder / "a.glb").write_bytes(encode(avatar, "a", options or GlbOptions()).files["a.glb"])
    return Parts(folder / "a.glb")


def sampled(file: Parts, animation: int, node: str, path: str) -> tuple[np.ndarray, np.ndarray]:
    """Times [T] and values [T, ...] of a channel."""
    one, target = file.json["animations"][animation], {"node": file.json["nodes"].index(file.node(node)), "path": path}
    (sampler,) = [channel["sampler"] for channel in one["channels"] if channel["target"] == target]
    times = file.array(one["samplers"][sampler]["input"])[:, 0]
    return times, file.array(one["samplers"][sampler]["output"]).reshape(len(times), -1)


@pytest.mark.parametrize(("profile", "bound"), [("engine", 0), ("web", 2e-5)])
def test_samples_are_the_motions(avatar: Avatar, tmp_path: Path, profile: str, bound: float) -> None:
    nod = avatar.motions["nod"]
    moving = replace(nod, head_translation_m=np.linspace(0, 0.03, 36, dtype=np.float32).reshape(12, 3))
    moving_avatar = replace(avatar, motions={"nod": moving, "talk": talk(1.0)})
    file = written(moving_avatar, tmp_path, GlbOptions(profile=profile, visemes=True))  # type: ignore[arg-type]
    assert [one["name"] for one in file.json["animations"]] == ["nod", "talk"]
    for mesh in ("head", "eyes", "teeth"):
        times, weights = sampled(file, 0, mesh, "weights")
        np.testing.assert_allclose(times, np.arange(12) / 30, atol=1e-6)
        np.testing.assert_allclose(weights[:, :52], nod.weights, atol=bound)
        assert (weights[:, 52:] == 0).all()
    for node, joint in JOINTS.items():
        _, turns = sampled(file, 0, node, "rotation")
        expected = nod.joint_rotations_wxyz[:, nod.joint_names.index(joint)]
        np.testing.assert_allclose(turns[:, [3, 0, 1, 2]], expected, atol=bound)
    _, way = sampled(file, 0, "Neck", "translation")
    np.testing.assert_allclose(way - avatar.rig.joints_m[0], moving.head_translation_m, atol=1e-6)


def test_a_motion_moves_only_what_it_names(avatar: Avatar, tmp_path: Path) -> None:
    turns = np.tile(np.float32([1, 0, 0, 0]), (3, 1, 1))
    motion = Motion(24.0, ("jawOpen", "unknown"), np.float32([[0, 1], [0.5, 1], [1, 1]]), ("jaw",), turns,
                    np.zeros((3, 3), np.float32), "made up")  # fmt: skip
    file = written(replace(avatar, motions={"chew": motion}), tmp_path)
    (animation,) = file.json["animations"]
    paths = [(file.json["nodes"][c["target"]["node"]]["name"], c["target"]["path"]) for c in animation["channels"]]
    assert paths == [("head", "weights"), ("eyes", "weights"), ("teeth", "weights"), ("Jaw", "rotation")]
    _, weights = sampled(file, 0, "head", "weights")
    row = avatar.blendshapes.names.index("jawOpen")
    np.testing.assert_array_equal(weights[:, row], [0, 0.5, 1])
    assert (np.delete(weights, row, 1) == 0).all()


def test_weights_out_of_range_stay_exact_for_the_web(avatar: Avatar, tmp_path: Path) -> None:
    wild = replace(avatar.motions["nod"], weights=avatar.motions["nod"].weights * 2 - 0.5)
    file = written(replace(avatar, motions={"wild": wild}), tmp_path, GlbOptions(profile="web"))
    np.testing.assert_array_equal(sampled(file, 0, "head", "weights")[1], wild.weights)


def test_motions_can_be_chosen(avatar: Avatar, tmp_path: Path) -> None:
    both = replace(avatar, motions=avatar.motions | {"talk": talk(0.5)})
    file = written(both, tmp_path, GlbOptions(motions=("talk",)))
    assert [one["name"] for one in file.json["animations"]] == ["talk"]
    assert "animations" not in written(both, tmp_path, GlbOptions(motions=())).json
    with pytest.raises(InputError, match=r"motion 'walk': found no motion of that name.*nod, talk"):
        encode(both, "a", GlbOptions(motions=("walk",)))


def test_visemes_are_what_the_blendshapes_make(built_avatar: Avatar, tmp_path: Path) -> None:
    file = written(built_avatar, tmp_path, GlbOptions(visemes=True))
    assert VISEME_TARGETS[0] == "viseme_sil"
    assert VISEME_TARGETS[-1] == "viseme_U"
    for mesh, part in zip(file.json["meshes"], split_mesh(built_avatar.head), strict=True):
        assert mesh["extras"]["targetNames"] == [*built_avatar.blendshapes.names, *VISEME_TARGETS]
        for target, weights in zip(mesh["primitives"][0]["targets"][52:], VISEMES.values(), strict=True):
            posed = posed_vertices(built_avatar, pose_from(built_avatar, weights, {})) - built_avatar.head.vertices
            np.testing.assert_allclose(file.array(target["POSITION"]), posed[part.source_vertex], atol=1e-6)


def test_visemes_need_their_blendshapes(avatar: Avatar) -> None:
    shapes = replace(avatar.blendshapes, names=("other", *avatar.blendshapes.names[1:51], "tongue"))
    with pytest.raises(InputError, match="tongueOut"):
        encode(replace(avatar, blendshapes=shapes), "a", GlbOptions(visemes=True, morph_targets=("other",)))
