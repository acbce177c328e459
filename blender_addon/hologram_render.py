# SPDX-License-Identifier: GPL-3.0-or-later
"""Renders a hologram's views one after the other, and puts them together."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from math import radians
from pathlib import Path

import bpy
import numpy as np
from mathutils import Matrix, Vector

from headsmith.errors import InputError
from headsmith.types import F32

from . import compat
from .hologram import hologram_node
from .hologram_files import read_stored, write_stored, write_webm
from .hologram_layouts import (
    PYRAMID_TURNS_DEG,
    Layout,
    Pyramid,
    Quilt,
    pyramid_picture,
    quilt_offsets,
    quilt_picture,
    quilt_suffix,
)
from .hologram_pixels import on_black, pad_colours
from .scene import world_matrix
from .state import kept_frame, kept_render_settings

SUFFIXES = {"PNG": ".png", "OPEN_EXR": ".exr", "WEBM": ".webm"}
_SEEN = {"MESH", "CURVE", "SURFACE", "META", "FONT", "CURVES", "POINTCLOUD"}


@dataclass(frozen=True)
class HologramJob:
    """What is to be written."""

    layout: Layout
    path: Path
    """the format's suffix is added where it is missing, and a quilt's name gets its columns, rows and aspect"""
    frames: tuple[int, ...] = ()
    """numbered in the names of pictures; none: the current frame, not numbered"""
    on_black: bool = False
    """opaque, on black"""


@dataclass(frozen=True)
class View:
    """One camera of a layout."""

    matrix_world: Matrix
    shift_x: float
    """as Blender's camera has it, beside its own"""


def render_layout(
    scene: bpy.types.Scene,
    subject: bpy.types.Collection | None,
    job: HologramJob,
    progress: Callable[[float], None] = lambda _: None,
) -> list[Path]:
    """Renders `job` and returns the files. The scene is as before when this returns.

    `subject` is what the cameras of pyramids and quilts go around: an avatar's collection, or None for all that is
    in the scene. Raises InputError without a hologram, a camera that suits the layout, or anything to see.
    """
    for done in layout_steps(scene, subject, job):
        progress(done)
    return planned_files(scene, job)


def layout_steps(scene: bpy.types.Scene, subject: bpy.types.Collection | None, job: HologramJob) -> Iterator[float]:
    """`render_layout` view by view: yields the share done, with the scene as it was. Closing it drops the rest."""
    if hologram_node(scene) is None:
        raise InputError(
            f"scene {scene.name}", found="no hologram", expected="one to render", action="set one up first"
        )
    frames = job.frames or (scene.frame_current,)
    files = planned_files(scene, job)
    is_video = files[0].suffix == ".webm"
    with tempfile.TemporaryDirectory(prefix="headsmith_") as folder:
        pictures = [Path(folder) / f"{i:05d}.png" for i in range(len(frames))] if is_video else files
        for done, (frame, picture) in enumerate(zip(frames, pictures, strict=True)):
            views: list[F32] = []
            for share in _view_steps(scene, subject, job.layout, frame, views):
                yield (done + share) / len(frames)
            write_stored(picture, _finished(scene, job, views, is_video))
        if is_video:
            files[0].parent.mkdir(parents=True, exist_ok=True)
            write_webm(files[0], pictures, scene)
    yield 1.0


def planned_files(scene: bpy.types.Scene, job: HologramJob) -> list[Path]:
    """The files that `job` writes."""
    suffix = SUFFIXES[scene.headsmith_hologram.file_format]
    path = job.path.with_name(job.path.name.removesuffix(suffix))
    tail = (quilt_suffix(job.layout) if isinstance(job.layout, Quilt) else "") + suffix
    if suffix == ".webm" or not job.frames:
        return [path.with_name(path.name + tail)]
    return [path.with_name(f"{path.name}_{frame:04d}{tail}") for frame in job.frames]


def layout_views(scene: bpy.types.Scene, subject: bpy.types.Collection | None, layout: Layout) -> list[View]:
    """Where the cameras are at the current frame."""
    camera = scene.camera
    if camera is None:
        raise InputError(f"scene {scene.name}", found="no camera", expected="one that sees the head", action="add one")
    # what was moved since the last evaluation still has its old matrix
    scene.view_layers[0].update()
    pose = camera.matrix_world.copy()
    if isinstance(layout, Pyramid):
        centre = Matrix.Translation(subject_centre(scene, subject))
        turns = [Matrix.Rotation(radians(degrees), 4, "Z") for degrees in PYRAMID_TURNS_DEG]
        return [View(centre @ turn @ centre.inverted() @ pose, 0.0) for turn in turns]
    if isinstance(layout, Quilt):
        return _quilt_views(scene, camera, layout, subject_centre(scene, subject))
    return [View(pose, 0.0)]


