"""Pictures of an avatar: single renders, contact sheets, the side-by-side with the photo."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from headsmith.asset import (
    Avatar,
    Driver,
    Pose,
    TextureBlend,
    TextureNetwork,
    neutral_pose,
    pose_from,
    pose_parameters,
    posed_splats,
    posed_vertices,
)
from headsmith.asset.cameras import orbit_camera
from headsmith.asset.dynamic_texture import direction_to
from headsmith.head_model.raster import shrink
from headsmith.head_model.shading import render_textured
from headsmith.splats import render_splats
from headsmith.splats.likeness import comparison_shots
from headsmith.types import F32, U8, Camera, Frame

BACKGROUND = 0.92
YAWS_DEG = (-60, -30, 0, 30, 60)
EXPRESSIONS: dict[str, dict[str, float]] = {
    "neutral": {},
    "jawOpen": {"jawOpen": 1.0},
    "blink": {"eyeBlinkLeft": 1.0, "eyeBlinkRight": 1.0},
    "smile": {"mouthSmileLeft": 1.0, "mouthSmileRight": 1.0},
    "pucker": {"mouthPucker": 1.0},
    "brow up": {"browInnerUp": 1.0, "browOuterUpLeft": 1.0, "browOuterUpRight": 1.0},
}


@dataclass(frozen=True)
class Shot:
    """What a render shows."""

    camera: Camera
    pose: Pose
    background: float = BACKGROUND
    """grey, sRGB 0..1"""


def render_splat_view(avatar: Avatar, shot: Shot) -> tuple[F32, F32]:
    """sRGB [H, W, 3] 0..1 over the background, and alpha [H, W]."""
    return render_splats(posed_splats(avatar, shot.pose), shot.camera, (shot.background,) * 3)


def render_mesh_view(avatar: Avatar, shot: Shot) -> tuple[F32, F32]:
    """As `render_splat_view`, of the textured mesh in the photo's light, supersampled twofold."""
    head, camera = avatar.head, scaled_camera(shot.camera, 2.0)
    image, buffers = render_textured(
        posed_vertices(avatar, shot.pose), head.faces, head.uvs, head.uv_faces, shown_texture(avatar, shot), camera,
        avatar.material.light_sh)  # fmt: skip
    alpha = shrink((buffers.triangle >= 0).astype(np.float32)[..., None], 2)
    return shrink(image, 2) + (1 - alpha) * shot.background, alpha[..., 0]


def shown_texture(avatar: Avatar, shot: Shot) -> U8:
    """[T, T, 3] sRGB of the mesh, the dynamic texture blended in where the avatar has one."""
    if avatar.dynamic_texture is None:
        return avatar.material.static_texture
    network = TextureNetwork(avatar.dynamic_texture)
    parameters = pose_parameters(avatar, shot.pose, direction_to(shot.camera))
    blend = TextureBlend(avatar.material, (network.height_px, network.width_px))
    return to_uint8(blend.shown(network.texture(parameters)))


def scaled_camera(camera: Camera, factor: float) -> Camera:
    """The same view with `factor` times as many pixels along each side."""
    width, height = (round(n * factor) for n in camera.size_px)
    cx, cy = camera.principal_px
    return replace(
        camera, focal_px=camera.focal_px * factor, principal_px=(cx * factor, cy * factor), size_px=(width, height)
    )


def to_uint8(image: F32) -> U8:
    return (np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8)


def turntable(avatar: Avatar, size_px: int = 256) -> U8:
    """Mesh above splats, yaw -60..60."""
    shots = [Shot(orbit_camera(avatar, yaw, size_px=size_px), neutral_pose(avatar)) for yaw in YAWS_DEG]
    return _sheet(avatar, shots, [f"{yaw:+d} deg" for yaw in YAWS_DEG])


