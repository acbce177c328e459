"""Import: Blender's own evaluation against the core's posing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from headsmith.asset import posed_vertices, read_avatar
from headsmith.errors import InputError
from headsmith_blender.importing import import_avatar
from headsmith_blender.scene import evaluated_vertices, from_blender
from splat_scenes import put_in_pose, random_pose


def test_the_evaluated_head_is_the_posed_head(imported: Any, sample_avatar: Path) -> None:
    avatar = read_avatar(sample_avatar)
    for seed in range(10):
        pose = random_pose(avatar, seed)
        put_in_pose(imported, avatar, pose)
        bpy.context.view_layer.update()
        found = evaluated_vertices(imported.headsmith.head, bpy.context.evaluated_depsgraph_get())
        np.testing.assert_allclose(from_blender(found), posed_vertices(avatar, pose), atol=1e-5)


def test_a_damaged_bundle_leaves_the_scene_as_it_was(scene: Any, tmp_path: Path) -> None:
    bad = tmp_path / "bad.avatar.zip"
    bad.write_bytes(b"PK\x03\x04 no zip")
    before = {kind: len(getattr(bpy.data, kind)) for kind in ("objects", "meshes", "images", "collections")}
    with pytest.raises(InputError, match=r"bad\.avatar"):
        import_avatar(bad, scene)
    assert {kind: len(getattr(bpy.data, kind)) for kind in before} == before


def test_importing_again_keeps_the_objects(imported: Any, scene: Any, sample_avatar: Path) -> None:
    settings = imported.headsmith
    objects = (settings.rig, settings.head)
    settings.rig.location = (1, 2, 3)
    again = import_avatar(sample_avatar, scene)
    assert again == imported
    assert (settings.rig, settings.head) == objects
    assert tuple(settings.rig.location) == (1, 2, 3)
    assert len(settings.head.vertex_groups) == 5
    assert len(bpy.data.meshes) == len([o for o in imported.objects if o.type == "MESH"])
