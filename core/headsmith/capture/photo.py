"""Photo files -> Frames."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from headsmith.capture.decode import FORMATS_SENTENCE, decode
from headsmith.capture.focal import focal_px
from headsmith.errors import InputError
from headsmith.types import Camera, Frame

MAX_FILE_BYTES = 1_000_000_000


def load_photos(paths: Iterable[Path]) -> tuple[Frame, ...]:
    """Several photos of one person, in the order given. Raises InputError for the first that cannot be used."""
    return tuple(load_photo(path) for path in paths)


def load_photo(path: Path) -> Frame:
    """A photo upright and in sRGB, with a camera from its EXIF data. Raises InputError."""
    content = _read(path)
    pixels = decode(content, path)
    height, width = pixels.image.shape[:2]
    camera = Camera(
        focal_px=focal_px(pixels.exif_ifd, (width, height)),
        principal_px=(width / 2, height / 2),
        size_px=(width, height),
        T_camera_world=np.eye(4, dtype=np.float32),
    )
    return Frame(pixels.image, camera, path.name, hashlib.sha256(content).hexdigest(), pixels.alpha)


def _read(path: Path) -> bytes:
    if path.is_dir():
        raise InputError(path, found="a folder", expected=FORMATS_SENTENCE, action="name the photo inside it")
    if not path.exists():
        raise InputError(path, found="no such file", expected=FORMATS_SENTENCE, action="check the name")
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= MAX_FILE_BYTES else b""
    except OSError as error:
        raise InputError(path, found=f"a file that cannot be read ({error.strerror})", expected="a readable photo",
                         action="check its permissions") from error  # fmt: skip
    if size > MAX_FILE_BYTES:
        raise InputError(path, found=f"a file of {size / 1e9:.1f} GB", expected="less than 1 GB", action="give a photo")
    if not content:
        raise InputError(path, found="an empty file (0 bytes)", expected=FORMATS_SENTENCE,
                         action="copy it again from the camera")  # fmt: skip
    return content
