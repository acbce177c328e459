"""What the page has drawn, and what it should have."""

from __future__ import annotations

import base64

import numpy as np

from headsmith.asset.avatar import Avatar, Pose
from headsmith.asset.posing import posed_splats
from headsmith.splats import render_splats
from headsmith.types import Camera
from web_browser import Browser

READ = """
const { stage } = avatar.viewer;
await avatar.settled();
stage.draw();
const gl = stage.renderer.getContext(), { width, height } = stage.canvas;
const pixels = new Uint8Array(4 * width * height);
gl.readPixels(0, 0, width, height, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
let text = "";
for (let i = 0; i < pixels.length; i += 4096) text += String.fromCharCode(...pixels.subarray(i, i + 4096));
return [width, height, btoa(text)];
"""
CAMERA = """
const { camera, canvas } = avatar.viewer.stage;
return [camera.matrixWorldInverse.elements, camera.projectionMatrix.elements, canvas.width, canvas.height];
"""


def drawn(page: Browser) -> np.ndarray:
    """[H, W, 4] uint8, colours times alpha, of the canvas once everything is settled; row 0 on top."""
    width, height, text = page.run(READ)
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(height, width, 4)[::-1]


def camera_of(page: Browser) -> Camera:
    """The page's camera."""
    view, projection, width, height = page.run(CAMERA)
    T = np.diag([1, -1, -1, 1]) @ np.array(view).reshape(4, 4).T
    return Camera(projection[5] * height / 2, (width / 2, height / 2), (width, height), T.astype(np.float32))


def expected(avatar: Avatar, camera: Camera, pose: Pose) -> np.ndarray:
    """[H, W, 4] 0..1, colours times alpha: the splats in that pose by our own rasteriser."""
    image, alpha = render_splats(posed_splats(avatar, pose), camera)
    return np.concatenate([image, alpha[..., None]], axis=-1)


def psnr_db(a: np.ndarray, b: np.ndarray) -> float:
    return float(-10 * np.log10(np.mean((a - b) ** 2)))
