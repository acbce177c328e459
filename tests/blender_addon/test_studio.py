"""The studio: lights and camera around an avatar, wherever it stands."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
import pytest
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Vector

from headsmith_blender.builders.studio import add_studio


def corners(collection: Any) -> list[Vector]:
    """The bare head's bounding box in the world."""
    head, rig = collection.headsmith.head, collection.headsmith.rig
    points = np.array([v.co for v in head.data.vertices])
    low, high = points.min(0), points.max(0)
    picks = np.array(np.meshgrid([0, 1], [0, 1], [0, 1])).reshape(3, -1).T
    return [rig.matrix_world @ Vector(np.where(pick, high, low).tolist()) for pick in picks]


def seen(scene: Any, collection: Any) -> Any:
    """[8, 3] those corners in the camera's picture (0..1, 0..1, depth)."""
    bpy.context.view_layer.update()
    return np.array([world_to_camera_view(scene, scene.camera, corner) for corner in corners(collection)])


@pytest.mark.parametrize("size_px", [(512, 512), (1920, 1080), (400, 1000)])
def test_the_camera_frames_the_head_anywhere(imported: Any, scene: Any, size_px: tuple[int, int]) -> None:
    scene.render.resolution_x, scene.render.resolution_y = size_px
    rig = imported.headsmith.rig
    rig.location, rig.rotation_mode, rig.rotation_euler, rig.scale = (5, -2, 1), "XYZ", (0.3, 0.1, 2.0), (7, 7, 7)
    camera = add_studio(scene, imported)
    assert scene.camera == camera
    found = seen(scene, imported)
    assert 0.02 < found[:, :2].min() < found[:, :2].max() < 0.98
    assert np.ptp(found[:, :2], axis=0).max() > 0.6
    face = rig.matrix_world @ Vector((0, -1, 0)) - rig.matrix_world.translation
    towards = camera.matrix_world.translation - rig.matrix_world.translation
    assert face.normalized().dot(towards.normalized()) > 0.99


def test_light_on_a_bigger_head_is_as_strong(imported: Any, scene: Any) -> None:
    def irradiance() -> list[float]:
        place = imported.headsmith.rig.matrix_world.translation
        return [o.data.energy / (o.location - place).length_squared for o in scene.objects if o.type == "LIGHT"]

    add_studio(scene, imported)
    small = irradiance()
    imported.headsmith.rig.scale = (10, 10, 10)
    add_studio(scene, imported)
    assert irradiance() == pytest.approx(small, rel=0.1)
    assert len(small) == 3


def test_a_second_studio_moves_the_first(imported: Any, scene: Any) -> None:
    old = bpy.data.worlds.new("Sky")
    scene.world = old
    add_studio(scene, imported)
    before = {kind: len(getattr(bpy.data, kind)) for kind in ("objects", "lights", "cameras", "worlds", "collections")}
    studio = {o for o in scene.objects if o.type in {"LIGHT", "CAMERA"}}
    places = [tuple(o.location) for o in studio]
    imported.headsmith.rig.location = (3, 0, 0)
    bpy.data.objects.remove(next(o for o in studio if o.type == "CAMERA"))
    add_studio(scene, imported)
    assert {kind: len(getattr(bpy.data, kind)) for kind in before} == {**before, "cameras": before["cameras"] + 1}
    assert scene.world != old
    assert old.use_fake_user
    moved = {o for o in scene.objects if o.type in {"LIGHT", "CAMERA"}}
    assert len(moved) == len(places)
    assert min(o.location.x for o in moved) > 1.5


def test_the_operator(imported: Any, scene: Any) -> None:
    assert bpy.ops.headsmith.add_studio() == {"FINISHED"}
    assert seen(scene, imported).min() > 0
    assert "UNDO" in bpy.types.HEADSMITH_OT_add_studio.bl_options


@pytest.mark.usefixtures("scene")
def test_the_operator_needs_an_avatar() -> None:
    assert not bpy.ops.headsmith.add_studio.poll()
