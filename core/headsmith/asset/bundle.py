"""NAME.avatar on disk: written whole or not at all, and read with suspicion (docs/format.md)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from headsmith.asset.arrays import encode_npz
from headsmith.asset.avatar import Avatar
from headsmith.asset.check import avatar_problems, rest_problems
from headsmith.asset.compact import rounded_binding, sparse_deltas
from headsmith.asset.container import MANIFEST, Container, is_safe_name, locate, open_container
from headsmith.asset.contents import assemble
from headsmith.asset.damage import damaged
from headsmith.asset.images import PngDecoder, decode_png, encode_png
from headsmith.asset.manifest import FORMAT_VERSION, Manifest, manifest_bytes, parse_manifest
from headsmith.asset.node import parse_json
from headsmith.asset.ply import encode_ply
from headsmith.asset.replace import check_output, place
from headsmith.errors import InputError

MAX_MANIFEST_BYTES = 16 << 20
_MOTION_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.-]{0,63}")


def write_avatar(
    avatar: Avatar, path: Path, *, force: bool = False, extra_files: Mapping[str, bytes] | None = None
) -> None:
    """Writes NAME.avatar (a folder) or NAME.avatar.zip, by the suffix of `path`.

    The bundle appears whole or not at all; with `force` an existing one stays until the new one is complete.
    `extra_files` (report.html and the like) are kept and hashed beside the avatar's own.

    Raises InputError for an output that exists, is not an avatar's name or cannot be written; ValueError for an
    avatar that contradicts itself.
    """
    check_output(Path(path), force)
    place(bundle_files(avatar, extra_files or {}), Path(path))


def bundle_files(avatar: Avatar, extra_files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Every file of the bundle; equal avatars give equal bytes. Raises ValueError as `write_avatar` does."""
    for problem in avatar_problems(avatar):
        raise ValueError(f"{problem.file}: found {problem.found}, expected {problem.expected}")
    motion_files = {name: f"motions/{name}.npz" for name in sorted(avatar.motions)}
    files = {"head.npz": _head_npz(avatar), "binding.npz": _binding_npz(avatar)}
    files["splats.ply"] = encode_ply(avatar.splats.splats)
    files["static_texture.png"] = encode_png(avatar.material.static_texture)
    files["dynamic_mask.png"] = encode_png(avatar.material.dynamic_mask)
    if avatar.preview is not None:
        files["preview.png"] = encode_png(avatar.preview)
    if avatar.dynamic_texture:
        files["dynamic_texture.onnx"] = avatar.dynamic_texture.onnx
    for name, file in motion_files.items():
        if not _MOTION_NAME.fullmatch(name) or not is_safe_name(file):
            raise ValueError(f"motion '{name}': a name of letters, digits, spaces, '_', '-' and '.' is needed")
        files[file] = _motion_npz(avatar, name)
    for name, data in extra_files.items():
        if not is_safe_name(name) or name in files or name == MANIFEST:
            raise ValueError(f"extra file '{name}': a free, relative name is needed")
        files[name] = data
    return {MANIFEST: manifest_bytes(avatar, motion_files, files), **dict(sorted(files.items()))}


def _head_npz(avatar: Avatar) -> bytes:
    head, rig = avatar.head, avatar.rig
    regions = [head.regions[name] for name in sorted(head.regions)]
    return encode_npz(
        {
            "vertices": head.vertices.astype(np.float32),
            "faces": head.faces.astype(np.int32),
            "uvs": head.uvs.astype(np.float32),
            "uv_faces": head.uv_faces.astype(np.int32),
            "face_part": head.face_part.astype(np.int32),
            "regions": np.array(regions, np.float32).reshape(len(regions), len(head.vertices)),
            "joints": rig.joints_m.astype(np.float32),
            "joint_parents": rig.parents.astype(np.int32),
            "skin_weights": rig.weights.astype(np.float32),
            **sparse_deltas(avatar.blendshapes.deltas),
        }
    )


def _binding_npz(avatar: Avatar) -> bytes:
    rounded = rounded_binding(avatar.splats.binding, avatar.head.vertices, avatar.head.faces)
    return encode_npz({**vars(rounded), "triangle": rounded.triangle.astype(np.int32)})


def _motion_npz(avatar: Avatar, name: str) -> bytes:
    motion = avatar.motions[name]
    arrays = ("weights", "joint_rotations_wxyz", "head_translation_m")
    return encode_npz({array: getattr(motion, array).astype(np.float32) for array in arrays})


