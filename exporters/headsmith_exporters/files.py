"""Putting finished files in their place."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from uuid import uuid4

from headsmith.asset.replace import place
from headsmith.errors import InputError

EXPORTED = ("index.html", "avatar.json")
"""what an exported folder has, so that nothing else is ever replaced by one"""


def check_free(paths: Iterable[Path], force: bool) -> None:
    """Raises InputError where a file cannot be put at each of `paths`; `force` allows to replace files."""
    for path in paths:
        # unlike Path's, these answer False for a name that no file can have
        if os.path.isdir(path):
            raise InputError(path, found="a folder", expected="a file name", action="choose another name")
        if os.path.exists(path) and not force:
            raise InputError(path, found="an existing file", expected="a free name",
                             action="give --force to replace it, or choose another name")  # fmt: skip
        if not path.absolute().parent.is_dir():
            raise InputError(path, found="no such folder", expected="an existing folder", action="create it first")


def write_files(contents: Mapping[Path, bytes]) -> None:
    """Writes every file to a temporary sibling, then renames them in order, so that each is seen whole or not at all.

    Raises InputError where the place cannot be written.
    """
    temporary = {path: path.with_name(f".{uuid4().hex}.part") for path in contents}
    try:
        for path, content in contents.items():
            temporary[path].write_bytes(content)
        for path in contents:
            os.replace(temporary[path], path)
    except OSError as error:
        raise InputError(list(contents)[-1], found=f"a place that cannot be written ({error.strerror})",
                         expected="a writable folder", action="choose another output") from error  # fmt: skip
    finally:
        for part in temporary.values():
            part.unlink(missing_ok=True)


def check_folder(path: Path, force: bool) -> None:
    """Raises InputError where no folder of ours can be put at `path`; `force` allows to replace one that has a page."""
    if not path.absolute().parent.is_dir():
        raise InputError(path, found="no such folder above it", expected="an existing folder", action="create it first")
    if not os.path.lexists(path):
        return
    if not path.is_dir() or path.is_symlink():
        raise InputError(path, found="a file", expected="a folder name", action="choose another name")
    if any(path.iterdir()) and not force:
        raise InputError(path, found="an existing folder", expected="a free name",
                         action="give --force to replace it, or choose another name")  # fmt: skip
    if any(path.iterdir()) and not all((path / name).is_file() for name in EXPORTED):
        raise InputError(path, found="a folder with something else in it", expected="an exported one to replace",
                         action="choose another name")  # fmt: skip


def write_folder(path: Path, contents: Mapping[str, bytes]) -> None:
    """Writes a folder of these files, names with slashes, in place of the one that is there.

    It is seen whole or not at all. Raises InputError where it cannot be written.
    """
    place(contents, path)
