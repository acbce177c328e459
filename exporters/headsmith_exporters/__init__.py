"""Writing avatars in other formats: one file per format, found by `headsmith_exporters.registry`.

>>> from headsmith_exporters import export
>>> export(avatar, "ada.glb", "glb")  # doctest: +SKIP
"""

from __future__ import annotations

from headsmith_exporters.registry import ExportResult, Format, export, format_named, formats, splat_formats
from headsmith_exporters.splat_files import convert_splats, describe_splats, is_splat_file, read_splats
from headsmith_exporters.splats import SplatOptions

__all__ = [
    "ExportResult",
    "Format",
    "SplatOptions",
    "convert_splats",
    "describe_splats",
    "export",
    "format_named",
    "formats",
    "is_splat_file",
    "read_splats",
    "splat_formats",
]
