"""Landmarks and mattes -> the fitted head."""

from __future__ import annotations

from headsmith.fit.fit import fit_head
from headsmith.fit.params import FitParams, KernelScale, OffsetParams
from headsmith.fit.pose import pose_head

__all__ = ["FitParams", "KernelScale", "OffsetParams", "fit_head", "pose_head"]
