"""Time and memory of a whole build from clips: `python benchmarks/clip_build.py`.

Makes a synthetic Clip-A and Clip-B of one person (20 s and 60 s at 720p), builds from both in a process of its own, and
reports the wall time of every stage and the peak memory of all its processes together. Drawing takes long: only
`--drawn` seconds of each clip are drawn and played to and fro, and with `--work` it is done once. Times are only right
on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Thread
from typing import Any

from headsmith.asset import read_avatar
from headsmith.bench.clip_table import markdown, write_page
from headsmith.bench.clips import ClipParams, SyntheticClip, synthetic_clip_a, synthetic_clip_b
from headsmith.bench.machine import cpu_model
from headsmith.capture import write_clip
from headsmith.params import QUALITIES

RESULTS = Path(__file__).parent / "results/clip_build.md"
LOOK_EVERY_S = 3.0
PROC = Path("/proc")


@dataclass(frozen=True)
class Settings:
    seconds_a: float
    seconds_b: float
    drawn_s: float
    size_px: tuple[int, int]
    fps: float
    quality: str
    seed: int
    workers: int | None


def make_clips(settings: Settings, folder: Path) -> tuple[Path, Path]:
    """Both files; those that are there already are kept."""
    plain = ClipParams(size_px=settings.size_px, fps=settings.fps)
    params = replace(plain, subject=replace(plain.subject, seed=settings.seed))
    name = f"{settings.seed}-{settings.size_px[0]}x{settings.size_px[1]}-{settings.fps:g}"
    a, b = folder / f"a-{name}-{settings.seconds_a:g}.mp4", folder / f"b-{name}-{settings.seconds_b:g}.mp4"
    for path, make, seconds in ((a, synthetic_clip_a, settings.seconds_a), (b, synthetic_clip_b, settings.seconds_b)):
        if not path.exists():
            clip = make(replace(params, seconds=min(seconds, settings.drawn_s)))
            _record(path, clip, round(seconds * settings.fps))
    return a, b


def _record(path: Path, clip: SyntheticClip, frames: int) -> None:
    """`frames` of the clip, which is played to and fro."""
    count = len(clip.moments)
    there_and_back = [*range(count), *range(count - 2, 0, -1)]
    pictures = [frame.image for frame in clip.made.read(range(count))]
    part = path.with_suffix(".part.mp4")
    write_clip(part, (pictures[there_and_back[i % len(there_and_back)]] for i in range(frames)), clip.params.fps)
    part.replace(path)


class Memory(Thread):
    """Watches the resident memory of a process and all its descendants, pages that they share counted once each."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.peak_bytes, self.most_processes = pid, 0, 0
        self._done = Event()

    def run(self) -> None:
        while not self._done.wait(LOOK_EVERY_S):
            family = descendants(self.pid)
            self.peak_bytes = max(self.peak_bytes, sum(map(memory_bytes, family)))
            self.most_processes = max(self.most_processes, len(family))

    def stop(self) -> None:
        self._done.set()
        self.join()


def descendants(pid: int) -> list[int]:
    """`pid` and the processes that it started, and theirs (Linux)."""
    children = defaultdict(list)
    for place in PROC.iterdir():
        if place.name.isdigit():
            try:
                # the name in parentheses may hold anything; the parent is the second field after it
                children[int((place / "stat").read_text().rpartition(")")[2].split()[1])].append(int(place.name))
            except OSError:
                continue
    family = [pid]
    for parent in family:
        family += children[parent]
    return family


def memory_bytes(pid: int) -> int:
    """Its proportional share of the memory that it uses (PSS); 0 for a process that is gone."""
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def measure(settings: Settings, folder: Path) -> dict[str, Any]:
    a, b = make_clips(settings, folder)
    with tempfile.TemporaryDirectory(dir=folder) as place:
        output = Path(place) / "built.avatar"
        command = [sys.executable, "-m", "headsmith.cli", "build", "--clip-a", str(a), "--clip-b", str(b), "-o",
                   str(output), "--quality", settings.quality, "--progress", "none"]  # fmt: skip
        if settings.workers is not None:
            command += ["--workers", str(settings.workers)]
        start = time.perf_counter()
        process = subprocess.Popen(command)
        memory = Memory(process.pid)
        memory.start()
        code = process.wait()
        wall_s = time.perf_counter() - start
        memory.stop()
        if code:
            raise SystemExit(f"the build ended with {code}")
        avatar = read_avatar(output)
    times = os.times()
    return {"wall_s": wall_s, "cpu_s": times.children_user + times.children_system, "stages_s": avatar.report.seconds,
            "peak_bytes": memory.peak_bytes, "processes": memory.most_processes, "cores": os.cpu_count(),
            "warnings": list(avatar.report.warnings), "splats": len(avatar.splats.splats),
            "held_out": {k: v for k, v in avatar.report.metrics.items() if k.startswith("held_out_")}}  # fmt: skip


def page(found: dict[str, Any], settings: Settings) -> list[str]:
    stages, total = found["stages_s"], found["wall_s"]
    rows = [(name, seconds, f"{seconds / total:.0%}") for name, seconds in stages.items()]
    return [
        f"{cpu_model()}, {found['cores']} cores. Clip-A of {settings.seconds_a:g} s and Clip-B of "
        f"{settings.seconds_b:g} s, {settings.size_px[0]} x {settings.size_px[1]} px at {settings.fps:g} frames/s, "
        f"of which {settings.drawn_s:g} s are drawn and played to and fro; quality `{settings.quality}`.",
        f"The whole build took {total / 60:.1f} min ({found['cpu_s'] / 60:.1f} min of processor time) and at most "
        f"{found['peak_bytes'] / 2**30:.2f} GiB in {found['processes']} processes together.",
        markdown(("stage", "wall time, s", "share"), [*rows, ("all else", total - sum(stages.values()), "")]),
        "\n".join(f"- {sentence}" for sentence in found["warnings"]) or "The build had no warning.",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quality", default="standard", choices=tuple(QUALITIES))
    parser.add_argument("--seconds-a", type=float, default=20.0)
    parser.add_argument("--seconds-b", type=float, default=60.0)
    parser.add_argument("--drawn", type=float, default=6.0, metavar="SECONDS", help="of each clip, played to and fro")
    parser.add_argument("--size", default="720x1280", help="WIDTHxHEIGHT of the clips")
    parser.add_argument("--fps", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1, help="of the subject")
    parser.add_argument("--workers", type=int, help="processes that follow the face")
    parser.add_argument("--work", type=Path, metavar="FOLDER", help="keep the clips there")
    parser.add_argument("--json", action="store_true", help="print all figures instead of writing the table")
    options = parser.parse_args()
    if not PROC.is_dir():
        parser.error("memory is measured by /proc, which only Linux has")
    width, _, height = options.size.partition("x")
    settings = Settings(options.seconds_a, options.seconds_b, options.drawn, (int(width), int(height)), options.fps,
                        options.quality, options.seed, options.workers)  # fmt: skip
    with tempfile.TemporaryDirectory() as place:
        folder = options.work or Path(place)
        folder.mkdir(parents=True, exist_ok=True)
        found = measure(settings, folder)
    if options.json:
        print(json.dumps(found, indent=1))
        return
    write_page(RESULTS, "A whole build from clips: time and memory", "python benchmarks/clip_build.py",
               page(found, settings))  # fmt: skip
    print(RESULTS)


if __name__ == "__main__":
    main()
