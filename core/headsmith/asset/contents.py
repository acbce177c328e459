"""From the checked bytes of a bundle's files to the avatar."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from headsmith.asset.arrays import MAX_ARRAY_BYTES, Array, Layout, decode_npz
from headsmith.asset.avatar import (
    Avatar,
    Binding,
    Blendshapes,
    BoundSplats,
    DynamicTexture,
    HeadMesh,
    Material,
    Motion,
    Rig,
    Splats,
)
from headsmith.asset.compact import dense_deltas
from headsmith.asset.damage import damaged
from headsmith.asset.images import PngDecoder
from headsmith.asset.manifest import Manifest, MotionHeader
from headsmith.asset.ply import decode_ply
from headsmith.asset.quaternions import normalized

_F32, _I32 = ("<f4",), ("<i4",)
HEAD_LAYOUT: Layout = {
    "vertices": (_F32, ("V", 3)),
    "faces": (_I32, ("F", 3)),
    "uvs": (_F32, ("U", 2)),
    "uv_faces": (_I32, ("F", 3)),
    "face_part": (_I32, ("F",)),
    "regions": (_F32, ("R", "V")),
    "joints": (_F32, ("J", 3)),
    "joint_parents": (_I32, ("J",)),
    "skin_weights": (_F32, ("V", "J")),
    "blendshape_start": (_I32, ("K + 1",)),
    "blendshape_vertex": (_I32, ("M",)),
    "blendshape_delta_um": (("<i2", "<i4"), ("M", 3)),
}
BINDING_LAYOUT: Layout = {
    "triangle": (_I32, ("N",)),
    "barycentric": (_F32, ("N", 3)),
    "offset": (_F32, ("N", 3)),
    "rotation_wxyz": (_F32, ("N", 4)),
    "log_scale": (_F32, ("N", 3)),
}
MOTION_LAYOUT: Layout = {
    "weights": (_F32, ("T", "K")),
    "joint_rotations_wxyz": (_F32, ("T", "J", 4)),
    "head_translation_m": (_F32, ("T", 3)),
}
_Files = Mapping[str, bytes]


def assemble(manifest: Manifest, files: _Files, bundle: str, decode_png: PngDecoder) -> Avatar:
    """The avatar of `manifest` and the bytes of its `files`; `bundle` is its name in error sentences.

    Raises InputError where a file is missing or its arrays are not of the announced types and shapes.
    """
    arrays = _head_arrays(manifest, files, bundle)
    dynamic = manifest.dynamic_file
    preview = files.get("preview.png")
    return Avatar(
        head=_head_mesh(manifest, arrays),
        rig=Rig(manifest.joint_names, arrays["joint_parents"], arrays["joints"], arrays["skin_weights"]),
        blendshapes=Blendshapes(manifest.blendshape_names, _deltas(manifest, arrays, f"{bundle}: head.npz")),
        material=Material(
            decode_png(_file(files, "static_texture.png", bundle), f"{bundle}: static_texture.png", "RGB"),
            decode_png(_file(files, "dynamic_mask.png", bundle), f"{bundle}: dynamic_mask.png", "L"),
            manifest.light_sh,
        ),
        splats=BoundSplats(_splats(manifest, files, bundle), _binding(manifest, files, bundle)),
        provenance=manifest.provenance,
        report=manifest.report,
        capture_pose=manifest.capture_pose,
        capture_camera=manifest.capture_camera,
        dynamic_texture=DynamicTexture(_file(files, dynamic, bundle), manifest.dynamic_inputs) if dynamic else None,
        motions={name: _motion(header, files, bundle) for name, header in manifest.motions.items()},
        preview=None if preview is None else decode_png(preview, f"{bundle}: preview.png", "RGB"),
    )


def _file(files: _Files, name: str, bundle: str) -> bytes:
    if name not in files:
        raise damaged(f"{bundle}: avatar.json", f"no '{name}' in its list of files", "every file of an avatar")
    return files[name]


def _head_arrays(manifest: Manifest, files: _Files, bundle: str) -> dict[str, Array]:
    sizes = {**manifest.counts, "R": len(manifest.region_names), "J": len(manifest.joint_names)}
    sizes["K + 1"] = len(manifest.blendshape_names) + 1
    return decode_npz(_file(files, "head.npz", bundle), f"{bundle}: head.npz", HEAD_LAYOUT, sizes)


def _head_mesh(manifest: Manifest, arrays: dict[str, Array]) -> HeadMesh:
    return HeadMesh(
        model_name=manifest.model_name,
        model_licence=manifest.model_licence,
        vertices=arrays["vertices"],
        faces=arrays["faces"],
        uvs=arrays["uvs"],
        uv_faces=arrays["uv_faces"],
        part_names=manifest.part_names,
        face_part=arrays["face_part"],
        regions=dict(zip(manifest.region_names, arrays["regions"], strict=True)),
    )


def _deltas(manifest: Manifest, arrays: dict[str, Array], subject: str) -> Array:
    start, vertex, delta = (arrays[f"blendshape_{name}"] for name in ("start", "vertex", "delta_um"))
    vertices = manifest.counts["V"]
    if start[0] != 0 or start[-1] != len(vertex) or (np.diff(start) < 0).any():
        raise damaged(subject, "blendshape_start out of order", f"rows that rise from 0 to {len(vertex)}")
    if len(vertex) and (vertex.min() < 0 or vertex.max() >= vertices):
        raise damaged(subject, "blendshape_vertex beyond the vertices", f"0 to {vertices - 1}")
    # a few bytes of sparse rows must not ask for gigabytes
    if 12 * vertices * (len(start) - 1) > MAX_ARRAY_BYTES:
        raise damaged(subject, f"{len(start) - 1} blendshapes of {vertices} vertices", "less than 1 GiB of them")
    return dense_deltas(start, vertex, delta, vertices)


def _splats(manifest: Manifest, files: _Files, bundle: str) -> Splats:
    subject = f"{bundle}: splats.ply"
    splats = decode_ply(_file(files, "splats.ply", bundle), subject)
    if (len(splats), splats.shN.shape[1]) != (manifest.counts["N"], manifest.sh_count):
        raise damaged(subject, f"{len(splats)} splats with {1 + splats.shN.shape[1]} coefficients",
                      f"the {manifest.counts['N']} with {1 + manifest.sh_count} of avatar.json")  # fmt: skip
    return splats


def _binding(manifest: Manifest, files: _Files, bundle: str) -> Binding:
    sizes = {"N": manifest.counts["N"]}
    arrays = decode_npz(_file(files, "binding.npz", bundle), f"{bundle}: binding.npz", BINDING_LAYOUT, sizes)
    turn = arrays["rotation_wxyz"]
    if not (np.abs(np.linalg.norm(turn.astype(np.float64), axis=1) - 1) <= 0.1).all():
        raise damaged(f"{bundle}: binding.npz", "rotation_wxyz that are not unit quaternions", "length 1 within 0.1")
    # rounding for the disk took the last digits of the length
    return Binding(**{**arrays, "rotation_wxyz": normalized(turn.astype(np.float64)).astype(np.float32)})


def _motion(header: MotionHeader, files: _Files, bundle: str) -> Motion:
    sizes = {"T": header.frames, "K": len(header.blendshape_names), "J": len(header.joint_names)}
    arrays = decode_npz(_file(files, header.file, bundle), f"{bundle}: {header.file}", MOTION_LAYOUT, sizes)
    return Motion(
        fps=header.fps,
        blendshape_names=header.blendshape_names,
        joint_names=header.joint_names,
        source=header.source,
        **arrays,
    )
