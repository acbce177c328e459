"""The asset, from what the stages made."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from headsmith import __version__
from headsmith.asset import (
    Avatar,
    Blendshapes,
    BoundSplats,
    DynamicTexture,
    HeadMesh,
    Material,
    Motion,
    Pose,
    Provenance,
    Report,
    Rig,
)
from headsmith.head_model.model import HeadModel
from headsmith.pipeline.request import BuildRequest
from headsmith.types import ClipInfo, Frame, HeadFit, Pictures, StaticTexture

if TYPE_CHECKING:
    from headsmith.pipeline.clips import Followed

LIBRARIES = ("numpy", "torch", "mediapipe", "numba", "scipy", "onnxruntime", "pillow", "av", "pycolmap")


@dataclass(frozen=True)
class Built:
    """Everything the stages made."""

    model: HeadModel
    pictures: Pictures
    """its first picture is the one that the report is about"""
    fit: HeadFit
    texture: StaticTexture
    splats: BoundSplats
    dynamic_texture: DynamicTexture | None = None
    motions: dict[str, Motion] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    followed: Followed | None = None
    """Clip-B"""


def assemble(request: BuildRequest, built: Built) -> Avatar:
    """The asset, from what the stages made. FLAME's own expression coefficients follow ARKit's names."""
    from headsmith.texture import dynamic_mask

    model, fit = built.model, built.fit
    vertices = model.rest_vertices(fit.identity, fit.offsets_m).astype(np.float32)
    first = fit.views[0]
    blendshapes, weights = _blendshapes(model, first.expression)
    head = HeadMesh(model.name, model.licence, vertices, model.faces, model.uvs, model.uv_faces, model.part_names,
                    model.face_part, model.regions)  # fmt: skip
    return Avatar(
        head=head,
        rig=Rig(model.joint_names, model.parents, model.joints(vertices).astype(np.float32), model.weights),
        blendshapes=blendshapes,
        material=Material(built.texture.albedo, dynamic_mask(model, 256), built.texture.light_sh[0]),
        splats=built.splats,
        provenance=_provenance(request, built),
        report=Report(),
        capture_pose=Pose(weights, first.joint_rotations),
        capture_camera=first.camera,
        dynamic_texture=built.dynamic_texture,
        motions=built.motions,
    )


def _blendshapes(model: HeadModel, expression: np.ndarray) -> tuple[Blendshapes, np.ndarray]:
    from headsmith.asset.arkit import ARKIT_52

    if model.expression_names == ARKIT_52:
        return Blendshapes(ARKIT_52, model.arkit), expression
    names = ARKIT_52 + model.expression_names
    deltas = np.concatenate([model.arkit, model.exprdirs.transpose(2, 0, 1)])
    return Blendshapes(names, deltas), np.concatenate([np.zeros(len(ARKIT_52), np.float32), expression])


def _provenance(request: BuildRequest, built: Built) -> Provenance:
    software = {"headsmith": __version__, "python": platform.python_version()}
    for library in LIBRARIES:
        try:
            software[library] = version(library)
        except PackageNotFoundError:
            continue
    settings: dict[str, Any] = {"quality": request.quality.name, "head": Path(request.head).name, "seed": request.seed}
    if request.max_splats is not None:
        settings["max_splats"] = request.max_splats
    if request.pupil_distance_m is not None:
        settings["pupil_distance_m"] = request.pupil_distance_m
    if built.followed is not None:
        info = built.followed.track.info
        settings |= {
            "hold_out": held_out(request.hold_out, info, built.pictures.frames),
            "hold_out_sha256": info.sha256,
            "hold_out_focal_px": round(built.followed.track.camera.focal_px, 2),
        }
    created = datetime.now(UTC).isoformat(timespec="seconds")
    inputs = tuple(dict.fromkeys((f.source, f.sha256) for f in built.pictures.frames))
    return Provenance(inputs, software, created, settings, request.consent)


def held_out(share: float, info: ClipInfo, learnt: Sequence[Frame]) -> float:
    """`share` where the end of the clip was indeed not learnt from; 0 where one file was given as Clip-A too."""
    last_s = (1 - share) * float(info.timestamps_s[-1]) + 1e-3
    return 0.0 if any(f.sha256 == info.sha256 and f.timestamp_s > last_s for f in learnt) else share
