"""From photos to a bundle: the whole build, stage by stage."""

from __future__ import annotations

import hashlib
import os
import platform
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from headsmith import __version__
from headsmith.asset import (
    Avatar,
    Blendshapes,
    BoundSplats,
    HeadMesh,
    Material,
    Pose,
    Provenance,
    Report,
    Rig,
    write_avatar,
)
from headsmith.errors import InputError
from headsmith.head_model.model import HeadModel
from headsmith.params import QUALITIES, Quality
from headsmith.progress import Silent, Watcher, relayed
from headsmith.types import Frame, HairShell, HeadFit, Landmarks, Mattes, StaticTexture, TrainingView
from headsmith.workfolder import WorkFolder, fingerprint

LIBRARIES = ("numpy", "torch", "mediapipe", "numba", "scipy", "onnxruntime", "pillow")


@dataclass(frozen=True)
class BuildRequest:
    """What to build."""

    photos: tuple[Path, ...]
    """of one person"""
    output: Path
    """NAME.avatar or NAME.avatar.zip"""
    quality: Quality = QUALITIES["standard"]
    head: str = "default"
    """`default`, or the path of a FLAME or GNM file"""
    device: str = "auto"
    seed: int = 0
    max_splats: int | None = None
    """None: the quality's own number"""
    consent: str | None = None
    force: bool = False
    resume: bool = False


@dataclass(frozen=True)
class Subject:
    """The photos, cropped around the head, and what was seen in them."""

    frames: tuple[Frame, ...]
    landmarks: tuple[Landmarks, ...]
    mattes: tuple[Mattes, ...]


@dataclass(frozen=True)
class Built:
    """Everything the stages made."""

    model: HeadModel
    subject: Subject
    fit: HeadFit
    texture: StaticTexture
    hair: HairShell | None
    splats: BoundSplats
    warnings: tuple[str, ...]


def build(request: BuildRequest, watcher: Watcher | None = None) -> Avatar:
    """Builds and writes one avatar; returns it as written.

    Raises InputError for anything wrong with the photos, the head model or the output; then nothing is left behind.
    Only a killed or interrupted build leaves its work folder, for `resume`.
    """
    watcher = watcher or Silent()
    _check_output(request)
    try:
        folder = WorkFolder(work_path(request.output), request.resume)
    except OSError as error:
        raise InputError(request.output, found=f"a place that cannot be written ({error.strerror})",
                         expected="a writable folder", action="choose another output") from error  # fmt: skip
    try:
        with relayed(watcher):
            built = _run_stages(request, folder, watcher)
        avatar, extra_files = _finish(request, built, folder, watcher)
        write_avatar(avatar, request.output, force=request.force, extra_files=extra_files)
    except InputError:
        folder.remove()
        raise
    folder.remove()
    return avatar


def work_path(output: Path) -> Path:
    """Where a build of `output` keeps finished stages: a hidden sibling."""
    return output.with_name(f".{output.name}.work")


def _check_output(request: BuildRequest) -> None:
    output = request.output
    if not output.name.endswith((".avatar", ".avatar.zip")):
        raise InputError(output, found="that name for the output", expected="NAME.avatar or NAME.avatar.zip",
                         action="add the suffix")  # fmt: skip
    if output.exists() and not request.force:
        raise InputError(output, found="an existing file or folder", expected="a free name",
                         action="give --force to replace it, or choose another name")  # fmt: skip
    parent = output.absolute().parent
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        found = "a folder that is missing" if not parent.exists() else "a place that cannot be written"
        raise InputError(output, found=found, expected="a writable folder", action="choose another output")


def _run_stages(request: BuildRequest, folder: WorkFolder, watcher: Watcher) -> Built:
    from headsmith.device import pick_device
    from headsmith.fit import FitParams, fit_head
    from headsmith.head_model.load import load_head
    from headsmith.splats import train_splats
    from headsmith.splats.photo_params import from_photos
    from headsmith.texture import TextureParams, make_texture
    from headsmith.views import HairParams, ViewParams, doubt_mouth, grow_hair, photo_view, synthesise_views

    device, quality = pick_device(request.device), request.quality
    model = load_head(request.head, _detector())
    key = fingerprint(__version__, _file_hashes(request.photos), asdict(quality), request.seed, device.type,
                      _head_hash(request.head))  # fmt: skip

    with watcher.stage("photos") as progress:
        read = folder.stage("photos", key, lambda: _read_subject(request.photos, quality, progress))
        subject = Subject(*read[:3])
    with watcher.stage("fit") as progress:
        fit: HeadFit = folder.stage("fit", key, lambda: fit_head(
            model, subject.frames, subject.landmarks, subject.mattes, FitParams(), progress))  # fmt: skip
    with watcher.stage("texture") as progress:
        texture: StaticTexture = folder.stage("texture", key, lambda: make_texture(
            model, fit, subject.frames, subject.mattes, TextureParams(size_px=quality.texture_px), progress,
        ))  # fmt: skip
    with watcher.stage("hair") as progress:
        hair: HairShell | None = folder.stage("hair", key, lambda: grow_hair(
            model, fit, subject.frames, subject.mattes, HairParams()))  # fmt: skip

    def make_views() -> tuple[TrainingView, ...]:
        real = tuple(
            doubt_mouth(photo_view(model, fit, i, frame, mattes, hair), model, fit, seen)
            for i, (frame, mattes, seen) in enumerate(
                zip(subject.frames, subject.mattes, subject.landmarks, strict=True)
            )
        )
        params = ViewParams(size_px=quality.view_px, count=quality.view_count)
        return real + synthesise_views(model, fit, texture, hair, params, progress)

    with watcher.stage("views") as progress:
        views = folder.stage("views", key, make_views)
    with watcher.stage("splats") as progress:
        budget = quality.splats if request.max_splats is None else request.max_splats
        params = from_photos(budget, quality.splat_steps, request.seed, device.type)
        splat_key = key if request.max_splats is None else fingerprint(key, budget)
        splats = folder.stage(
            "splats", splat_key, lambda: train_splats(model, fit, texture, hair, views, params, progress)
        )
    warnings = (*read[3], *fit.warnings)
    for sentence in warnings:
        watcher.warn(sentence)
    return Built(model, subject, fit, texture, hair, splats, warnings)


