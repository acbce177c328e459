"""What the user set in the preferences holds for what is imported and exported next."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest

from headsmith_blender.avatars import avatars
from headsmith_blender.importing import ImportOptions, import_avatar
from headsmith_blender.preferences import preferences


@pytest.fixture
def liked(scene: Any) -> Iterator[Any]:  # noqa: ARG001 (registered before)
    """The preferences, as of an add-on that is enabled."""
    addons = bpy.context.preferences.addons
    addon = addons.new()
    addon.module = "headsmith_blender"
    yield addon.preferences
    addons.remove(addon)


def test_none_where_the_addon_is_not_installed(scene: Any) -> None:  # noqa: ARG001
    assert preferences(bpy.context) is None


def test_new_avatars_look_as_the_user_likes(liked: Any, scene: Any, light_avatar: Path) -> None:
    liked.show, liked.colour_mode = "MESH", "EXACT"
    bpy.ops.headsmith.import_avatar(filepath=str(light_avatar))
    settings = avatars(scene)[0].headsmith
    assert (settings.show, settings.colour_mode) == ("MESH", "EXACT")
    assert not settings.head.hide_render
    assert settings.splats.hide_render
    # an avatar that is there keeps what the artist chose since
    settings.show = "BOTH"
    bpy.ops.headsmith.import_avatar(filepath=str(light_avatar))
    assert settings.show == "BOTH"


def test_a_script_gets_the_defaults(scene: Any, light_avatar: Path) -> None:
    settings = import_avatar(light_avatar, scene).headsmith
    assert (settings.show, settings.colour_mode) == ("SPLATS", "LINEAR")
    chosen = import_avatar(light_avatar, scene, options=ImportOptions(as_copy=True, show="MESH")).headsmith
    assert chosen.show == "MESH"
    assert chosen.splats.hide_render
