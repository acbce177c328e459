"""File > Export: the operators, as scripts and the file browser call them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from headsmith.asset import pose_from, posed_splats, read_avatar
from headsmith.errors import InputError
from headsmith_blender.controls import sliders
from headsmith_blender.splat_export import export_splats, splat_format_of
from headsmith_exporters import read_splats


def test_gltf_as_a_script_asks_for_it(imported: Any, tmp_path: Path) -> None:
    path = tmp_path / "ada.glb"
    done = bpy.ops.headsmith.export_gltf(filepath=str(path), preset="compact", animations=False)
    assert done == {"FINISHED"}
    assert path.stat().st_size > 500_000
    with pytest.raises(RuntimeError, match="no such folder"):
        bpy.ops.headsmith.export_gltf(filepath=str(tmp_path / "none" / "ada.glb"))
    assert imported.headsmith.head


def test_splats_at_rest_are_the_bundles(imported: Any, sample_avatar: Path, tmp_path: Path) -> None:
    sliders(imported)["jawOpen"].value = 1.0
    assert bpy.ops.headsmith.export_splats(filepath=str(tmp_path / "ada.ply")) == {"FINISHED"}
    written, bundle = read_splats(tmp_path / "ada.ply"), read_avatar(sample_avatar).splats.splats
    np.testing.assert_allclose(written.means, bundle.means, atol=1e-6)


def test_posed_splats_are_the_cores(imported: Any, scene: Any, sample_avatar: Path, tmp_path: Path) -> None:
    """Sliders and a bone, in a scene where the rig stands elsewhere."""
    sliders(imported)["jawOpen"].value = 0.7
    imported.headsmith.rig.location = (1, 2, 3)
    # a turn about Blender's z is one about y of head space
    imported.headsmith.rig.pose.bones["neck"].rotation_quaternion = (np.cos(0.15), 0, 0, np.sin(0.15))
    bpy.context.view_layer.update()
    export_splats(imported, scene, tmp_path / "ada.ply", posed=True)
    avatar = read_avatar(sample_avatar)
    expected = posed_splats(avatar, pose_from(avatar, {"jawOpen": 0.7}, {"neck": (0, 0.3, 0)}))
    written = read_splats(tmp_path / "ada.ply")
    assert np.abs(expected.means - avatar.splats.splats.means).max() > 0.01
    np.testing.assert_allclose(written.means, expected.means, atol=1e-5)


NAMES = {"a.ply": "ply", "A.PLY": "ply", "a.compressed.ply": "compressed.ply", "a.spz": "spz", "a.splat": "splat",
         "a.sog": "sog"}  # fmt: skip


@pytest.mark.parametrize(("name", "expected"), NAMES.items())
def test_the_suffix_says_the_format(name: str, expected: str) -> None:
    assert splat_format_of(Path(name)) == expected


def test_unknown_suffixes_and_lost_bundles(imported: Any, scene: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"one of .*\.ply"):
        export_splats(imported, scene, tmp_path / "ada.obj")
    imported.headsmith.source = str(tmp_path / "gone.avatar")
    with pytest.raises(InputError, match="gone"):
        export_splats(imported, scene, tmp_path / "ada.ply")
    assert not list(tmp_path.iterdir())
