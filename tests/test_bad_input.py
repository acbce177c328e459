"""Everything a user can get wrong: one sentence, exit code 2, no traceback, nothing left behind."""

from __future__ import annotations

import pickle
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from headsmith.cli import main


def huge_png(path: Path) -> None:
    """A header that promises 30,000 x 30,000 pixels, and a few bytes of them."""
    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))))
    body = [struct.pack(">I", len(d)) + n + d + struct.pack(">I", zlib.crc32(n + d)) for n, d in chunks]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(body))


def small_face(path: Path, portrait: Path) -> None:
    canvas = Image.new("RGB", (512, 512), (120, 130, 140))
    canvas.paste(Image.open(portrait).resize((300, 300)), (100, 100))
    canvas.save(path)


PHOTOS: dict[str, tuple[str, Callable[[Path, Path], object], str]] = {
    "no face": ("wall.png", lambda p, _: Image.new("RGB", (400, 400), (90, 140, 90)).save(p), "face"),
    "small face": ("far.png", small_face, "80 px"),
    "text named .jpg": ("notes.jpg", lambda p, _: p.write_text("dear diary"), "photo"),
    "truncated": ("cut.jpg", lambda p, photo: p.write_bytes(photo.read_bytes()[:20_000]), "truncated"),
    "empty": ("empty.jpg", lambda p, _: p.write_bytes(b""), "empty"),
    "30,000 px": ("huge.png", lambda p, _: huge_png(p), "megapixels"),
    "directory": ("folder.jpg", lambda p, _: p.mkdir(), "folder"),
    "missing": ("missing.jpg", lambda _p, _: None, "no such file"),
}


@pytest.fixture
def refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Runs a command that must be refused; gives its one sentence."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path) -> str:
        before = sorted(str(p) for p in tmp_path.rglob("*"))
        assert main([str(a) for a in arguments]) == 2
        lines = capsys.readouterr().err.strip().splitlines()
        assert len(lines) == 1, lines
        assert lines[0].startswith("headsmith: ")
        assert lines[0].endswith(".")
        assert sorted(str(p) for p in tmp_path.rglob("*")) == before
        return lines[0]

    return run


@pytest.mark.parametrize("case", PHOTOS, ids=list(PHOTOS))
def test_photo(case: str, refused, tmp_path: Path, portrait: Path) -> None:
    name, make, words = PHOTOS[case]
    make(tmp_path / name, portrait)
    sentence = refused("build", name, "-o", "x.avatar")
    assert name in sentence
    assert words in sentence.lower()


def test_one_bad_photo_among_good_ones(refused, tmp_path: Path, portrait: Path) -> None:
    (tmp_path / "empty.jpg").write_bytes(b"")
    assert "empty.jpg" in refused("build", portrait, "empty.jpg", "-o", "x.avatar")


def test_output_in_a_missing_folder(refused, portrait: Path) -> None:
    assert "missing" in refused("build", portrait, "-o", "nowhere/x.avatar")


def test_output_in_a_file(refused, tmp_path: Path, portrait: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "cannot be written" in refused("build", portrait, "-o", "file/x.avatar")


def test_output_with_another_suffix(refused, portrait: Path) -> None:
    assert "NAME.avatar" in refused("build", portrait, "-o", "x.glb")


def test_existing_output_without_force(refused, tmp_path: Path, portrait: Path) -> None:
    (tmp_path / "x.avatar").mkdir()
    assert "--force" in refused("build", portrait, "-o", "x.avatar")


def test_unknown_head_model(refused, portrait: Path) -> None:
    assert "smplx" in refused("build", portrait, "-o", "x.avatar", "--head", "smplx")


def test_unknown_quality(refused, portrait: Path) -> None:
    assert "draft, standard, high" in refused("build", portrait, "-o", "x.avatar", "--quality", "best")


class Attack:
    """Unpickled by an unguarded loader, it leaves a file behind."""

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (Path("attacked"),)


def test_pickle_with_a_foreign_class(refused, tmp_path: Path, portrait: Path) -> None:
    (tmp_path / "flame.pkl").write_bytes(pickle.dumps({"v_template": Attack()}))
    assert "flame.pkl" in refused("build", portrait, "-o", "x.avatar", "--head", "flame.pkl")
    assert not (tmp_path / "attacked").exists()


def test_export_of_an_unknown_format(refused, sample_avatar: Path) -> None:
    assert "fbx" in refused("export", sample_avatar, "--format", "fbx")


def test_missing_bundle(refused) -> None:
    for command in ("info", "validate"):
        assert "ghost.avatar" in refused(command, "ghost.avatar")


def test_render_of_an_unknown_blendshape(refused, sample_avatar: Path) -> None:
    sentence = refused("render", sample_avatar, "-o", "x.png", "--pose", "jawopen=1")
    assert "jawOpen" in sentence


@pytest.mark.parametrize("number", ["0", "-5", "1000001", "1e5", "many", "²"])
def test_budget_of_splats(refused, portrait: Path, number: str) -> None:
    assert "1 to 1000000" in refused("build", portrait, "-o", "x.avatar", f"--max-splats={number}")
