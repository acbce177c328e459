# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m headsmith_blender ...`: the commands of `blender -b --command headsmith`, with the bpy module."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from .cli.streams import quiet_stdout


def main() -> NoReturn:
    """Runs one command line in the bpy module, and leaves with its exit code."""
    # Blender talks on standard output from its import on
    with quiet_stdout(chatter=False):
        import bpy

        from . import register, unregister
        from .cli.command import run

        bpy.ops.wm.read_factory_settings(use_empty=True)
        register()
    code = run(sys.argv[1:], "headsmith-blender")
    with quiet_stdout(chatter=False):
        bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
        unregister()
    sys.stdout.flush()
    sys.stderr.flush()
    # some versions of the module crash where they are taken down
    os._exit(code)


if __name__ == "__main__":
    main()
