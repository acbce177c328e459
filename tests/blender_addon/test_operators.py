"""What all operators do alike, tried on real ones."""

from __future__ import annotations

from pathlib import Path

import bpy
import pytest


@pytest.mark.usefixtures("scene")
def test_a_bad_file_is_one_sentence(tmp_path: Path) -> None:
    bad = tmp_path / "bad.avatar.zip"
    bad.write_bytes(b"PK no zip")
    with pytest.raises(RuntimeError, match=r"^Error: .*bad\.avatar\.zip.*found .*, expected .*; .*\.\n?$"):
        bpy.ops.headsmith.import_avatar(filepath=str(bad))
