"""Arrays to .npz bytes and back: the same arrays always give the same bytes, and reading trusts nothing."""

from __future__ import annotations

import io
import math
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headsmith.asset.damage import damaged

Array = NDArray[Any]
Layout = Mapping[str, tuple[tuple[str, ...], tuple[int | str, ...]]]
"""array name -> (the dtypes it may have, its shape; a name in a shape stands for one size throughout the file)"""

ZIP_TIME = (1980, 1, 1, 0, 0, 0)
MAX_ARRAY_BYTES = 1 << 30
"""of all arrays of one file together"""
DECODER_ERRORS = (
    *(ValueError, TypeError, KeyError, IndexError, OverflowError, OSError, EOFError, SyntaxError, MemoryError),
    *(RuntimeError, struct.error, zlib.error, zipfile.BadZipFile, tokenize.TokenError),
)
"""what zipfile, zlib, Pillow and numpy's header parser raise on damaged bytes"""


@contextmanager
def decoding(subject: str, expected: str) -> Iterator[None]:
    """Turns what a decoder raises on damaged bytes into an InputError about `subject`."""
    try:
        yield
    except DECODER_ERRORS as error:
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise damaged(subject, f"bytes that cannot be decoded ({reason})", expected) from error


def zip_bytes(files: Mapping[str, bytes], level: int = 6) -> bytes:
    """A deflated zip of `files` in order, without times or anything else of the machine it was made on."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name, ZIP_TIME)
            info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
            archive.writestr(info, data)
    return out.getvalue()


def encode_npz(arrays: Mapping[str, Array]) -> bytes:
    """`arrays` as .npz, in sorted order, little-endian and in C order."""
    files = {}
    for name, array in sorted(arrays.items()):
        out = io.BytesIO()
        plain = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
        np.lib.format.write_array(out, plain, version=(1, 0), allow_pickle=False)
        files[f"{name}.npy"] = out.getvalue()
    return zip_bytes(files, level=9)


def decode_npz(data: bytes, subject: str, layout: Layout, sizes: Mapping[str, int]) -> dict[str, Array]:
    """The arrays that `layout` names, each of an allowed dtype and of its shape under `sizes`.

    Every size is checked before anything is unpacked. Raises InputError about `subject`.
    """
    known = dict(sizes)
    with decoding(subject, "an .npz archive"), zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {info.filename: info for info in archive.infolist()}
        wanted = {f"{name}.npy" for name in layout}
        if len(members) != len(archive.infolist()) or set(members) != wanted:
            odd = sorted(set(members) ^ wanted) or ["a member twice"]
            raise damaged(subject, f"other arrays than it should have ({odd[0]})", ", ".join(sorted(layout)))
        if sum(info.file_size for info in members.values()) > MAX_ARRAY_BYTES:
            raise damaged(subject, "more array data than any avatar has", f"at most {MAX_ARRAY_BYTES} bytes")
        return {name: _read_array(archive, members[f"{name}.npy"], subject, layout[name], known) for name in layout}


def _read_array(
    archive: zipfile.ZipFile,
    info: zipfile.ZipInfo,
    subject: str,
    expected: tuple[tuple[str, ...], tuple[int | str, ...]],
    known: dict[str, int],
) -> Array:
    dtypes, pattern = expected
    with archive.open(info) as file:
        if np.lib.format.read_magic(file) != (1, 0):
            raise damaged(subject, f"{info.filename} in another npy version", "version 1.0")
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
        if fortran or dtype.hasobject or dtype.str not in dtypes:
            raise damaged(subject, f"{info.filename} of type {dtype.str}", f"type {' or '.join(dtypes)} in C order")
        _match_shape(subject, info.filename, shape, pattern, known)
        count = math.prod(shape)
        if count * dtype.itemsize != info.file_size - file.tell():
            raise damaged(subject, f"{info.filename} of {info.file_size} bytes", f"the size of an array {list(shape)}")
        raw = file.read(count * dtype.itemsize)
        if len(raw) != count * dtype.itemsize or file.read(1):
            raise damaged(subject, f"{info.filename} cut short", f"{count * dtype.itemsize} bytes of data")
    return np.frombuffer(raw, dtype).reshape(shape).astype(dtype.newbyteorder("="))


def _match_shape(
    subject: str, name: str, shape: tuple[int, ...], pattern: tuple[int | str, ...], known: dict[str, int]
) -> None:
    """Raises InputError unless `shape` is `pattern`; a size met for the first time becomes known."""
    fits = len(shape) == len(pattern)
    for size, want in zip(shape, pattern, strict=False):
        fits = fits and size >= 0 and size == (known.setdefault(want, size) if isinstance(want, str) else want)
    if not fits:
        wanted = [known.get(want, want) if isinstance(want, str) else want for want in pattern]
        raise damaged(subject, f"{name} of shape {list(shape)}", f"shape {wanted}")
