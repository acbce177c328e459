"""Pictures, through Pillow: the only module that imports it, and only when it is used.

Blender carries no Pillow; there every format without pictures works, and the others say what is missing.
"""

from __future__ import annotations

from types import ModuleType

from headsmith.errors import InputError


def image_module(subject: str) -> ModuleType:
    """`PIL.Image`. Raises InputError about `subject`, the thing that has pictures, where Pillow is missing."""
    try:
        from PIL import Image
    except ImportError:
        raise InputError(subject, found="no package 'Pillow' to read and write pictures", expected="it installed",
                         action="run `headsmith export` in a terminal, or choose a format without pictures, "
                         "such as ply or spz") from None  # fmt: skip
    return Image
