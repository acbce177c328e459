# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m headsmith_blender ...`: the commands of `blender -b --command headsmith`, with the bpy module."""

from __future__ import annotations

import sys

from .cli.streams import quiet_stdout


def main() -> int:
    """Runs one command line in the bpy module; returns the exit code."""
    # Blender talks on standard output from its import on
    with quiet_stdout(chatter=False):
        import bpy

        from . import register, unregister
        from .cli.command import run

        bpy.ops.wm.read_factory_settings(use_empty=True)
        register()
    try:
        return run(sys.argv[1:], "headsmith-blender")
    finally:
        with quiet_stdout(chatter=False):
            bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
            # classes that are still registered at exit would crash some versions
            unregister()


if __name__ == "__main__":
    sys.exit(main())
