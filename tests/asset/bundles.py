"""What the tests of damaged bundles share."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

FILES = ("avatar.json", "head.npz", "binding.npz", "splats.ply", "static_texture.png", "dynamic_mask.png",
         "preview.png", "report.html", "motions/nod.npz")  # fmt: skip
Damage = Callable[[Path], None]


def edit(change: Callable[[dict[str, Any]], None]) -> Damage:
    """Changes avatar.json."""

    def damage(bundle: Path) -> None:
        manifest = json.loads((bundle / "avatar.json").read_text())
        change(manifest)
        (bundle / "avatar.json").write_text(json.dumps(manifest))

    return damage


def reseal(bundle: Path, name: str, data: bytes) -> None:
    """Replaces a file and makes the manifest agree, as an attacker would."""
    (bundle / name).write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    edit(lambda m: m["files"].update({name: {"bytes": len(data), "sha256": digest}}))(bundle)


def zipped(bundle: Path, extra: Callable[[zipfile.ZipFile], None] | None = None) -> Path:
    path = bundle.with_name("ada.avatar.zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(bundle.rglob("*")):
            archive.write(file, file.relative_to(bundle))
        if extra:
            extra(archive)
    return path
