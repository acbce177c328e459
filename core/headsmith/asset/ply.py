"""Splats as the .ply that splat viewers read: binary little-endian, logits, logarithms, wxyz.

Source of the layout: the reference implementation of Kerbl et al. 2023, 3D Gaussian Splatting
(https://github.com/graphdeco-inria/gaussian-splatting); `f_rest_*` holds all of red, then green, then blue.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from headsmith.asset.avatar import Splats
from headsmith.asset.harmonics import BAND_SIZES
from headsmith.asset.quaternions import normalized
from headsmith.errors import InputError
from headsmith.types import F32

MIN_SCALE_M = 1e-9
_EDGE_OPACITY = 1e-6
_MAX_HEADER_BYTES = 65536
_MAX_PROPERTIES = 1024
_MAX_LOG_SCALE = 20.0
_TYPES = {
    "char": "i1", "int8": "i1", "uchar": "u1", "uint8": "u1", "short": "<i2", "int16": "<i2", "ushort": "<u2",
    "uint16": "<u2", "int": "<i4", "int32": "<i4", "uint": "<u4", "uint32": "<u4", "float": "<f4", "float32": "<f4",
    "double": "<f8", "float64": "<f8",
}  # fmt: skip


def property_names(rest_count: int) -> list[str]:
    """The columns in file order for `rest_count` coefficients of bands >= 1 per channel."""
    return [
        *("x", "y", "z", "nx", "ny", "nz"),
        *(f"f_dc_{k}" for k in range(3)),
        *(f"f_rest_{k}" for k in range(3 * rest_count)),
        "opacity",
        *(f"scale_{k}" for k in range(3)),
        *(f"rot_{k}" for k in range(4)),
    ]


def encode_ply(splats: Splats) -> bytes:
    """The whole file. Opacities are kept 1e-6 away from 0 and 1, where the logit would be infinite."""
    count, rest = len(splats), splats.shN.shape[1]
    opacity = np.clip(splats.opacities.astype(np.float64), _EDGE_OPACITY, 1 - _EDGE_OPACITY)
    columns = [
        splats.means,
        np.zeros((count, 3)),
        splats.sh0.reshape(count, 3),
        splats.shN.transpose(0, 2, 1).reshape(count, 3 * rest),
        np.log(opacity / (1 - opacity))[:, None],
        np.log(np.maximum(splats.scales.astype(np.float64), MIN_SCALE_M)),
        splats.quats,
    ]
    names = property_names(rest)
    lines = ["ply", "format binary_little_endian 1.0", f"element vertex {count}"]
    header = "\n".join([*lines, *(f"property float {name}" for name in names), "end_header", ""])
    return header.encode("ascii") + np.concatenate(columns, axis=1).astype("<f4").tobytes()


def decode_ply(data: bytes, name: str) -> Splats:
    """Splats from a file's bytes; `name` is what error sentences call the file.

    Columns may come in any order and others are passed over. Raises InputError for anything that is not a
    whole, finite splat file.
    """
    count, dtype, start = _read_header(data, name)
    if count * dtype.itemsize != len(data) - start:
        raise _bad(name, f"{len(data) - start} bytes after the header, which announces {count} splats",
                   f"{count * dtype.itemsize} bytes")  # fmt: skip
    rest_columns = sum(column.startswith("f_rest_") for column in dtype.names or ())
    if rest_columns % 3 or rest_columns // 3 not in BAND_SIZES:
        raise _bad(name, f"{rest_columns} f_rest_* columns", "0, 9, 24 or 45")
    missing = [c for c in property_names(rest_columns // 3) if c not in (dtype.names or ()) and c[0] != "n"]
    if missing:
        raise _bad(name, f"no column '{missing[0]}'", "the columns of a 3D Gaussian splat file")
    return _activate(np.frombuffer(data, dtype, count, start), rest_columns // 3, name)


def _activate(table: NDArray[np.void], rest: int, name: str) -> Splats:
    columns = {column: table[column].astype(np.float32) for column in property_names(rest) if column[0] != "n"}
    for column, values in columns.items():
        if not np.isfinite(values).all():
            raise _bad(name, f"a value in column '{column}' that is not a finite number", "finite numbers")

    def stacked(prefix: str, size: int) -> F32:
        return np.stack([columns[f"{prefix}{k}"] for k in range(size)], axis=-1)

    log_scales, quats = stacked("scale_", 3), stacked("rot_", 4).astype(np.float64)
    if (log_scales > _MAX_LOG_SCALE).any():
        raise _bad(name, "a splat larger than any scene", f"scale_* of at most {_MAX_LOG_SCALE:g}")
    if not (np.linalg.norm(quats, axis=1) > 1e-12).all():
        raise _bad(name, "a splat without a rotation (all rot_* zero)", "quaternions")
    f_rest = stacked("f_rest_", 3 * rest) if rest else np.zeros((len(table), 0), np.float32)
    return Splats(
        means=np.stack([columns[axis] for axis in "xyz"], axis=-1),
        quats=normalized(quats).astype(np.float32),
        scales=np.exp(log_scales),
        opacities=(0.5 + 0.5 * np.tanh(columns["opacity"].astype(np.float64) / 2)).astype(np.float32),
        sh0=stacked("f_dc_", 3)[:, None],
        shN=np.ascontiguousarray(f_rest.reshape(len(table), 3, rest).transpose(0, 2, 1)),
    )


def _read_header(data: bytes, name: str) -> tuple[int, np.dtype[np.void], int]:
    """The number of splats, the record's layout and where the records start."""
    lines, start = _header_lines(data, name)
    if next(lines, None) != ["ply"]:
        raise _bad(name, "no 'ply' at the start", "a .ply file")
    count, columns, encoding = -1, list[tuple[str, str]](), None
    for words in lines:
        match words:
            case ["comment" | "obj_info", *_] | []:
                pass
            case ["format", form, "1.0"] if encoding is None:
                encoding = form
            case ["element", "vertex", number] if count < 0 and number.isascii() and number.isdigit():
                count = int(number) if len(number) < 12 else len(data) + 1
            case ["property", kind, column] if count >= 0 and kind in _TYPES and len(columns) < _MAX_PROPERTIES:
                columns.append((column, _TYPES[kind]))
            case _:
                raise _bad(
                    name, f"the header line '{' '.join(words)[:60]}'", "one vertex element with scalar properties"
                )
    if encoding != "binary_little_endian":
        raise _bad(name, f"the encoding '{encoding}'", "binary_little_endian")
    if count < 0 or not columns or len({column for column, _ in columns}) != len(columns):
        raise _bad(name, "no vertex element, no properties, or one property twice", "one vertex element")
    return count, np.dtype(columns), start


def _header_lines(data: bytes, name: str) -> tuple[Iterator[list[str]], int]:
    end = data.find(b"end_header\n", 0, _MAX_HEADER_BYTES)
    crlf = data.find(b"end_header\r\n", 0, _MAX_HEADER_BYTES)
    at = min((place for place in (end, crlf) if place >= 0), default=-1)
    if at < 0:
        raise _bad(name, "no end of the header", "a .ply header that closes with end_header")
    try:
        text = data[:at].decode("ascii")
    except UnicodeDecodeError:
        raise _bad(name, "a header that is not ASCII text", "a .ply header") from None
    return (line.split() for line in text.splitlines()), at + (12 if at == crlf else 11)


def _bad(name: str, found: str, expected: str) -> InputError:
    return InputError(name, found=found, expected=expected, action="export the splats again")
