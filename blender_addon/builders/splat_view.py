# SPDX-License-Identifier: GPL-3.0-or-later
"""In geometry nodes: from 3D Gaussians in the camera's space to flat quads that look as the Gaussians do.

EWA splatting (Zwicker et al. 2001), as the core renders it: the Gaussian's image under the projection's Jacobian is an
ellipse; the quad lies at the splat's depth, parallel to the picture, and its sides are the columns of the Cholesky
factor of that ellipse's covariance, so that exp(-|corner|^2 / 2) on it is the ellipse's falloff.

Blender's camera looks along -Z with Y up.
"""

from __future__ import annotations

from dataclasses import dataclass

from .formulas import Matrix, Number, chosen, matrix_of_columns, vector


@dataclass(frozen=True)
class Eye:
    """Who looks, as sockets of the node tree."""

    from_world: Matrix
    """the splats' own coordinates to the camera's"""
    focal_px: Number
    """in an orthographic view, pixels per metre"""
    flat: Number
    """1 in an orthographic view, else 0"""
    slope_limit: Number
    """half the picture's width, and more, at depth 1: beyond it the Jacobian is taken as there"""
    low_pass_px2: Number
    """variance that is added to every splat in the picture"""
    depth_bias_m: Number
    """how much nearer to the camera than they are splats are drawn, without a change of their image"""


def eye_matrix(location: object, rotation: object, own: Matrix) -> Matrix:
    """The splats' coordinates (with world matrix `own`) to those of an eye at `location` with `rotation`."""
    graph = own.graph
    inputs = {"Translation": location, "Rotation": rotation}
    pose = Matrix(graph, graph.node("FunctionNodeCombineTransform", inputs).outputs[0])
    return pose.inverse() @ own


def depth_of(splat: Matrix) -> Number:
    """Metres along the camera's axis, of a splat's matrix in the camera's space."""
    return -splat.entries()[2][3]


def quad(splat: Matrix, reach: Number, eye: Eye) -> Matrix:
    """A splat (axes as long as standard deviations; camera's space) to the matrix of its quad, in the same space.

    The quad's corners are (+-1, +-1, 0), which lie `reach` standard deviations from the middle.
    """
    (xx, xy, xz, x), (yx, yy, yz, y), (zx, zy, zz, z) = splat.entries()[:3]
    depth = (-z).at_least(1e-6)
    in_depth = vector(zx, zy, zz)
    perspective = 1.0 - eye.flat
    right = vector(xx, xy, xz) + in_depth * _slope(x, depth, perspective, eye)
    up = vector(yx, yy, yz) + in_depth * _slope(y, depth, perspective, eye)
    pixel = (depth * perspective + eye.flat) / eye.focal_px
    blur = eye.low_pass_px2 * pixel * pixel
    xx2, xy2, yy2 = right.dot(right), right.dot(up), up.dot(up)
    # not xx yy - xy^2: for thin splats that is the small difference of large numbers
    area = right.cross(up)
    determinant = area.dot(area) + blur * (xx2 + yy2) + blur * blur
    width = (xx2 + blur).root()
    nearer = 1.0 - perspective * eye.depth_bias_m / depth
    size = reach * nearer
    middle = (x * nearer, y * nearer, z * nearer + eye.flat * eye.depth_bias_m)
    sides = [(width * size, xy2 / width * size, 0.0), (0.0, determinant.root() / width * size, 0.0)]
    return matrix_of_columns(splat.graph, [*sides, (0.0, 0.0, 1.0), middle])


def _slope(sideways: Number, depth: Number, perspective: Number, eye: Eye) -> Number:
    slope = (sideways / depth).at_most(eye.slope_limit).at_least(-eye.slope_limit)
    return slope * perspective


def chosen_eye(use_view: Number, view: Eye, camera: Eye) -> Eye:
    """`view` where `use_view`, else `camera`; their low-pass filter and bias are the camera's."""
    return Eye(
        chosen("MATRIX", use_view, view.from_world, camera.from_world),
        chosen("FLOAT", use_view, view.focal_px, camera.focal_px),
        chosen("FLOAT", use_view, view.flat, camera.flat),
        chosen("FLOAT", use_view, view.slope_limit, camera.slope_limit),
        camera.low_pass_px2,
        camera.depth_bias_m,
    )
