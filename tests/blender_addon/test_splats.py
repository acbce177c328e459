"""Splats in Blender: where each one stands, and how its quad looks from a camera."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np

from headsmith.asset import Driver, read_avatar
from headsmith.types import F32, Camera
from splat_reference import ALPHA_MIN, footprints_m2
from splat_scenes import evaluated_quads, look_from, put_in_pose, random_pose


def test_splats_stand_where_the_core_puts_them(imported: Any, sample_avatar: Path) -> None:
    avatar = read_avatar(sample_avatar)
    driver = Driver(avatar)
    for seed in range(10):
        pose = random_pose(avatar, seed)
        put_in_pose(imported, avatar, pose)
        camera = look_from(avatar, yaw_deg=40.0 * seed, pitch_deg=5.0 * seed)
        quads = evaluated_quads(imported.headsmith.splats)
        expected = driver.splats(pose)
        drawn_once = len(np.unique(quads.splat)) == len(quads.splat) == np.sum(expected.opacities >= ALPHA_MIN)
        assert drawn_once, seed
        np.testing.assert_allclose(quads.middle_m, expected.means[quads.splat], atol=1e-4, err_msg=f"pose {seed}")
        # the ellipses of turned and scaled splats, in metres at their depth
        found = footprint_of_sides(quads.sides_m, quads.opacity, camera)
        wanted = footprints_m2(expected, camera)[quads.splat]
        area = np.trace(wanted, axis1=1, axis2=2)[:, None, None]
        np.testing.assert_allclose(found / area, wanted / area, atol=2e-3, err_msg=f"pose {seed}")
        assert np.diff(camera.project(expected.means[quads.splat])[1]).max() < 1e-5, seed


def footprint_of_sides(sides_m: F32, opacity: F32, camera: Camera) -> F32:
    """[M, 2, 2] the covariance whose falloff reaches `ALPHA_MIN` at the sides [M, 2, 3]; x right, y down."""
    reach = np.sqrt(2 * np.log(np.maximum(opacity / ALPHA_MIN, 1 + 1e-6)))
    flat = sides_m.astype(np.float64) @ camera.T_camera_world[:3, :3].T.astype(np.float64)
    assert np.abs(flat[..., 2]).max() < 1e-6
    factor = flat[..., :2].transpose(0, 2, 1) / reach[:, None, None]
    return factor @ factor.transpose(0, 2, 1)


def test_hidden_splats_are_not_drawn(imported: Any, sample_avatar: Path) -> None:
    from headsmith_blender.scene import set_attribute

    splats = imported.headsmith.splats
    look_from(read_avatar(sample_avatar))
    everything = evaluated_quads(splats)
    hidden = np.zeros(len(splats.data.vertices), np.float32)
    hidden[::2] = 1.0
    hidden[1::4] = 0.5
    set_attribute(splats.data, "headsmith_hidden", "FLOAT", hidden)
    left = evaluated_quads(splats)
    assert (left.splat % 2 == 1).all()
    dimmed = left.opacity[left.splat % 4 == 1]
    before = dict(zip(everything.splat, everything.opacity, strict=True))
    np.testing.assert_allclose(dimmed, [before[k] / 2 for k in left.splat[left.splat % 4 == 1]], rtol=1e-4)


def test_splats_of_a_head_that_lost_its_triangles_are_not_drawn(imported: Any, sample_avatar: Path) -> None:
    look_from(read_avatar(sample_avatar))
    assert drawn(imported) > 1000
    imported.headsmith.head.modifiers.new("Subdivision", "SUBSURF")
    assert drawn(imported) == 0
    imported.headsmith.head.modifiers.remove(imported.headsmith.head.modifiers["Subdivision"])
    assert drawn(imported) > 1000


def drawn(collection: Any) -> int:
    """How many quads there are."""
    bpy.context.view_layer.update()
    depsgraph = bpy.context.evaluated_depsgraph_get()
    return len(collection.headsmith.splats.evaluated_get(depsgraph).data.polygons)


def test_two_avatars_share_one_group(imported: Any, scene: Any, sample_avatar: Path) -> None:
    from headsmith_blender.importing import ImportOptions, import_avatar

    other = import_avatar(sample_avatar, scene, options=ImportOptions(as_copy=True))
    groups = [obj.modifiers[0].node_group for obj in (imported.headsmith.splats, other.headsmith.splats)]
    assert groups[0] == groups[1]
    assert len([g for g in bpy.data.node_groups if g.bl_idname == "GeometryNodeTree"]) == 1
    look_from(read_avatar(sample_avatar))
    first, second = (evaluated_quads(c.headsmith.splats) for c in (imported, other))
    # each in its own place: what is equal is the places relative to the rigs
    order = np.argsort(first.splat), np.argsort(second.splat)
    np.testing.assert_allclose(first.middle_m[order[0]], second.middle_m[order[1]], atol=1e-5)
    assert other.headsmith.rig.location.x > 0.1
