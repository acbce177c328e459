"""Landmarks and mattes -> the fitted head."""

from __future__ import annotations

from headsmith.fit.fit import fit_head
from headsmith.fit.params import FitParams, KernelScale, OffsetParams

__all__ = ["FitParams", "KernelScale", "OffsetParams", "fit_head"]
