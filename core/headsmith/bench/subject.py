"""A head whose every picture is known: the default head with a drawn identity, painted skin and hair of ribbons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from headsmith.asset.normals import vertex_normals
from headsmith.bench.subject_hair import Hair, grow_ribbons
from headsmith.bench.subject_skin import paint_subject
from headsmith.head_model.default import load_default_head
from headsmith.head_model.model import HeadModel
from headsmith.head_model.raster import rasterize, shrink
from headsmith.head_model.shading import irradiance, linear_to_srgb, sample_bilinear, srgb_to_linear
from headsmith.types import F32, U8, Bool, Camera
from headsmith.views.skull import move, skull_pose


@dataclass(frozen=True)
class SubjectParams:
    seed: int = 5
    texture_px: int = 2048
    ribbons: int = 6000
    identity_sd: float = 0.8
    """of each identity coefficient"""
    supersample: int = 3
    """pictures are rendered at this multiple and averaged down"""
    lens_px: float = 0.6
    """standard deviation of the blur of lens and sensor: no camera's picture is sharper than its pixels"""


LIGHT = np.zeros((9, 3), np.float32)
"""[9, 3] fixed to the world: a soft window to the upper left of the face, a weaker, cooler fill"""
LIGHT[0] = np.array([0.88, 0.86, 0.84]) / 0.282095
LIGHT[1], LIGHT[2], LIGHT[3] = (0.26, 0.25, 0.24), (0.34, 0.32, 0.30), (0.22, 0.18, 0.14)


@dataclass(frozen=True)
class Subject:
    model: HeadModel
    identity: F32
    """[S]"""
    rest_m: F32
    """[V, 3]"""
    albedo: U8
    """[T, T, 3] sRGB"""
    hair: Hair
    params: SubjectParams


@dataclass(frozen=True)
class Shot:
    """What one picture shows, from where."""

    camera: Camera
    expression: F32
    """[E]"""
    joint_rotations: F32
    """[J, 3] axis-angle, radians"""


@dataclass(frozen=True)
class Truth:
    """One picture of the subject, averaged in sRGB, in which viewers blend splats."""

    shot: Shot
    image: U8
    """[H, W, 3] sRGB on black"""
    alpha: F32
    """[H, W] 0..1"""
    hair: F32
    """[H, W] 0..1 how far hair is in front"""


def make_subject(params: SubjectParams) -> Subject:
    model = load_default_head()
    random = np.random.default_rng(params.seed)
    identity = np.clip(random.normal(0, params.identity_sd, model.shapedirs.shape[2]), -2, 2).astype(np.float32)
    rest = model.rest_vertices(identity).astype(np.float32)
    hair = grow_ribbons(model, rest, params.ribbons, params.seed)
    return Subject(model, identity, rest, paint_subject(model, params.texture_px, params.seed), hair, params)


def photograph(subject: Subject, shot: Shot) -> Truth:
    """The picture that a camera without noise would take."""
    fine = _enlarged(shot.camera, subject.params.supersample)
    model, hair = subject.model, subject.hair
    posed = model.pose(subject.rest_m, shot.expression, shot.joint_rotations).astype(np.float32)
    T_skull = skull_pose(model, subject.rest_m, posed)
    ribbons = move(T_skull, hair.vertices_m)
    faces = np.concatenate([model.faces, hair.faces + len(posed)]).astype(np.int32)
    buffers = rasterize(np.concatenate([posed, ribbons]), faces, fine)
    skin, strand = _split(buffers.triangle, len(model.faces))
    albedo = np.zeros((*buffers.triangle.shape, 3), np.float32)
    normals = np.zeros_like(albedo)
    triangle, weights = buffers.triangle[skin], buffers.barycentric[skin][..., None]
    uv = (subject.model.uvs[model.uv_faces[triangle]] * weights).sum(1)
    albedo[skin] = sample_bilinear(subject.albedo, uv)
    normals[skin] = (vertex_normals(posed, model.faces)[model.faces[triangle]] * weights).sum(1)
    corners, weights = hair.faces[buffers.triangle[strand] - len(model.faces)], buffers.barycentric[strand][..., None]
    albedo[strand] = (hair.colors[corners] * weights).sum(1)
    normals[strand] = (hair.normals[corners] * weights).sum(1) @ T_skull[:3, :3].T
    drawn = skin | strand
    image = np.zeros_like(albedo)
    image[drawn] = _lit(albedo[drawn], normals[drawn])
    small, alpha, cover = (_through_lens(a.astype(np.float32), subject.params) for a in (image, drawn, strand))
    return Truth(shot, np.clip(small * 255 + 0.5, 0, 255).astype(np.uint8), alpha, cover)


def _through_lens(fine: F32, params: SubjectParams) -> F32:
    """[H, W] or [H, W, C] of a supersampled picture, as a camera's pixels collect it."""
    pixels = shrink(fine, params.supersample)
    sigma = (params.lens_px, params.lens_px, 0.0)[: fine.ndim]
    return np.clip(ndimage.gaussian_filter(pixels, sigma, mode="constant"), 0, 1)


def _split(triangle: np.ndarray, head_faces: int) -> tuple[Bool, Bool]:
    return (triangle >= 0) & (triangle < head_faces), triangle >= head_faces


def _lit(albedo: F32, normals: F32) -> F32:
    """[N, 3] sRGB of matt surfaces in the subject's light."""
    unit = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-8)
    return np.clip(linear_to_srgb(srgb_to_linear(albedo) * irradiance(unit, LIGHT)), 0, 1)


def _enlarged(camera: Camera, factor: int) -> Camera:
    (x, y), (width, height) = camera.principal_px, camera.size_px
    return Camera(camera.focal_px * factor, (x * factor, y * factor), (width * factor, height * factor),
                  camera.T_camera_world)  # fmt: skip
