"""What can be said about a clip's file before it is decoded."""

from __future__ import annotations

import hashlib
from pathlib import Path

from PIL import Image

from headsmith.errors import InputError

CLIP_SENTENCE = "a video clip as MP4, MOV, WebM, MKV or AVI"
MAX_FILE_BYTES = 50_000_000_000
BLOCK_BYTES = 1 << 20


def check_file(path: Path) -> None:
    """Raises InputError for what cannot be read as a file at all."""
    if path.is_dir():
        raise InputError(path, found="a folder", expected=CLIP_SENTENCE, action="name the clip inside it")
    if not path.exists():
        raise InputError(path, found="no such file", expected=CLIP_SENTENCE, action="check the name")
    size = path.stat().st_size
    if not size:
        raise InputError(path, found="an empty file (0 bytes)", expected=CLIP_SENTENCE,
                         action="copy it again from the camera")  # fmt: skip
    if size > MAX_FILE_BYTES:
        raise InputError(path, found=f"a file of {size / 1e9:.0f} GB", expected="less than 50 GB",
                         action="cut the part out that shows the head")  # fmt: skip


def sha256_of(path: Path) -> str:
    """Read block by block. Raises InputError where the file may not be read."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK_BYTES):
                digest.update(block)
    except OSError as error:
        raise InputError(path, found=f"a file that cannot be read ({error.strerror})", expected="a readable clip",
                         action="check its permissions") from error  # fmt: skip
    return digest.hexdigest()


def not_a_clip(path: Path) -> InputError:
    """Why a file that no video format knows may be what it is."""
    with path.open("rb") as file:
        head = file.read(512)
    if _is_picture(path):
        return still_picture(path)
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide"):
        return InputError(path, found="an incomplete clip (its table of contents is missing or damaged)",
                          expected="a whole file", action="copy it again from the camera")  # fmt: skip
    text = all(byte >= 32 or byte in b"\t\n\r\f" for byte in head)
    return InputError(path, found="a text file" if text else "no clip in a known format, or a damaged one",
                      expected=CLIP_SENTENCE, action="give a video clip")  # fmt: skip


def still_picture(path: Path) -> InputError:
    """The error for a photo in place of a clip."""
    return InputError(path, found="a single picture", expected=CLIP_SENTENCE, action="give photos as photos")


def _is_picture(path: Path) -> bool:
    try:
        with Image.open(path):
            return True
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return False
