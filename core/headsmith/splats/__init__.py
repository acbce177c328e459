"""Gaussian splats: rendering, binding to the mesh, initialisation and training."""

from headsmith.splats.levels import LevelReport, simplify
from headsmith.splats.params import SplatParams
from headsmith.splats.rasterize import rasterize
from headsmith.splats.render import render_splats
from headsmith.splats.train import train_splats

__all__ = ["LevelReport", "SplatParams", "rasterize", "render_splats", "simplify", "train_splats"]
