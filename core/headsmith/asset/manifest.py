"""avatar.json: what an avatar says about itself, apart from its large arrays (docs/format.md)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from headsmith.asset.avatar import Avatar, Motion, Pose, Provenance, Report
from headsmith.asset.container import MAX_BYTES
from headsmith.asset.damage import damaged
from headsmith.asset.dynamic_texture import weight_range
from headsmith.asset.harmonics import BAND_SIZES
from headsmith.asset.node import Node
from headsmith.errors import InputError
from headsmith.types import F32, Camera

FORMAT = "headsmith-avatar"
FORMAT_VERSION = 1
UNITS = {"length": "metre", "angle": "radian"}
AXES = {"up": "+Y", "out_of_the_face": "+Z", "subjects_left": "+X"}
MAX_COUNT = 50_000_000
"""of vertices, triangles, splats or frames"""
_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class FileEntry:
    bytes: int
    sha256: str


@dataclass(frozen=True)
class MotionHeader:
    """A motion without its arrays."""

    file: str
    fps: float
    frames: int
    blendshape_names: tuple[str, ...]
    joint_names: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class Manifest:
    """avatar.json, checked in itself; whether the arrays agree is checked by who reads them."""

    model_name: str
    model_licence: str
    counts: dict[str, int]
    """V vertices, F triangles, U uvs, N splats"""
    sh_count: int
    part_names: tuple[str, ...]
    region_names: tuple[str, ...]
    joint_names: tuple[str, ...]
    blendshape_names: tuple[str, ...]
    light_sh: F32
    capture_pose: Pose
    capture_camera: Camera
    dynamic_inputs: tuple[str, ...]
    dynamic_file: str | None
    motions: dict[str, MotionHeader]
    report: Report
    provenance: Provenance
    files: dict[str, FileEntry]


def parameter_names(avatar: Avatar) -> tuple[str, ...]:
    """The names of the one parameter vector: blendshapes, then each joint's axis-angle."""
    return avatar.blendshapes.names + tuple(f"{joint}.{axis}" for joint in avatar.rig.joint_names for axis in "xyz")


def manifest_bytes(avatar: Avatar, motion_files: Mapping[str, str], files: Mapping[str, bytes]) -> bytes:
    """avatar.json for `avatar` whose other files are `files`; `motion_files` names each motion's."""
    dynamic = avatar.dynamic_texture
    inputs = dynamic.inputs if dynamic else parameter_names(avatar)
    document = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "units": UNITS,
        "axes": AXES,
        "head": _head(avatar),
        "joints": list(avatar.rig.joint_names),
        "blendshapes": list(avatar.blendshapes.names),
        "splats": {"count": len(avatar.splats.splats), "sh_coefficients": 1 + avatar.splats.splats.shN.shape[1]},
        "light_sh": _numbers(avatar.material.light_sh),
        "dynamic_texture": {
            "file": "dynamic_texture.onnx" if dynamic else None,
            "inputs": [_parameter(name, avatar.blendshapes.names) for name in inputs],
        },
        "motions": {name: _motion(motion, motion_files[name]) for name, motion in avatar.motions.items()},
        "capture_pose": {
            "weights": _numbers(avatar.capture_pose.weights),
            "joint_rotations": _numbers(avatar.capture_pose.joint_rotations),
        },
        "capture_camera": _camera(avatar.capture_camera),
        "report": _report(avatar.report),
        "provenance": _provenance(avatar.provenance),
        "files": {
            name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in files.items()
        },
    }
    return (json.dumps(document, sort_keys=True, indent=1, allow_nan=False) + "\n").encode("ascii")


def _head(avatar: Avatar) -> dict[str, Any]:
    head = avatar.head
    return {
        "model": head.model_name,
        "licence": head.model_licence,
        "vertices": len(head.vertices),
        "triangles": len(head.faces),
        "uvs": len(head.uvs),
        "parts": list(head.part_names),
        "regions": sorted(head.regions),
    }


def _parameter(name: str, blendshapes: tuple[str, ...]) -> dict[str, Any]:
    """Name and range of one entry of the parameter vector."""
    if name in blendshapes:
        least, most = weight_range(name)
        return {"name": name, "minimum": least, "maximum": most, "unit": "weight"}
    if name.startswith("view."):
        return {"name": name, "minimum": -1, "maximum": 1, "unit": "direction"}
    return {"name": name, "minimum": -3.1416, "maximum": 3.1416, "unit": "radian"}


def _motion(motion: Motion, file: str) -> dict[str, Any]:
    return {
        "file": file,
        "fps": float(motion.fps),
        "frames": len(motion.weights),
        "blendshapes": list(motion.blendshape_names),
        "joints": list(motion.joint_names),
        "source": motion.source,
    }


def _camera(camera: Camera) -> dict[str, Any]:
    return {
        "focal_px": float(camera.focal_px),
        "principal_px": [float(x) for x in camera.principal_px],
        "size_px": [int(x) for x in camera.size_px],
        "T_camera_world": _numbers(camera.T_camera_world),
    }


