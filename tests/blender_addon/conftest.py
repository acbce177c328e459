"""Fixtures of the add-on's tests, which run where bpy is installed and are left out elsewhere."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

if importlib.util.find_spec("bpy") is None:
    collect_ignore_glob = ["*"]

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def addon() -> Iterator[Any]:
    """The add-on, registered; a class that is still registered at exit would crash some versions."""
    import bpy

    import headsmith_blender

    bpy.ops.wm.read_factory_settings(use_empty=True)
    headsmith_blender.register()
    yield headsmith_blender
    bpy.ops.wm.read_factory_settings(use_empty=True)
    headsmith_blender.unregister()


@pytest.fixture
def scene(addon: Any) -> Any:  # noqa: ARG001 (it has to be registered first)
    """An empty scene."""
    import bpy

    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    return bpy.context.scene


@pytest.fixture
def imported(scene: Any, sample_avatar: Path) -> Any:
    """The sample avatar's collection, fresh in an empty scene."""
    from headsmith_blender.importing import import_avatar

    return import_avatar(sample_avatar, scene)


@pytest.fixture(scope="session")
def readers() -> Any:
    """What is not ours and reads glTF."""
    from node_readers import installed_readers

    return installed_readers()


@pytest.fixture(scope="session")
def light_avatar(sample_avatar: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample avatar with few splats and a small texture, for tests of its controls: imported in no time."""
    from dataclasses import fields, replace

    from headsmith.asset import read_avatar, write_avatar

    avatar = read_avatar(sample_avatar)
    few = {
        name: replace(part, **{field.name: getattr(part, field.name)[::100] for field in fields(part)})
        for name, part in vars(avatar.splats).items()
    }
    material = replace(avatar.material, static_texture=avatar.material.static_texture[::16, ::16].copy())
    path = tmp_path_factory.mktemp("light") / "portrait.avatar"
    write_avatar(replace(avatar, splats=replace(avatar.splats, **few), material=material), path)
    return path


@pytest.fixture
def light(scene: Any, light_avatar: Path) -> Any:
    """`light_avatar`'s collection, fresh in an empty scene."""
    from headsmith_blender.importing import import_avatar

    return import_avatar(light_avatar, scene)
