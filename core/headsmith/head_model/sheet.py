"""A contact sheet of the default head's blendshapes: `python -m headsmith.head_model.sheet OUT.png`."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from headsmith.head_model.default import load_default_head
from headsmith.head_model.model import HeadModel
from headsmith.head_model.raster import rasterize
from headsmith.head_model.shading import linear_to_srgb, shade, srgb_to_linear
from headsmith.head_model.tints import part_colors
from headsmith.types import F32, U8, Camera

CELL_PX = 256
COLUMNS = 9
FIELD_M = 0.23
DISTANCE_M = 1.0
LABEL_PX = 16


def sheet_camera(yaw_rad: float, size_px: int) -> Camera:
    """Looks at the middle of the face from `yaw_rad` towards the subject's left."""
    c, s = np.cos(yaw_rad), np.sin(yaw_rad)
    R = np.array([[c, 0, -s], [0, -1, 0], [-s, 0, -c]])
    T = np.eye(4, dtype=np.float32)
    T[:3, :3], T[:3, 3] = R, np.array([0, 0, DISTANCE_M]) - R @ np.array([0.0, -0.02, 0.0])
    half = size_px / 2
    return Camera(size_px * DISTANCE_M / FIELD_M, (half, half), (size_px, size_px), T)


SHEET_LIGHT = np.zeros((9, 3), np.float32)
SHEET_LIGHT[:4] = np.array([1.9, 0.45, 0.75, 0.35])[:, None]
"""from above, in front and a little from the subject's left, so that creases show"""


def draw(model: HeadModel, vertices_m: F32, colors: F32, camera: Camera) -> U8:
    """[H, W, 3] one posed head on grey."""
    vertices_m = vertices_m.astype(np.float32)
    buffers = rasterize(vertices_m, model.faces, camera)
    light = shade(buffers, vertices_m, model.faces, SHEET_LIGHT)
    image = linear_to_srgb(light * buffers.interpolate(srgb_to_linear(colors)[model.faces]))
    image[buffers.triangle < 0] = 0.25
    return (np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8)


def blendshape_sheet(model: HeadModel, cell_px: int = CELL_PX) -> U8:
    """Every expression at weight 1, labelled, after the neutral head."""
    colors, camera = part_colors(model), sheet_camera(0.3, cell_px)
    names = ("neutral", *model.expression_names)
    lines = -(-len(names) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * cell_px, lines * (cell_px + LABEL_PX)), (20, 20, 20))
    pen = ImageDraw.Draw(sheet)
    still = np.zeros((len(model.joint_names), 3), np.float32)
    for k, name in enumerate(names):
        weights = np.zeros(len(model.expression_names), np.float32)
        if k:
            weights[k - 1] = 1
        x, y = k % COLUMNS * cell_px, k // COLUMNS * (cell_px + LABEL_PX)
        cell = draw(model, model.pose(model.v_template, weights, still), colors, camera)
        sheet.paste(Image.fromarray(cell), (x, y + LABEL_PX))
        pen.text((x + 4, y + 2), name, fill=(235, 235, 235))
    return np.asarray(sheet)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    Image.fromarray(blendshape_sheet(load_default_head())).save(parser.parse_args().out)


if __name__ == "__main__":
    main()
