"""What splats do with who looks at them: colours by direction, and the viewport's own view."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from mathutils import Matrix
from mathutils.kdtree import KDTree

from headsmith.asset import Avatar, Driver, read_avatar
from headsmith.types import F32
from headsmith_blender.builders.splats import build_splats
from headsmith_blender.scene import from_blender, get_values
from headsmith_blender.view_following import FAR_M, View, face_view
from splat_reference import colours
from splat_scenes import evaluated_quads, look_from, put_in_pose, random_pose


@pytest.mark.parametrize("coefficients", [3, 8, 15])
def test_colours_depend_on_the_direction(imported: Any, sample_avatar: Path, coefficients: int) -> None:
    avatar = shining(read_avatar(sample_avatar), coefficients)
    settings = imported.headsmith
    build_splats(avatar, settings.head, settings.splats, settings.splats.name)
    pose = random_pose(avatar, 3)
    put_in_pose(imported, avatar, pose)
    camera = look_from(avatar, yaw_deg=35, pitch_deg=20)
    expected = Driver(avatar).splats(pose)
    bpy.context.view_layer.update()
    mesh = settings.splats.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    corners = from_blender(get_values(mesh.vertices, "co", (len(mesh.vertices) // 4, 4, 3)))
    linear = get_values(mesh.attributes["quad_colour"].data, "color", (len(mesh.vertices), 4))[::4, :3]
    which = nearest(corners.mean(1), expected.means)
    wanted = colours(expected, camera)[which]
    np.testing.assert_allclose(linear, np.where(wanted > 0.04045, ((wanted + 0.055) / 1.055) ** 2.4, wanted / 12.92),
                               atol=2e-3)  # fmt: skip
    flat = colours(dataclasses.replace(expected, shN=expected.shN[:, :0]), camera)[which]
    assert np.abs(wanted - flat).mean() > 0.02


def shining(avatar: Avatar, coefficients: int) -> Avatar:
    """The avatar with higher bands of colour."""
    bound, rng = avatar.splats, np.random.default_rng(coefficients)
    shine = rng.normal(0, 0.1, (len(bound.splats), coefficients, 3)).astype(np.float32)
    splats = dataclasses.replace(bound.splats, shN=shine)
    return dataclasses.replace(avatar, splats=dataclasses.replace(bound, splats=splats))


def nearest(points: F32, among: F32) -> list[int]:
    """[M] the row of `among` [N, 3] that is nearest to each of `points` [M, 3]."""
    tree = KDTree(len(among))
    for row, point in enumerate(among.tolist()):
        tree.insert(point, row)
    tree.balance()
    return [tree.find(point)[1] for point in points.tolist()]


def test_in_the_viewport_splats_face_the_view_that_is_written(imported: Any, scene: Any, sample_avatar: Path) -> None:
    avatar = read_avatar(sample_avatar)
    view = look_from(avatar, yaw_deg=70, pitch_deg=-10)
    from_the_side = evaluated_quads(imported.headsmith.splats)
    pose = scene.camera.matrix_world.copy()
    look_from(avatar)
    from_the_front = evaluated_quads(imported.headsmith.splats)
    face_view(scene, View(pose, view.focal_px, False, view.size_px[0]))
    found = evaluated_quads(imported.headsmith.splats)
    np.testing.assert_array_equal(found.splat, from_the_side.splat)
    np.testing.assert_allclose(found.sides_m, from_the_side.sides_m, atol=1e-5)
    face_view(scene, None)
    np.testing.assert_allclose(evaluated_quads(imported.headsmith.splats).sides_m, from_the_front.sides_m, atol=1e-7)


def test_in_an_orthographic_view_splats_lie_across_its_axis(imported: Any, scene: Any, sample_avatar: Path) -> None:
    look_from(read_avatar(sample_avatar))
    pose = Matrix.Rotation(np.pi / 2, 4, "X") @ Matrix.Translation((0, 0, FAR_M))
    face_view(scene, View(pose, 2000.0, True, 500))
    found = evaluated_quads(imported.headsmith.splats)
    # the view's axis is the face's: z in head space
    np.testing.assert_allclose(found.sides_m[..., 2], 0, atol=1e-5)
    assert np.diff(found.middle_m[:, 2]).min() > -1e-5
    assert found.sides_m[..., :2].max() > 1e-3


def test_the_operator_sets_the_look_and_reports(light: Any, scene: Any) -> None:
    assert bpy.ops.headsmith.set_look(show="BOTH", quality_percent=50, colour_mode="EXACT") == {"FINISHED"}
    settings = light.headsmith
    assert (settings.show, settings.quality_percent, settings.colour_mode) == ("BOTH", 50, "EXACT")
    assert "Headsmith Exact" in scene.view_layers
    assert scene.cycles.transparent_max_bounces >= 256
