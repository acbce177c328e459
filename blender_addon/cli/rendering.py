# SPDX-License-Identifier: GPL-3.0-or-later
"""Stills and frames from the command line."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import bpy
from mathutils import Matrix

from headsmith.errors import InputError

from .. import compat
from ..builders.studio import add_studio, stage_of
from ..exact import set_film_without_exact, show_world
from .placing import Place, frame_path
from .sources import Opened

FORMATS = {".png": "PNG", ".exr": "OPEN_EXR"}
ENGINES = {"eevee": compat.EEVEE, "cycles": "CYCLES"}


def set_up(opened: Opened, options: Namespace) -> None:
    """Engine, size, samples, film and camera. A .blend keeps what was not asked for."""
    scene, render = opened.scene, opened.scene.render
    if options.size or opened.is_bundle:
        render.resolution_x, render.resolution_y = options.size or (512, 512)
        render.resolution_percentage = 100
    if options.engine or opened.is_bundle:
        render.engine = ENGINES[options.engine or "eevee"]
    if options.samples:
        scene.eevee.taa_render_samples = scene.cycles.samples = options.samples
    if options.transparent:
        set_film_without_exact(scene, True)
        show_world(scene, False)
    if options.yaw or options.pitch or opened.is_bundle or scene.camera is None:
        _place_camera(opened, options.yaw, options.pitch)


def render_frames(opened: Opened, options: Namespace, target: Path, place: Place) -> list[Path]:
    """Renders the frames that `options` names to `target`, numbered where they are several; returns the files.

    Each appears when it is whole, and `place` may say that it is there already.
    """
    scene = opened.scene
    compat.set_file_format(scene, FORMATS[target.suffix.lower()])
    scene.render.image_settings.color_mode = "RGBA" if scene.render.film_transparent else "RGB"
    frames = frames_of(opened, options)
    files = [target] if options.frames is None else [frame_path(target, frame) for frame in frames]
    for frame, path in zip(frames, files, strict=True):
        with place.file(path) as written:
            if written is not None:
                scene.frame_set(frame)
                scene.render.use_file_extension = False
                scene.render.filepath = str(written)
                bpy.ops.render.render(write_still=True, scene=scene.name)
    return files


def frames_of(opened: Opened, options: Namespace) -> list[int]:
    """The frames to render: the current one, all of the scene, or those listed. Raises InputError for a bad list."""
    scene = opened.scene
    if options.frames is None:
        return [scene.frame_current if options.frame is None else options.frame]
    if options.frames == "all":
        return list(range(scene.frame_start, scene.frame_end + 1))
    return listed_frames(options.frames)


def listed_frames(text: str) -> list[int]:
    """ "1-4,9" as 1, 2, 3, 4, 9. Raises InputError."""
    frames: list[int] = []
    try:
        for part in text.split(","):
            first, several, last = part.partition("-")
            listed = range(int(first), int(last if several else first) + 1)
            if not listed:
                raise ValueError(part)
            frames += listed
    except ValueError:
        raise InputError(f"--frames {text}", found="something else", expected="'all' or a list like 1-48,60",
                         action="correct it") from None  # fmt: skip
    return frames


def _place_camera(opened: Opened, yaw_deg: float, pitch_deg: float) -> None:
    """A studio around the head, or the camera of a .blend moved around it at its own distance."""
    scene, head = opened.scene, opened.collection.headsmith.head
    camera = scene.camera
    if opened.is_bundle or camera is None:
        camera = add_studio(scene, opened.collection)
    stage = stage_of(head)
    distance_m = (camera.matrix_world.translation - stage.middle).length / stage.scale
    if yaw_deg or pitch_deg:
        camera.parent = None
        camera.constraints.clear()
        camera.matrix_world = Matrix(stage.facing(stage.place(yaw_deg, pitch_deg, distance_m)))
