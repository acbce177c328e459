"""Writing avatars in other formats: one file per format, found by `headsmith_exporters.registry`.

>>> from headsmith_exporters import export
>>> export(avatar, "ada.glb", "glb")  # doctest: +SKIP
"""

from __future__ import annotations

from headsmith_exporters.registry import ExportResult, Format, export, format_named, formats

__all__ = ["ExportResult", "Format", "export", "format_named", "formats"]
