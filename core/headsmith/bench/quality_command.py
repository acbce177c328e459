"""`headsmith bench --quality`: prints the table of held-out figures, and writes it with pictures."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from headsmith.asset.images import encode_png
from headsmith.bench.params import checked_folder
from headsmith.bench.quality import QualityParams, QualityResult, as_text, measure_quality
from headsmith.progress import watcher
from headsmith_exporters.files import write_files

FILES = ("quality.json", "quality.png")


def run(options: argparse.Namespace, params: QualityParams | None = None) -> int:
    """Measures and reports; raises InputError for an output that cannot be written."""
    params = params or QualityParams()
    folder = None if options.output is None else checked_folder(options.output, options.force, FILES)
    result = measure_quality(params, watcher(options.progress))
    if folder is not None:
        write(result, folder)
    print(json.dumps(result.figures, sort_keys=True) if options.json else as_text(result.figures))
    return 0


def write(result: QualityResult, folder: Path) -> None:
    """quality.json and quality.png; a reader sees a whole file or none."""
    folder.mkdir(exist_ok=True)
    text = json.dumps(result.figures, indent=1, sort_keys=True) + "\n"
    write_files({folder / FILES[0]: text.encode(), folder / FILES[1]: encode_png(result.sheet)})
