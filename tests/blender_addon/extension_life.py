"""The life of an installed extension, in a bare Blender: installed, used, disabled, enabled, uninstalled.

usage: python -I -S extension_life.py SITE_PACKAGES EXTENSION.zip BUNDLE FOLDER
Prints one JSON object of what was seen. SITE_PACKAGES has bpy and what Blender carries, nothing of the project.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path
from typing import Any

site, extension, bundle, folder = sys.argv[1:]
sys.path.append(site)

import bpy  # noqa: E402 (only now can it be found)

ID = "bl_ext.user_default.headsmith"
seen: dict[str, Any] = {"before": [name for name in ("PIL", "headsmith") if importlib.util.find_spec(name)]}


def classes() -> list[str]:
    """What of the extension is registered with Blender."""
    kinds = (bpy.types.Operator, bpy.types.Panel, bpy.types.PropertyGroup, bpy.types.AddonPreferences, bpy.types.Menu)
    return [
        cls.__name__ for kind in kinds for cls in kind.__subclasses__() if ID in cls.__module__ and cls.is_registered
    ]


def enabled() -> bool:
    return ID in bpy.context.preferences.addons and hasattr(bpy.types.Collection, "headsmith")


bpy.ops.wm.read_factory_settings(use_empty=True)
bpy.ops.extensions.package_install_files(repo="user_default", filepath=extension, enable_on_install=True)
seen["installed"] = enabled()
bpy.ops.headsmith.import_avatar(filepath=bundle)
seen["shape_keys"] = [len(o.data.shape_keys.key_blocks) for o in bpy.data.objects
                      if o.type == "MESH" and o.data.shape_keys]  # fmt: skip

seen["registered"] = classes()

# only now is the wheel there
from bl_ext.user_default.headsmith.pictures import decode_png  # noqa: E402

import headsmith  # noqa: E402
from headsmith.asset import read_avatar  # noqa: E402
from headsmith.errors import InputError  # noqa: E402
from headsmith_exporters import export  # noqa: E402

seen["wheel"] = Path(headsmith.__file__).is_relative_to(bpy.utils.user_resource("EXTENSIONS"))
avatar = read_avatar(Path(bundle), decode_png)
seen["splats"] = [export(avatar, Path(folder, f"splats.{name}"), name).counts["splats"] for name in ("ply", "spz")]
try:
    export(avatar, Path(folder, "splats.sog"), "sog")
except InputError as error:
    seen["sog"] = str(error)

bpy.ops.preferences.addon_disable(module=ID)
seen["disabled"], seen["left_registered"] = not enabled(), classes()
bpy.ops.preferences.addon_enable(module=ID)
seen["enabled_again"] = enabled()
bpy.ops.extensions.package_uninstall(repo_index=1, pkg_id="headsmith")
seen["uninstalled"], seen["left_after"] = not enabled(), classes()
seen["files_left"] = sorted(
    p.name for p in Path(bpy.utils.user_resource("EXTENSIONS"), "user_default").glob("headsmith*")
)
Path(folder, "seen.json").write_text(json.dumps(seen))
sys.stdout.flush()
os._exit(0)
