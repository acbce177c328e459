"""Where MediaPipe's 478 landmarks lie on a head mesh: render it, detect, and project back onto the triangles.

The `detect` function is the caller's (this package does not import the landmark stage).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from headsmith.asset.normals import vertex_normals
from headsmith.head_model.raster import RasterBuffers, rasterize
from headsmith.head_model.shading import NEUTRAL_LIGHT, linear_to_srgb, shade, srgb_to_linear
from headsmith.types import F32, I32, U8, Bool, Camera, Landmarks

Detect = Callable[[U8], Landmarks | None]

IRIS_RIGHT, IRIS_LEFT = np.arange(468, 473), np.arange(473, 478)
"""the centre and four points of the rim, subject's right and left (MediaPipe counts the subject's right first)"""


@dataclass(frozen=True)
class EmbeddingOptions:
    yaws_rad: Sequence[float] = (-0.5, 0.0, 0.5)
    size_px: int = 1024
    distance_m: float = 1.0
    field_m: float = 0.36
    """width of the picture at the head"""


@dataclass(frozen=True)
class Embedding:
    triangle: I32
    """[478]"""
    barycentric: F32
    """[478, 3]"""
    weight: F32
    """[478] 0..1, 0 where no view could place the landmark"""


@dataclass(frozen=True)
class View:
    camera: Camera
    buffers: RasterBuffers
    landmarks_px: F32
    """[478, 2]"""


def embed_landmarks(
    vertices_m: F32, faces: I32, detect: Detect, colors: F32 | None = None, options: EmbeddingOptions | None = None
) -> Embedding:
    """Vertices [V, 3] around the origin midway between the eyes, faces [F, 3], sRGB `colors` [V, 3] 0..1.

    Raises ValueError if the detector sees no face in any view.
    """
    options = options or EmbeddingOptions()
    views = [view_of(vertices_m, faces, yaw, detect, colors, options) for yaw in options.yaws_rad]
    seen = [view for view in views if view is not None]
    if not seen:
        raise ValueError("no face was detected on any render of this head")
    hits = [_hits(view, vertices_m, faces) for view in seen]
    facing = np.stack([h.facing for h in hits])
    best = facing.argmax(0)
    pick = np.arange(facing.shape[1])
    triangle = np.stack([h.triangle for h in hits])[best, pick]
    barycentric = np.stack([h.barycentric for h in hits])[best, pick]
    points = np.stack([h.points_m for h in hits])
    weight = _agreement(points, facing, best) * (facing[best, pick] > 0)
    return Embedding(triangle.astype(np.int32), barycentric.astype(np.float32), weight.astype(np.float32))


def view_of(
    vertices_m: F32, faces: I32, yaw_rad: float, detect: Detect, colors: F32 | None, options: EmbeddingOptions
) -> View | None:
    """One render and what the detector finds on it."""
    camera = orbit_camera(yaw_rad, options)
    image, buffers = render(vertices_m, faces, camera, colors)
    found = detect(image)
    return None if found is None else View(camera, buffers, found.points_px)


def orbit_camera(yaw_rad: float, options: EmbeddingOptions) -> Camera:
    """A camera that looks at the middle of the face from `yaw_rad` towards the subject's left."""
    c, s = np.cos(yaw_rad), np.sin(yaw_rad)
    R = np.array([[c, 0, -s], [0, -1, 0], [-s, 0, -c]])
    target = np.array([0.0, -0.03, 0.0])
    T = np.eye(4, dtype=np.float32)
    T[:3, :3], T[:3, 3] = R, np.array([0, 0, options.distance_m]) - R @ target
    n = options.size_px
    return Camera(n * options.distance_m / options.field_m, (n / 2, n / 2), (n, n), T)


def render(vertices_m: F32, faces: I32, camera: Camera, colors: F32 | None) -> tuple[U8, RasterBuffers]:
    """The shaded head on grey."""
    vertices_m = vertices_m.astype(np.float32)
    buffers = rasterize(vertices_m, faces, camera)
    light = NEUTRAL_LIGHT * 0.75
    light[3] = 0.12
    image = shade(buffers, vertices_m, faces, light)
    albedo = np.full((len(vertices_m), 3), 0.75, np.float32) if colors is None else colors
    image = linear_to_srgb(image * buffers.interpolate(srgb_to_linear(albedo)[faces]))
    image[buffers.triangle < 0] = 0.45
    return (np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8), buffers


@dataclass(frozen=True)
class _Hits:
    triangle: I32
    barycentric: F32
    points_m: F32
    facing: F32
    """[478] cosine between the surface normal and the direction to the camera, 0 where nothing is hit"""


def _hits(view: View, vertices_m: F32, faces: I32) -> _Hits:
    """The surface under each landmark of one view; a landmark just off the silhouette takes the nearest pixel."""
    width, height = view.camera.size_px
    x, y = np.floor(view.landmarks_px).astype(int).T
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    x, y = np.clip(x, 0, width - 1), np.clip(y, 0, height - 1)
    triangle = view.buffers.triangle[y, x]
    hit = inside & (triangle >= 0)
    triangle = np.where(hit, triangle, 0)
    barycentric = _barycentric_at(view, vertices_m, faces[triangle])
    points = (vertices_m[faces[triangle]] * barycentric[..., None]).sum(1)
    normals = (vertex_normals(vertices_m.astype(np.float32), faces)[faces[triangle]] * barycentric[..., None]).sum(1)
    to_camera = view.camera.position_m - points
    facing = (normals * to_camera).sum(1) / np.linalg.norm(to_camera, axis=1)
    return _Hits(triangle, barycentric, points, np.where(hit, np.maximum(facing, 0), 0))


def _barycentric_at(view: View, vertices_m: F32, corners: I32) -> F32:
    """[478, 3] exact, perspective-correct position of each landmark's ray on its triangle, kept inside it."""
    pixels, z = view.camera.project(vertices_m.astype(np.float32))
    a, b, c = (pixels[corners[:, k]].astype(np.float64) for k in range(3))
    p = view.landmarks_px.astype(np.float64)
    area = _cross(b - a, c - a)
    area = np.where(np.abs(area) < 1e-9, 1e-9, area)
    w = np.stack([_cross(b - p, c - p), _cross(c - p, a - p), _cross(a - p, b - p)], 1) / area[:, None]
    w = np.clip(w, 0, 1) / z[corners]
    return w / w.sum(1, keepdims=True)


def _cross(a: F32, b: F32) -> F32:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]


def _agreement(points_m: F32, facing: F32, best: I32) -> F32:
    """[478] 1 where the views place a landmark at one point, falling to 0.1 as they disagree by a centimetre."""
    chosen = points_m[best, np.arange(len(best))]
    visible: Bool = facing > 0.25
    distance = np.linalg.norm(points_m - chosen, axis=-1) * visible
    spread = distance.sum(0) / np.maximum(visible.sum(0) - 1, 1)
    return np.exp(-((spread / 0.006) ** 2)) * 0.9 + 0.1
