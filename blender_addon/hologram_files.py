# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures as their files hold them, without colour conversion, and videos with alpha, by Blender's own writers."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np

from headsmith.errors import InputError
from headsmith.types import F32

from . import compat


def read_stored(path: Path) -> F32:
    """[H, W, 4], row 0 on top: the values in the file, 0..1 for PNG. Raises InputError for what is no picture."""
    try:
        image = bpy.data.images.load(str(path))
    except RuntimeError as error:
        raise _no_picture(path, "no file that can be read") from error
    try:
        image.colorspace_settings.name = "Non-Color"
        image.alpha_mode = "CHANNEL_PACKED"
        width, height = image.size
        if not image.has_data or image.channels != 4:
            raise _no_picture(path, f"{image.channels} channels of {width} x {height} px")
        pixels = np.empty(width * height * 4, np.float32)
        image.pixels.foreach_get(pixels)
        return np.ascontiguousarray(pixels.reshape(height, width, 4)[::-1])
    finally:
        bpy.data.images.remove(image)


def write_stored(path: Path, pixels: F32) -> None:
    """The inverse: .exr as 32-bit floats, anything else as an 8-bit PNG. Raises InputError where that fails."""
    height, width = pixels.shape[:2]
    is_float = path.suffix == ".exr"
    path.parent.mkdir(parents=True, exist_ok=True)
    # "data" goes into floats unconverted, and OpenEXR's writer then labels it linear
    image = bpy.data.images.new(path.name, width, height, alpha=True, float_buffer=is_float, is_data=is_float)
    try:
        image.alpha_mode = "CHANNEL_PACKED"
        image.pixels.foreach_set(np.ascontiguousarray(pixels[::-1], np.float32).ravel())
        if is_float:
            _save_exr(image, path)
        else:
            image.file_format, image.filepath_raw = "PNG", str(path)
            image.save()
    except RuntimeError as error:
        raise InputError(path, found=str(error).strip(), expected="a file to write", action="choose another") from error
    finally:
        bpy.data.images.remove(image)


def _save_exr(image: bpy.types.Image, path: Path) -> None:
    writer = bpy.data.scenes.new("Headsmith Writer")
    try:
        compat.set_file_format(writer, "OPEN_EXR")
        settings = writer.render.image_settings
        settings.color_mode, settings.color_depth, settings.exr_codec = "RGBA", "32", "ZIP"
        image.save_render(str(path), scene=writer)
    finally:
        bpy.data.scenes.remove(writer)


def write_webm(path: Path, frames: list[Path], scene: bpy.types.Scene) -> None:
    """PNG files with straight alpha as one VP9 video with alpha, at the frame rate of `scene`.

    A scene of its own plays them, so that nothing of the artist's takes part. What the files hold under alpha 0 goes
    into the video too; see `hologram_pixels.pad_colours` for why that matters.
    """
    movie = bpy.data.scenes.new("Headsmith Video")
    try:
        _movie_settings(movie, scene, path)
        width, height = read_stored(frames[0]).shape[1::-1]
        movie.render.resolution_x, movie.render.resolution_y = width, height
        movie.frame_start, movie.frame_end = 1, len(frames)
        strip = compat.add_image_strips(movie, frames)
        strip.colorspace_settings.name = "sRGB"
        bpy.ops.render.render(animation=True, scene=movie.name)
    finally:
        bpy.data.scenes.remove(movie)


def _movie_settings(movie: bpy.types.Scene, like: bpy.types.Scene, path: Path) -> None:
    render, video = movie.render, movie.render.ffmpeg
    compat.set_file_format(movie, "FFMPEG")
    video.format, video.codec, video.constant_rate_factor = "WEBM", "WEBM", "HIGH"
    video.audio_codec = "NONE"
    video.gopsize = like.render.ffmpeg.gopsize
    render.image_settings.color_mode = "RGBA"
    render.fps, render.fps_base = like.render.fps, like.render.fps_base
    render.film_transparent, render.dither_intensity, render.resolution_percentage = True, 0, 100
    render.use_file_extension = False
    render.filepath = str(path)
    movie.view_settings.view_transform = "Standard"


def _no_picture(path: Path, found: str) -> InputError:
    return InputError(path, found=found, expected="a picture with alpha (PNG or OpenEXR)", action="choose another file")
