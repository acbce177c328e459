"""Every kind of photo file gives the same picture; every kind of broken file its own sentence."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageCms, ImageOps

from headsmith.capture import load_photo, load_photos
from headsmith.capture.decode import decode
from headsmith.errors import InputError

PORTRAIT = Path(__file__).parents[2] / "sample_assets/portrait.jpg"


@pytest.fixture(scope="module")
def picture() -> Image.Image:
    """The portrait at 96 x 120 px: small, and not square, so that a turned picture is noticed."""
    return Image.open(PORTRAIT).convert("RGB").resize((96, 120), box=(120, 0, 376, 320))


def difference(a: np.ndarray, b: Image.Image) -> float:
    """Mean absolute difference in grey levels."""
    return float(np.abs(a.astype(np.float32) - np.asarray(b, np.float32)).mean())


@pytest.mark.parametrize(
    ("suffix", "options", "tolerance"),
    [
        (".png", {}, 0.0),
        (".bmp", {}, 0.0),
        (".tiff", {}, 0.0),
        (".tif", {"compression": "tiff_lzw"}, 0.0),
        (".webp", {"lossless": True}, 0.0),
        (".webp", {"quality": 95}, 3.0),
        (".jpg", {"quality": 95}, 3.0),
        (".JPG", {"quality": 95, "progressive": True}, 3.0),
    ],
)
def test_formats(picture: Image.Image, tmp_path: Path, suffix: str, options: dict, tolerance: float) -> None:
    path = tmp_path / f"photo{suffix}"
    picture.save(path, **options)
    frame = load_photo(path)
    assert frame.image.dtype == np.uint8
    assert frame.image.shape == (120, 96, 3)
    assert difference(frame.image, picture) <= tolerance
    assert frame.alpha is None
    assert frame.source == path.name
    assert frame.camera.size_px == (96, 120)
    assert frame.camera.principal_px == (48, 60)


def test_heic(picture: Image.Image, tmp_path: Path) -> None:
    path = tmp_path / "photo.HEIC"
    pillow_heif.from_pillow(picture).save(path, quality=95)
    assert difference(load_photo(path).image, picture) < 3


def test_phone_jpeg_with_a_second_picture(picture: Image.Image, tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    picture.save(path, format="MPO", save_all=True, append_images=[picture.resize((24, 30))], quality=95)
    with Image.open(path) as stored:
        assert getattr(stored, "n_frames", 1) == 2
    assert difference(load_photo(path).image, picture) < 3


def test_16_bit_greyscale(picture: Image.Image, tmp_path: Path) -> None:
    grey = np.asarray(picture.convert("L"))
    for name in ("grey.png", "grey.tiff"):
        Image.fromarray(grey.astype(np.uint16) * 257).save(tmp_path / name)
        assert np.array_equal(load_photo(tmp_path / name).image, np.repeat(grey[..., None], 3, 2))


def test_16_bit_colour(picture: Image.Image, tmp_path: Path) -> None:
    (tmp_path / "deep.png").write_bytes(png(np.asarray(picture), 16))
    assert difference(load_photo(tmp_path / "deep.png").image, picture) == 0


def png(pixels: np.ndarray, bits: int, claimed_px: tuple[int, int] | None = None) -> bytes:
    """A PNG file written by hand (PNG specification, third edition), of 8 or 16 bits a channel."""
    height, width = pixels.shape[:2]

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    samples = (pixels.astype(np.uint16) * 257).astype(">u2") if bits == 16 else pixels
    rows = b"".join(b"\0" + row.tobytes() for row in samples)
    header = struct.pack(">IIBBBBB", *(claimed_px or (width, height)), bits, 2, 0, 0, 0)
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


@pytest.mark.parametrize(("mode", "tolerance"), [("CMYK", 3.0), ("L", 0.0), ("P", 16.0), ("1", 90.0)])
def test_colour_modes(picture: Image.Image, tmp_path: Path, mode: str, tolerance: float) -> None:
    path = tmp_path / ("photo.jpg" if mode == "CMYK" else "photo.png")
    picture.convert(mode).save(path, **({"quality": 95} if mode == "CMYK" else {}))
    wanted = ImageOps.grayscale(picture).convert("RGB") if mode in "L1" else picture
    assert difference(load_photo(path).image, wanted) <= tolerance


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_alpha_is_kept_and_lies_on_grey(picture: Image.Image, tmp_path: Path, mode: str) -> None:
    ramp = np.tile(np.linspace(0, 255, 96).astype(np.uint8), (120, 1))
    if mode == "P":
        clear = picture.quantize(32)
        clear.save(tmp_path / "clear.png", transparency=clear.getpixel((5, 5)))
        opacity = (np.asarray(clear) != clear.getpixel((5, 5))).astype(np.float32)
    else:
        clear = picture.convert(mode)
        clear.putalpha(Image.fromarray(ramp))
        clear.save(tmp_path / "clear.png")
        opacity = ramp.astype(np.float32) / 255
    frame = load_photo(tmp_path / "clear.png")
    assert frame.alpha is not None
    np.testing.assert_allclose(frame.alpha, opacity, atol=1e-6)
    assert np.all(frame.image[opacity == 0] == 128)


def test_opaque_alpha_is_no_alpha(picture: Image.Image, tmp_path: Path) -> None:
    picture.convert("RGBA").save(tmp_path / "opaque.png")
    assert load_photo(tmp_path / "opaque.png").alpha is None


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".tiff"])
def test_exif_rotation(picture: Image.Image, tmp_path: Path, orientation: int, suffix: str) -> None:
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Image.Transpose that a viewer's turn undoes
    stored = picture.transpose(Image.Transpose(undo[orientation])) if orientation > 1 else picture
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    stored.save(tmp_path / f"turned{suffix}", exif=exif, **({"quality": 95} if suffix == ".jpg" else {}))
    frame = load_photo(tmp_path / f"turned{suffix}")
    assert frame.image.shape == (120, 96, 3)
    assert difference(frame.image, picture) < 3


def test_embedded_profile_is_converted(picture: Image.Image, tmp_path: Path) -> None:
    """A picture stored in linear light looks as before once it is read."""
    linear = linear_profile()
    srgb = ImageCms.createProfile("sRGB")
    stored = ImageCms.profileToProfile(picture, srgb, ImageCms.ImageCmsProfile(io.BytesIO(linear)))
    assert stored is not None
    assert difference(np.asarray(stored), picture) > 10
    stored.save(tmp_path / "linear.png", icc_profile=linear)
    assert difference(load_photo(tmp_path / "linear.png").image, picture) < 1.5


def linear_profile() -> bytes:
    """sRGB's primaries with a straight tone curve: an ICC version 2 matrix profile (ICC.1:2001-04)."""
    content = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = struct.unpack_from(">I", content, 128)[0]
    for i in range(count):
        name, offset, size = struct.unpack_from(">4sII", content, 132 + 12 * i)
        if name in (b"rTRC", b"gTRC", b"bTRC"):
            body = b"para" + struct.pack(">IHHi", 0, 0, 0, 1 << 16)  # parametric curve, type 0: y = x^1.0
            content[offset : offset + size] = body + bytes(size - len(body))
        if name == b"desc":
            body = bytes(content[offset : offset + size])
            content[offset : offset + size] = body.replace(b"s\0R\0G\0B", b"x\0R\0G\0B")
    return bytes(content)


