"""Pictures of the textured head together with its hair."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from headsmith.head_model.model import HeadModel
from headsmith.head_model.raster import rasterize, shrink
from headsmith.head_model.shading import render_textured, sample_bilinear
from headsmith.types import F32, Camera, HairShell, HeadFit, StaticTexture
from headsmith.views.skull import move


@dataclass(frozen=True)
class Subject:
    """What is drawn."""

    model: HeadModel
    texture: StaticTexture
    hair: HairShell | None
    above_collar_m: F32
    """[V] the head is drawn where this is positive"""


@dataclass(frozen=True)
class Picture:
    image: F32
    """[H, W, 3] sRGB 0..1, on black"""
    alpha: F32
    """[H, W] 0..1"""
    observed: F32
    """[H, W] 0..1 how far photos showed what is drawn"""


def above_collar(rest_m: F32, fit: HeadFit) -> F32:
    """[V] height of the neutral head's vertices over the collar; positive everywhere if no collar is seen."""
    return np.ones(len(rest_m), np.float32) if fit.collar_m is None else rest_m[:, 1] - np.float32(fit.collar_m)


def render_subject(subject: Subject, posed_m: F32, T_skull: F32, camera: Camera, supersample: int) -> Picture:
    """The posed head [V, 3] and the hair, moved with the skull by `T_skull` [4, 4], with soft edges."""
    fine = _enlarge(camera, supersample)
    model, texture, hair = subject.model, subject.texture, subject.hair
    image, head = render_textured(
        posed_m, model.faces, model.uvs, model.uv_faces, texture.albedo, fine, texture.light_sh.mean(0)
    )  # fmt: skip
    seen = np.clip(texture.observed * 255 + 0.5, 0, 255).astype(np.uint8)
    observed = sample_bilinear(seen, head.interpolate(model.uvs[model.uv_faces]))[..., 0]
    kept = head.interpolate(subject.above_collar_m[model.faces][..., None])[..., 0] > 0
    depth = np.where(kept, head.depth_m, np.inf)
    image = image * kept[..., None]
    if hair is not None:
        shell = rasterize(move(T_skull, hair.vertices_m), hair.faces, fine)
        look = np.concatenate([hair.colors / 255.0, hair.seen[:, None]], 1).astype(np.float32)
        drawn = shell.interpolate(look[hair.faces])
        front = shell.depth_m < depth
        image = np.where(front[..., None], drawn[..., :3], image)
        observed = np.where(front, drawn[..., 3], observed)
        depth = np.minimum(depth, shell.depth_m)
    alpha = np.isfinite(depth).astype(np.float32)
    observed = np.where(alpha > 0, observed, 0)
    # where the picture is partly empty, what is seen tells how far it was observed
    coverage = shrink(alpha, supersample)
    share = shrink(observed, supersample) / np.maximum(coverage, 1e-6)
    return Picture(shrink(image, supersample), coverage, share.astype(np.float32))


def _enlarge(camera: Camera, factor: int) -> Camera:
    (x, y), (width, height) = camera.principal_px, camera.size_px
    return replace(
        camera, focal_px=camera.focal_px * factor, principal_px=(x * factor, y * factor),
        size_px=(width * factor, height * factor),
    )  # fmt: skip
