"""How the numbers of vertices are stored: as they are, or as the small whole numbers of KHR_mesh_quantization.

Specification: https://github.com/KhronosGroup/glTF/tree/main/extensions/2.0/Khronos/KHR_mesh_quantization
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from headsmith.types import F32
from headsmith_exporters.gltf_document import ARRAY_BUFFER, Document

EXTENSION = "KHR_mesh_quantization"
FINEST_STEP_M = 2.0**-15
"""30.5 micrometres: finer than a face shows, coarse enough to compress well"""
_SHORT, _BYTE, _UNSIGNED_SHORT = 32767, 127, 65535


class Packing(Protocol):
    """Writes arrays of vertices into a document; each method returns the accessor."""

    def to_metres(self) -> F32:
        """[4, 4] from stored positions to metres."""

    def positions(self, document: Document, metres: F32) -> int: ...
    def normals(self, document: Document, unit: F32) -> int: ...
    def uvs(self, document: Document, uvs: F32) -> int: ...
    def colors(self, document: Document, rgba: F32) -> int:
        """[V, 4] linear, 0..1."""

    def skin(self, document: Document, joints: NDArray[np.uint8], weights: F32) -> tuple[int, int]:
        """Joints and weights [V, 4], the strongest first."""

    def moves(self, document: Document, metres: F32) -> int:
        """Differences of positions."""

    def turns(self, document: Document, normal_differences: F32) -> int: ...
    def rotations(self, document: Document, xyzw: F32) -> int:
        """Of a joint, [T, 4]."""

    def animated_weights(self, document: Document, weights: F32) -> int:
        """Of all morph targets, [T, K]."""


class Plain:
    """Everything as 32-bit floats: core glTF."""

    def to_metres(self) -> F32:
        return np.eye(4, dtype=np.float32)

    def positions(self, document: Document, metres: F32) -> int:
        return document.add_array(metres.astype(np.float32), ARRAY_BUFFER, bounds=True)

    moves = positions

    def normals(self, document: Document, unit: F32) -> int:
        return document.add_array(unit.astype(np.float32), ARRAY_BUFFER)

    uvs = colors = turns = normals

    def skin(self, document: Document, joints: NDArray[np.uint8], weights: F32) -> tuple[int, int]:
        return document.add_array(joints, ARRAY_BUFFER), self.normals(document, weights)

    def rotations(self, document: Document, xyzw: F32) -> int:
        return document.add_array(xyzw.astype(np.float32))

    def animated_weights(self, document: Document, weights: F32) -> int:
        return document.add_array(weights.astype(np.float32), scalars=True)


@dataclass(frozen=True)
class Quantized:
    """Positions on a grid of 16 bits that the matrices of joints or nodes undo, the rest in -1..1 or 0..1.

    Metres are the unit of a head; things that are worn have units of their own.
    """

    step_m: float
    centre_m: F32
    """[3]"""

    @staticmethod
    def around(points: F32, finest_step: float = FINEST_STEP_M) -> Quantized:
        """The grid for points [V, 3] and their displacements, with steps no finer than need be."""
        low, high = points.min(0).astype(np.float64), points.max(0).astype(np.float64)
        # a power of two, so that every product with it is exact
        step = max(finest_step, 2.0 ** np.ceil(np.log2(max((high - low).max(), 1e-9) / _SHORT)))
        centre = np.round((low + high) / 2 / step) * step
        return Quantized(float(step), centre)

    def to_metres(self) -> F32:
        matrix = np.diag([self.step_m, self.step_m, self.step_m, 1.0]).astype(np.float32)
        matrix[:3, 3] = self.centre_m
        return matrix

    def positions(self, document: Document, metres: F32) -> int:
        document.use_extension(EXTENSION, required=True)
        return document.add_array(self._steps(metres - self.centre_m), ARRAY_BUFFER, bounds=True)

    def moves(self, document: Document, metres: F32) -> int:
        document.use_extension(EXTENSION, required=True)
        return document.add_array(self._steps(metres), ARRAY_BUFFER, bounds=True)

    def normals(self, document: Document, unit: F32) -> int:
        return document.add_array(_signed(unit, _SHORT).astype(np.int16), ARRAY_BUFFER, normalized=True)

    def turns(self, document: Document, normal_differences: F32) -> int:
        if np.abs(normal_differences).max() > 1:
            # a closing lid turns normals by more than whole numbers, which stand for -1..1, can say
            # (in steps of a power of two, most of whose bytes are zero)
            coarse = np.rint(normal_differences * 128) / 128
            return document.add_array(coarse.astype(np.float32), ARRAY_BUFFER)
        return document.add_array(_signed(normal_differences, _BYTE).astype(np.int8), ARRAY_BUFFER, normalized=True)

    def uvs(self, document: Document, uvs: F32) -> int:
        if uvs.min() < 0 or uvs.max() > 1:
            return document.add_array(uvs.astype(np.float32), ARRAY_BUFFER)
        return document.add_array(np.rint(uvs * _UNSIGNED_SHORT).astype(np.uint16), ARRAY_BUFFER, normalized=True)

    def colors(self, document: Document, rgba: F32) -> int:
        levels = np.rint(np.clip(rgba, 0, 1) * _UNSIGNED_SHORT).astype(np.uint16)
        return document.add_array(levels, ARRAY_BUFFER, normalized=True)

    def skin(self, document: Document, joints: NDArray[np.uint8], weights: F32) -> tuple[int, int]:
        levels = weight_levels(weights)
        # a joint without weight is to be joint 0
        used = np.where(levels > 0, joints, 0).astype(np.uint8)
        return document.add_array(used, ARRAY_BUFFER), document.add_array(levels, ARRAY_BUFFER, normalized=True)

    def rotations(self, document: Document, xyzw: F32) -> int:
        return document.add_array(_signed(xyzw, _SHORT).astype(np.int16), normalized=True)

    def animated_weights(self, document: Document, weights: F32) -> int:
        if weights.min() < 0 or weights.max() > 1:
            return document.add_array(weights.astype(np.float32), scalars=True)
        levels = np.rint(weights * _UNSIGNED_SHORT).astype(np.uint16)
        return document.add_array(levels, normalized=True, scalars=True)

    def _steps(self, metres: F32) -> NDArray[np.int16]:
        return np.clip(np.rint(metres / self.step_m), -_SHORT, _SHORT).astype(np.int16)


def weight_levels(weights: F32) -> NDArray[np.uint16]:
    """Weights [V, 4] whose rows sum to 1 as whole numbers whose rows sum to 65535."""
    levels = np.rint(weights.astype(np.float64) * _UNSIGNED_SHORT).astype(np.int64)
    # the strongest comes first
    levels[:, 0] += _UNSIGNED_SHORT - levels.sum(1)
    return levels.astype(np.uint16)


def _signed(values: F32, most: int) -> NDArray[Any]:
    return np.rint(np.clip(values, -1, 1) * most)