def subject_centre(scene: bpy.types.Scene, subject: bpy.types.Collection | None) -> Vector:
    """The middle of the bounding box of what renders, in the world: of an avatar's head where there is one."""
    head = subject.headsmith.head if subject else None
    if head:
        corners = [world_matrix(head) @ Vector(corner) for corner in head.bound_box]
    else:
        objects = subject.all_objects if subject else scene.objects
        corners = [obj.matrix_world @ Vector(corner) for obj in objects for corner in obj.bound_box if _renders(obj)]
    if not corners:
        raise InputError(
            f"scene {scene.name}", found="nothing that renders", expected="a head or an object", action="import one"
        )
    return (Vector(np.min(corners, axis=0)) + Vector(np.max(corners, axis=0))) / 2


def _renders(obj: bpy.types.Object) -> bool:
    return obj.type in _SEEN and not obj.hide_render


def _quilt_views(scene: bpy.types.Scene, camera: bpy.types.Object, quilt: Quilt, centre: Vector) -> list[View]:
    """Cameras side by side that look in parallel; each is shifted so that the plane through `centre` stays in place."""
    data, pose = camera.data, camera.matrix_world
    distance = -(pose.inverted() @ centre).z
    if data.type != "PERSP" or distance <= 0:
        found = f"a camera of type {data.type}" if data.type != "PERSP" else "the head behind the camera"
        raise InputError(
            f"camera {camera.name}", found=found, expected="a perspective camera before the head", action="change it"
        )
    sensor = data.sensor_height if data.sensor_fit == "VERTICAL" else data.sensor_width
    seen_m = distance * sensor / data.lens
    offsets = [float(offset) for offset in quilt_offsets(quilt, distance)]
    return [View(pose @ Matrix.Translation((offset, 0, 0)), -offset / seen_m) for offset in offsets]


def _view_steps(
    scene: bpy.types.Scene, subject: bpy.types.Collection | None, layout: Layout, frame: int, done: list[F32]
) -> Iterator[float]:
    """Renders each view of one frame into `done`, and yields in between."""
    count = 1
    while len(done) < count:
        with kept_render_settings(scene), kept_frame(scene):
            if scene.frame_current != frame:
                scene.frame_set(frame)
            views = layout_views(scene, subject, layout)
            count = len(views)
            with _camera_at(scene, views[len(done)]):
                _set_size(scene.render, layout)
                done.append(_rendered(scene))
        yield len(done) / count


@contextmanager
def _camera_at(scene: bpy.types.Scene, view: View) -> Iterator[None]:
    """The scene's camera elsewhere: a copy without parent and constraints, which is gone afterwards."""
    data = scene.camera.data.copy()
    data.animation_data_clear()
    data.shift_x += view.shift_x
    camera = bpy.data.objects.new("Headsmith View", data)
    scene.collection.objects.link(camera)
    camera.matrix_world = view.matrix_world
    scene.camera = camera
    try:
        yield
    finally:
        bpy.data.cameras.remove(data)


def _set_size(render: bpy.types.RenderSettings, layout: Layout) -> None:
    if isinstance(layout, Pyramid | Quilt):
        size = layout.view_size_px if isinstance(layout, Quilt) else (layout.view_px, layout.view_px)
        render.resolution_x, render.resolution_y = size
        render.resolution_percentage = 100
        render.pixel_aspect_x = render.pixel_aspect_y = 1.0


def _rendered(scene: bpy.types.Scene) -> F32:
    """[H, W, 4] as the file of a still holds it: a video's frames are PNG."""
    suffix = ".exr" if scene.headsmith_hologram.file_format == "OPEN_EXR" else ".png"
    if suffix == ".png":
        compat.set_file_format(scene, "PNG")
        scene.render.image_settings.color_mode, scene.render.image_settings.color_depth = "RGBA", "8"
    with tempfile.TemporaryDirectory(prefix="headsmith_") as folder:
        path = Path(folder) / f"view{suffix}"
        scene.render.filepath = str(path)
        bpy.ops.render.render(write_still=True, scene=scene.name)
        return read_stored(path)


def _finished(scene: bpy.types.Scene, job: HologramJob, views: list[F32], is_video: bool) -> F32:
    assemble: Callable[[list[F32]], F32] = lambda single: single[0]  # noqa: E731
    if isinstance(job.layout, Pyramid):
        assemble = partial(pyramid_picture, pyramid=job.layout)
    elif isinstance(job.layout, Quilt):
        assemble = partial(quilt_picture, quilt=job.layout)
    picture = assemble(views)
    if job.on_black:
        return on_black(picture, is_straight(scene))
    return pad_colours(picture) if is_video and is_straight(scene) else picture


def is_straight(scene: bpy.types.Scene) -> bool:
    """Whether the hologram's files hold colours that are not multiplied by alpha."""
    settings = scene.headsmith_hologram
    return settings.alpha == "STRAIGHT" or (settings.alpha == "AUTO" and settings.file_format != "OPEN_EXR")