def read_avatar(path: Path, decode: PngDecoder = decode_png) -> Avatar:
    """The avatar at `path`, folder or zip, every byte of it checked; `decode` reads its pictures.

    Raises InputError, naming bundle and file, for anything damaged, hostile or newer than this Headsmith.
    """
    container = open_container(Path(path))
    manifest = _read_manifest(container)
    _check_listing(container, manifest)
    files = {name: _read_file(container, manifest, name) for name in manifest.files}
    avatar = assemble(manifest, files, container.name, decode)
    for problem in avatar_problems(avatar):
        raise damaged(f"{container.name}: {problem.file}", problem.found, problem.expected)
    return avatar


def validate_avatar(path: Path) -> list[str]:
    """Every problem of the bundle at `path`, a sentence each; an empty list if it is sound.

    Beyond what `read_avatar` checks, the binding must give the splats back at rest, and no file may be unlisted.
    Raises InputError only where there is nothing at `path`.
    """
    locate(Path(path))
    try:
        container = open_container(Path(path))
        manifest = _read_manifest(container)
    except InputError as error:
        return [str(error)]
    unlisted = sorted(set(container.sizes) - set(manifest.files) - {MANIFEST})
    problems = [str(damaged(f"{container.name}: {name}", "a file that avatar.json does not list", "none"))
                for name in unlisted]  # fmt: skip
    files: dict[str, bytes] = {}
    for name in manifest.files:
        try:
            _check_listing(container, replace(manifest, files={name: manifest.files[name]}))
            files[name] = _read_file(container, manifest, name)
        except InputError as error:
            problems.append(str(error))
    return problems if len(files) < len(manifest.files) else problems + _content_problems(container, manifest, files)


def _content_problems(container: Container, manifest: Manifest, files: dict[str, bytes]) -> list[str]:
    try:
        avatar = assemble(manifest, files, container.name, decode_png)
    except InputError as error:
        return [str(error)]
    found = list(avatar_problems(avatar)) or list(rest_problems(avatar))
    return [str(damaged(f"{container.name}: {p.file}", p.found, p.expected)) for p in found]


def describe(path: Path) -> dict[str, Any]:
    """What `headsmith info` shows, ready for JSON, from avatar.json alone. Raises InputError."""
    container = open_container(Path(path))
    manifest = _read_manifest(container)
    _check_listing(container, manifest)
    return {
        "avatar": str(path),
        "format_version": FORMAT_VERSION,
        "head_model": manifest.model_name,
        "licence": manifest.model_licence,
        "vertices": manifest.counts["V"],
        "triangles": manifest.counts["F"],
        "splats": manifest.counts["N"],
        "sh_coefficients": 1 + manifest.sh_count,
        "parts": list(manifest.part_names),
        "regions": list(manifest.region_names),
        "joints": list(manifest.joint_names),
        "blendshapes": list(manifest.blendshape_names),
        "dynamic_texture": manifest.dynamic_file is not None,
        "motions": {name: {"frames": m.frames, "fps": m.fps} for name, m in manifest.motions.items()},
        "bytes": sum(container.sizes[name] for name in (*manifest.files, MANIFEST)),
        "files": {name: entry.bytes for name, entry in manifest.files.items()},
        "report": {**asdict(manifest.report), "warnings": list(manifest.report.warnings)},
        "provenance": {
            **asdict(manifest.provenance),
            "inputs": [{"name": name, "sha256": digest} for name, digest in manifest.provenance.inputs],
        },
    }


def _read_manifest(container: Container) -> Manifest:
    subject = f"{container.name}: {MANIFEST}"
    size = container.sizes.get(MANIFEST)
    if size is None:
        raise damaged(container.name, f"no {MANIFEST} in it", "an avatar (NAME.avatar or NAME.avatar.zip)")
    if size > MAX_MANIFEST_BYTES:
        raise damaged(subject, f"{size} bytes", f"at most {MAX_MANIFEST_BYTES}")
    return parse_manifest(parse_json(container.read(MANIFEST), subject))


def _check_listing(container: Container, manifest: Manifest) -> None:
    """Names and sizes of all listed files, before any is read."""
    for name, entry in manifest.files.items():
        subject = f"{container.name}: {name}"
        if not is_safe_name(name) or name == MANIFEST:
            raise damaged(
                f"{container.name}: {MANIFEST}", f"the file name {name!r}", "names that stay inside the bundle"
            )
        if name not in container.sizes:
            raise damaged(subject, "no such file", "every file that avatar.json lists")
        if container.sizes[name] != entry.bytes:
            raise damaged(subject, f"{container.sizes[name]} bytes", f"the {entry.bytes} that avatar.json lists")


def _read_file(container: Container, manifest: Manifest, name: str) -> bytes:
    data = container.read(name)
    if hashlib.sha256(data).hexdigest() != manifest.files[name].sha256:
        raise damaged(f"{container.name}: {name}", "other bytes than were written", "the sha256 of avatar.json")
    return data