def test_broken_profile_is_ignored(picture: Image.Image, tmp_path: Path) -> None:
    picture.save(tmp_path / "odd.png", icc_profile=b"not a profile")
    assert difference(load_photo(tmp_path / "odd.png").image, picture) == 0


def test_several_photos_keep_their_order(picture: Image.Image, tmp_path: Path) -> None:
    paths = [tmp_path / "b.png", tmp_path / "a.png"]
    picture.save(paths[0])
    ImageOps.mirror(picture).save(paths[1])
    frames = load_photos(paths)
    assert [frame.source for frame in frames] == ["b.png", "a.png"]
    assert frames[0].sha256 != frames[1].sha256


def jpeg_bytes(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG")
    return buffer.getvalue()


def gif_bytes(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "GIF", save_all=True, append_images=[ImageOps.mirror(picture)])
    return buffer.getvalue()


def float_tiff(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.convert("F").save(buffer, "TIFF")
    return buffer.getvalue()


BAD_FILES = {
    "empty.jpg": (lambda _: b"", "found an empty file (0 bytes)"),
    "text.jpg": (lambda _: b"Dear diary, today I took a photo.\n" * 9, "found a text file, expected a photo as JPEG"),
    "noise.jpg": (lambda _: bytes(range(256)) * 4, "found no picture in a known format"),
    "cut.jpg": (lambda p: jpeg_bytes(p)[: len(jpeg_bytes(p)) * 2 // 3], "found a damaged or incomplete picture"),
    "cut.png": (lambda p: png(np.asarray(p), 8)[:9000], "found a damaged or incomplete picture"),
    "header.jpg": (lambda p: jpeg_bytes(p)[:40], "found"),
    "bomb.png": (lambda p: png(np.asarray(p), 8, (30_000, 30_000)), "found a picture of more than 100 megapixels"),
    "large.png": (lambda p: png(np.asarray(p), 8, (11_000, 10_000)), "found 11000 x 10000 px, which is more than 100"),
    "tiny.png": (lambda p: png(np.asarray(p)[:8, :8], 8), "found a picture of 8 x 8 px"),
    "moving.gif": (gif_bytes, "found an animation of 2 pictures"),
    "float.tiff": (float_tiff, "32-bit floating-point pixels"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_files(picture: Image.Image, tmp_path: Path, name: str) -> None:
    make, sentence = BAD_FILES[name]
    (tmp_path / name).write_bytes(make(picture))
    with pytest.raises(InputError) as raised:
        load_photo(tmp_path / name)
    assert sentence in str(raised.value)
    assert str(raised.value).startswith(str(tmp_path / name))
    assert "\n" not in str(raised.value)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="found no such file"):
        load_photo(tmp_path / "nobody.jpg")
    with pytest.raises(InputError, match="found a folder"):
        load_photo(tmp_path)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_damage_anywhere_is_an_input_error_or_a_picture(picture: Image.Image, data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from([jpeg_bytes(picture), png(np.asarray(picture), 8)])))
    for place in data.draw(st.lists(st.integers(0, 700), max_size=6)):
        content[place] = data.draw(st.integers(0, 255))
    try:
        pixels = decode(bytes(content), Path("photo.jpg"))
    except InputError:
        return
    assert pixels.image.dtype == np.uint8
    assert pixels.image.shape[2] == 3
