# SPDX-License-Identifier: GPL-3.0-or-later
"""What each command does with an opened source; each returns the files of its result."""

from __future__ import annotations

import tempfile
from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import bpy

from headsmith.errors import InputError
from headsmith_exporters import splat_formats

from ..gltf.export import export_gltf
from ..gltf.options import preset_named
from ..hologram import HologramOptions, setup_hologram
from ..hologram_layouts import Layout, Pyramid, Quilt, Single
from ..hologram_render import SUFFIXES as HOLOGRAM_SUFFIXES
from ..hologram_render import HologramJob, planned_files, render_layout
from ..splat_export import export_splats
from .acting import act, dress
from .placing import Place
from .rendering import FORMATS, frames_of, render_frames, set_up
from .sources import Opened

PICTURE_COLOURS = "exact"
"""of pictures straight from a bundle: they look like the photo, under any view transform"""
Run = Callable[[Opened, Namespace, Path, Place], list[Path]]
"""(source, options, the file asked for, where files may go) -> the files of the result"""


@dataclass(frozen=True)
class Step:
    run: Run
    suffix: Callable[[Namespace], str]
    """of the file that is written where none was named"""
    suffixes: Callable[[], tuple[str, ...]]
    """that a file may have"""
    one_file: Callable[[Namespace], bool] = lambda _options: True
    """whether the file asked for is the one that is written, so that it need not be opened to know what is finished"""


def check_suffix(step: Step, path: Path) -> None:
    """Raises InputError for a file that the step does not write."""
    known = step.suffixes()
    if not path.name.lower().endswith(known):
        raise InputError(path, found=f"the suffix '{path.suffix}'", expected=f"one of {', '.join(known)}",
                         action="name another file")  # fmt: skip


def save_blend(opened: Opened, options: Namespace, target: Path, place: Place) -> list[Path]:
    """The avatar as a .blend file, with a studio around it; everything that it needs is packed."""
    act(opened, options)
    dress(opened, options)
    with place.file(target) as written:
        if written is not None:
            if opened.is_bundle:
                set_up(opened, options)
            bpy.ops.file.pack_all()
            bpy.ops.wm.save_as_mainfile(filepath=str(written), copy=True, relative_remap=False, compress=True)
    return [target]


def render(opened: Opened, options: Namespace, target: Path, place: Place) -> list[Path]:
    """Pictures of the avatar."""
    act(opened, options)
    dress(opened, options, PICTURE_COLOURS)
    set_up(opened, options)
    return render_frames(opened, options, target, place)


def export(opened: Opened, options: Namespace, target: Path, place: Place) -> list[Path]:
    """glTF as edited, or splats. Raises InputError where the check of the file finds something missing."""
    act(opened, options)
    if place.is_finished(target):
        return [target]
    with tempfile.TemporaryDirectory(prefix="headsmith_") as folder:
        written = Path(folder) / target.name
        if target.name.lower().endswith(_splat_suffixes()):
            export_splats(opened.collection, opened.scene, written, options.posed)
        else:
            chosen = replace(preset_named(options.preset), accessories=options.accessories,
                             animations=options.animations)  # fmt: skip
            report = export_gltf(opened.collection, opened.scene, written, chosen)
            if report.problems:
                raise InputError(target, found=report.sentence(), expected="everything that Blender has",
                                 action="change the scene; nothing was written")  # fmt: skip
        files = [*sorted(path for path in Path(folder).iterdir() if path != written), written]
        for path in files:
            place.put(path, target.with_name(path.name))
    return [target.with_name(path.name) for path in files]


def hologram(opened: Opened, options: Namespace, target: Path, place: Place) -> list[Path]:
    """Pictures or a video with alpha, in the layout of a hologram."""
    act(opened, options)
    dress(opened, options, PICTURE_COLOURS)
    set_up(opened, options)
    suffix = target.suffix.lower()
    file_format = next(name for name, known in HOLOGRAM_SUFFIXES.items() if known == suffix)
    setup_hologram(opened.scene, HologramOptions(options.preset.upper(), file_format, options.alpha.upper()))
    is_video = file_format == "WEBM" and options.frame is None
    wanted = Namespace(**{**vars(options), "frames": options.frames or ("all" if is_video else None)})
    frames = tuple(frames_of(opened, wanted)) if wanted.frames else ()
    job = HologramJob(_layout(options), target, frames, options.on_black)
    files = planned_files(opened.scene, job)
    if all(place.is_finished(path) for path in files):
        return files
    with tempfile.TemporaryDirectory(prefix="headsmith_") as folder:
        written = render_layout(opened.scene, opened.collection, replace(job, path=Path(folder) / target.name))
        for path in written:
            place.put(path, target.with_name(path.name))
    return files


def _layout(options: Namespace) -> Layout:
    """The size is the whole picture's, but of a quilt that of each view."""
    if options.layout == "pyramid":
        return Pyramid(side_px=max(options.size)) if options.size else Pyramid()
    if options.layout == "quilt":
        quilt = Quilt(options.columns, options.rows)
        width, height = options.size or quilt.view_size_px
        return replace(quilt, aspect=width / height, view_height_px=height)
    return Single()


def _splat_suffixes() -> tuple[str, ...]:
    return tuple(one.suffix for one in splat_formats().values() if one.name != "khr")


def _render_is_one_file(options: Namespace) -> bool:
    return bool(options.frames is None)


def _hologram_is_one_file(options: Namespace) -> bool:
    return bool(options.frames is None and options.layout != "quilt")


def _fixed(value: Any) -> Callable[..., Any]:
    return lambda *_: value


STEPS: dict[str, Step] = {
    "import": Step(save_blend, _fixed(".blend"), _fixed((".blend",))),
    "animate": Step(save_blend, _fixed(".blend"), _fixed((".blend",))),
    "render": Step(render, lambda options: f".{options.format}", _fixed(tuple(FORMATS)), _render_is_one_file),
    "export": Step(export, lambda options: f".{options.format}", lambda: (".glb", ".gltf", *_splat_suffixes())),
    "hologram": Step(hologram, lambda options: f".{options.format}", _fixed(tuple(HOLOGRAM_SUFFIXES.values())),
                     _hologram_is_one_file),
}  # fmt: skip
