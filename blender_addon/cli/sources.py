# SPDX-License-Identifier: GPL-3.0-or-later
"""What a command works on: bundles and .blend files, opened in a scene of their own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import bpy

from headsmith.errors import InputError

from ..avatars import avatars
from ..importing import MANIFEST, import_avatar

SUFFIXES = (".avatar", ".avatar.zip", ".blend")


@dataclass(frozen=True)
class Opened:
    """A source in Blender."""

    scene: bpy.types.Scene
    collection: bpy.types.Collection
    """the avatar that is meant"""
    is_bundle: bool


def open_source(path: Path, avatar: str | None) -> Opened:
    """Closes what is open and opens `path`; `avatar` names the one that is meant in a .blend with several.

    Raises InputError where there is nothing to open, or no avatar of that name.
    """
    if path.suffix.lower() == ".blend":
        if not path.is_file():
            raise InputError(path, found="no such file", expected="a .blend file", action="check the path")
        try:
            # scripts and scripted drivers of a file that came from elsewhere do not run; avatars need none
            bpy.ops.wm.open_mainfile(filepath=str(path), load_ui=False, use_scripts=False)
        except RuntimeError as error:
            raise InputError(path, found=str(error).strip(), expected="a .blend file that Blender can open",
                             action="check the file") from error  # fmt: skip
        scene = bpy.context.scene
        return Opened(scene, _avatar_named(avatar, scene, path), False)
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    scene = bpy.context.scene
    return Opened(scene, import_avatar(path, scene), True)


def name_of(path: Path) -> str:
    """`ada` for ada.avatar, ada.avatar.zip and ada.blend."""
    path = path.parent if path.name == MANIFEST else path
    return path.name.removesuffix(".zip").removesuffix(".avatar").removesuffix(".blend")


def sources_in(folder: Path) -> list[Path]:
    """The bundles directly in `folder`, sorted. Raises InputError where there is none."""
    found = sorted(path for path in folder.iterdir() if path.name.endswith(SUFFIXES[:2]))
    if not found:
        raise InputError(folder, found="no bundle in it", expected="some that end in .avatar or .avatar.zip",
                         action="choose another folder")  # fmt: skip
    return found


def is_folder_of_sources(path: Path) -> bool:
    """Whether `path` is a folder, but no bundle itself."""
    return path.is_dir() and not path.name.endswith(SUFFIXES[0]) and not (path / MANIFEST).exists()


def _avatar_named(name: str | None, scene: bpy.types.Scene, path: Path) -> bpy.types.Collection:
    found = {one.name: one for one in avatars(scene)}
    if name is None and len(found) == 1:
        return next(iter(found.values()))
    if name in found:
        return found[name]
    subject = path if name is None else f"avatar '{name}'"
    raise InputError(subject, found=f"the avatars {', '.join(found)}" if found else "no avatar", expected="one avatar",
                     action="name it with --avatar" if found else "choose another file")  # fmt: skip
