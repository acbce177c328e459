"""Enabling and disabling the add-on, twice, leaves Blender as it was."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import pkgutil, types
import bpy

def registered():
    found = set(dir(bpy.types))
    for name in dir(bpy.types):
        cls = getattr(bpy.types, name)
        if hasattr(cls, "bl_rna"):
            found |= {f"{name}.{key}" for key in cls.bl_rna.properties.keys()}
        funcs = getattr(getattr(cls, "draw", None), "_draw_funcs", ())
        found |= {f"{name} draws {f.__module__}.{f.__name__}" for f in funcs}
    for name in dir(bpy.app.handlers):
        listed = getattr(bpy.app.handlers, name)
        if isinstance(listed, list):
            found |= {f"{name} calls {f.__module__}.{f.__name__}" for f in listed}
    found |= {f"op {op}" for module in dir(bpy.ops) for op in dir(getattr(bpy.ops, module))}
    for keymap in bpy.context.window_manager.keyconfigs.addon.keymaps:
        found |= {f"key {keymap.name} {item.idname}" for item in keymap.keymap_items}
    return found

def running_timers():
    import sys
    modules = [module for name, module in sys.modules.items() if name.startswith("headsmith_blender")]
    functions = {f for module in modules for f in vars(module).values() if isinstance(f, types.FunctionType)}
    return [f.__name__ for f in functions if bpy.app.timers.is_registered(f)]

before = registered()
import headsmith_blender
for _ in range(2):
    headsmith_blender.register()
    during = registered()
    assert len(during) > len(before) + 20, "nothing was registered"
    headsmith_blender.unregister()
    after = registered()
    assert after == before, sorted(after ^ before)
    assert not running_timers()
assert not [name for name in dir(bpy.types) if "HEADSMITH" in name.upper()]
"""

BROKEN = """
import types
import bpy
import headsmith_blender
from headsmith_blender import registration
before = set(dir(bpy.types))
def fail():
    raise RuntimeError("on purpose")
registration.MODULES = (*registration.MODULES, types.SimpleNamespace(CLASSES=(), register=fail))
try:
    headsmith_blender.register()
except RuntimeError as error:
    assert str(error) == "on purpose"
else:
    raise AssertionError("it registered")
assert set(dir(bpy.types)) == before
"""


# Blender 4.2 as a module crashes at exit after any property group whose properties call back
LEAVE = """
import os
print("clean", flush=True)
os._exit(0)
"""


@pytest.mark.parametrize("script", [SCRIPT, BROKEN], ids=["twice", "broken"])
def test_nothing_stays_behind(script: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", script + LEAVE], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith("clean")
