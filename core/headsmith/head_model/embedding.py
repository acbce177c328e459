"""Where MediaPipe's 478 landmarks lie on a head mesh: render it, detect, and project back onto the triangles.

The `detect` function is the caller's (this package does not import the landmark stage).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from headsmith.asset.normals import vertex_normals
from headsmith.head_model.raster import RasterBuffers, rasterize
from headsmith.head_model.shading import NEUTRAL_LIGHT, linear_to_srgb, shade, srgb_to_linear
from headsmith.types import F32, I32, U8, Bool, Camera, Landmarks

Detect = Callable[[U8], Landmarks | None]

IRIS_RIGHT, IRIS_LEFT = np.arange(468, 473, dtype=np.int32), np.arange(473, 478, dtype=np.int32)
"""the centre and four points of the rim, subject's right and left (MediaPipe counts the subject's right first)"""
INNER_UPPER_LIP = np.array([191, 80, 81, 82, 13, 312, 311, 310, 415], np.int32)
INNER_LOWER_LIP = np.array([95, 88, 178, 87, 14, 317, 402, 318, 324], np.int32)
FRONT_WEIGHT = 6.0
"""how much more the frontal view counts than each of the others"""
SEARCH_PX = 14.0
GRAZING_PX2 = 4.0
AGREEMENT_M = 0.004
"""views that disagree by this much lower the weight to 1/e"""


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
    yaw_rad: float
    landmarks_px: F32
    """[478, 2]"""


@dataclass(frozen=True)
class Look:
    """What is known about the mesh beyond its shape; everything may be left out."""

    colors: F32 | None = None
    """[V, 3] sRGB 0..1; plain grey if left out"""
    skin_faces: Bool | None = None
    """[F] where landmarks other than the irises may lie"""
    eye_faces: tuple[Bool, Bool] | None = None
    """[F] the left and the right eyeball, where the irises lie even under the lids"""


def embed_landmarks(
    vertices_m: F32, faces: I32, detect: Detect, look: Look | None = None, options: EmbeddingOptions | None = None
) -> Embedding:
    """Vertices [V, 3] around the origin midway between the eyes, faces [F, 3].

    Raises ValueError if the detector sees no face in any view.
    """
    options, look = options or EmbeddingOptions(), look or Look()
    views = [view_of(vertices_m, faces, yaw, detect, look.colors, options) for yaw in options.yaws_rad]
    seen = [view for view in views if view is not None]
    if not seen:
        raise ValueError("no face was detected on any render of this head")
    everything = np.ones(len(faces), bool)
    skin = everything if look.skin_faces is None else look.skin_faces
    out = _merge(
        seen, _surface(seen, vertices_m, faces, skin), np.arange(len(seen[0].landmarks_px), dtype=np.int32), options
    )
    if look.eye_faces is None:
        return out
    for rows, eye in zip((IRIS_LEFT, IRIS_RIGHT), look.eye_faces, strict=True):
        part = _merge(seen, _surface(seen, vertices_m, faces, eye), rows, options)
        out.triangle[rows], out.barycentric[rows], out.weight[rows] = part.triangle, part.barycentric, part.weight
    return out


def embed_lips(closed: Embedding, upper: Embedding, lower: Embedding) -> Embedding:
    """`closed` with the inner lips found on the same triangles with the mouth open, once on each lip.

    On closed lips the upper and the lower landmarks fall on the same pixels, and some on the wrong lip.
    """
    out = Embedding(closed.triangle.copy(), closed.barycentric.copy(), closed.weight.copy())
    for rows, apart in ((INNER_UPPER_LIP, upper), (INNER_LOWER_LIP, lower)):
        out.triangle[rows], out.barycentric[rows] = apart.triangle[rows], apart.barycentric[rows]
        out.weight[rows] = apart.weight[rows]
    return out


def view_of(
    vertices_m: F32, faces: I32, yaw_rad: float, detect: Detect, colors: F32 | None, options: EmbeddingOptions
) -> View | None:
    """One render and what the detector finds on it."""
    camera = orbit_camera(yaw_rad, options)
    image, _ = render(vertices_m, faces, camera, colors)
    found = detect(image)
    return None if found is None else View(camera, yaw_rad, found.points_px)


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
class _Surface:
    """Every point of the surface that some view's pixels see."""

    triangle: I32
    """[P]"""
    barycentric: F32
    """[P, 3]"""
    points_m: F32
    """[P, 3]"""
    normals: F32
    """[P, 3]"""


def _surface(views: Sequence[View], vertices_m: F32, faces: I32, allowed: Bool) -> _Surface:
    """What the views would see if the mesh had only its `allowed` triangles."""
    vertices_m, rows = vertices_m.astype(np.float32), np.flatnonzero(allowed)
    buffers = [rasterize(vertices_m, faces[rows], view.camera) for view in views]
    triangle = rows[np.concatenate([b.triangle[b.triangle >= 0] for b in buffers])]
    barycentric = np.concatenate([b.barycentric[b.triangle >= 0] for b in buffers])
    corner_normals = vertex_normals(vertices_m, faces)
    points = (vertices_m[faces[triangle]] * barycentric[..., None]).sum(1)
    normals = (corner_normals[faces[triangle]] * barycentric[..., None]).sum(1)
    return _Surface(triangle, barycentric, points, normals)


def _merge(views: Sequence[View], surface: _Surface, landmarks: I32, options: EmbeddingOptions) -> Embedding:
    """For each of the `landmarks` the surface point that lies nearest to it in all views that see it frontally.

    A landmark on the outline slides along the cheek with the view; the front view counts most, since most
    photos are taken from there, and the disagreement of the others shows in the weight.
    """
    pixels = np.stack([v.camera.project(surface.points_m)[0] for v in views])
    facing = np.stack([_facing(v.camera, surface) for v in views])
    importance = np.array([FRONT_WEIGHT if abs(v.yaw_rad) < 0.1 else 1.0 for v in views])
    weight = np.maximum(facing, 0.0) ** 2 * importance[:, None] + 1e-6
    targets = np.stack([v.landmarks_px[landmarks] for v in views])
    near_each = [cKDTree(p).query_ball_point(t, SEARCH_PX) for p, t in zip(pixels, targets, strict=True)]
    px_per_m = options.size_px / options.field_m
    chosen, quality = [], []
    for k in range(len(landmarks)):
        near = np.unique(np.concatenate([np.array(each[k], np.int64) for each in near_each]))
        if not len(near):
            near = cKDTree(pixels[0]).query(targets[0, k], 50)[1]
        w = weight[:, near]
        squared = (((pixels[:, near] - targets[:, k, None]) ** 2).sum(-1) * w).sum(0) / w.sum(0)
        # a point that every view sees at a grazing angle explains nothing, hence the pull to facing ones
        i = int(np.argmin(squared + GRAZING_PX2 * (1 - facing[:, near].max(0))))
        chosen.append(near[i])
        error_m = np.sqrt(squared[i]) / px_per_m
        quality.append(max(facing[:, near[i]].max(), 0.0) * np.exp(-((error_m / AGREEMENT_M) ** 2)))
    return Embedding(surface.triangle[chosen].astype(np.int32), surface.barycentric[chosen].astype(np.float32),
                     np.array(quality, np.float32))  # fmt: skip


def _facing(camera: Camera, surface: _Surface) -> F32:
    """[P] cosine between the surface normal and the direction to the camera."""
    to_camera = camera.position_m - surface.points_m
    return (surface.normals * to_camera).sum(1) / np.linalg.norm(to_camera, axis=1)
