"""The zip and the images of a .sog file, from bytes that nobody vouches for: sizes are checked before unpacking."""

from __future__ import annotations

import io
import stat
import zipfile
from dataclasses import dataclass

import numpy as np

from headsmith.asset.arrays import decoding
from headsmith.asset.container import is_safe_name
from headsmith.errors import InputError
from headsmith.types import U8
from headsmith_exporters.pillow import image_module
from headsmith_exporters.splats import bad_splats

META = "meta.json"
MAX_META_BYTES = 1 << 20
_MAX_MEMBERS = 64
_MAX_DIRECTORY_BYTES = 1 << 16
_END = b"PK\5\6"
_END_BYTES = 22
_ZIP64_LOCATOR_BYTES = 20
_SPARE_PIXELS = 1 << 16
"""how many more pixels than splats an image may have, beside as many again"""


@dataclass(frozen=True)
class Members:
    archive: zipfile.ZipFile
    infos: dict[str, zipfile.ZipInfo]
    name: str

    def read(self, member: str, limit: int) -> bytes:
        """The bytes of one file, at most `limit`. Raises InputError."""
        info = self.infos.get(member)
        if info is None:
            raise bad_splats(self.name, f"no file {member[:60]!r} in it", "all files of a .sog")
        if info.file_size > limit:
            raise bad_splats(f"{self.name}: {member}", f"{info.file_size} bytes", f"at most {limit}")
        with decoding(f"{self.name}: {member}", "a whole file"):
            with self.archive.open(info) as file:
                data = file.read(info.file_size + 1)
            if len(data) != info.file_size:
                raise ValueError("its length is not the one announced")
        return data


def open_sog(data: bytes, name: str) -> Members:
    """The files in the zip, none of them read yet. Raises InputError."""
    _check_directory(data, name)
    with decoding(name, "a .sog file"):
        archive = zipfile.ZipFile(io.BytesIO(data))
    infos: dict[str, zipfile.ZipInfo] = {}
    for info in archive.infolist():
        problem = _problem(info, infos)
        if problem:
            raise bad_splats(name, f"{problem} ({info.filename[:60]!r})", "the plain files of a .sog")
        infos[info.filename] = info
    return Members(archive, infos, name)


def _check_directory(data: bytes, name: str) -> None:
    """Before a zip is opened: its list of files is short, and where every program looks for it."""
    end = data[-_END_BYTES:]
    if len(end) < _END_BYTES or end[:4] != _END or end[-2:] != b"\0\0":
        raise bad_splats(name, "no whole zip", "a .sog file")
    members, size = int.from_bytes(end[10:12], "little"), int.from_bytes(end[12:16], "little")
    locator = data[-_END_BYTES - _ZIP64_LOCATOR_BYTES :][:4]
    if members > _MAX_MEMBERS or size > _MAX_DIRECTORY_BYTES or locator == b"PK\6\7":
        raise bad_splats(name, f"a zip that lists {members} files in {size} bytes", f"at most {_MAX_MEMBERS} files")


def _problem(info: zipfile.ZipInfo, known: dict[str, zipfile.ZipInfo]) -> str:
    if info.filename in known:
        return "one file twice"
    if not is_safe_name(info.filename) or info.orig_filename != info.filename:
        return "a file name that leads elsewhere"
    if stat.S_ISLNK(info.external_attr >> 16) or info.flag_bits & 1:
        return "a link or an encrypted file"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return "an unusual compression"
    return ""


def read_image(members: Members, member: str, pixels: int, size_px: tuple[int, int] | None = None) -> U8:
    """The first `pixels` pixels of a WebP image, row by row: [pixels, 4].

    Raises InputError where the image is not lossless WebP, has fewer pixels or far more, or not the size asked for.
    """
    subject = f"{members.name}: {member[:60]}"
    most = 2 * pixels + _SPARE_PIXELS
    data = members.read(member, 8 * most)
    width, height = _webp_size(data, subject)
    if not pixels <= width * height <= most or size_px not in (None, (width, height)):
        wanted = f"{size_px[0]} x {size_px[1]} pixels" if size_px else f"{pixels} pixels or a few more"
        raise bad_splats(subject, f"an image of {width} x {height} pixels", wanted)
    pillow = image_module(members.name)
    with decoding(subject, "a lossless WebP image"), pillow.open(io.BytesIO(data), formats=["WEBP"]) as image:
        if image.size != (width, height) or getattr(image, "n_frames", 1) != 1:
            raise ValueError("its parts contradict each other")
        rgba = np.asarray(image.convert("RGBA"))
    return rgba.reshape(-1, 4)[:pixels]


def _webp_size(data: bytes, subject: str) -> tuple[int, int]:
    """Width and height, before a decoder allocates them (https://developers.google.com/speed/webp/docs/riff_container).

    Raises InputError for what is not one still, lossless image.
    """
    if len(data) < 30 or data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        raise _not_webp(subject, "no WebP image")
    if data[12:16] == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if data[12:16] == b"VP8X" and b"VP8 " not in data[30:] and not data[20] & 2:
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    raise _not_webp(subject, "a lossy or moving image, whose numbers are not exact")


def _not_webp(subject: str, found: str) -> InputError:
    return bad_splats(subject, found, "a lossless WebP image")
