"""The header of .compressed.ply: how many chunks and splats there are, and which columns."""

from __future__ import annotations

from dataclasses import dataclass

from headsmith.errors import InputError
from headsmith_exporters.splats import bad_splats, check_count, check_size

HEADER_PROPERTIES = tuple(
    f"{side}_{part}{axis}"
    for part, axes in (("", "xyz"), ("scale_", "xyz"), ("", "rgb"))
    for side in ("min", "max")
    for axis in axes
)
"""of a chunk; files by older programs lack the last six"""
_VERTEX_PROPERTIES = ("packed_position", "packed_rotation", "packed_scale", "packed_color")
_SH_COLUMNS = (0, 9, 24, 45)
_MAX_BYTES = 16384
_CHUNK = 256
_TYPES = {"float": "float", "float32": "float", "uint": "uint", "uint32": "uint", "uchar": "uchar", "uint8": "uchar"}


@dataclass(frozen=True)
class PackedHeader:
    chunks: int
    splats: int
    chunk_columns: int
    sh_columns: int
    start: int
    """of the data"""


Element = tuple[str, int, list[tuple[str, str]]]
"""name, count, (type, property) ..."""


def header_text(chunks: int, splats: int, sh_columns: int) -> bytes:
    lines = ["ply", "format binary_little_endian 1.0", f"element chunk {chunks}"]
    lines += [f"property float {name}" for name in HEADER_PROPERTIES]
    lines += [f"element vertex {splats}", *(f"property uint {name}" for name in _VERTEX_PROPERTIES)]
    if sh_columns:
        lines += [f"element sh {splats}", *(f"property uchar f_rest_{k}" for k in range(sh_columns))]
    return "\n".join([*lines, "end_header", ""]).encode("ascii")


def recognises(data: bytes) -> bool:
    """True for a .ply with chunks, which an ordinary splat file has not."""
    return data.startswith(b"ply") and b"\nelement chunk " in data[:_MAX_BYTES].split(b"end_header")[0]


def read_header(data: bytes, name: str) -> PackedHeader:
    """Raises InputError unless the header is of this format and announces exactly the bytes that follow."""
    lines, start = _header_lines(data, name)
    elements = _elements(lines, name)
    counts = {element: count for element, count, _ in elements}
    columns = [(element, properties) for element, _, properties in elements]
    sh_columns = len(columns[2][1]) if len(columns) == 3 else 0
    chunk_columns = len(columns[0][1]) if columns else 0
    if chunk_columns not in (12, 18) or sh_columns not in _SH_COLUMNS or columns != _layout(chunk_columns, sh_columns):
        raise bad_splats(name, "other columns", "the chunk, vertex and sh columns of a packed splat file")
    splats = check_count(counts["vertex"], name)
    if counts["chunk"] != -(-splats // _CHUNK) or counts.get("sh", splats) != splats:
        rows = f"{counts['chunk']} chunks and {counts.get('sh', splats)} rows of SH"
        raise bad_splats(name, f"{rows} for {splats} splats", f"one chunk for {_CHUNK} splats and one row a splat")
    size = counts["chunk"] * 4 * chunk_columns + splats * (16 + sh_columns)
    check_size(len(data) - start, size, name, "bytes after the header")
    return PackedHeader(counts["chunk"], splats, chunk_columns, sh_columns, start)


def _layout(chunk_columns: int, sh_columns: int) -> list[tuple[str, list[tuple[str, str]]]]:
    """The columns in the one order that programs write."""
    layout = [
        ("chunk", [("float", name) for name in HEADER_PROPERTIES[:chunk_columns]]),
        ("vertex", [("uint", name) for name in _VERTEX_PROPERTIES]),
    ]
    return layout + ([("sh", [("uchar", f"f_rest_{k}") for k in range(sh_columns)])] if sh_columns else [])


def _header_lines(data: bytes, name: str) -> tuple[list[str], int]:
    end = data.find(b"end_header\n", 0, _MAX_BYTES)
    try:
        lines = data[: max(end, 0)].decode("ascii").splitlines()
    except UnicodeDecodeError:
        raise bad_splats(name, "a header that is not ASCII text", "a .compressed.ply header") from None
    if lines[:2] != ["ply", "format binary_little_endian 1.0"]:
        raise bad_splats(name, "no whole header of a binary .ply", "a .compressed.ply file")
    return lines[2:], end + len(b"end_header\n")


def _elements(lines: list[str], name: str) -> list[Element]:
    elements: list[Element] = []
    for line in lines:
        match line.split():
            case ["comment" | "obj_info", *_] | []:
                pass
            case ["element", element, number] if number.isdigit() and len(number) < 12 and len(elements) < 3:
                elements.append((element, int(number), []))
            case ["property", kind, column] if elements and kind in _TYPES:
                elements[-1][2].append((_TYPES[kind], column))
            case _:
                raise _bad_line(line, name)
    return elements


def _bad_line(line: str, name: str) -> InputError:
    return bad_splats(name, f"the header line {line[:60]!r}", "chunk, vertex and sh elements with their properties")
