"""The formats, found among the modules beside this one, and the one way to write files.

A format is one module with a tuple `FORMATS`; nothing has to be registered elsewhere.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any

import headsmith_exporters
from headsmith.asset.avatar import Avatar, Splats
from headsmith.errors import InputError
from headsmith_exporters.files import check_folder, check_free, write_files, write_folder


@dataclass(frozen=True)
class Encoded:
    """What a format makes of an avatar."""

    files: dict[str, bytes]
    """file name -> content, to be written beside each other; the file that was asked for comes last"""
    counts: dict[str, int]
    """what the files hold (vertices, morph_targets, splats, ...)"""


@dataclass(frozen=True)
class Format:
    name: str
    suffix: str
    """of the file that was asked for, with its dot; it may be double (.compressed.ply); none of a folder"""
    description: str
    """one line for people who choose a format"""
    options: Callable[[], Any]
    """the dataclass of this format's options; called without arguments it gives the defaults"""
    encode: Callable[[Avatar, str, Any], Encoded]
    """(avatar, file name without suffix, options) -> `Encoded`, the same bytes for the same arguments"""
    decode: Callable[[bytes, str], Splats] | None = None
    """of a splat format: (content, file name for messages) -> splats in head space; raises InputError"""
    encode_splats: Callable[[Splats, Any], bytes] | None = None
    """of a splat format: (splats, options) -> the file's content, for conversions"""
    recognises: Callable[[bytes], bool] | None = None
    """of a splat format that shares its last suffix with another: whether the content is in this format"""
    folder: bool = False
    """what was asked for is a folder, and the files of `Encoded` go into it"""
    holds_splats: bool = False
    """of a format that is no splat format: whether it has the splats beside other things"""


@dataclass(frozen=True)
class ExportResult:
    files: tuple[Path, ...]
    """written, the one that was asked for last"""
    bytes: int
    """their sizes together"""
    counts: dict[str, int]


@cache
def formats() -> MappingProxyType[str, Format]:
    """Every format by its name, sorted."""
    modules = sorted(module.name for module in pkgutil.iter_modules(headsmith_exporters.__path__))
    found: list[Format] = []
    for module in modules:
        found += getattr(import_module(f"headsmith_exporters.{module}"), "FORMATS", ())
    return MappingProxyType({f.name: f for f in sorted(found, key=lambda f: f.name)})


def format_named(name: str) -> Format:
    """The format of that name; raises InputError with the names there are."""
    known = formats()
    if name not in known:
        raise InputError(name, found="an unknown format", expected=f"one of {', '.join(known)}",
                         action="choose one of those")  # fmt: skip
    return known[name]


def splat_formats() -> dict[str, Format]:
    """The formats that hold splats alone and can be read back, by name."""
    return {name: f for name, f in formats().items() if f.decode is not None and f.encode_splats is not None}


def suffix_of(path: str | Path) -> str:
    """The longest suffix of any format that the file's name ends with, else its last one; in lower case."""
    path = Path(path)
    name = path.name.lower()
    known = [f.suffix for f in formats().values() if f.suffix and name.endswith(f.suffix) and name != f.suffix]
    return max(known, key=len, default=path.suffix.lower())


def check_output(path: Path, chosen: Format, force: bool) -> None:
    """Raises InputError unless the format may write a file, or its folder, at `path`."""
    if chosen.folder:
        check_folder(path, force)
        return
    suffix = suffix_of(path)
    if suffix != chosen.suffix:
        raise InputError(path, found=f"the suffix '{suffix}'", expected=f"'{chosen.suffix}'",
                         action=f"name a {chosen.suffix} file")  # fmt: skip
    check_free([path], force)


def export(
    avatar: Avatar, path: str | Path, format_name: str, options: Any = None, *, force: bool = False
) -> ExportResult:
    """Writes `avatar` to `path` and, for some formats, files beside it or in it; readers see whole files or none.

    `options` is an instance of the format's `options` dataclass, its defaults where it is None.
    Raises InputError for an unknown format, a path with another suffix, a file that exists (unless `force`) and a
    place that cannot be written.
    """
    chosen = format_named(format_name)
    # a folder may be given as `.`
    path = Path(path).absolute() if chosen.folder else Path(path)
    check_output(path, chosen, force)
    stem = path.name[: len(path.name) - len(chosen.suffix)]
    encoded = chosen.encode(avatar, stem, chosen.options() if options is None else options)
    if chosen.folder:
        write_folder(path, encoded.files)
        written = [path / name for name in encoded.files]
        return ExportResult(tuple(written), sum(map(len, encoded.files.values())), encoded.counts)
    *companions, main = encoded.files
    contents = {path.with_name(name): encoded.files[name] for name in companions}
    check_free(contents, force)
    # under the very name that was asked for, also where its suffix is in capitals
    contents[path] = encoded.files[main]
    write_files(contents)
    return ExportResult(tuple(contents), sum(map(len, contents.values())), encoded.counts)
