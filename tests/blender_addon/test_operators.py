"""What all operators do alike, tried on real ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
import pytest

from headsmith.asset import read_avatar, write_avatar
from headsmith_blender.avatars import avatar_of
from headsmith_blender.importing import ImportOptions, import_avatar


@pytest.mark.usefixtures("scene")
def test_a_bad_file_is_one_sentence(tmp_path: Path) -> None:
    bad = tmp_path / "bad.avatar.zip"
    bad.write_bytes(b"PK no zip")
    with pytest.raises(RuntimeError, match=r"^Error: .*bad\.avatar\.zip.*found .*, expected .*; .*\.\n?$"):
        bpy.ops.headsmith.import_avatar(filepath=str(bad))


@pytest.fixture
def two(scene: Any, light_avatar: Path) -> list[Any]:
    """Two avatars of the same bundle."""
    return [import_avatar(light_avatar, scene, options=ImportOptions(as_copy=True)) for _ in range(2)]


def test_the_active_object_says_which_avatar_is_meant(two: list[Any], scene: Any) -> None:
    bpy.context.view_layer.objects.active = None
    assert avatar_of(bpy.context.object, scene) is None
    assert not bpy.ops.headsmith.reset_expression.poll()
    for collection in two:
        bpy.ops.headsmith.select_avatar(name=collection.name)
        assert list(bpy.context.selected_objects) == [collection.headsmith.rig]
        bpy.ops.headsmith.apply_expression(preset="jaw open")
        bpy.ops.headsmith.select_object(name=collection.headsmith.splats.name)
        assert bpy.context.object == collection.headsmith.splats
        assert avatar_of(bpy.context.object, scene) == collection
    bpy.ops.headsmith.reset_expression()
    values = [c.headsmith.head.data.shape_keys.key_blocks["jawOpen"].value for c in two]
    assert values[0] > 0
    assert values[1] == 0


def test_names_of_nothing_are_refused(two: list[Any]) -> None:
    with pytest.raises(RuntimeError, match=r"avatar 'nobody': found no avatar .*, expected .*; .*"):
        bpy.ops.headsmith.select_avatar(name="nobody")
    bpy.ops.headsmith.select_avatar(name=two[0].name)
    with pytest.raises(RuntimeError, match=r"object 'nothing': found no such object"):
        bpy.ops.headsmith.select_object(name="nothing")
    with pytest.raises(RuntimeError, match="no such object"):
        bpy.ops.headsmith.select_object(name=two[1].headsmith.rig.name)


def test_into_pose_mode_and_out_of_it(two: list[Any]) -> None:
    bpy.ops.headsmith.select_avatar(name=two[0].name)
    bpy.ops.headsmith.select_object(name=two[0].headsmith.splats.name)
    bpy.ops.headsmith.pose_bones()
    assert (bpy.context.mode, bpy.context.object) == ("POSE", two[0].headsmith.rig)
    bpy.ops.headsmith.pose_bones()
    assert bpy.context.mode == "OBJECT"


def test_reloading_reads_the_bundle_of_this_avatar(two: list[Any], tmp_path: Path, light_avatar: Path) -> None:
    other = tmp_path / "other.avatar"
    avatar = read_avatar(light_avatar)
    write_avatar(replace(avatar, provenance=replace(avatar.provenance, consent="agreed")), other)
    two[1].headsmith.source = str(other)
    bpy.ops.headsmith.select_avatar(name=two[1].name)
    bpy.ops.headsmith.reload_avatar()
    assert [c.headsmith.consent for c in two] == ["", "agreed"]
    (other / "avatar.json").unlink()
    with pytest.raises(RuntimeError, match=r"other\.avatar"):
        bpy.ops.headsmith.reload_avatar()
