"""Putting finished files in their place."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from uuid import uuid4

from headsmith.errors import InputError


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
