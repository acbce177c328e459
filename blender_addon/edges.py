# SPDX-License-Identifier: GPL-3.0-or-later
"""Is a picture's alpha clean? Laid over backgrounds to look at, and in numbers.

A fringe is background that stayed in the edge pixels: their colour is s (1 - f (1 - a)) + b f (1 - a), where s is the
figure's colour right beside, a is alpha, b the background that the picture was made on (0 black, 1 white) and f, what
is measured here by least squares, how much of it stayed: 0 in a clean picture, 1 where premultiplied colours are read
as straight ones (b = 0), or where a picture on white was cut out without removing the white (b = 1).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from headsmith.errors import InputError
from headsmith.types import F32

from .hologram_files import read_stored, write_stored
from .hologram_pixels import checker, largest_near, moved, over, spread, straight_display

LIMIT = 0.35
"""of a fringe: shading and rim light, which change towards the silhouette by themselves, stay below 0.25"""
_REACH_PX = 6
"""how far from the background an edge goes"""
_CROP_PX = 40


@dataclass(frozen=True)
class EdgeReport:
    """What `check_edges` found."""

    transparent_share: float
    """of the picture: pixels whose alpha is exactly 0"""
    edge_pixels: int
    dark_fringe: float
    """0 to 1: black that stayed in the edge pixels"""
    light_fringe: float
    """0 to 1: white that stayed"""
    worst_px: tuple[int, int]
    """(x, y) of the edge pixel that differs most from what is beside it"""

    @property
    def is_clean(self) -> bool:
        """Whether there is a background, and no fringe to it."""
        return self.transparent_share > 0 and max(self.dark_fringe, self.light_fringe) <= LIMIT

    def sentence(self) -> str:
        """The verdict."""
        numbers = f"dark fringe {self.dark_fringe:.2f}, light fringe {self.light_fringe:.2f}, limit {LIMIT:.2f}"
        share = f"{self.transparent_share:.1%} of the picture is fully transparent"
        if self.transparent_share == 0:
            return "Edges are not clean: no pixel is fully transparent; render with a transparent film."
        return f"Edges are {'clean' if self.is_clean else 'not clean'}: {numbers}; {share}."


def check_edges(path: Path) -> tuple[EdgeReport, Path]:
    """Checks the picture at `path` (a straight PNG or a premultiplied OpenEXR, as setups make by default).

    Writes NAME_edges.png, the picture over black, white, a checker and grey and below each the worst place enlarged,
    and NAME_edges.json beside it. Returns the report and the former. Raises InputError for what is no such picture.
    """
    if path.suffix.lower() not in (".png", ".exr"):
        raise InputError(path, found=f"a {path.suffix} file", expected="a .png or .exr picture", action="choose one")
    stored = read_stored(path)
    straight = straight_display(stored) if path.suffix.lower() == ".exr" else stored
    report = measure_edges(straight)
    sheet = path.with_name(f"{path.stem}_edges.png")
    write_stored(sheet, edge_sheet(straight, report.worst_px))
    numbers = {"picture": path.name, **asdict(report), "limit": LIMIT, "clean": report.is_clean}
    sheet.with_suffix(".json").write_text(json.dumps(numbers, indent=1) + "\n", encoding="utf-8")
    return report, sheet


def measure_edges(straight: F32) -> EdgeReport:
    """Of a straight picture [H, W, 4] of display values."""
    alpha = straight[..., 3]
    outside = alpha == 0
    near_outside = largest_near(outside.astype(np.float32), _REACH_PX) > 0
    solid = largest_near(alpha, _REACH_PX)
    inner = (alpha > 0) & (alpha >= 0.9 * solid)
    beside, known = spread(straight[..., :3], inner, _REACH_PX)
    edge = (alpha > 0) & ~inner & known & near_outside
    missing = (1 - alpha / np.maximum(solid, 1e-9))[..., None]
    # what a viewer sees of it, so by alpha
    weight, change = alpha[..., None] * edge[..., None], beside - straight[..., :3]
    worst = (weight * np.abs(change)).sum(-1) if edge.any() else alpha * near_outside
    y, x = np.unravel_index(int(_blurred(worst).argmax()), worst.shape)
    return EdgeReport(
        transparent_share=float(outside.mean()),
        edge_pixels=int(edge.sum()),
        dark_fringe=_share(weight, change, missing * beside),
        light_fringe=_share(weight, -change, missing * (1 - beside)),
        worst_px=(int(x), int(y)),
    )


def edge_sheet(straight: F32, centre_px: tuple[int, int]) -> F32:
    """[h, w, 4]: four backgrounds side by side, below each the surroundings of `centre_px` enlarged."""
    height, width = straight.shape[:2]
    crop = min(_CROP_PX, height, width)
    left, top = (int(np.clip(c - crop // 2, 0, n - crop)) for c, n in zip(centre_px, (width, height), strict=True))
    part = np.s_[top : top + crop, left : left + crop]
    zoom = max(1, width // crop)
    columns = []
    for background in (0.0, 1.0, checker(height, width), 0.5):
        shown = over(straight, background)
        zoomed = shown[part].repeat(zoom, 0).repeat(zoom, 1)
        columns.append(_stacked(shown, zoomed))
    sheet = np.concatenate(columns, axis=1)
    return np.concatenate([sheet, np.ones_like(sheet[..., :1])], axis=-1)


def _share(weight: F32, change: F32, full: F32) -> float:
    """The f >= 0 for which f * full is nearest to change."""
    return float(np.clip((weight * change * full).sum() / max(float((weight * full * full).sum()), 1e-12), 0, 1))


def _blurred(values: F32) -> F32:
    return values + sum(moved(values, move) for move in ((-1, 0), (1, 0), (0, -1), (0, 1)))


def _stacked(upper: F32, lower: F32) -> F32:
    width = max(upper.shape[1], lower.shape[1])
    padded = [np.pad(p, ((4, 4), (4, 4 + width - p.shape[1]), (0, 0)), constant_values=0.3) for p in (upper, lower)]
    return np.concatenate(padded, axis=0)
