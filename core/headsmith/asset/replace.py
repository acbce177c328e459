"""Putting a finished bundle in its place, so that a reader sees the old one, the new one or none, never a half."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

from headsmith.asset.arrays import zip_bytes
from headsmith.asset.container import MANIFEST, backup_path
from headsmith.errors import InputError

_STALE_AFTER_S = 3600


def check_output(path: Path, force: bool) -> None:
    """Raises InputError unless a bundle may be written at `path`: its name, and what is there already."""
    if not path.name.lower().endswith((".avatar", ".avatar.zip")) or path.name.startswith("."):
        raise InputError(path, found="a name that is not an avatar's", expected="NAME.avatar or NAME.avatar.zip",
                         action="rename the output")  # fmt: skip
    if not os.path.lexists(path) and not os.path.lexists(backup_path(path)):
        return
    if not force:
        raise InputError(path, found="an existing output", expected="a name that is free",
                         action="choose another name or give --force to replace it")  # fmt: skip
    as_folder = not is_zip(path)
    if os.path.lexists(path) and (path.is_symlink() or path.is_dir() != as_folder or not _is_bundle(path)):
        raise InputError(path, found="something that is not an avatar", expected="an avatar to replace",
                         action="move it away first")  # fmt: skip


def is_zip(path: Path) -> bool:
    return path.name.lower().endswith(".zip")


def _is_bundle(path: Path) -> bool:
    """A folder with a manifest or with nothing in it; any file (a zip may be damaged)."""
    return path.is_file() or (path / MANIFEST).is_file() or not any(path.iterdir())


def place(files: Mapping[str, bytes], path: Path) -> None:
    """Writes `files` as the bundle at `path`, over what is there. Raises InputError where that cannot be written."""
    partial = path.with_name(f".{path.name}.partial-{secrets.token_hex(4)}")
    try:
        _tidy(path)
        if is_zip(path):
            _write_file(partial, zip_bytes(files))
            os.replace(partial, path)
        else:
            _write_folder(partial, files)
            _swap_folder(partial, path)
    except OSError as error:
        raise InputError(path, found=f"a place that cannot be written ({error.strerror or error})",
                         expected="a writable folder with room for the avatar",
                         action="choose another output") from error  # fmt: skip
    finally:
        _remove(partial)


def _write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.mkdir()
    for name, data in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        _write_file(file, data)


def _write_file(file: Path, data: bytes) -> None:
    with file.open("xb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())


def _swap_folder(partial: Path, path: Path) -> None:
    """Folders cannot be replaced in one step; between the two, `container.settled` finds the old one."""
    backup = backup_path(path)
    if os.path.lexists(path):
        os.rename(path, backup)
    try:
        os.rename(partial, path)
    except OSError:
        if os.path.lexists(backup):
            os.rename(backup, path)
        raise
    _remove(backup)


def _tidy(path: Path) -> None:
    """What a killed writer left: an interrupted replacement is undone, half-written bundles go."""
    backup = backup_path(path)
    if os.path.lexists(backup):
        if os.path.lexists(path):
            _remove(backup)
        else:
            os.rename(backup, path)
    prefix = f".{path.name}.partial-"
    for entry in path.parent.iterdir():
        # a younger one may belong to a writer that is still at work
        if entry.name.startswith(prefix) and time.time() - entry.lstat().st_mtime > _STALE_AFTER_S:
            _remove(entry)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()
