"""meshoptimizer's codec, through the optional package `meshopt`: the only module that imports it."""

from __future__ import annotations

from types import ModuleType
from typing import Any, Literal

from numpy.typing import NDArray

from headsmith.errors import InputError

Mode = Literal["ATTRIBUTES", "INDICES"]
VERTEX_CODEC_VERSION = 0
"""the one that EXT_meshopt_compression allows"""


def compress(rows: NDArray[Any], mode: Mode) -> bytes:
    """Rows [N, ...] of a multiple of four bytes each, or indices [N] of 16 or 32 bits, as the extension stores them.

    Nothing is lost and nothing changes its place: triangles stay as they are, unlike in the extension's mode
    TRIANGLES, which turns them. Raises InputError where the package is missing.
    """
    # the package answers with the same bytes on every system
    package = _package()
    if mode == "INDICES":
        return bytes(package.encode_index_sequence(rows))
    return bytes(package.encode_vertex_buffer_level(rows, 2, VERTEX_CODEC_VERSION))


def _package() -> ModuleType:
    try:
        import meshopt
    except ImportError:
        raise InputError(
            "the compressed mesh",
            found="no package 'meshopt'",
            expected="a mesh compressor",
            action="run `pip install 'headsmith[formats]'`, or export `--format glb` with profile 'engine'",
        ) from None
    return meshopt
