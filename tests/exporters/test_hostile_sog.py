"""Hostile .sog files: zip tricks, meta.json of every wrong kind, images that lie about their size."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from hostile import outcome, refusal, whole


def unzipped(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def with_meta(change: Callable[[dict[str, Any]], object]) -> bytes:
    files = unzipped(whole("sog", 3))
    meta = json.loads(files["meta.json"])
    change(meta)
    return zipped(files | {"meta.json": json.dumps(meta).encode()})


def setting(path: str, value: object) -> Callable[[dict[str, Any]], object]:
    def change(meta: dict[str, Any]) -> None:
        *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
        node: Any = meta
        for parent in parents:
            node = node[parent]
        node[last] = value

    return change


BAD_META = [
    ("version", 1), ("version", 3), ("version", True), ("version", "2"), ("version", [2]), ("version", None),
    ("count", -1), ("count", 2**31), ("count", 10**400), ("count", 9_999_999), ("count", 1.5), ("count", "12"),
    ("count", None), ("count", 121 * 4), ("means", None), ("means", []), ("means.mins", [0, 0]), ("means.mins", 3),
    ("means.mins", [0, 0, "0"]), ("means.maxs", [0, 0, 1e300]), ("means.maxs", [0, 0, 30]), ("means.maxs.1", -1e9),
    ("means.files", []), ("means.files", ["means_l.webp"]), ("means.files", {}), ("means.files.0", 5),
    ("means.files.0", "no.webp"), ("means.files.0", "../means_l.webp"), ("means.files.0", "meta.json"),
    ("means.files.0", "shN_centroids.webp" * 1000), ("scales.codebook", []), ("scales.codebook", [1] * 257),
    ("scales.codebook", [0.0]), ("scales.codebook.3", None), ("scales.codebook.3", 1e6), ("scales.codebook.3", 1e300),
    ("scales.codebook", "x"), ("sh0.codebook.0", True), ("sh0.files", None), ("quats", {}), ("shN", 1), ("shN", None),
    ("shN.bands", 4), ("shN.bands", 2), ("shN.bands", -1), ("shN.count", 0), ("shN.count", 65537), ("shN.count", 5),
    ("shN.codebook", [1.0]), ("shN.files", ["shN_centroids.webp"]), ("shN.files.0", "sh0.webp"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value"), BAD_META, ids=[f"{p}={str(v)[:20]}" for p, v in BAD_META])
def test_values_of_meta_json(path: str, value: object) -> None:
    refusal("sog", with_meta(setting(path, value)))


@pytest.mark.parametrize(
    "text",
    [b"", b"null", b"[]", b"{", b"[" * 100_000, b'{"version":2,"a":' + b"[" * 40 + b"]" * 40 + b"}", b"\xff\xfe{}",
     b'{"version":2,"count":NaN}', b'{"version":2,"version":2}', b'{"version":2}' + b" " * (1 << 20), b'"' * 9,
     b'{"version":2,"count":' + b"9" * 5000 + b"}"],
)  # fmt: skip
def test_texts_of_meta_json(text: bytes) -> None:
    refusal("sog", zipped(unzipped(whole("sog")) | {"meta.json": text}))


@pytest.mark.parametrize("missing", ["meta.json", *(f"{stem}.webp" for stem in (
    "means_l", "means_u", "quats", "scales", "sh0", "shN_centroids", "shN_labels"))])  # fmt: skip
def test_missing_and_empty_files(missing: str) -> None:
    files = unzipped(whole("sog", 3))
    assert missing in refusal("sog", zipped({name: data for name, data in files.items() if name != missing}))
    refusal("sog", zipped(files | {missing: b""}))


def webp_header(kind: bytes, width: int, height: int) -> bytes:
    bits = (width - 1) | (height - 1) << 14
    body = {
        b"VP8L": b"\x2f" + (bits & 0xFFFFFFFF).to_bytes(4, "little"),
        b"VP8X": b"\0\0\0\0" + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little"),
        b"VP8 ": b"\x30\1\0\x9d\1\x2a" + struct.pack("<HH", width & 0x3FFF, height & 0x3FFF),
        b"ANIM": b"\0" * 8,
    }[kind]
    chunk = kind + struct.pack("<I", len(body)) + body + b"\0" * 40
    return b"RIFF" + struct.pack("<I", len(chunk) + 4) + b"WEBP" + chunk


def picture(kind: str, size: tuple[int, int] = (12, 12), **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGBA", size, (1, 2, 3, 252)).save(out, kind, **options)
    return out.getvalue()


BAD_IMAGES = {
    "16384 x 16384": webp_header(b"VP8L", 16384, 16384),
    "16 million each way": webp_header(b"VP8X", 1 << 24, 1 << 24),
    "a header alone": webp_header(b"VP8L", 12, 12),
    "an extended header alone": webp_header(b"VP8X", 12, 12),
    "a lossy header": webp_header(b"VP8 ", 12, 12),
    "no known kind": webp_header(b"ANIM", 12, 12),
    "too small": picture("WEBP", (3, 3), lossless=True),
    "too large": picture("WEBP", (1000, 1000), lossless=True),
    "lossy": picture("WEBP", quality=50),
    "png": picture("PNG"),
    "moving": picture("WEBP", lossless=True, save_all=True, append_images=[Image.new("RGBA", (12, 12))]),
    "text": b"RIFF" + b"\0" * 100,
    "short": b"RIFF\0\0\0\0WEBPVP8L",
}


@pytest.mark.parametrize("kind", list(BAD_IMAGES))
@pytest.mark.parametrize("member", ["means_l.webp", "quats.webp", "shN_centroids.webp"])
def test_images(kind: str, member: str) -> None:
    refusal("sog", zipped(unzipped(whole("sog", 3)) | {member: BAD_IMAGES[kind]}))


def test_an_image_that_promises_more_than_it_holds() -> None:
    """The header's size is within the limits, the canvas of the extended header is not the picture's."""
    still = bytearray(picture("WEBP", (12, 12), lossless=True, exif=b"Exif\0\0" + b"\0" * 20))
    assert still[12:16] == b"VP8X"
    still[24:30] = (11).to_bytes(3, "little") + (20).to_bytes(3, "little")
    refusal("sog", zipped(unzipped(whole("sog")) | {"sh0.webp": bytes(still)}))


def test_rotations_without_a_mode() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (12, 12), (1, 2, 3, 200)).save(out, "WEBP", lossless=True, exact=True)
    assert "rotation" in refusal("sog", zipped(unzipped(whole("sog")) | {"quats.webp": out.getvalue()}))


def test_many_splats_in_few_bytes() -> None:
    """Ten million pixels of one colour pack into a few kilobytes, and would unpack to gigabytes."""
    blank = picture("WEBP", (3200, 3200), lossless=True)
    names = [name for name in unzipped(whole("sog")) if name.endswith(".webp")]
    meta = json.loads(unzipped(whole("sog"))["meta.json"]) | {"count": 10_000_000}
    data = zipped({**dict.fromkeys(names, blank), "meta.json": json.dumps(meta).encode()})
    assert len(data) < 100_000
    assert "10000000 splats" in refusal("sog", data)


def test_bombs() -> None:
    for member in ("meta.json", "sh0.webp"):
        bomb = zipped(unzipped(whole("sog")) | {member: b"\0" * (200 << 20)})
        assert len(bomb) < 1 << 20
        assert member in refusal("sog", bomb)


def with_entries(add: Callable[[zipfile.ZipFile], object]) -> bytes:
    out = io.BytesIO(whole("sog"))
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        add(archive)
    return out.getvalue()


def link(archive: zipfile.ZipFile) -> None:
    info = zipfile.ZipInfo("link.webp")
    info.external_attr = 0o120777 << 16
    archive.writestr(info, "/etc/passwd")


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("add", "said"),
    [
        (lambda a: a.writestr("meta.json", b"{}"), "twice"),
        (lambda a: a.writestr("../up.webp", b""), "leads elsewhere"),
        (lambda a: a.writestr("/etc/passwd", b""), "leads elsewhere"),
        (lambda a: a.writestr("C:\\up.webp", b""), "leads elsewhere"),
        (lambda a: a.writestr("x" * 300, b""), "leads elsewhere"),
        (lambda a: a.writestr("b.webp", b"1" * 99, zipfile.ZIP_BZIP2), "compression"),
        (lambda a: a.writestr("l.webp", b"1" * 99, zipfile.ZIP_LZMA), "compression"),
        (link, "link"),
        (lambda a: [a.writestr(f"{k}.webp", b"") for k in range(70)], "at most 64"),
        (lambda a: a.writestr("y" * 65000, b""), ""),
        (lambda a: setattr(a, "comment", b"a comment"), "no whole zip"),
    ],
)
def test_zip_tricks(add: Callable[[zipfile.ZipFile], object], said: str) -> None:
    assert said in refusal("sog", with_entries(add))


@pytest.mark.parametrize("field", range(4, 44, 2))
@pytest.mark.parametrize("value", [0xFFFF, 0x8000, 1])
def test_every_field_of_the_directory(field: int, value: int) -> None:
    """Sizes, offsets, methods, flags and name lengths of the first file, one after another."""
    data = bytearray(whole("sog"))
    place = data.rindex(b"PK\5\6")
    first = int.from_bytes(data[place + 16 : place + 20], "little")
    assert data[first : first + 4] == b"PK\1\2"
    data[first + field : first + field + 2] = struct.pack("<H", value)
    outcome("sog", bytes(data))


def test_a_zip64_directory_is_not_followed() -> None:
    data = bytearray(whole("sog"))
    place = data.rindex(b"PK\5\6")
    locator = b"PK\6\7" + struct.pack("<LQL", 0, 0, 1)
    assert "at most 64 files" in refusal("sog", bytes(data[:place] + locator + data[place:]))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux limits a process's memory")
def test_no_memory_beyond_tracemalloc_either(tmp_path: Path) -> None:
    """Decoders outside Python allocate too: the worst files, under a limit of the operating system."""
    worst = {
        "canvas.sog": zipped(unzipped(whole("sog")) | {"sh0.webp": BAD_IMAGES["16384 x 16384"]}),
        "extended.sog": zipped(unzipped(whole("sog")) | {"sh0.webp": BAD_IMAGES["16 million each way"]}),
        "count.compressed.ply": whole("compressed.ply").replace(b"vertex 120", b"vertex 2147483648"),
        "bomb.sog": zipped(unzipped(whole("sog")) | {"quats.webp": b"\0" * (200 << 20)}),
    }
    for name, data in worst.items():
        (tmp_path / name).write_bytes(data)
    code = (
        "import resource, sys; from headsmith_exporters import read_splats; from headsmith.errors import InputError\n"
        "import PIL.Image, PIL.WebPImagePlugin\n"
        "used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (used + (160 << 20),) * 2)\n"
        "for path in sys.argv[1:]:\n"
        "    try: read_splats(path)\n"
        "    except InputError as error: print(error)\n"
    )
    paths = [str(tmp_path / name) for name in worst]
    done = subprocess.run([sys.executable, "-c", code, *paths], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == len(worst)