def expressions(avatar: Avatar, size_px: int = 256) -> U8:
    """Mesh above splats, in the six expressions that show most faults."""
    camera = orbit_camera(avatar, size_px=size_px)
    shots = [Shot(camera, pose_from(avatar, weights, {})) for weights in EXPRESSIONS.values()]
    return _sheet(avatar, shots, list(EXPRESSIONS))


def level_sheet(full: Avatar, level: Avatar, size_px: int = 384) -> U8:
    """All splats above a level's fewer ones, and below them four times their difference, from the compared sides."""
    drivers, rows = {f"{len(a.splats.splats)} splats": Driver(a) for a in (full, level)}, []
    shots = comparison_shots(full, size_px)
    pictures = [
        [to_uint8(render_splats(driver.splats(pose), camera, (BACKGROUND,) * 3)[0]) for camera, pose in shots.values()]
        for driver in drivers.values()
    ]
    for name, row in zip(drivers, pictures, strict=True):
        rows.append(_labelled(row, [f"{name}, {view}" for view in shots]))
    apart = [np.abs(a.astype(int) - b) * 4 for a, b in zip(*pictures, strict=True)]
    rows.append(np.concatenate([np.minimum(picture, 255).astype(np.uint8) for picture in apart], axis=1))
    return np.concatenate(rows)


def beside_photo(avatar: Avatar, frame: Frame) -> U8:
    """The photo, the splats and the mesh from the photo's own camera."""
    shot = Shot(avatar.capture_camera, avatar.capture_pose)
    splats, mesh = render_splat_view(avatar, shot)[0], render_mesh_view(avatar, shot)[0]
    return _labelled([frame.image, to_uint8(splats), to_uint8(mesh)], ["photo", "splats", "mesh"])


def preview_image(avatar: Avatar, size_px: int = 384) -> U8:
    """Splats, three-quarter view: the picture that stands for the avatar."""
    return to_uint8(render_splat_view(avatar, Shot(orbit_camera(avatar, 20, size_px=size_px), neutral_pose(avatar)))[0])


def report_pictures(avatar: Avatar, frame: Frame, observed: F32) -> dict[str, U8]:
    """The pictures of report.html by caption."""
    return {
        "Photo, splats and mesh from the photo's camera": beside_photo(avatar, frame),
        "Turntable: mesh above, splats below": turntable(avatar),
        "Expressions: mesh above, splats below": expressions(avatar),
        "Texture: seen in the photo (bright), completed (dark)": unseen_map(avatar, observed),
    }


def unseen_map(avatar: Avatar, observed: F32, size_px: int = 512) -> U8:
    """The texture, dimmed and tinted where it was completed rather than seen."""
    texture = np.asarray(Image.fromarray(avatar.material.static_texture).resize((size_px, size_px)))
    seen = np.asarray(Image.fromarray(to_uint8(observed)).resize((size_px, size_px)))[..., None] / 255.0
    tint = np.array([60.0, 60.0, 120.0])
    return (texture * (0.35 + 0.65 * seen) + tint * (1 - seen) * 0.4).clip(0, 255).astype(np.uint8)


def _sheet(avatar: Avatar, shots: list[Shot], labels: list[str]) -> U8:
    rows = []
    for render, row in ((render_mesh_view, "mesh"), (render_splat_view, "splats")):
        pictures = map(partial(_picture, render, avatar), shots)
        rows.append(_labelled(list(pictures), [f"{row} {label}" for label in labels]))
    return np.concatenate(rows)


def _picture(render: Any, avatar: Avatar, shot: Shot) -> U8:
    return to_uint8(render(avatar, shot)[0])


def _labelled(pictures: list[U8], labels: list[str]) -> U8:
    out = []
    for picture, label in zip(pictures, labels, strict=True):
        image = Image.fromarray(picture)
        draw = ImageDraw.Draw(image)
        draw.rectangle((0, 0, 8 + draw.textlength(label), 16), fill=(255, 255, 255))
        draw.text((4, 2), label, fill=(0, 0, 0))
        out.append(np.asarray(image))
    return np.concatenate(out, axis=1)
