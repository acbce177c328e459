# SPDX-License-Identifier: GPL-3.0-or-later
"""In geometry nodes: the colour of each splat towards the eye.

Bands 1 to 3 of the spherical harmonics as splat files sign and order them (`headsmith.asset.harmonics`), of the
direction from the eye to the splat, in the head's own axes at rest.
"""

from __future__ import annotations

from headsmith.asset.harmonics import BAND_SIZES

from .formulas import Field, Number, Vector, chosen, vector
from .nodes import Graph
from .splat_frames import TriangleFrame, named

BAND_STARTS = BAND_SIZES[:-1]
"""how many coefficients come before bands 1, 2 and 3"""


def rest_direction(direction: Vector, frame: TriangleFrame) -> Vector:
    """A unit direction in the splats' coordinates, as the splat's triangle saw it at rest, in head space (Y up)."""
    graph = direction.graph
    local = vector(direction.dot(frame.x), direction.dot(frame.y), direction.dot(frame.z))
    rotation = named(graph, "splat_rest_rotation", "QUATERNION").socket
    node = graph.node("FunctionNodeRotateVector", {"Vector": local.socket, "Rotation": rotation})
    return Vector(graph, node.outputs[0])


def colour_towards(direction: Vector, bands: Number) -> Vector:
    """Display colour of splats with `bands` (0 to 3, one value) bands beyond the first, seen along unit `direction`."""
    graph = direction.graph
    colour = named(graph, "splat_colour", "FLOAT_VECTOR")
    basis = _basis(*direction.parts())
    for band, start in enumerate(BAND_STARTS):
        end = BAND_SIZES[band + 1]
        more = colour
        for k in range(start, end):
            more = more + named(graph, f"splat_sh_{k + 1}", "FLOAT_VECTOR") * basis[k]
        colour = chosen("VECTOR", _exceeds(graph, bands, band), more, colour)
    return colour.math("MAXIMUM", (0.0, 0.0, 0.0))


def _exceeds(graph: Graph, bands: Number, count: int) -> Field:
    node = graph.node("FunctionNodeCompare", {"A": bands.socket, "B": float(count)}, operation="GREATER_THAN")
    return Field(graph, node.outputs[0])


def linear(display: Vector) -> Vector:
    """Display colour (sRGB) to scene-linear light, IEC 61966-2-1."""
    red, green, blue = (_linear_channel(channel) for channel in display.parts())
    return vector(red, green, blue)


def _linear_channel(value: Number) -> Number:
    bright = value > 0.04045
    curve = ((value + 0.055) / 1.055).math("POWER", 2.4)
    return curve * bright + value / 12.92 * (1.0 - bright)


def _basis(x: Number, y: Number, z: Number) -> list[Number]:
    xx, yy, zz = x * x, y * y, z * z
    xx_yy = xx - yy
    return [
        y * -0.4886025119029199,
        z * 0.4886025119029199,
        x * -0.4886025119029199,
        x * y * 1.0925484305920792,
        y * z * -1.0925484305920792,
        zz * 0.9461746957575601 - 0.31539156525252,
        x * z * -1.0925484305920792,
        xx_yy * 0.5462742152960396,
        y * (xx * 3.0 - yy) * -0.5900435899266435,
        x * y * z * 2.890611442640554,
        y * (zz * 5.0 - 1.0) * -0.4570457994644658,
        z * (zz * 5.0 - 3.0) * 0.3731763325901154,
        x * (zz * 5.0 - 1.0) * -0.4570457994644658,
        z * xx_yy * 1.445305721320277,
        x * (xx - yy * 3.0) * -0.5900435899266435,
    ]
