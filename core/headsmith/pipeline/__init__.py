"""From photos and clips to a bundle: the whole build, stage by stage."""

from __future__ import annotations

from headsmith.pipeline.request import BuildRequest
from headsmith.pipeline.run import build, work_path

__all__ = ["BuildRequest", "build", "work_path"]
