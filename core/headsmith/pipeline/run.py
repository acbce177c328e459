"""A build from its request to the written bundle."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from headsmith.asset import Avatar, Report, write_avatar
from headsmith.errors import InputError
from headsmith.pipeline.assemble import Built, assemble
from headsmith.pipeline.job import Job
from headsmith.pipeline.request import BuildRequest, check, request_key
from headsmith.progress import Silent, Watcher, relayed
from headsmith.types import U8
from headsmith.workfolder import WorkFolder


def build(request: BuildRequest, watcher: Watcher | None = None) -> Avatar:
    """Builds and writes one avatar; returns it as written.

    Raises InputError for anything wrong with the photos, the clips, the head model or the output; then nothing is left
    behind. Only a killed or interrupted build leaves its work folder, for `resume`.
    """
    watcher = watcher or Silent()
    check(request)
    try:
        folder = WorkFolder(work_path(request.output), request.resume)
    except OSError as error:
        raise InputError(request.output, found=f"a place that cannot be written ({error.strerror})",
                         expected="a writable folder", action="choose another output") from error  # fmt: skip
    try:
        with relayed(watcher):
            job = _job(request, folder, watcher)
            built = _made(job)
        for sentence in built.warnings:
            watcher.warn(sentence)
        avatar, extra_files = _finish(job, built)
        write_avatar(avatar, request.output, force=request.force, extra_files=extra_files)
    except InputError:
        folder.remove()
        raise
    folder.remove()
    return avatar


def work_path(output: Path) -> Path:
    """Where a build of `output` keeps finished stages: a hidden sibling."""
    return output.with_name(f".{output.name}.work")


def _job(request: BuildRequest, folder: WorkFolder, watcher: Watcher) -> Job:
    from headsmith.device import pick_device
    from headsmith.head_model.load import load_head
    from headsmith.landmarks import detect

    device = pick_device(request.device).type
    model = load_head(request.head, detect)
    return Job(request, model, device, folder, watcher, request_key(request, device))


def _made(job: Job) -> Built:
    if job.request.clip_a is None and job.request.clip_b is None:
        from headsmith.pipeline.from_photos import make_from_photos

        return make_from_photos(job)
    from headsmith.pipeline.from_clips import make_from_clips

    return make_from_clips(job)


def _finish(job: Job, built: Built) -> tuple[Avatar, dict[str, bytes]]:
    from headsmith.evaluation.photo import evaluate
    from headsmith.preview import preview_image, report_pictures
    from headsmith.report import report_html

    pictures = built.pictures
    held_out_pictures, held_out_metrics, tables = _held_out(job, built)
    with job.watcher.stage("report") as progress:
        avatar = assemble(job.request, built)
        metrics: dict[str, Any] = evaluate(avatar, pictures.frames[0], pictures.mattes[0], pictures.landmarks[0])
        progress(0.5)
        report = Report(metrics | held_out_metrics, built.warnings, dict(job.folder.seconds))
        avatar = replace(avatar, report=report, preview=preview_image(avatar))
        shown = report_pictures(avatar, pictures.frames[0], built.texture.observed) | held_out_pictures
        return avatar, {"report.html": report_html(job.request.output.name, avatar, shown, tables)}


def _held_out(job: Job, built: Built) -> tuple[dict[str, U8], dict[str, float], dict[str, Any]]:
    """How the avatar does on the end of Clip-B, which it did not learn from: pictures, metrics and tables."""
    followed = built.followed
    if followed is None:
        return {}, {}, {}
    from headsmith.evaluation.report import held_out_section

    avatar = assemble(job.request, built)
    if not avatar.provenance.settings["hold_out"]:
        return {}, {}, {}
    section = job.stage("held out", lambda p: held_out_section(avatar, built.model, followed, p),
                        len(avatar.splats.splats))  # fmt: skip
    if not section[0]:
        job.watcher.warn(f"{followed.track.info.source}: no frame of the end that was held out shows the face "
                         "uncovered, so that the report says nothing of it.")  # fmt: skip
    return section
