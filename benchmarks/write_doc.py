"""Writes the measured part of docs/benchmarks.md: `python benchmarks/write_doc.py FOLDER`, from the repository's root.

FOLDER holds `bench.json` and `bench.png` (`headsmith bench --references -o FOLDER`) and, as far as they were measured,
`opensplat.json` and `prototype.json` (what the two `against_` scripts print).
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

from PIL import Image

DOC, PLOT = Path("docs/benchmarks.md"), Path("docs/images/bench.png")
BEGIN, END = "<!-- measured: written by benchmarks/write_doc.py -->", "<!-- end of measured -->"
STAGES = {
    "forward": "forward", "forward_backward": "forward+backward", "step": "training step", "project": "projection",
    "projectbackward": "projection, backward", "blend": "binning and blending", "blendbackward": "blending, backward",
    "ssim": "SSIM with gradient",
}  # fmt: skip


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def references(bench: dict[str, Any], opensplat: dict[str, Any] | None) -> str:
    found = bench["references"]
    rows = []
    for name, row in found["rasterisers"].items():
        if "skipped" not in row:
            slower = row["times_slower"]
            rows.append([name, f"{slower['forward']:.1f}", f"{slower['forward_backward']:.1f}",
                         f"{row['forward_ms']:.0f}", f"{row['forward_backward_ms']:.0f}"])  # fmt: skip
    if opensplat is not None:
        forward, both = opensplat["forward"], opensplat["forward_backward"]
        rows.append([
            "OpenSplat's CPU path (its own run)", f"{forward['times_faster']:.1f}", f"{both['times_faster']:.1f}",
            f"{forward['opensplat_ms']:.0f}", f"{both['opensplat_ms']:.0f}",
        ])  # fmt: skip
    head = ["rasteriser", "times our forward", "times our forward+backward", "forward ms", "forward+backward ms"]
    title = f"Scene `{found['scene']}`, {found['count']:,} splats, {found['size_px']}²; ours is 1:"
    return f"{title}\n\n{table(head, rows)}"


def splats(bench: dict[str, Any]) -> str:
    rows = []
    for scene, by_count in bench["splats"].items():
        for count, t in by_count.items():
            both, floor = t["forward_backward_ms"], t["floor_forward_backward_ms"]
            rows.append([
                f"{scene}, {int(count):,}", f"{t['step_ms'] / both:.2f}", f"{both / floor:.1f}",
                f"{t['forward_ms']:.1f}", f"{both:.1f}", f"{t['step_ms']:.1f}", f"{t['blends'] / 1e6:.1f} M",
            ])  # fmt: skip
    head = ["scene, splats", "step / fwd+bwd", "fwd+bwd / floor", "forward ms", "fwd+bwd ms", "step ms", "blends"]
    return table(head, rows)


def scaling(bench: dict[str, Any]) -> str:
    parts = []
    for scene, by_count in bench["splats"].items():
        few, many = (min(by_count, key=int), max(by_count, key=int))
        growth = by_count[many]["forward_backward_ms"] / by_count[few]["forward_backward_ms"]
        parts.append(f"in `{scene}` {int(many) / int(few):.1f} times as many splats take {growth:.1f} times as long")
    return "Scaling: " + "; ".join(parts) + "."


def prototype(found: dict[str, Any]) -> str:
    scenes = found["scenes"]
    columns = [(scene, count) for scene in scenes for count in scenes[scene]]
    head = ["times faster than the prototype", *(f"{scene} {int(count) // 1000}k" for scene, count in columns)]
    rows = [[title, *(f"{scenes[scene][count][stage]['times_faster']:.2f}" for scene, count in columns)]
            for stage, title in STAGES.items()]  # fmt: skip
    return table(head, rows)


def measured(folder: Path) -> str:
    """The Markdown between the markers."""
    bench, opensplat, old = (
        json.loads(path.read_text()) if (path := folder / f"{name}.json").exists() else None
        for name in ("bench", "opensplat", "prototype")
    )
    machine, rates = bench["machine"], bench["driving"]["poses_per_s"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    driving = ", ".join(
        f"{rate:.0f} poses a second with harmonics of degree {name[2:]}" for name, rate in rates.items()
    )
    peak = f"{bench['floor']['multiply_adds_per_s'] / 1e9:.0f} G multiply-adds a second"
    parts = [
        f"## Measured\n\nOn {machine['cpu']}, {machine['threads']} threads, {machine['system']}, {peak}; "
        f"Python {machine['python']}, {versions}.",
        references(bench, opensplat),
        splats(bench),
        "![Time against the number of splats, above the floor](images/bench.png)",
        scaling(bench),
        f"Driving {bench['driving']['splats']:,} splats: {driving}.",
    ]
    return "\n\n".join(parts + ([prototype(old)] if old is not None else []))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    text = f"{BEGIN}\n{measured(folder)}\n\n{END}"
    DOC.write_text(re.sub(f"{re.escape(BEGIN)}.*{re.escape(END)}", lambda _: text, DOC.read_text(), flags=re.DOTALL))
    with Image.open(folder / "bench.png") as plot:
        plot.convert("RGB").quantize(64).save(PLOT, optimize=True)


if __name__ == "__main__":
    main()
