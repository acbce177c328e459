"""Zstandard, through the optional package `zstandard`: the only module that imports it."""

from __future__ import annotations

from types import ModuleType

from headsmith.errors import InputError

LEVEL = 19
_MIN_WINDOW_BYTES = 8 << 20
_CHUNK_BYTES = 1 << 20


def compress(data: bytes) -> bytes:
    """One frame. Raises InputError where the package is missing."""
    return _package().ZstdCompressor(level=LEVEL).compress(data)


def decompress(data: bytes, size: int) -> bytes | None:
    """What a frame unpacks to if that is exactly `size` bytes, else None; unpacks at most one byte more.

    Raises InputError where the package is missing.
    """
    package = _package()
    # frames say how much memory they want; none needs more than its content
    window = max(_MIN_WINDOW_BYTES, 1 << max(size - 1, 1).bit_length())
    reader = package.ZstdDecompressor(max_window_size=window).stream_reader(data, read_across_frames=False)
    chunks, missing = list[bytes](), size + 1
    try:
        while missing:
            # in small pieces: a buffer of the announced size would be paid for by a tiny file
            chunk = reader.read(min(missing, _CHUNK_BYTES))
            if not chunk:
                break
            chunks.append(chunk)
            missing -= len(chunk)
    except package.ZstdError:
        return None
    return b"".join(chunks) if missing == 1 else None


def _package() -> ModuleType:
    try:
        import zstandard
    except ImportError:
        raise InputError("SPZ version 4", found="no package 'zstandard'", expected="one that unpacks Zstandard",
                         action="run `pip install zstandard`, or use SPZ version 3") from None  # fmt: skip
    return zstandard
