"""OBJ with MTL and PNG: the textured mesh in one pose, its parts as groups.

Formats: https://paulbourke.net/dataformats/obj/ and https://paulbourke.net/dataformats/mtl/
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np

from headsmith.asset.avatar import Avatar, HeadMesh, Pose
from headsmith.asset.normals import vertex_normals
from headsmith.asset.posing import posed_vertices
from headsmith.types import F32
from headsmith_exporters.mesh_parts import group_faces
from headsmith_exporters.registry import Encoded, Format
from headsmith_exporters.textures import encode_texture


@dataclass(frozen=True)
class ObjOptions:
    pose: Pose | None = None
    """the pose to freeze; the neutral rest pose where None"""


def encode(avatar: Avatar, stem: str, options: ObjOptions) -> Encoded:
    """NAME.png, NAME.mtl and NAME.obj; seams stay in the texture coordinates, so vertices stay welded."""
    head = avatar.head
    # spaces separate words in both formats
    name = "_".join(stem.split())
    vertices = head.vertices if options.pose is None else posed_vertices(avatar, options.pose)
    files = {
        f"{name}.png": encode_texture(avatar.material.static_texture, "png", 0),
        f"{name}.mtl": _mtl(name).encode(),
        f"{stem}.obj": _obj(head, vertices, name),
    }
    groups = group_faces(head)
    return Encoded(files, {"meshes": len(groups), "vertices": len(vertices), "triangles": len(head.faces)})


def _mtl(name: str) -> str:
    return f"newmtl skin\nKa 0 0 0\nKd 1 1 1\nKs 0.04 0.04 0.04\nNs 30\nillum 2\nmap_Kd {name}.png\n"


def _obj(head: HeadMesh, vertices_m: F32, name: str) -> bytes:
    out = io.BytesIO()
    out.write(
        f"# {head.model_name}, {head.model_licence}; metres, Y up, +Z out of the face\nmtllib {name}.mtl\n".encode()
    )
    np.savetxt(out, vertices_m, "v %.7f %.7f %.7f")
    np.savetxt(out, head.uvs, "vt %.7f %.7f")
    np.savetxt(out, vertex_normals(vertices_m, head.faces), "vn %.5f %.5f %.5f")
    for group, mask in group_faces(head).items():
        out.write(f"o {group}\nusemtl skin\n".encode())
        v, t = head.faces[mask] + 1, head.uv_faces[mask] + 1
        corners = np.stack([v, t, v], -1).reshape(-1, 9)
        np.savetxt(out, corners, "f %d/%d/%d %d/%d/%d %d/%d/%d")
    return out.getvalue()


FORMATS = (Format("obj", ".obj", "textured mesh in one pose, for modelling programs", ObjOptions, encode),)
