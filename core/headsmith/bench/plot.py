"""A benchmark result as a picture: time against the number of splats, both logarithmic, above the machine's floor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

SERIES = (
    ("training step", "step_ms", "#9d3a2e", "o"),
    ("forward+backward", "forward_backward_ms", "#2a6f97", "s"),
    ("forward", "forward_ms", "#3a7d44", "^"),
)
FLOOR = ("FMA floor, forward+backward", "floor_forward_backward_ms")
INK, FAINT = "#222222", "#bbbbbb"
TITLES = {
    "brief": "brief: splats of one size, whatever their number",
    "fit": "fit: splats as large as their spacing",
}


def write_plot(result: dict[str, Any], path: Path) -> None:
    """Writes a PNG with one panel for each scene."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    scenes = result["splats"]
    figure = Figure(figsize=(1 + 4.4 * len(scenes), 4.6), layout="constrained")
    panels = figure.subplots(1, len(scenes), sharey=True, squeeze=False)[0]
    for panel, (kind, by_count) in zip(panels, scenes.items(), strict=True):
        _draw(panel, by_count)
        panel.set_title(TITLES[kind], fontsize=10, color=INK)
    panels[0].set_ylabel("milliseconds")
    figure.legend(
        *panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4, frameon=False, fontsize=9
    )
    machine = result["machine"]
    figure.suptitle(f"Splats on {machine['cpu']}, {machine['threads']} threads, {result['size_px']}² pixels",
                    fontsize=11, color=INK)  # fmt: skip
    FigureCanvasAgg(figure).print_png(str(path))


def _draw(panel: Any, by_count: dict[str, dict[str, float]]) -> None:
    from matplotlib.ticker import FuncFormatter, NullFormatter

    counts = sorted(map(int, by_count))
    rows = [by_count[str(count)] for count in counts]
    for label, key, color, marker in SERIES:
        panel.plot(counts, [times[key] for times in rows], color=color, marker=marker, label=label)
    label, key = FLOOR
    panel.plot(counts, [times[key] for times in rows], color=INK, linestyle="--", linewidth=1, label=label)
    panel.set(xscale="log", yscale="log", xlabel="splats")
    panel.set_xticks(counts)
    panel.xaxis.set_major_formatter(FuncFormatter(lambda count, _: f"{count / 1000:g}k"))
    panel.xaxis.set_minor_formatter(NullFormatter())
    panel.yaxis.set_major_formatter(FuncFormatter(lambda ms, _: f"{ms:g}"))
    panel.yaxis.set_minor_formatter(FuncFormatter(lambda ms, _: f"{ms:g}" if f"{ms:g}"[0] in "25" else ""))
    panel.grid(True, which="both", color=FAINT, linewidth=0.4)
    for side in ("top", "right"):
        panel.spines[side].set_visible(False)
