"""The files of a bundle, folder or zip, as names and bytes; nothing in here knows what they mean."""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from headsmith.asset.arrays import decoding
from headsmith.asset.damage import damaged
from headsmith.errors import InputError

MANIFEST = "avatar.json"
MAX_FILES = 10_000
MAX_BYTES = 2 << 30
MAX_RATIO = 100
"""no file of an avatar deflates so well, once it is larger than `_RATIO_FROM_BYTES`"""
_RATIO_FROM_BYTES = 16 << 20


@dataclass(frozen=True)
class Container:
    name: str
    """the bundle, as the user named it"""
    sizes: dict[str, int]
    """file -> bytes, before any is read"""
    read: Callable[[str], bytes]
    """the bytes of one of `sizes`, exactly as many"""


def is_safe_name(name: str) -> bool:
    """True for relative paths that stay inside, on every system: no .., no drive, no backslash."""
    parts = name.split("/")
    return (
        bool(name)
        and len(name) <= 240
        and not any(c in '\\:*?"<>|' or ord(c) < 32 for c in name)
        and all(part not in ("", ".", "..") and part == part.rstrip(" .") for part in parts)
    )


def locate(path: Path) -> Path:
    """Where the bundle `path` lies. Raises InputError if there is no such file or folder."""
    place = settled(path)
    if not place.is_dir() and not place.is_file():
        raise InputError(path, found="no such file or folder", expected="an avatar (NAME.avatar or NAME.avatar.zip)",
                         action="check the path")  # fmt: skip
    return place


def open_container(path: Path) -> Container:
    """A folder, or a zip of one, at `path`. Raises InputError if there is neither, or if it could do harm."""
    place = locate(path)
    try:
        return _open_folder(place) if place.is_dir() else _open_zip(place)
    except OSError as error:
        raise _unreadable(str(path), error) from error


def settled(path: Path) -> Path:
    """Where the bundle of that name is: beside it, if a replacement was interrupted half-way."""
    backup = backup_path(path)
    return backup if not os.path.lexists(path) and os.path.lexists(backup) else path


def backup_path(path: Path) -> Path:
    return path.with_name(f".{path.name}.replaced")


def _unreadable(subject: str, error: OSError) -> InputError:
    return InputError(subject, found=f"a file that cannot be read ({error.strerror or error})",
                      expected="a readable avatar", action="check its permissions")  # fmt: skip


def _open_folder(root: Path) -> Container:
    sizes = {}
    for file in _walk(root, root):
        info = file.lstat()
        name = PurePosixPath(*file.relative_to(root).parts).as_posix()
        if not stat.S_ISREG(info.st_mode):
            raise damaged(f"{root}: {name}", "a link or something else that is not a plain file", "a plain file")
        sizes[name] = info.st_size
        if len(sizes) > MAX_FILES:
            raise damaged(str(root), f"more than {MAX_FILES} files", "the few files of an avatar")

    def read(name: str) -> bytes:
        try:
            with (root / name).open("rb") as file:
                data = file.read(sizes[name] + 1)
        except OSError as error:
            raise _unreadable(f"{root}: {name}", error) from error
        if len(data) != sizes[name]:
            raise damaged(f"{root}: {name}", "a file that changes while it is read", f"{sizes[name]} bytes")
        return data

    return Container(str(root), sizes, read)


def _walk(folder: Path, root: Path) -> Iterator[Path]:
    """All files and links below, except hidden ones, which file managers leave behind."""
    for entry in sorted(folder.iterdir()):
        if not entry.name.startswith("."):
            if entry.is_dir() and not entry.is_symlink():
                yield from _walk(entry, root)
            else:
                yield entry


def _open_zip(path: Path) -> Container:
    subject = str(path)
    with decoding(subject, "an avatar's folder or a zip of one"), zipfile.ZipFile(path) as archive:
        members = [info for info in archive.infolist() if not info.is_dir()]
    if len(members) > MAX_FILES or sum(info.file_size for info in members) > MAX_BYTES:
        raise damaged(subject, "more files or bytes than any avatar has", f"at most {MAX_BYTES} bytes")
    prefix = _common_folder([info.filename for info in members])
    by_name: dict[str, zipfile.ZipInfo] = {}
    for info in members:
        _check_member(info, subject)
        name = info.filename.removeprefix(prefix)
        if name in by_name:
            raise damaged(f"{subject}: {name}", "that file twice", "each file once")
        if not name.startswith((".", "__MACOSX/")):
            by_name[name] = info

    def read(name: str) -> bytes:
        info = by_name[name]
        with decoding(f"{subject}: {name}", "a whole file"), zipfile.ZipFile(path) as archive:
            with archive.open(info) as file:
                data = file.read(info.file_size + 1)
            if len(data) != info.file_size:
                raise ValueError("its length is not the one announced")
        return data

    return Container(subject, {name: info.file_size for name, info in by_name.items()}, read)


def _common_folder(names: list[str]) -> str:
    """'NAME/' if the zip holds the bundle's folder rather than its files."""
    first = {name.split("/", 1)[0] for name in names if not name.startswith("__MACOSX/")}
    return f"{first.pop()}/" if len(first) == 1 and MANIFEST not in names else ""


def _check_member(info: zipfile.ZipInfo, subject: str) -> None:
    if not is_safe_name(info.filename) or info.orig_filename != info.filename:
        raise damaged(subject, f"the file name {info.filename!r}", "names that stay inside the bundle")
    if stat.S_ISLNK(info.external_attr >> 16) or info.flag_bits & 1:
        raise damaged(f"{subject}: {info.filename}", "a link or an encrypted file", "a plain file")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise damaged(f"{subject}: {info.filename}", "an unusual compression", "stored or deflated")
    if info.file_size > _RATIO_FROM_BYTES and info.file_size > MAX_RATIO * info.compress_size:
        raise damaged(f"{subject}: {info.filename}", "a file that unpacks to over 100 times its size", "an avatar")
