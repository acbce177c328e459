"""From views of a head to splats that are bound to it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from headsmith.asset.avatar import Binding, BoundSplats, Splats
from headsmith.asset.binding import deform, triangle_frames
from headsmith.asset.harmonics import SH_C0, rotate_sh
from headsmith.asset.quaternions import quaternions_from_matrices
from headsmith.head_model.model import HeadModel
from headsmith.splats.frames import splat_frames
from headsmith.splats.initialise import initialise
from headsmith.splats.local_splats import LocalSplats
from headsmith.splats.losses import Target
from headsmith.splats.optimise import optimise
from headsmith.splats.params import SplatParams
from headsmith.splats.posed_view import PosedView
from headsmith.types import F32, I32, HairShell, HeadFit, Progress, StaticTexture, TrainingView, no_progress


def train_splats(
    model: HeadModel,
    fit: HeadFit,
    texture: StaticTexture,
    hair: HairShell | None,
    views: tuple[TrainingView, ...],
    params: SplatParams,
    progress: Progress = no_progress,
) -> BoundSplats:
    """Splats on the head and in its hair that look like `views`, in rest pose, with their binding."""
    rest = model.rest_vertices(fit.identity, fit.offsets_m)
    count = round(params.start_share * params.max_splats)
    start = initialise(model, fit, texture, hair, replace(params, max_splats=count))
    posed = tuple(_posed_view(model, rest, start, view, params.device) for view in views)
    return bound(optimise(start, posed, params, progress), rest, model.faces)


def bound(splats: LocalSplats, rest_vertices_m: F32, faces: I32) -> BoundSplats:
    """Local splats as the asset holds them: their binding, and the splats on the mesh in rest pose."""
    binding = Binding(splats.triangle, splats.barycentric, splats.offset, splats.quats, splats.log_scales)
    n = len(splats)
    empty = np.zeros((n, 3), np.float32)
    sh0 = ((splats.colors - 0.5) / SH_C0).astype(np.float32)[:, None]
    shN = np.zeros((n, 0, 3), np.float32)
    if splats.shN is not None:
        turns = quaternions_from_matrices(triangle_frames(rest_vertices_m.astype(np.float64), faces)[0])
        shN = rotate_sh(splats.shN, turns[splats.triangle].astype(np.float32))
    still = Splats(empty, splats.quats, empty, splats.opacities, sh0, np.zeros((n, 0, 3), np.float32))
    return BoundSplats(replace(deform(binding, still, rest_vertices_m, faces), shN=shN), binding)


def _posed_view(model: HeadModel, rest: F32, splats: LocalSplats, view: TrainingView, device: str) -> PosedView:
    vertices = model.pose(rest, view.expression, view.joint_rotations)
    frames = splat_frames(vertices, model.faces, splats.triangle, splats.barycentric, device)
    return PosedView(Target.of(view).to(device), view.camera, frames, view.real)
