"""Clips of a known avatar: rendered from one of its forms, with the pose of every frame known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from headsmith.asset import Avatar, Driver, DynamicTexture, Pose, TextureBlend, TextureNetwork, pose_from, read_avatar
from headsmith.asset.cameras import orbit_camera
from headsmith.asset.onnx_writer import graph, model, node
from headsmith.capture import open_clip, write_clip
from headsmith.head_model.shading import NEUTRAL_LIGHT, render_textured, rotated_light
from headsmith.pipeline.clips import Followed, Watched, watch
from headsmith.preview import scaled_camera
from headsmith.splats import render_splats
from headsmith.types import F32, U8, Camera, HeadTrack, no_progress

SIZE_PX, COUNT, FPS = 256, 20, 10.0
NETWORK_PX = 128
BLUSH = np.array([0.25, -0.2, -0.2], np.float32)
"""what jawOpen adds to the dynamic texture, sRGB"""
FRONT = np.diag([1.0, -1.0, -1.0])
"""from head space to the axes of a camera in front of it"""
LIGHT = NEUTRAL_LIGHT + np.outer([0, 0.1, 0.2, 0.35, 0, 0, 0, 0, 0], [1, 0.9, 0.7]).astype(np.float32)
"""in head space, of a head that looks at the camera; warm, from above and the subject's left"""


@dataclass(frozen=True)
class Moment:
    camera: Camera
    pose: Pose
    light_sh: F32
    """[9, 3] in head space"""


@dataclass(frozen=True)
class Staged:
    """A clip file and its truth."""

    avatar: Avatar
    path: Path
    moments: tuple[Moment, ...]

    def followed(self) -> Followed:
        """As a faultless tracker would follow it."""
        clip = open_clip(self.path)
        watched = Watched(clip, watch(clip, FPS + 1, no_progress))
        count, camera = len(self.moments), self.moments[0].camera
        track = HeadTrack(
            clip.info, np.arange(count, dtype=np.int32), watched.seen.found,
            replace(camera, T_camera_world=np.eye(4, dtype=np.float32)),
            np.stack([moment.camera.T_camera_world for moment in self.moments]),
            np.stack([moment.pose.weights for moment in self.moments]),
            np.stack([moment.pose.joint_rotations for moment in self.moments]), np.zeros(count, np.float32),
        )  # fmt: skip
        return Followed(watched, track)


def speaking_avatar(path: Path) -> Avatar:
    """With a dynamic texture: a blurred copy of the static one that blushes when the jaw opens."""
    avatar = read_avatar(path)
    static = Image.fromarray(avatar.material.static_texture).resize((NETWORK_PX, NETWORK_PX), Image.Resampling.BOX)
    base = (np.asarray(static, np.float32) / 255).transpose(2, 0, 1)
    push = np.broadcast_to(BLUSH[:, None, None], base.shape)
    nodes = [
        node("Gemm", ["parameters", "push", "base"], "flat"),
        node("Reshape", ["flat", "shape"], "texture"),
    ]
    shape = (1, 3, NETWORK_PX, NETWORK_PX)
    weights = {"push": push.reshape(1, -1), "base": base.reshape(-1), "shape": np.array(shape)}
    network = model(graph(nodes, weights, {"parameters": (1, 1)}, {"texture": shape}))
    return replace(avatar, dynamic_texture=DynamicTexture(network, ("jawOpen",)))


def moments_of(avatar: Avatar, light_with_camera: bool = True) -> tuple[Moment, ...]:
    """The head turns to both sides while it speaks, blinks and smiles."""
    out = []
    for t in np.arange(COUNT) / COUNT:
        camera = orbit_camera(avatar, 18 * np.sin(2 * np.pi * t), 5 * np.cos(2 * np.pi * t), SIZE_PX)
        jaw, blink = 0.5 * np.sin(np.pi * t), float(0.68 < t < 0.78)
        weights = {"jawOpen": jaw, "eyeBlinkLeft": blink, "eyeBlinkRight": blink, "mouthSmileLeft": 0.4 * t}
        R = camera.T_camera_world[:3, :3]
        light = rotated_light(LIGHT, R.T @ FRONT) if light_with_camera else LIGHT
        out.append(Moment(camera, pose_from(avatar, weights, {"neck": (0.0, 0.15 * t, 0.0)}), light))
    return tuple(out)


def splats_clip(avatar: Avatar, path: Path) -> Staged:
    """The splats in front of a room."""
    driver, moments, room = Driver(avatar), moments_of(avatar), background()

    def pictures() -> Iterator[U8]:
        for moment in moments:
            yield _over(room, *render_splats(driver.splats(moment.pose), moment.camera))

    write_clip(path, pictures(), FPS)
    return Staged(avatar, path, moments)


def mesh_clip(avatar: Avatar, path: Path) -> Staged:
    """The mesh with its dynamic texture in front of a room, under `LIGHT`, which stands still as the camera does."""
    moments, room = moments_of(avatar), background()
    write_clip(path, (_over(room, *mesh_picture(avatar, moment, dynamic=True)) for moment in moments), FPS)
    return Staged(avatar, path, moments)


def mesh_picture(avatar: Avatar, moment: Moment, *, dynamic: bool) -> tuple[F32, F32]:
    """The mesh on black [H, W, 3] sRGB 0..1, and where it is [H, W]."""
    head, texture = avatar.head, avatar.material.static_texture
    if dynamic:
        assert avatar.dynamic_texture is not None
        jaw = moment.pose.weights[[avatar.blendshapes.names.index("jawOpen")]]
        made = TextureNetwork(avatar.dynamic_texture).texture(jaw)
        blend = TextureBlend(avatar.material, (NETWORK_PX, NETWORK_PX))
        texture = (blend.shown(made) * 255 + 0.5).astype(np.uint8)
    image, buffers = render_textured(
        Driver(avatar).vertices(moment.pose), head.faces, head.uvs, head.uv_faces, texture,
        scaled_camera(moment.camera, 2), moment.light_sh)  # fmt: skip
    alpha = (buffers.triangle >= 0).astype(np.float32)[..., None]
    return _halved(image), _halved(alpha)[..., 0]


def _halved(image: F32) -> F32:
    height, width, channels = image.shape
    return image.reshape(height // 2, 2, width // 2, 2, channels).mean((1, 3))


def background(seed: int = 3) -> F32:
    """[H, W, 3] sRGB 0..1: soft spots of many sizes."""
    random, room = np.random.default_rng(seed), np.zeros((SIZE_PX, SIZE_PX, 3), np.float32)
    for cells in (4, 9, 23):
        spots = random.integers(90, 170, (cells, cells, 3)).astype(np.uint8)
        room += np.asarray(Image.fromarray(spots).resize((SIZE_PX, SIZE_PX), Image.Resampling.BICUBIC)) / (3 * 255)
    return room


def _over(room: F32, image: F32, alpha: F32) -> U8:
    shown = image + (1 - alpha[..., None]) * room
    return (np.clip(shown, 0, 1) * 255 + 0.5).astype(np.uint8)
