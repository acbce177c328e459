"""The import operator: file browser, drag and drop, several at once, undo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import pytest

from headsmith.asset import read_avatar, write_avatar
from headsmith_blender.avatars import avatar_of, avatars


@pytest.fixture(scope="module")
def folder(light_avatar: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ada as a folder, bea as a zip, and a bad one."""
    place = tmp_path_factory.mktemp("bundles")
    for name in ("ada.avatar", "bea.avatar.zip"):
        write_avatar(read_avatar(light_avatar), place / name)
    (place / "bad.avatar.zip").write_bytes(b"PK no zip")
    return place


@pytest.mark.parametrize("name", ["ada.avatar", "ada.avatar/", "ada.avatar/avatar.json", "bea.avatar.zip"])
def test_each_way_to_name_a_bundle(scene: Any, folder: Path, name: str) -> None:
    assert bpy.ops.headsmith.import_avatar(filepath=f"{folder}/{name}") == {"FINISHED"}
    (collection,) = avatars(scene)
    assert collection.name == name[:3]
    # the rig is in hand: moving it moves everything
    assert bpy.context.object == collection.headsmith.rig
    assert list(bpy.context.selected_objects) == [collection.headsmith.rig]
    assert avatar_of(bpy.context.object, scene) == collection


def drop(folder: Path, names: list[str]) -> None:
    """As the window system does over the viewport: Blender looks for a file handler."""
    window = bpy.context.window_manager.windows[0]
    area = window.screen.areas[0]
    area.type = "VIEW_3D"
    with bpy.context.temp_override(window=window, area=area):
        bpy.ops.wm.drop_import_file(directory=f"{folder}/", files=[{"name": name} for name in names])


@pytest.mark.parametrize("names", [["ada.avatar"], ["bea.avatar.zip"], ["ada.avatar", "bea.avatar.zip"]])
def test_dropped_files_are_all_imported(scene: Any, folder: Path, names: list[str]) -> None:
    drop(folder, names)
    assert [collection.name for collection in avatars(scene)] == [name[:3] for name in names]


def test_the_json_of_a_folder_can_be_dropped(scene: Any, folder: Path) -> None:
    drop(folder / "ada.avatar", ["avatar.json"])
    assert [collection.name for collection in avatars(scene)] == ["ada"]


def test_a_bad_one_does_not_stop_the_others(scene: Any, folder: Path) -> None:
    files = [{"name": name} for name in ("ada.avatar", "bad.avatar.zip", "bea.avatar.zip")]
    with pytest.raises(RuntimeError, match=r"bad\.avatar\.zip: found .*expected"):
        bpy.ops.headsmith.import_avatar(directory=f"{folder}/", files=files)
    assert [collection.name for collection in avatars(scene)] == ["ada", "bea"]


def test_a_copy_on_purpose(scene: Any, folder: Path) -> None:
    for as_copy in (False, True, False):
        bpy.ops.headsmith.import_avatar(filepath=f"{folder}/bea.avatar.zip", as_copy=as_copy)
    assert len(avatars(scene)) == 2
    assert avatars(scene)[1].headsmith.rig.location.x > 0.1


def test_undo_takes_the_avatar_away_and_redo_brings_it_back(scene: Any, folder: Path) -> None:
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.headsmith.import_avatar("EXEC_DEFAULT", True, filepath=f"{folder}/bea.avatar.zip")
    bpy.context.object.location = (1, 2, 3)
    bpy.ops.ed.undo_push(message="moved")
    bpy.ops.ed.undo()
    scene = bpy.context.scene
    (collection,) = avatars(scene)
    assert tuple(collection.headsmith.rig.location) == (0, 0, 0)
    bpy.ops.ed.undo()
    assert avatars(bpy.context.scene) == []
    bpy.ops.ed.redo()
    (collection,) = avatars(bpy.context.scene)
    assert len(collection.headsmith.head.data.shape_keys.key_blocks) == 53
