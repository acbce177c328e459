"""Focal lengths from EXIF data."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational

from headsmith.capture import load_photo
from headsmith.capture.focal import focal_px

TAG = ExifTags.Base
DIAGONAL_PX = 500.0
DEFAULT = 50 / math.hypot(36, 24) * DIAGONAL_PX


@pytest.mark.parametrize(
    ("tags", "wanted"),
    [
        ({}, DEFAULT),
        ({TAG.FocalLengthIn35mmFilm: 26}, 26 / math.hypot(36, 24) * DIAGONAL_PX),
        # 5 mm at 3000 px per inch: 590.55 px
        ({TAG.FocalLength: IFDRational(5, 1), TAG.FocalPlaneXResolution: 3000.0}, 5 / 25.4 * 3000),
        ({TAG.FocalLength: 5.0, TAG.FocalPlaneXResolution: 1200.0, TAG.FocalPlaneResolutionUnit: 3}, 600.0),
        # a copy at half of the size it was taken in
        ({TAG.FocalLength: 5.0, TAG.FocalPlaneXResolution: 200.0, TAG.FocalPlaneResolutionUnit: 4,
          TAG.ExifImageWidth: 800, TAG.ExifImageHeight: 600}, 500.0),
        ({TAG.FocalLengthIn35mmFilm: 0, TAG.FocalLength: 4.2}, DEFAULT),
        ({TAG.FocalLength: IFDRational(0, 0), TAG.FocalPlaneXResolution: "many"}, DEFAULT),
        ({TAG.FocalLengthIn35mmFilm: 65535}, DEFAULT),
    ],
)  # fmt: skip
def test_focal_px(tags: dict, wanted: float) -> None:
    assert focal_px(tags, (400, 300)) == pytest.approx(wanted)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".heic"])
def test_focal_of_a_file(tmp_path: Path, suffix: str) -> None:
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[TAG.FocalLengthIn35mmFilm] = 43
    picture = Image.new("RGB", (400, 300), (90, 120, 150))
    if suffix == ".heic":
        import pillow_heif

        pillow_heif.from_pillow(picture).save(tmp_path / "photo.heic", exif=exif.tobytes())
    else:
        picture.save(tmp_path / f"photo{suffix}", exif=exif.tobytes())
    camera = load_photo(tmp_path / f"photo{suffix}").camera
    assert camera.focal_px == pytest.approx(43 / math.hypot(36, 24) * DIAGONAL_PX)
