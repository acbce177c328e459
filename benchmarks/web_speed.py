"""How fast the exported page draws moving splats, against Spark drawing the same splats at rest, and how large it is.

    python benchmarks/web_speed.py AVATAR [--side 256] [--rounds 5]

Writes benchmarks/results/web.md. Both draw on the same canvas of the same page in headless Chromium, in turns; a frame
counts once its pixels are there. Without a GPU Chromium draws with SwiftShader on the processor, where a frame costs
far more than on any graphics card; the ratio is what tells. Needs node, npm and Chromium.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from headsmith.asset import read_avatar
from headsmith_exporters import export
from web_browser import Browser, browser_on

RESULT = Path(__file__).parent / "results/web.md"
PAGE = """<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">
<style>body {{ margin: 0 }} headsmith-avatar {{ width: {side}px; height: {side}px }}</style>
<headsmith-avatar src="avatar/" mode="hologram"></headsmith-avatar>
<script type="module" src="avatar/lib/headsmith-avatar.js"></script>"""
PREPARE = """
await customElements.whenDefined("headsmith-avatar");
await avatar.ready;
const { viewer } = avatar, { stage, splats, bundle } = viewer;
stage.stop();
const { SplatFileType, SplatMesh } = await import("/site/avatar/lib/graphics.js");
const fileBytes = await bundle.bytes(bundle.manifest.splats.file);
const plain = new SplatMesh({ fileBytes, fileType: SplatFileType.SPZ, lod: false });
await plain.initialized;
plain.visible = false;
stage.scene.add(plain);
const gl = stage.renderer.getContext(), pixel = new Uint8Array(4);
window.rate = async (kind, orbit, seconds) => {
  splats.mesh.visible = kind === "moving";
  plain.visible = kind === "static";
  await stage.settle();
  const start = performance.now();
  let frames = 0;
  for (; performance.now() - start < 1000 * seconds; frames++) {
    if (kind === "moving") {
      viewer.setWeights({ jawOpen: 0.5 + 0.5 * Math.sin(frames / 5), mouthSmileLeft: 0.4, browInnerUp: 0.5 });
      viewer.setJoints({ neck: [0, 0.1 * Math.sin(frames / 7), 0] });
      viewer.step(performance.now() / 1000);
    }
    if (orbit) stage.orbit(0.3 * Math.cos(frames / 5), 0);
    stage.draw();
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
    await new Promise((resolve) => setTimeout(resolve));
  }
  const rate = frames / ((performance.now() - start) / 1000);
  stage.resetView();
  return rate;
};
"""


@dataclass(frozen=True)
class Ratio:
    """Frames per second of moving splats over those of splats at rest, in rounds that took turns."""

    median: float
    least: float
    greatest: float


def measure(page: Browser, rounds: int, orbit: bool) -> Ratio:
    """Each round measures both, so that what else the machine does weighs on both alike."""
    view, found = str(orbit).lower(), []
    for _ in range(rounds):
        found.append(1 / page.run(f"return rate('static', {view}, 8)") * page.run(f"return rate('moving', {view}, 8)"))
    return Ratio(statistics.median(found), min(found), max(found))


def report(sizes: dict[str, int], counts: dict[str, int], side: int, ratios: dict[str, Ratio]) -> str:
    avatar = {name: size for name, size in sizes.items() if not name.startswith("lib/") and name != "index.html"}
    lines = [
        "# The web page: speed and size",
        "",
        "`python benchmarks/web_speed.py AVATAR`",
        "",
        f"{counts['splats']} splats on a canvas of {side} x {side} px, headless Chromium with SwiftShader (no GPU), in "
        "turns in one run. Static: Spark alone draws the same splats at rest. Moving: every frame has a new pose, so "
        "that splats are moved and sorted again. Medians over the rounds. SwiftShader spends a frame on the splats' "
        "vertices, whatever the canvas; a graphics card spends it otherwise.",
        "",
        "| view | frames/s, moving over static | least | greatest |",
        "| --- | ---: | ---: | ---: |",
        *(f"| {view} | {r.median:.2f} | {r.least:.2f} | {r.greatest:.2f} |" for view, r in ratios.items()),
        "",
        "| file | bytes |",
        "| --- | ---: |",
        *(f"| `{name}` | {size:,} |" for name, size in sorted(avatar.items())),
        f"| **the avatar** | **{sum(avatar.values()):,}** |",
        f"| page and libraries | {sum(sizes.values()) - sum(avatar.values()):,} |",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("avatar", type=Path)
    parser.add_argument("--side", type=int, default=256, help="pixels of the square canvas (256)")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured (5)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = export(read_avatar(options.avatar), Path(folder) / "avatar", "web")
        sizes = {path.relative_to(Path(folder) / "avatar").as_posix(): path.stat().st_size for path in result.files}
        (Path(folder) / "page.html").write_text(PAGE.format(side=options.side))
        with browser_on(Path(folder)) as page:
            page.open("page.html", (options.side, options.side))
            page.run(PREPARE)
            ratios = {"still": measure(page, options.rounds, False), "turning": measure(page, options.rounds, True)}
    RESULT.write_text(report(sizes, result.counts, options.side, ratios))
    print(RESULT.read_text())


if __name__ == "__main__":
    main()
