"""Splat files on disk: reading any format, converting one to another, describing one."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from headsmith.asset.avatar import Splats
from headsmith.errors import InputError
from headsmith_exporters.files import check_free, write_files
from headsmith_exporters.option_values import options_from
from headsmith_exporters.registry import ExportResult, Format, splat_formats, suffix_of
from headsmith_exporters.splats import MAX_FILE_BYTES, sh_degree, splat_counts


def is_splat_file(path: str | Path) -> bool:
    """True if the name ends as one of the splat formats does."""
    suffix = suffix_of(path)
    return any(f.suffix == suffix for f in splat_formats().values())


def read_splats(path: str | Path) -> Splats:
    """The splats of a file in head space, whatever its format: chosen by suffix, and for .ply by content.

    Raises InputError for an unknown suffix, a file that cannot be read, is too large, or holds no whole splats.
    """
    return _read(Path(path))[0]


def convert_splats(
    source: str | Path, target: str | Path, *, assignments: Iterable[str] = (), force: bool = False
) -> ExportResult:
    """Reads any splat format and writes any other, chosen by suffix; `assignments` as in `options_from`.

    Raises InputError.
    """
    target = Path(target)
    chosen = _format_to_write(target)
    options = options_from(chosen, assignments)
    check_free([target], force)
    splats, _ = _read(Path(source))
    if len(splats) == 0:
        raise InputError(source, found="no splats in it", expected="at least one", action="give another file")
    assert chosen.encode_splats is not None
    data = chosen.encode_splats(splats, options)
    write_files({target: data})
    return ExportResult((target,), len(data), splat_counts(splats))


def describe_splats(path: str | Path) -> dict[str, Any]:
    """What `headsmith info` shows of a splat file, ready for JSON. Raises InputError."""
    splats, chosen = _read(Path(path))
    bounds = [getattr(splats.means, side)(axis=0).tolist() if len(splats) else None for side in ("min", "max")]
    return {
        "file": str(path),
        "format": chosen.name,
        "bytes": Path(path).stat().st_size,
        "splats": len(splats),
        "sh_degree": sh_degree(splats),
        "bounds_m": {"min": bounds[0], "max": bounds[1]},
    }


def _read(path: Path) -> tuple[Splats, Format]:
    if not is_splat_file(path):
        raise _unknown_suffix(path)
    data = _content(path)
    chosen = _format_to_read(path, data)
    assert chosen.decode is not None
    return chosen.decode(data, str(path)), chosen


def _content(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise InputError(path, found="no such file", expected="a splat file", action="check the path")
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise InputError(path, found=f"{size} bytes", expected=f"a splat file of at most {MAX_FILE_BYTES}",
                             action="give a smaller file")  # fmt: skip
        with path.open("rb") as file:
            return file.read(size)
    except (OSError, ValueError) as error:
        raise InputError(path, found=f"a file that cannot be read ({error})", expected="a readable splat file",
                         action="check its name and permissions") from error  # fmt: skip


def _format_to_read(path: Path, data: bytes) -> Format:
    """By content among the formats of the last suffix, then by the whole suffix.

    The two kinds of .ply are often named alike.
    """
    alike = [f for f in splat_formats().values() if f.suffix.endswith(path.suffix.lower())]
    for one in alike:
        if one.recognises is not None and one.recognises(data):
            return one
    plain = [f for f in alike if f.recognises is None]
    return _preferred(plain or alike, suffix_of(path))


def _format_to_write(path: Path) -> Format:
    suffix = suffix_of(path)
    alike = [f for f in splat_formats().values() if f.suffix == suffix]
    if not alike:
        raise _unknown_suffix(path)
    return _preferred(alike, suffix)


def _preferred(alike: list[Format], suffix: str) -> Format:
    """Where several formats share a suffix, the one that is named as it; the first where none is."""
    return next((f for f in alike if f.name == suffix[1:]), alike[0])


def _unknown_suffix(path: Path) -> InputError:
    known = sorted({f.suffix for f in splat_formats().values()})
    return InputError(path, found=f"the suffix '{suffix_of(path)}'", expected=f"one of {', '.join(known)}",
                      action="name a splat file")  # fmt: skip