def _report(report: Report) -> dict[str, Any]:
    return {
        "metrics": {name: float(value) for name, value in report.metrics.items()},
        "warnings": list(report.warnings),
        "seconds": {name: float(value) for name, value in report.seconds.items()},
    }


def _provenance(provenance: Provenance) -> dict[str, Any]:
    return {
        "inputs": [{"name": name, "sha256": digest} for name, digest in provenance.inputs],
        "software": dict(provenance.software),
        "created": provenance.created,
        "settings": provenance.settings,
        "consent": provenance.consent,
    }


def _numbers(array: F32) -> Any:
    """Nested lists of the shortest decimals that give the same float32 again."""
    if array.ndim:
        return [_numbers(row) for row in array]
    return float(str(array.astype("float32")))


def parse_manifest(root: Node) -> Manifest:
    """The checked contents of avatar.json. Raises InputError, also for a newer format_version."""
    if root["format"].text() != FORMAT:
        raise damaged(root.subject, "another kind of JSON file", f"the format '{FORMAT}'")
    version = root["format_version"].integer(1, MAX_COUNT)
    if version > FORMAT_VERSION:
        raise InputError(root.subject, found=f"format version {version}", expected=f"at most {FORMAT_VERSION}",
                         action="upgrade headsmith (pip install --upgrade headsmith) to read it")  # fmt: skip
    if root["units"].value != UNITS or root["axes"].value != AXES:
        raise damaged(root.subject, "other units or axes", "metres and radians, Y up, +Z out of the face")
    head, splats, pose = root["head"], root["splats"], root["capture_pose"]
    joints, blendshapes = root["joints"].names(), root["blendshapes"].names()
    counts = {"V": head["vertices"], "F": head["triangles"], "U": head["uvs"], "N": splats["count"]}
    dynamic = root["dynamic_texture"]
    return Manifest(
        model_name=head["model"].text(),
        model_licence=head["licence"].text(),
        counts={key: node.integer(0 if key == "N" else 1, MAX_COUNT) for key, node in counts.items()},
        sh_count=_sh_count(splats["sh_coefficients"]),
        part_names=head["parts"].names(),
        region_names=head["regions"].names(),
        joint_names=joints,
        blendshape_names=blendshapes,
        light_sh=root["light_sh"].numbers(9, 3),
        capture_pose=Pose(pose["weights"].numbers(len(blendshapes)), pose["joint_rotations"].numbers(len(joints), 3)),
        capture_camera=_parse_camera(root["capture_camera"]),
        dynamic_inputs=tuple(item["name"].text() for item in dynamic["inputs"].items()),
        dynamic_file=None if dynamic["file"].value is None else dynamic["file"].text(),
        motions={name: _parse_motion(node) for name, node in root["motions"].fields().items()},
        report=_parse_report(root["report"]),
        provenance=_parse_provenance(root["provenance"]),
        files=_parse_files(root["files"]),
    )


def _sh_count(node: Node) -> int:
    count = node.integer(1, 16) - 1
    if count not in BAND_SIZES:
        raise damaged(node.subject, f"{count + 1} SH coefficients", "1, 4, 9 or 16")
    return count


def _parse_camera(node: Node) -> Camera:
    size = [item.integer(1, 1 << 20) for item in node["size_px"].items()]
    if len(size) != 2:
        raise damaged(node.subject, f"{len(size)} values in '{node.place}.size_px'", "width and height")
    cx, cy = map(float, node["principal_px"].numbers(2))
    return Camera(
        node["focal_px"].number(1e-3, 1e9), (cx, cy), (size[0], size[1]), node["T_camera_world"].numbers(4, 4)
    )


def _parse_motion(node: Node) -> MotionHeader:
    return MotionHeader(
        file=node["file"].text(),
        fps=node["fps"].number(1e-3, 1e6),
        frames=node["frames"].integer(0, MAX_COUNT),
        blendshape_names=node["blendshapes"].names(),
        joint_names=node["joints"].names(),
        source=node["source"].text(),
    )


def _parse_report(node: Node) -> Report:
    return Report(
        metrics={name: value.number() for name, value in node["metrics"].fields().items()},
        warnings=node["warnings"].texts(),
        seconds={name: value.number() for name, value in node["seconds"].fields().items()},
    )


def _parse_provenance(node: Node) -> Provenance:
    consent = node["consent"]
    return Provenance(
        inputs=tuple((item["name"].text(), item["sha256"].text()) for item in node["inputs"].items()),
        software={name: version.text() for name, version in node["software"].fields().items()},
        created=node["created"].text(),
        settings={name: setting.value for name, setting in node["settings"].fields().items()},
        consent=None if consent.value is None else consent.text(),
    )


def _parse_files(node: Node) -> dict[str, FileEntry]:
    entries = {}
    for name, entry in node.fields().items():
        digest = entry["sha256"].text()
        if not _HASH.fullmatch(digest):
            raise damaged(node.subject, f"no sha256 for '{name}'", "64 hex digits")
        entries[name] = FileEntry(entry["bytes"].integer(0, MAX_BYTES), digest)
    if sum(entry.bytes for entry in entries.values()) > MAX_BYTES:
        raise damaged(node.subject, "files of more than 2 GiB together", "at most 2 GiB")
    return entries
