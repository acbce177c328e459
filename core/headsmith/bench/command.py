"""`headsmith bench` on the command line; light to import, so that the other commands start fast."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

from headsmith.bench.params import BenchParams, checked_folder, checked_repeats, parsed_counts, parsed_scenes
from headsmith.progress import STYLES, watcher

TEXT = "Measure the splat engine on this machine."
EXAMPLES = """examples:
  headsmith bench                                  a table: rasteriser, training step, driving
  headsmith bench --counts 20000,100000 --scenes fit --json
  headsmith bench -o out                           also writes out/bench.json and out/bench.png
  headsmith bench --references                     beside other rasterisers that run on a CPU; takes minutes
  headsmith bench --quality -o out                 how well splats show a known head; takes minutes"""


def add_arguments(command: argparse.ArgumentParser) -> None:
    """The command's own options; --json and --debug are everybody's."""
    command.add_argument("--counts", default="20000,50000,100000,150000", help="numbers of splats, with commas")
    command.add_argument("--scenes", default="brief,fit", help="brief (splats of one size), fit (sized by spacing)")
    command.add_argument("--repeats", type=int, default=7, help="the least time of this many counts")
    command.add_argument("--references", action="store_true", help="measure other CPU rasterisers too")
    command.add_argument(
        "--quality",
        action="store_true",
        help="instead of times, measure how well splats that saw some pictures of a head show others",
    )
    command.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="DIR",
        help="write bench.json and bench.png there, or quality.json and quality.png",
    )
    command.add_argument("--force", action="store_true", help="replace existing files")
    command.add_argument("--progress", default="auto", choices=STYLES)


def run(options: argparse.Namespace) -> int:
    """Runs the benchmark and prints it; raises InputError for options that cannot be used."""
    if options.quality:
        from headsmith.bench import quality_command

        return quality_command.run(options)
    params = params_from(options)
    folder = None if options.output is None else checked_folder(options.output, options.force)
    from headsmith.bench.run import run_bench
    from headsmith.bench.table import as_text

    result = run_bench(params, watcher(options.progress))
    if folder is not None:
        write(result, folder)
    print(json.dumps(result) if options.json else as_text(result))
    return 0


def params_from(options: argparse.Namespace) -> BenchParams:
    """The references draw 100,000 splats, or as many as the largest scene of the run."""
    counts = parsed_counts(options.counts)
    return BenchParams(
        counts=counts, scenes=parsed_scenes(options.scenes), repeats=checked_repeats(options.repeats),
        references=options.references, reference_count=min(BenchParams.reference_count, counts[-1]),
    )  # fmt: skip


def write(result: dict[str, Any], folder: Path) -> None:
    """bench.json and bench.png; a reader sees a whole file or none."""
    from headsmith.bench.plot import write_plot

    folder.mkdir(exist_ok=True)
    text, picture = folder / ".bench.json.part", folder / ".bench.png.part"
    text.write_text(json.dumps(result, indent=1) + "\n")
    write_plot(result, picture)
    os.replace(text, folder / "bench.json")
    os.replace(picture, folder / "bench.png")
