"""Damaged and hostile bundles: always one sentence that names the bundle and the file, never anything else."""

from __future__ import annotations

import io
import os
import shutil
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from asset.bundles import FILES, Damage, edit, reseal
from headsmith.asset import describe, read_avatar, validate_avatar
from headsmith.asset.contents import HEAD_LAYOUT
from headsmith.errors import InputError


def with_array(file: str, **changes: Any) -> Damage:
    """Replaces arrays of an .npz, or drops those given as None."""

    def damage(bundle: Path) -> None:
        arrays = dict(np.load(bundle / file))
        for name, change in changes.items():
            arrays[name] = change(arrays[name].copy()) if callable(change) else change
        out = io.BytesIO()
        np.savez_compressed(out, **{name: array for name, array in arrays.items() if array is not None})
        reseal(bundle, file, out.getvalue())

    return damage


def with_bytes(file: str, change: Callable[[bytes], bytes]) -> Damage:
    return lambda bundle: reseal(bundle, file, change((bundle / file).read_bytes()))


def set_value(index: tuple[int, ...], value: Any) -> Callable[[np.ndarray], np.ndarray]:
    def change(array: np.ndarray) -> np.ndarray:
        array[index] = value
        return array

    return change


def flip_a_bit(file: str) -> Damage:
    def damage(bundle: Path) -> None:
        data = bytearray((bundle / file).read_bytes())
        data[len(data) // 2] ^= 4
        (bundle / file).write_bytes(data)

    return damage


def link(bundle: Path) -> None:
    shutil.move(bundle / "head.npz", bundle.parent / "head.npz")
    (bundle / "head.npz").symlink_to(bundle.parent / "head.npz")


def link_folder(bundle: Path) -> None:
    shutil.move(bundle / "motions", bundle.parent / "elsewhere")
    (bundle / "motions").symlink_to(bundle.parent / "elsewhere")


def bomb(_: bytes) -> bytes:
    """An .npz that promises 4 GiB of vertices, in 4 MB."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open(zipfile.ZipInfo("vertices.npy"), "w", force_zip64=True) as member:
            member.write(b"\x93NUMPY\x01\x00")
        for name in list(HEAD_LAYOUT)[1:]:
            archive.writestr(f"{name}.npy", b"")
    data = out.getvalue()
    directory = data.index(b"PK\x01\x02")
    return data[: directory + 24] + struct.pack("<I", 0xFFFFFFF0) + data[directory + 28 :]


def header_bomb(data: bytes) -> bytes:
    """A file of a few bytes whose array header promises an exabyte."""
    arrays = zipfile.ZipFile(io.BytesIO(data))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in arrays.namelist():
            content = arrays.read(name)
            if name == "blendshape_vertex.npy":
                header = b"{'descr': '<i4', 'fortran_order': False, 'shape': (288230376151711744,), }"
                content = b"\x93NUMPY\x01\x00" + struct.pack("<H", 118) + header.ljust(117) + b"\n"
            archive.writestr(name, content)
    return out.getvalue()


def huge_png(_: bytes) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    size = struct.pack(">IIBBBBB", 30000, 30000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def many_shapes(bundle: Path) -> None:
    """A few bytes of blendshape rows that would unpack to gigabytes."""
    names, vertices = [f"b{k}" for k in range(9000)], 20_000

    def change(manifest: dict[str, Any]) -> None:
        manifest["blendshapes"], manifest["capture_pose"]["weights"] = names, [0] * len(names)
        manifest["head"]["vertices"] = vertices

    with_array("head.npz", vertices=np.zeros((vertices, 3), np.float32), regions=np.zeros((3, vertices), np.float32),
               skin_weights=np.zeros((vertices, 5), np.float32), blendshape_start=np.zeros(9001, np.int32),
               blendshape_vertex=lambda a: a[:0], blendshape_delta_um=lambda a: a[:0])(bundle)  # fmt: skip
    edit(change)(bundle)


def pickled(array: np.ndarray) -> np.ndarray:
    return np.array([{"a": 1}] * len(array), object)


TABLE: dict[str, tuple[Damage, str, str]] = {
    "missing file": (lambda b: (b / "head.npz").unlink(), "head.npz", "no such file"),
    "missing manifest": (lambda b: (b / "avatar.json").unlink(), "ada.avatar", "no avatar.json"),
    "manifest without a file": (edit(lambda m: m["files"].pop("head.npz")), "avatar.json", "no 'head.npz'"),
    "wrong hash": (edit(lambda m: m["files"]["head.npz"].update(sha256="0" * 64)), "head.npz", "other bytes"),
    "hash of another length": (edit(lambda m: m["files"]["head.npz"].update(sha256="00")), "avatar.json", "sha256"),
    "wrong size": (edit(lambda m: m["files"]["head.npz"].update(bytes=5)), "head.npz", "the 5 that"),
    "truncated": (lambda b: os.truncate(b / "splats.ply", 100), "splats.ply", "100 bytes"),
    "grown": (lambda b: (b / "head.npz").open("ab").write(b"x"), "head.npz", "bytes"),
    "size beyond all": (edit(lambda m: m["files"]["head.npz"].update(bytes=1 << 40)), "avatar.json", "whole number"),
    "sizes beyond all": (
        edit(lambda m: m["files"].update({f"x{k}": {"bytes": 1 << 30, "sha256": "0" * 64} for k in range(4)})),
        "avatar.json", "2 GiB",
    ),
    "path with ..": (edit(lambda m: m["files"].update({"../x": m["files"]["head.npz"]})), "avatar.json", "stay inside"),
    "absolute path": (edit(lambda m: m["files"].update({"/etc/x": m["files"]["head.npz"]})), "avatar.json", "inside"),
    "drive": (edit(lambda m: m["files"].update({"C:/x": m["files"]["head.npz"]})), "avatar.json", "stay inside"),
    "backslash": (edit(lambda m: m["files"].update({"a\\x": m["files"]["head.npz"]})), "avatar.json", "stay inside"),
    "motion elsewhere": (edit(lambda m: m["motions"]["nod"].update(file="../x.npz")), "avatar.json", "no '../x.npz'"),
    "newer version": (edit(lambda m: m.update(format_version=2)), "avatar.json", "upgrade headsmith"),
    "version that is true": (edit(lambda m: m.update(format_version=True)), "avatar.json", "whole number"),
    "other format": (edit(lambda m: m.update(format="usd")), "avatar.json", "another kind"),
    "inches": (edit(lambda m: m["units"].update(length="inch")), "avatar.json", "units"),
    "not JSON": (lambda b: (b / "avatar.json").write_text("{"), "avatar.json", "not JSON"),
    "not UTF-8": (lambda b: (b / "avatar.json").write_bytes(b"\xff\xfe{}"), "avatar.json", "not JSON"),
    "a list": (lambda b: (b / "avatar.json").write_text("[]"), "avatar.json", "an object"),
    "NaN in JSON": (lambda b: (b / "avatar.json").write_text('{"format": NaN}'), "avatar.json", "NaN"),
    "a key twice": (lambda b: (b / "avatar.json").write_text('{"a": 1, "a": 2}'), "avatar.json", "twice"),
    "deep JSON": (lambda b: (b / "avatar.json").write_text("[" * 100000), "avatar.json", "JSON"),
    "a number too long": (lambda b: (b / "avatar.json").write_text("1" * 9999), "avatar.json", "JSON"),
    "an endless number": (edit(lambda m: m["capture_camera"].update(focal_px=10**400)), "avatar.json", "finite"),
    "a zero focal length": (edit(lambda m: m["capture_camera"].update(focal_px=0)), "avatar.json", "focal"),
    "one name twice": (edit(lambda m: m["joints"].__setitem__(1, "root")), "avatar.json", "differ"),
    "one blendshape less": (edit(lambda m: m["blendshapes"].pop()), "avatar.json", "capture_pose.weights"),
    "one joint less": (
        edit(lambda m: (m["joints"].pop(), m["capture_pose"]["joint_rotations"].pop())), "head.npz", "joints",
    ),
    "one splat more": (edit(lambda m: m["splats"].update(count=41)), "splats.ply", "40 splats"),
    "other SH degree": (edit(lambda m: m["splats"].update(sh_coefficients=4)), "splats.ply", "coefficients"),
    "names without end": (edit(lambda m: m["blendshapes"].extend(map(str, range(9999)))), "avatar.json", "10000 names"),
    "blendshapes without end": (many_shapes, "head.npz", "less than 1 GiB"),
    "fps of zero": (edit(lambda m: m["motions"]["nod"].update(fps=0)), "avatar.json", "0.001"),
    "truncated npz": (with_bytes("head.npz", lambda d: d[: len(d) // 2]), "head.npz", "cannot be decoded"),
    "npz that is text": (with_bytes("binding.npz", lambda _: b"hello"), "binding.npz", "cannot be decoded"),
    "npz bomb": (with_bytes("head.npz", bomb), "head.npz", "more array data"),
    "npz header bomb": (with_bytes("head.npz", header_bomb), "head.npz", "blendshape_"),
    "pickled array": (with_array("binding.npz", triangle=pickled), "binding.npz", "type"),
    "float64": (with_array("head.npz", vertices=lambda a: a.astype(np.float64)), "head.npz", "type"),
    "Fortran order": (with_array("head.npz", vertices=np.asfortranarray), "head.npz", "C order"),
    "wrong shape": (with_array("head.npz", vertices=lambda a: a[:-1]), "head.npz", "shape"),
    "array missing": (with_array("head.npz", uvs=None), "head.npz", "uvs"),
    "array too many": (with_array("head.npz", more=np.zeros(3)), "head.npz", "more"),
    "one delta less": (with_array("head.npz", blendshape_delta_um=lambda a: a[:-1]), "head.npz", "shape"),
    "NaN vertex": (with_array("head.npz", vertices=set_value((3, 1), np.nan)), "head.npz", "not finite"),
    "face beyond": (with_array("head.npz", faces=set_value((0, 0), 9999)), "head.npz", "faces"),
    "negative face": (with_array("head.npz", uv_faces=set_value((0, 0), -1)), "head.npz", "uv_faces"),
    "part beyond": (with_array("head.npz", face_part=set_value((0,), 77)), "head.npz", "face_part"),
    "weights": (with_array("head.npz", skin_weights=set_value((0, 0), 0.7)), "head.npz", "skin_weights"),
    "parents in a circle": (with_array("head.npz", joint_parents=set_value((0,), 2)), "head.npz", "parent"),
    "delta vertex beyond": (with_array("head.npz", blendshape_vertex=set_value((0,), 9999)), "head.npz", "beyond"),
    "delta rows out of order": (with_array("head.npz", blendshape_start=set_value((3,), 99999)), "head.npz", "order"),
    "triangle beyond": (with_array("binding.npz", triangle=set_value((0,), 99999)), "binding.npz", "triangle"),
    "infinite offset": (with_array("binding.npz", offset=set_value((0, 0), np.inf)), "binding.npz", "offset"),
    "zero rotation": (with_array("binding.npz", rotation_wxyz=set_value((0,), 0)), "binding.npz", "rotation"),
    "barycentric": (with_array("binding.npz", barycentric=set_value((0,), 0.5)), "binding.npz", "barycentric"),
    "fewer bindings": (with_array("binding.npz", triangle=lambda a: a[:-1]), "binding.npz", "shape"),
    "motion NaN": (with_array("motions/nod.npz", weights=set_value((0, 0), np.nan)), "motions/nod.npz", "finite"),
    "truncated ply": (with_bytes("splats.ply", lambda d: d[:-4]), "splats.ply", "bytes after the header"),
    "truncated png": (with_bytes("static_texture.png", lambda d: d[:60]), "static_texture.png", "decoded"),
    "huge png": (with_bytes("static_texture.png", huge_png), "static_texture.png", "px"),
    "png that is text": (with_bytes("preview.png", lambda _: b"hello"), "preview.png", "decoded"),
    "grey texture": (
        lambda b: reseal(b, "static_texture.png", (b / "dynamic_mask.png").read_bytes()), "static_texture.png", "mode",
    ),
}  # fmt: skip
for file in FILES:
    if file != "avatar.json":
        TABLE[f"bit flip in {file}"] = (flip_a_bit(file), file, "other bytes")
if os.name == "posix":
    TABLE["link"] = (link, "head.npz", "link")
    TABLE["linked folder"] = (link_folder, "motions", "link")
    TABLE["pipe"] = (lambda b: ((b / "head.npz").unlink(), os.mkfifo(b / "head.npz")), "head.npz", "plain file")


@pytest.mark.parametrize("case", TABLE)
def test_damage_is_one_sentence_about_the_file(bundle: Path, case: str) -> None:
    damage, file, words = TABLE[case]
    damage(bundle)
    with pytest.raises(InputError) as caught:
        read_avatar(bundle)
    sentence = str(caught.value)
    assert "ada.avatar" in sentence
    assert file in sentence
    assert words in sentence
    assert "\n" not in sentence
    assert len(sentence) < 500 + len(str(bundle))
    assert any(file in problem for problem in validate_avatar(bundle))


def test_validate_finds_several_problems(bundle: Path) -> None:
    flip_a_bit("head.npz")(bundle)
    (bundle / "splats.ply").unlink()
    (bundle / "virus.exe").write_bytes(b"")
    problems = validate_avatar(bundle)
    assert [any(name in p for p in problems) for name in ("head.npz", "splats.ply", "virus.exe")] == [True] * 3


@pytest.mark.parametrize(
    ("field", "change"),
    [("offset", set_value((0, 0), 3.0)), ("rotation_wxyz", lambda turns: np.roll(turns, 1, axis=1))],
)
def test_validate_finds_a_binding_that_belongs_to_other_splats(bundle: Path, field: str, change: Any) -> None:
    with_array("binding.npz", **{field: change})(bundle)
    read_avatar(bundle)
    (problem,) = validate_avatar(bundle)
    assert "binding.npz" in problem
    assert "at rest" in problem


@pytest.mark.parametrize("name", ["nothing.avatar", "text.avatar.zip", "empty.avatar", "empty.avatar.zip"])
def test_what_is_no_bundle_at_all(tmp_path: Path, name: str) -> None:
    (tmp_path / "text.avatar.zip").write_text("hello")
    (tmp_path / "empty.avatar").mkdir()
    zipfile.ZipFile(tmp_path / "empty.avatar.zip", "w").close()
    for reader in (read_avatar, describe):
        with pytest.raises(InputError, match=name):
            reader(tmp_path / name)
    if name == "nothing.avatar":
        with pytest.raises(InputError, match="no such file"):
            validate_avatar(tmp_path / name)
    else:
        assert len(validate_avatar(tmp_path / name)) == 1
