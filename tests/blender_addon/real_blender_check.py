"""What real_blender.sh left in its folder, against what it asked for; standard library only."""

from __future__ import annotations

import json
import struct
import sys
import zlib
from pathlib import Path
from typing import Any

folder = Path(sys.argv[1])


def lines(name: str) -> list[dict[str, Any]]:
    """The JSON lines of a command; Blender may greet on the same stream."""
    found = (folder / f"{name}.out").read_text().splitlines()
    return [json.loads(line) for line in found if line.startswith("{")]


def png_values(path: Path) -> tuple[int, int, set[bytes]]:
    """Width, height, and the different values of an 8-bit RGB or RGBA picture's filtered bytes."""
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n"), path
    width, height = struct.unpack(">II", data[16:24])
    packed, at = b"", 8
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        packed += data[at + 8 : at + 8 + size] if kind == b"IDAT" else b""
        at += 12 + size
    raw = zlib.decompress(packed)
    return width, height, {raw[i : i + 1] for i in range(len(raw))}


def gltf_json(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    return json.loads(data[20 : 20 + struct.unpack_from("<I", data, 12)[0]])


for command in ("import", "animate", "render", "export", "splats", "hologram"):
    (line,) = lines(command)
    assert (line["status"], line["error"]) == ("done", None), line
    print(f"{command}: {line['seconds']} s")
for name in ("ada.png", "holo.png"):
    width, height, values = png_values(folder / name)
    assert (width, height) == (64, 64), name
    assert len(values) > 50, f"{name} is nearly blank"
document = gltf_json(folder / "ada.glb")
heads = [mesh for mesh in document["meshes"] if len(mesh.get("extras", {}).get("targetNames", [])) == 52]
assert len(heads) == 1
assert all("baseColorTexture" in m["pbrMetallicRoughness"] for m in document["materials"])
(animation,) = document["animations"]
assert {channel["target"]["path"] for channel in animation["channels"]} >= {"weights", "rotation"}
assert (folder / "ada.ply").read_bytes().startswith(b"ply\n")
batch = {Path(line["item"]).name: line["status"] for line in lines("batch")}
assert batch == {"ada.avatar.zip": "done", "cut.avatar.zip": "failed", "eve.avatar.zip": "done"}, batch
made = sorted(path.name for path in (folder / "out").iterdir())
assert made == ["ada.glb", "ada.png", "eve.glb", "eve.png"], made
left = [path for path in (folder / "user").rglob("*") if path.name == "headsmith"]
assert not left, f"left behind: {left}"
print("Everything is there; one damaged bundle was reported, two were done; nothing is left of the extension.")
