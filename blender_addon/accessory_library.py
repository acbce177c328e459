# SPDX-License-Identifier: GPL-3.0-or-later
"""A library of accessories for the asset browser: a .blend of marked objects, and the catalogs that they are under."""

from __future__ import annotations

import uuid
from pathlib import Path

import bpy

from headsmith.accessories import KINDS, Anchors, default_params, fit_accessory
from headsmith.errors import InputError

from .accessory_properties import fill
from .builders.accessories import build_accessory
from .measuring import measured
from .state import all_or_nothing

CATALOG_FILE = "blender_assets.cats.txt"
CATALOG_HEADER = """\
# This is an Asset Catalog Definition file for Blender.
#
# Empty lines and lines starting with `#` will be ignored.
# The first non-ignored line should be the version indicator.
# Other lines are of the format "UUID:catalog/path/for/assets:simple catalog name"

VERSION 1

"""
"""as Blender writes it (docs.blender.org/manual, Asset Catalogs)"""


def write_accessory_library(collection: bpy.types.Collection, path: Path) -> list[str]:
    """Writes every kind and style, to the measure of the avatar of `collection`, to the .blend at `path`.

    Catalogs go to `blender_assets.cats.txt` beside it; lines that are already there stay. An accessory that is dropped
    into a scene remembers its sizes: `update_accessory` makes it anew for the avatar there. Returns the assets' names.
    The scene stays as it is. Raises InputError where the folder does not exist or cannot be written.
    """
    if path.suffix != ".blend":
        raise InputError(path, found=f"the ending '{path.suffix}'", expected=".blend", action="name it so")
    if not path.parent.is_dir():
        raise InputError(path.parent, found="no such folder", expected="a folder to write to", action="make it first")
    head = measured(collection)
    with all_or_nothing(keep=False):
        made = [_asset(head, kind, style) for kind, entry in KINDS.items() for style in entry.styles]
        names = [obj.name for obj in made]
        try:
            bpy.data.libraries.write(str(path), set(made), fake_user=True)
            _write_catalogs(path.parent / CATALOG_FILE)
        except (OSError, RuntimeError) as error:
            raise InputError(path, found=str(error), expected="a file that can be written",
                             action="choose another place") from error  # fmt: skip
    return names


def catalog_id(kind: str) -> str:
    """The same in every library, so that libraries can be joined."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"headsmith:accessories/{kind}"))


def _asset(head: Anchors, kind: str, style: str) -> bpy.types.Object:
    params = default_params(kind, style)
    made = fit_accessory(head, kind, params)
    name = f"{style.title()} {kind.title()}"
    obj = build_accessory(made, head.at(made.anchor).position_m, None, name)
    fill(obj.headsmith_accessory, kind, params)
    obj.asset_mark()
    obj.asset_data.catalog_id = catalog_id(kind)
    obj.asset_data.description = f"{name}: drop it on an avatar and press Update, and it is made to that head's measure"
    for tag in ("headsmith", kind, style):
        obj.asset_data.tags.new(tag)
    return obj


def _write_catalogs(path: Path) -> None:
    known = path.read_text(encoding="utf-8") if path.exists() else CATALOG_HEADER
    lines = [f"{catalog_id(kind)}:Headsmith/{kind.title()}:Headsmith-{kind.title()}" for kind in KINDS]
    missing = [line for line in lines if line.split(":")[0] not in known]
    if missing:
        path.write_text(known.rstrip("\n") + "\n" * (1 + (not path.exists())) + "\n".join(missing) + "\n", "utf-8")
