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
