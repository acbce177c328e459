"""A light is found again, and whether it stands still as the camera does or as the head does."""

from __future__ import annotations

import numpy as np
import pytest
from tests.evaluation.staging import FRONT, LIGHT, Moment, mesh_picture, moments_of

from headsmith.asset import Avatar, posed_vertices
from headsmith.asset.normals import vertex_normals
from headsmith.evaluation.light import LitFrame, clip_light
from headsmith.head_model.raster import rasterize
from headsmith.head_model.shading import NEUTRAL_LIGHT, irradiance, rotated_light


def lit_frame(avatar: Avatar, moment: Moment) -> LitFrame:
    """With a highlight down the nose, of which the texture knows nothing."""
    image, _ = mesh_picture(avatar, moment, dynamic=False)
    vertices = posed_vertices(avatar, moment.pose)
    head, face = avatar.head, avatar.head.regions["face"]
    skin = rasterize(vertices, head.faces, moment.camera).interpolate(face[head.faces][..., None])[..., 0] > 0.95
    rows, columns = np.nonzero(skin)
    low, high = np.percentile(columns, [48, 52])
    shiny = (columns > low) & (columns < high)
    image[rows[shiny], columns[shiny]] += 0.25
    return LitFrame((np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8), skin, moment.camera, vertices)


@pytest.mark.parametrize("with_camera", [True, False])
def test_a_light_is_found_again(avatar: Avatar, with_camera: bool) -> None:
    moments = moments_of(avatar, with_camera)[::4]
    found = clip_light(avatar, [lit_frame(avatar, moment) for moment in moments])
    assert found.with_camera == with_camera
    normals = vertex_normals(avatar.head.vertices, avatar.head.faces)[avatar.head.regions["face"] > 0.5]
    for moment in moments:
        facing = normals[normals @ moment.camera.T_camera_world[2, :3] < -0.5]
        wanted = irradiance(facing, moment.light_sh)
        assert np.abs(irradiance(facing, found.at(moment.camera)) / wanted - 1).mean() < 0.04
    expected = rotated_light(LIGHT, FRONT) if with_camera else LIGHT
    assert np.abs(found.light_sh[:4] - expected[:4]).max() < 0.5


def test_without_skin_the_light_is_neutral(avatar: Avatar) -> None:
    frame = lit_frame(avatar, moments_of(avatar)[0])
    unseen = LitFrame(frame.image, np.zeros_like(frame.skin), frame.camera, frame.vertices_m)
    assert np.array_equal(clip_light(avatar, [unseen]).at(frame.camera), NEUTRAL_LIGHT)
