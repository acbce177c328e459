"""Who may import whom (docs/design.md): the rules, checked on the sources and in a fresh interpreter."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
STAGES = {"capture", "landmarks", "matting", "fit", "surface", "track", "texture", "views", "splats"}
SHARED = {"types", "errors", "params", "asset", "device", "head_model", "metrics"}
BASE = {"types", "errors", "params", "asset"}
# numpy-only packages on top of `asset`, for exporters and Blender
LIGHT = {"motion", "accessories"}
ENGINES = {
    "mediapipe": {"landmarks/mediapipe.py", "matting/selfie.py"},
    "av": {"capture/video.py", "capture/video_writer.py"},
    "pycolmap": {"surface/sfm.py"},
    "gsplat": {"splats/rasterize_cuda.py", "bench/gsplat_torch.py"},
    "nvdiffrast": {"surface/raster_cuda.py"},
    "matplotlib": {"bench/plot.py"},
    "onnxruntime": {"matting/u2net.py", "metrics/sface.py"},
    "pillow_heif": {"capture/decode.py"},
}
EXPORTER_ENGINES = {"zstandard": "zstd.py", "PIL": "pillow.py", "meshopt": "meshopt_codec.py"}
# a developer's script: it makes data, and no product code calls it
SCRIPTS = {"head_model/bake.py", "head_model/__main__.py"}


def modules(root: str) -> list[Path]:
    return sorted((ROOT / root).rglob("*.py"))


def imports(path: Path) -> set[str]:
    """Every module named by an import statement, also those inside functions."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: relative import"
            names |= {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def own_packages(path: Path) -> set[str]:
    """The parts of headsmith that a module imports."""
    return {name.split(".")[1] for name in imports(path) if name.startswith("headsmith.")}


@pytest.mark.parametrize("path", modules("core/headsmith"), ids=lambda p: str(p.relative_to(ROOT)))
def test_core_imports(path: Path) -> None:
    place = path.relative_to(ROOT / "core/headsmith")
    if str(place) in SCRIPTS:
        return
    part = place.parts[0].removesuffix(".py")
    used = own_packages(path) & (STAGES | SHARED | LIGHT | {"pipeline", "cli", "bench"})
    if part in STAGES:
        assert used <= SHARED | {part}
    elif part in BASE:
        assert used <= BASE
    elif part in LIGHT:
        assert used <= BASE | {part}
    elif part in {"head_model", "metrics"}:
        assert used <= SHARED
    outside = {name.split(".")[0] for name in imports(path)} - set(sys.stdlib_module_names) - {"headsmith"}
    if part in BASE:
        assert outside <= {"numpy", "PIL"}
    elif part in LIGHT:
        assert outside <= {"numpy"}
    for engine, places in ENGINES.items():
        assert engine not in outside or str(place) in places, f"only {places} may import {engine}"


@pytest.mark.parametrize("path", modules("exporters"), ids=lambda p: str(p.relative_to(ROOT)))
def test_exporter_imports(path: Path) -> None:
    assert own_packages(path) <= {"asset", "motion", "accessories", "errors", "types"}
    outside = {name.split(".")[0] for name in imports(path)} - set(sys.stdlib_module_names)
    engines = {engine for engine, place in EXPORTER_ENGINES.items() if place == path.name}
    assert outside <= {"headsmith", "headsmith_exporters", "numpy"} | engines


@pytest.mark.parametrize("path", modules("blender_addon"), ids=lambda p: str(p.relative_to(ROOT)))
def test_addon_imports(path: Path) -> None:
    if "build" in path.relative_to(ROOT).parts:
        return
    absolute = {node.module or "" for node in ast.walk(ast.parse(path.read_text()))
                if isinstance(node, ast.ImportFrom) and node.level == 0}  # fmt: skip
    plain = {alias.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Import)
             for alias in node.names}  # fmt: skip
    own = {name.split(".")[1] for name in absolute | plain if name.startswith("headsmith.")}
    assert own <= {"asset", "motion", "accessories", "errors", "types"}
    outside = {name.split(".")[0] for name in absolute | plain} - set(sys.stdlib_module_names)
    # all of these come with Blender
    assert outside <= {"headsmith", "headsmith_exporters", "bpy", "bmesh", "mathutils", "gpu", "bpy_extras", "numpy"}


@pytest.mark.parametrize("path", modules("blender_addon"), ids=lambda p: str(p.relative_to(ROOT)))
def test_addon_states_its_licence(path: Path) -> None:
    assert path.read_text().startswith("# SPDX-License-Identifier: GPL-3.0-or-later\n")


@pytest.mark.parametrize(
    "module",
    [
        "headsmith",
        "headsmith.asset",
        "headsmith.motion",
        "headsmith.accessories",
        "headsmith_exporters",
        "headsmith.cli",
    ],
)
def test_light_imports_stay_light(module: str) -> None:
    heavy = "{'torch', 'mediapipe', 'gsplat', 'cv2', 'bpy', 'numba', 'scipy', 'matplotlib', 'av', 'pycolmap'}"
    code = f"import sys, {module}; print(sorted({heavy} & set(sys.modules)))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
