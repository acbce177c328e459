"""A folder that shows the avatar alive in a browser: a page, its program and libraries, and the avatar in small files.

docs/web.md describes the page and its API; `web/` at the top of the repository holds the program's sources. What the
page needs to know stands in `avatar.json`; arrays lie behind each other in gzipped files that it describes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from headsmith.asset.arkit import ARKIT_52
from headsmith.asset.avatar import Avatar
from headsmith.asset.dynamic_texture import weight_range
from headsmith.errors import InputError
from headsmith.motion.expressions import PRESETS
from headsmith_exporters.glb import GlbOptions, asset_properties, build_document
from headsmith_exporters.mesh_parts import MeshPart, split_mesh
from headsmith_exporters.registry import Encoded, Format
from headsmith_exporters.textures import encode_texture, shrunk
from headsmith_exporters.web_arrays import pack_arrays
from headsmith_exporters.web_hats import under_hats
from headsmith_exporters.web_motions import motion_arrays
from headsmith_exporters.web_runtime import runtime_files
from headsmith_exporters.web_splats import web_splats

FORMAT, FORMAT_VERSION = "headsmith-web", 1
MANIFEST = "avatar.json"
PAGE = "index.html"
POSTER_PX, POSTER_QUALITY = 512, 80
"""longest side, and Pillow's quality: good enough for a picture nobody measures"""
_LEAST_TEXTURE_PX, _MOST_TEXTURE_PX = 64, 8192


@dataclass(frozen=True)
class WebOptions:
    texture_px: int = 1024
    """the most that the mesh's texture has a side; a smaller one stays as it is"""
    accessories: tuple[str, ...] = ()
    """what to wear, as `GlbOptions.accessories` has it"""


def encode(avatar: Avatar, stem: str, options: WebOptions) -> Encoded:
    """All files of the folder `stem`. Raises InputError for a texture size that no texture has."""
    if not _LEAST_TEXTURE_PX <= options.texture_px <= _MOST_TEXTURE_PX:
        raise InputError("--option", found=f"texture_px={options.texture_px}", action="correct it",
                         expected=f"{_LEAST_TEXTURE_PX} to {_MOST_TEXTURE_PX} pixels")  # fmt: skip
    parts, targets = split_mesh(avatar.head), target_names(avatar)
    # hats are made to fit over all of the hair: only the splats lose what they hide
    seen = under_hats(avatar, options.accessories)
    files = {"head.glb": _head(avatar, parts, targets, options)}
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "name": stem,
        "asset": asset_properties(avatar),
        "head": {"file": "head.glb", "meshes": [part.name for part in parts], "vertices": _vertices(parts)},
        "blendshapes": list(targets),
        "ranges": {name: list(weight_range(name)) for name in targets if name not in ARKIT_52},
        "joints": list(avatar.rig.joint_names),
        "presets": {name: dict(weights) for name, weights in PRESETS.items()},
        "light_sh": avatar.material.light_sh.astype(float).round(6).tolist(),
        "view": _view(avatar),
        "splats": _add_splats(files, seen, parts),
        "dynamic_texture": _add_dynamic_texture(files, avatar),
        "motions": _add_motions(files, avatar, targets),
        "poster": _add_poster(files, avatar),
    }
    manifest["bytes"] = {name: len(data) for name, data in files.items()}
    files[MANIFEST] = json.dumps(manifest, separators=(",", ":"), allow_nan=False).encode()
    own = sum(map(len, files.values()))
    runtime = runtime_files(with_network=avatar.dynamic_texture is not None)
    page = runtime.pop(PAGE)
    counts = {
        "splats": len(seen.splats.splats),
        "vertices": _vertices(parts),
        "morph_targets": len(targets),
        "motions": len(avatar.motions),
        "avatar_bytes": own,
        "library_bytes": sum(map(len, runtime.values())) + len(page),
    }
    return Encoded(files | runtime | {PAGE: page}, counts)


def target_names(avatar: Avatar) -> tuple[str, ...]:
    """The blendshapes that the page drives: ARKit's, and those of the head model's own that something moves."""
    driven = {name for motion in avatar.motions.values() for name in motion.blendshape_names}
    driven |= set(avatar.dynamic_texture.inputs if avatar.dynamic_texture else ())
    known = avatar.blendshapes.names
    own = [name for name in known if name in driven and name not in ARKIT_52]
    return (*(name for name in ARKIT_52 if name in known), *own)


def _vertices(parts: tuple[MeshPart, ...]) -> int:
    return sum(len(part.source_vertex) for part in parts)


def _head(avatar: Avatar, parts: tuple[MeshPart, ...], targets: tuple[str, ...], options: WebOptions) -> bytes:
    longest = min(options.texture_px, max(avatar.material.static_texture.shape[:2]))
    # the page has a light, motions and a parameter vector of its own
    wanted = GlbOptions(profile="web", morph_targets=targets, texture_px=longest, materials="core", motions=(),
                        attach_nodes=False, accessories=options.accessories)  # fmt: skip
    return build_document(avatar, parts, wanted).to_glb()


def _view(avatar: Avatar) -> dict[str, Any]:
    """Where the page looks at first: a box around face and hair in head space, metres."""
    shown = avatar.splats.splats.means if len(avatar.splats.splats) else avatar.head.vertices
    low, high = np.quantile(shown, 0.002, axis=0), np.quantile(shown, 0.998, axis=0)
    return {"low_m": low.round(4).tolist(), "high_m": high.round(4).tolist()}


def _add_splats(files: dict[str, bytes], avatar: Avatar, parts: tuple[MeshPart, ...]) -> dict[str, Any] | None:
    if not len(avatar.splats.splats):
        return None
    files["splats.spz"], arrays = web_splats(avatar, parts)
    files["binding.bin"], layout = pack_arrays(arrays)
    return {"file": "splats.spz", "count": len(avatar.splats.splats), "binding": {"file": "binding.bin", **layout}}


def _add_dynamic_texture(files: dict[str, bytes], avatar: Avatar) -> dict[str, Any] | None:
    if avatar.dynamic_texture is None:
        return None
    files["dynamic_texture.onnx"] = avatar.dynamic_texture.onnx
    files["dynamic_mask.png"] = encode_texture(avatar.material.dynamic_mask, "png", POSTER_QUALITY)
    return {
        "file": "dynamic_texture.onnx",
        "mask": "dynamic_mask.png",
        "inputs": list(avatar.dynamic_texture.inputs),
    }


def _add_motions(files: dict[str, bytes], avatar: Avatar, targets: tuple[str, ...]) -> list[dict[str, Any]]:
    motions = []
    for number, (name, motion) in enumerate(sorted(avatar.motions.items())):
        file = f"motion-{number}.bin"
        files[file], layout = pack_arrays(motion_arrays(motion, targets))
        motions.append({
            "name": name,
            "file": file,
            "fps": float(motion.fps),
            "frames": len(motion.weights),
            "blendshapes": [shape for shape in motion.blendshape_names if shape in targets],
            "joints": list(motion.joint_names),
            **layout,
        })  # fmt: skip
    return motions


def _add_poster(files: dict[str, bytes], avatar: Avatar) -> str | None:
    if avatar.preview is None:
        return None
    files["poster.webp"] = encode_texture(shrunk(avatar.preview, POSTER_PX), "webp", POSTER_QUALITY)
    return "poster.webp"


FORMATS = (
    Format(
        "web",
        "",
        "a folder with a web page that shows the avatar alive, splats and mesh",
        WebOptions,
        encode,
        folder=True,
        holds_splats=True,
    ),
)
