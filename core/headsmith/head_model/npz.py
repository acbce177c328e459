"""Reads the arrays of a user's .npz, sizes checked before anything is unpacked, nothing unpickled."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from headsmith.errors import InputError

MAX_BYTES = 1 << 30


def read_npz_arrays(path: Path) -> dict[str, Any]:
    """Name -> array. Raises InputError for a damaged file, one that unpacks to over 1 GiB, or one with objects."""
    try:
        with zipfile.ZipFile(path) as archive:
            total = sum(member.file_size for member in archive.infolist())
        if total > MAX_BYTES:
            raise _refusal(path, f"arrays of {total >> 20} MiB")
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise _refusal(path, "a damaged file or one with Python objects") from error


def _refusal(path: Path, found: str) -> InputError:
    return InputError(path, found=found, expected="an .npz of plain arrays", action="use the file as it is published")
