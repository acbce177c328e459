"""A benchmark result as text."""

from __future__ import annotations

from typing import Any

COLUMNS = (
    ("forward", "forward_ms"),
    ("forward+backward", "forward_backward_ms"),
    ("training step", "step_ms"),
    ("FMA floor", "floor_forward_backward_ms"),
)


def as_text(result: dict[str, Any]) -> str:
    """The result's tables, one below the other."""
    parts = [_machine(result), _splats(result), _driving(result["driving"])]
    if "references" in result:
        parts.append(_references(result["references"]))
    return "\n\n".join(parts)


def _machine(result: dict[str, Any]) -> str:
    machine = result["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    rate = result["floor"]["multiply_adds_per_s"] / 1e9
    return (f"{machine['cpu']}, {machine['threads']} threads, {machine['system']}, Python {machine['python']}\n"
            f"{versions}; peak {rate:.0f} G multiply-adds/s")  # fmt: skip


def _splats(result: dict[str, Any]) -> str:
    size = result["size_px"]
    lines = [f"Rasteriser, {size}x{size}, milliseconds (floor: forward+backward)",
             f"{'scene':<7}{'splats':>8}" + "".join(f"{title:>18}" for title, _ in COLUMNS)]  # fmt: skip
    for scene, by_count in result["splats"].items():
        for count, times in by_count.items():
            lines.append(f"{scene:<7}{count:>8}" + "".join(f"{times[key]:>18.1f}" for _, key in COLUMNS))
    return "\n".join(lines)


def _driving(driving: dict[str, Any]) -> str:
    rates = ", ".join(f"{rate:.0f} poses/s with {name.upper()}" for name, rate in driving["poses_per_s"].items())
    return f"Driving {driving['splats']} bound splats on {driving['vertices']} vertices: {rates}"


def _references(references: dict[str, Any]) -> str:
    lines = [f"Other rasterisers, scene {references['scene']}, {references['count']} splats, "
             f"{references['size_px']}x{references['size_px']}, milliseconds (times slower than ours)"]  # fmt: skip
    for name, row in references["rasterisers"].items():
        if "skipped" in row:
            lines.append(f"{name:<28} skipped: {row['skipped']}")
            continue
        slower = row["times_slower"]
        lines.append(f"{name:<28} forward {row['forward_ms']:>9.1f} ({slower['forward']:.1f}x)   forward+backward "
                     f"{row['forward_backward_ms']:>9.1f} ({slower['forward_backward']:.1f}x)")  # fmt: skip
    return "\n".join(lines)