def _detector() -> Any:
    from headsmith.landmarks import detect

    return detect


def _read_subject(photos: tuple[Path, ...], quality: Quality, progress: Any) -> tuple[Any, ...]:
    """Frames, landmarks and mattes of every photo around the head, and warnings."""
    from headsmith.capture import crop_frame, crop_landmarks, head_box, load_photos
    from headsmith.landmarks import detect_in
    from headsmith.matting import MatteParams, matte

    frames, landmarks, mattes, warnings = [], [], [], []
    for i, frame in enumerate(load_photos(photos)):
        seen = detect_in(frame)
        if seen.faces_found > 1:
            warnings.append(f"{frame.source}: {seen.faces_found} faces were found; the largest was taken.")
        box = head_box(seen, (frame.image.shape[1], frame.image.shape[0]))
        scale = min(1.0, quality.photo_px / max(box[2] - box[0], box[3] - box[1]))
        size = (round((box[2] - box[0]) * scale), round((box[3] - box[1]) * scale))
        cropped = crop_frame(frame, box, size)
        points = crop_landmarks(seen, box, size)
        frames.append(cropped)
        landmarks.append(points)
        mattes.append(matte(cropped, points, MatteParams()))
        progress((i + 1) / len(photos))
    return tuple(frames), tuple(landmarks), tuple(mattes), tuple(warnings)


def _finish(
    request: BuildRequest, built: Built, folder: WorkFolder, watcher: Watcher
) -> tuple[Avatar, dict[str, bytes]]:
    from headsmith.evaluate import evaluate
    from headsmith.preview import preview_image, report_pictures
    from headsmith.report import report_html

    with watcher.stage("report") as progress:
        avatar = assemble(request, built)
        metrics = evaluate(avatar, built.subject.frames[0], built.subject.mattes[0], built.subject.landmarks[0])
        progress(0.5)
        report = Report(metrics, built.warnings, dict(folder.seconds))
        avatar = replace(avatar, report=report, preview=preview_image(avatar))
        pictures = report_pictures(avatar, built.subject.frames[0], built.texture.observed)
        return avatar, {"report.html": report_html(request.output.name, avatar, pictures)}


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
        provenance=_provenance(request, built.subject.frames),
        report=Report(),
        capture_pose=Pose(weights, first.joint_rotations),
        capture_camera=first.camera,
    )


def _blendshapes(model: HeadModel, expression: np.ndarray) -> tuple[Blendshapes, np.ndarray]:
    from headsmith.asset.arkit import ARKIT_52

    if model.expression_names == ARKIT_52:
        return Blendshapes(ARKIT_52, model.arkit), expression
    names = ARKIT_52 + model.expression_names
    deltas = np.concatenate([model.arkit, model.exprdirs.transpose(2, 0, 1)])
    return Blendshapes(names, deltas), np.concatenate([np.zeros(len(ARKIT_52), np.float32), expression])


def _provenance(request: BuildRequest, frames: tuple[Frame, ...]) -> Provenance:
    software = {"headsmith": __version__, "python": platform.python_version()}
    for library in LIBRARIES:
        try:
            software[library] = version(library)
        except PackageNotFoundError:
            continue
    settings = {"quality": request.quality.name, "head": Path(request.head).name, "seed": request.seed}
    if request.max_splats is not None:
        settings["max_splats"] = request.max_splats
    created = datetime.now(UTC).isoformat(timespec="seconds")
    return Provenance(tuple((f.source, f.sha256) for f in frames), software, created, settings, request.consent)


def _file_hashes(paths: tuple[Path, ...]) -> list[str]:
    return [hashlib.sha256(p.read_bytes()).hexdigest() if p.is_file() else str(p) for p in paths]


def _head_hash(head: str) -> str:
    return hashlib.sha256(Path(head).read_bytes()).hexdigest() if Path(head).is_file() else head
