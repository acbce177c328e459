"""The avatar in memory and on disk: numpy, the standard library and Pillow only."""

from headsmith.asset.arkit import ARKIT_52
from headsmith.asset.avatar import (
    Avatar,
    Binding,
    Blendshapes,
    BoundSplats,
    DynamicTexture,
    HeadMesh,
    Material,
    Motion,
    Pose,
    Provenance,
    Report,
    Rig,
    Splats,
)
from headsmith.asset.binding import bind, deform, triangle_frames
from headsmith.asset.bundle import describe, read_avatar, validate_avatar, write_avatar
from headsmith.asset.dynamic_texture import TextureNetwork, parameters_of, pose_parameters
from headsmith.asset.normals import vertex_normals
from headsmith.asset.ply import decode_ply, encode_ply
from headsmith.asset.posing import Driver, neutral_pose, pose_from, posed_splats, posed_vertices
from headsmith.asset.texture_blend import TextureBlend

__all__ = [
    "ARKIT_52",
    "Avatar",
    "Binding",
    "Blendshapes",
    "BoundSplats",
    "Driver",
    "DynamicTexture",
    "HeadMesh",
    "Material",
    "Motion",
    "Pose",
    "Provenance",
    "Report",
    "Rig",
    "Splats",
    "TextureBlend",
    "TextureNetwork",
    "bind",
    "decode_ply",
    "deform",
    "describe",
    "encode_ply",
    "neutral_pose",
    "parameters_of",
    "pose_from",
    "pose_parameters",
    "posed_splats",
    "posed_vertices",
    "read_avatar",
    "triangle_frames",
    "validate_avatar",
    "vertex_normals",
    "write_avatar",
]
