""".compressed.ply: PlayCanvas' packed splats, 16 bytes each, in chunks of 256 neighbours with bounds of their own.

Layout: https://blog.playcanvas.com/compressing-gaussian-splats/. A chunk keeps the bounds of position, log size and
colour; a splat keeps 11+10+11 bits of position, as many of size, 2+30 bits of rotation, and RGBA bytes. Higher bands
are one byte a coefficient, -4..4.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headsmith.asset.avatar import Splats
from headsmith.asset.harmonics import SH_C0
from headsmith.asset.quaternions import normalized
from headsmith.types import F32, U8
from headsmith_exporters.packed_ply_header import HEADER_PROPERTIES, header_text, read_header, recognises
from headsmith_exporters.quantize import (
    U32,
    fraction_between,
    from_smallest_three,
    morton_order,
    smallest_three,
    to_levels,
)
from headsmith_exporters.splats import bad_splats, checked_splats, splat_format

CHUNK = 256
MAX_LOG_SCALE = 20.0
_BITS_XYZ = ((21, 11), (11, 10), (0, 11))
_BITS_ROTATION = ((20, 10), (10, 10), (0, 10))
_BITS_RGBA = ((24, 8), (16, 8), (8, 8), (0, 8))
_SH_RANGE = 8.0


def encode_compressed_ply(splats: Splats) -> bytes:
    """The whole file, in Morton order."""
    order = morton_order(splats.means)
    starts = np.arange(0, len(splats), CHUNK)
    log_scales = np.log(splats.scales[order].astype(np.float64)).clip(-MAX_LOG_SCALE, MAX_LOG_SCALE)
    colors = 0.5 + SH_C0 * splats.sh0[order, 0].astype(np.float64)
    bounds, fractions = [], []
    for values in (splats.means[order].astype(np.float64), log_scales, colors):
        low, high = (_by_chunk(f, values, starts).astype("<f4") for f in (np.minimum, np.maximum))
        bounds += [low, high]
        each = np.arange(len(values)) // CHUNK
        fractions.append(fraction_between(values, low[each].astype(np.float64), high[each].astype(np.float64)))
    # 0 and 1 would be infinite in the readers, which keep opacities as logits
    opacity = splats.opacities[order].astype(np.float64).clip(1 / 255, 254 / 255)
    vertices = np.stack(
        [
            _pack(fractions[0], _BITS_XYZ),
            _pack_rotation(normalized(splats.quats[order].astype(np.float64))),
            _pack(fractions[1], _BITS_XYZ),
            _pack(np.concatenate([fractions[2], opacity[:, None]], 1), _BITS_RGBA),
        ],
        axis=1,
    )
    rest = splats.shN[order].transpose(0, 2, 1).reshape(len(splats), 3 * splats.shN.shape[1])
    header = header_text(len(starts), len(splats), rest.shape[1])
    chunks = np.concatenate(bounds, axis=1)
    return header + chunks.tobytes() + vertices.astype("<u4").tobytes() + _sh_bytes(rest).tobytes()


def decode_compressed_ply(data: bytes, name: str) -> Splats:
    """Splats from a file's bytes, in the file's order. Raises InputError."""
    header = read_header(data, name)
    chunk_end = header.start + header.chunks * 4 * header.chunk_columns
    vertex_end = chunk_end + header.splats * 16
    chunks = np.frombuffer(data[header.start : chunk_end], "<f4").reshape(header.chunks, header.chunk_columns)
    vertices = np.frombuffer(data[chunk_end:vertex_end], "<u4").reshape(header.splats, 4)
    rest = np.frombuffer(data[vertex_end:], "u1").reshape(header.splats, header.sh_columns)
    if not np.isfinite(chunks).all():
        raise bad_splats(name, "a bound of a chunk that is not a finite number", "finite numbers")
    each = np.arange(header.splats) // CHUNK
    rgba = _unpack(vertices[:, 3], _BITS_RGBA)
    if header.chunk_columns == len(HEADER_PROPERTIES):
        rgba[:, :3] = _between(rgba[:, :3], chunks[each, 12:15], chunks[each, 15:18])
    log_scales = _between(_unpack(vertices[:, 2], _BITS_XYZ), chunks[each, 6:9], chunks[each, 9:12])
    bands = _sh_values(rest).reshape(header.splats, 3, header.sh_columns // 3).transpose(0, 2, 1)
    others = (_unpack(vertices[:, 1], _BITS_ROTATION) - 0.5) * np.sqrt(2)
    splats = Splats(
        means=_between(_unpack(vertices[:, 0], _BITS_XYZ), chunks[each, 0:3], chunks[each, 3:6]),
        quats=from_smallest_three(vertices[:, 1] >> 30, others),
        scales=np.exp(log_scales.clip(-MAX_LOG_SCALE, MAX_LOG_SCALE)),
        opacities=rgba[:, 3],
        sh0=((rgba[:, :3] - 0.5) / SH_C0)[:, None],
        shN=np.ascontiguousarray(bands),
    )
    return checked_splats(splats, name)


def _by_chunk(reduce: np.ufunc, values: F32, starts: NDArray[np.int64]) -> F32:
    """[chunks, C] the least or greatest of each chunk's rows."""
    return np.asarray(reduce.reduceat(values, starts, axis=0)) if len(starts) else values[:0]


def _between(fractions: F32, low: F32, high: F32) -> F32:
    # weighted like this, a bound near the largest float cannot overflow
    return low.astype(np.float64) * (1 - fractions) + high.astype(np.float64) * fractions


def _pack(fractions: F32, layout: tuple[tuple[int, int], ...]) -> U32:
    """[N, C] numbers 0..1 as bit fields (shift, bits) of one word."""
    words = np.zeros(len(fractions), np.uint32)
    for k, (shift, bits) in enumerate(layout):
        words |= to_levels(fractions[:, k], 1 << bits) << np.uint32(shift)
    return words


def _unpack(words: U32, layout: tuple[tuple[int, int], ...]) -> F32:
    fields = [((words >> np.uint32(shift)) & np.uint32((1 << bits) - 1)) / ((1 << bits) - 1) for shift, bits in layout]
    return np.stack(fields, axis=1)


def _pack_rotation(quats: F32) -> U32:
    largest, others = smallest_three(quats)
    return _pack(others / np.sqrt(2) + 0.5, _BITS_ROTATION) | largest.astype(np.uint32) << np.uint32(30)


def _sh_bytes(values: F32) -> U8:
    levels = np.floor((values.astype(np.float64) / _SH_RANGE + 0.5) * 256)
    return levels.clip(0, 255).astype(np.uint8)


def _sh_values(levels: U8) -> F32:
    """Readers take the middle of each step, but the ends of the outermost."""
    middle = np.where(levels == 0, 0, np.where(levels == 255, 1, (levels + 0.5) / 256))
    return (middle - 0.5) * _SH_RANGE


FORMATS = (
    splat_format(
        "compressed.ply",
        ".compressed.ply",
        "packed Gaussian splats for PlayCanvas, SuperSplat and other viewers, 16 bytes each",
        encode_compressed_ply,
        decode_compressed_ply,
        recognises,
    ),
)
