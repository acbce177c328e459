"""Bytes of a picture file -> upright 8-bit sRGB pixels, with every way in which that can fail as an InputError."""

from __future__ import annotations

import io
import struct
import warnings
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
from PIL import ExifTags, Image, ImageCms, ImageOps, UnidentifiedImageError

from headsmith.errors import InputError
from headsmith.types import F32, U8

FORMATS = ("JPEG", "PNG", "WEBP", "HEIF", "TIFF", "BMP", "GIF")
ANIMATED_FORMATS = {"GIF", "PNG", "WEBP"}
FORMATS_SENTENCE = "a photo as JPEG, PNG, WebP, HEIC or TIFF"
MAX_PIXELS = 100_000_000
MIN_SIDE_PX = 16
MATTE_GREY = 128

DECODING_ERRORS = (OSError, SyntaxError, ValueError, EOFError, struct.error, IndexError, KeyError, RuntimeError)
"""what Pillow's and libheif's decoders raise on damaged files"""


@dataclass(frozen=True)
class Pixels:
    """A decoded picture."""

    image: U8
    """[H, W, 3] sRGB; a transparent picture lies on mid-grey"""
    alpha: F32 | None
    """[H, W] 0..1, None where everything is opaque"""
    exif_ifd: dict[int, Any]
    """the Exif sub-directory: tag -> value"""


def decode(content: bytes, path: Path) -> Pixels:
    """Raises InputError, which names `path`, for whatever cannot be read."""
    picture = _open(content, path)
    _check_header(picture, path)
    exif_ifd = _exif_ifd(picture)
    try:
        picture.load()
        upright = ImageOps.exif_transpose(picture)
        rgb, alpha = _to_srgb(upright)
    except DECODING_ERRORS as error:
        raise InputError(path, found=f"a damaged or incomplete picture ({error})", expected="a whole picture file",
                         action="copy it again from the camera or save it anew") from error  # fmt: skip
    return Pixels(*_flatten(rgb, alpha), exif_ifd)


def _open(content: bytes, path: Path) -> Image.Image:
    _register_heif()
    try:
        with warnings.catch_warnings():
            # Pillow's own limit lies below ours and only warns
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return Image.open(io.BytesIO(content), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise _too_large(path, "a picture of") from error
    except UnidentifiedImageError as error:
        found = "a text file" if _looks_like_text(content) else "no picture in a known format"
        raise InputError(path, found=found, expected=FORMATS_SENTENCE, action="give a photo") from error
    except DECODING_ERRORS as error:
        raise InputError(path, found=f"a damaged picture header ({error})", expected=FORMATS_SENTENCE,
                         action="copy it again from the camera or save it anew") from error  # fmt: skip


@cache
def _register_heif() -> None:
    pillow_heif.register_heif_opener()


def _check_header(picture: Image.Image, path: Path) -> None:
    """Everything the header tells, before memory is spent on pixels."""
    width, height = picture.size
    if width * height > MAX_PIXELS:
        raise _too_large(path, f"{width} x {height} px, which is")
    if min(width, height) < MIN_SIDE_PX:
        raise InputError(path, found=f"a picture of {width} x {height} px",
                         expected=f"at least {MIN_SIDE_PX} px a side",
                         action="give the photo at its full size")  # fmt: skip
    # phones store depth maps and bursts as further frames of JPEG and HEIC: those are photos all the same
    if picture.format in ANIMATED_FORMATS and getattr(picture, "n_frames", 1) > 1:
        raise InputError(path, found=f"an animation of {picture.n_frames} pictures",  # type: ignore[attr-defined]
                         expected="a single photo", action="save one picture of it as PNG or JPEG")  # fmt: skip


def _too_large(path: Path, found: str) -> InputError:
    limit = MAX_PIXELS // 1_000_000
    return InputError(path, found=f"{found} more than {limit} megapixels", expected=f"at most {limit} megapixels",
                      action="scale the photo down")  # fmt: skip


def _looks_like_text(content: bytes) -> bool:
    head = content[:512]
    return all(byte >= 32 or byte in b"\t\n\r\f" for byte in head)


def _exif_ifd(picture: Image.Image) -> dict[int, Any]:
    try:
        return dict(picture.getexif().get_ifd(ExifTags.IFD.Exif))
    except DECODING_ERRORS:
        # damaged metadata costs the focal length, not the photo
        return {}


def _to_srgb(picture: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """An RGB picture in sRGB, and its alpha channel if it has one."""
    profile = picture.info.get("icc_profile")
    if picture.mode.startswith("I"):
        picture = _from_16_bit(picture)
    if picture.mode == "F":
        raise ValueError("32-bit floating-point pixels; save as 8 or 16 bits a channel")
    alpha = None
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        alpha = picture.getchannel("A")
    if picture.mode not in ("RGB", "L", "CMYK"):
        picture = picture.convert("RGB")
    return (_apply_profile(picture, profile) if profile else picture).convert("RGB"), alpha


def _from_16_bit(picture: Image.Image) -> Image.Image:
    """Greyscale of 16 bits (Pillow keeps it in 16 or 32) to 8 bits. Colour of 16 bits Pillow has reduced itself."""
    values = np.asarray(picture).astype(np.int64)
    return Image.fromarray((np.clip(values, 0, 65535) / 257 + 0.5).astype(np.uint8))


def _apply_profile(picture: Image.Image, profile: bytes) -> Image.Image:
    """RGB, L or CMYK in an embedded ICC profile to RGB in sRGB; a profile that is broken or of another colour space
    than the pixels is ignored, as viewers do."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if picture.mode == "RGB" and "sRGB" in ImageCms.getProfileDescription(source):
            return picture
        target = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(picture, source, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return picture
    return converted or picture


def _flatten(rgb: Image.Image, alpha: Image.Image | None) -> tuple[U8, F32 | None]:
    if alpha is None or alpha.getextrema() == (255, 255):
        return np.array(rgb), None
    opacity = np.asarray(alpha, np.float32) / 255
    grey = Image.new("RGB", rgb.size, (MATTE_GREY,) * 3)
    return np.array(Image.composite(rgb, grey, alpha)), opacity
