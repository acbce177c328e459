"""Hostile .avatar.zip files: refused in one sentence before anything is written or unpacked."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from asset.bundles import zipped
from headsmith.asset import read_avatar
from headsmith.errors import InputError


def zip_link(archive: zipfile.ZipFile) -> None:
    info = zipfile.ZipInfo("link")
    info.external_attr = 0o120777 << 16
    archive.writestr(info, "/etc/passwd")


ZIP_TABLE: dict[str, tuple[Callable[[zipfile.ZipFile], None], str]] = {
    "..": (lambda z: z.writestr("../x", b""), "stay inside"),
    "absolute": (lambda z: z.writestr("/x", b""), "stay inside"),
    "backslash": (lambda z: z.writestr("a\\..\\x", b""), "stay inside"),
    "twice": (lambda z: z.writestr("head.npz", b""), "twice"),
    "link": (zip_link, "link"),
    "bzip2": (lambda z: z.writestr("x", b"", zipfile.ZIP_BZIP2), "compression"),
    "bomb": (lambda z: z.writestr("x", bytes(20 << 20)), "100 times"),
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("case", ZIP_TABLE)
def test_hostile_zips(bundle: Path, case: str) -> None:
    extra, words = ZIP_TABLE[case]
    with pytest.raises(InputError, match=words) as caught:
        read_avatar(zipped(bundle, extra))
    assert "ada.avatar.zip" in str(caught.value)


def test_a_zip_member_longer_than_announced(bundle: Path) -> None:
    path = zipped(bundle)
    data = path.read_bytes()
    entry = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 1)
    path.write_bytes(data[: entry + 24] + struct.pack("<I", 7) + data[entry + 28 :])
    with pytest.raises(InputError):
        read_avatar(path)


def test_encrypted_zip_is_refused(bundle: Path) -> None:
    path = zipped(bundle)
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(InputError, match="encrypted"):
        read_avatar(path)
