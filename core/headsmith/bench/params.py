"""What a benchmark run measures."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from headsmith.errors import InputError

SCENES = ("brief", "fit")
MAX_COUNT = 5_000_000
MAX_REPEATS = 1000


@dataclass(frozen=True)
class DrivingParams:
    """How the posing of bound splats is measured."""

    splats: int = 50_000
    poses: int = 8
    """different poses, one after the other"""
    seed: int = 0


@dataclass(frozen=True)
class BenchParams:
    """One run of `headsmith bench`."""

    counts: tuple[int, ...] = (20_000, 50_000, 100_000, 150_000)
    scenes: tuple[str, ...] = SCENES
    repeats: int = 7
    size_px: int = 512
    references: bool = False
    """also measure other rasterisers that run on a CPU"""
    reference_count: int = 100_000
    """splats in the scene that the references draw"""
    reference_repeats: int = 2
    """the references take seconds"""
    driving: DrivingParams = field(default_factory=DrivingParams)


def parsed_counts(text: str) -> tuple[int, ...]:
    """ "20000,50000" to sorted numbers of splats without repetitions; raises InputError."""
    words = [word.strip() for word in text.split(",")]
    counts = [int(word) for word in words if word.isascii() and word.isdigit() and len(word) < 10]
    if len(counts) < len(words) or not all(1 <= count <= MAX_COUNT for count in counts):
        raise InputError(
            "--counts", found=f"'{text}'", expected=f"numbers of splats, 1 to {MAX_COUNT}, with commas between",
            action="write for example --counts 20000,100000",
        )  # fmt: skip
    return tuple(sorted(set(counts)))


def parsed_scenes(text: str) -> tuple[str, ...]:
    """ "brief,fit" to scene names in the order of `SCENES`; raises InputError."""
    words = {word.strip() for word in text.split(",")}
    if not words <= set(SCENES):
        raise InputError("--scenes", found=f"'{text}'", expected="brief, fit or brief,fit", action="correct it")
    return tuple(scene for scene in SCENES if scene in words)


def checked_repeats(repeats: int) -> int:
    """`repeats` itself; raises InputError where it is not 1 to MAX_REPEATS."""
    if not 1 <= repeats <= MAX_REPEATS:
        raise InputError("--repeats", found=str(repeats), expected=f"1 to {MAX_REPEATS}", action="correct it")
    return repeats


def checked_folder(folder: Path, force: bool, files: tuple[str, ...] = ("bench.json", "bench.png")) -> Path:
    """The folder to write `files` to, if that can succeed: it may be missing, its parent may not; raises InputError."""
    if folder.exists() and not folder.is_dir():
        raise InputError(folder, found="a file", expected="a folder", action="choose another name")
    if not folder.exists() and not folder.absolute().parent.is_dir():
        raise InputError(folder, found="no such folder to put it in", expected="an existing parent folder",
                         action="create it first")  # fmt: skip
    taken = [name for name in files if (folder / name).exists()]
    if taken and not force:
        raise InputError(folder / taken[0], found="an existing file", expected="a free name",
                         action="give --force to replace it, or choose another folder")  # fmt: skip
    return folder
