# SPDX-License-Identifier: GPL-3.0-or-later
"""`blender -b --command headsmith ...` and `python -m headsmith_blender ...`: item by item, with a line for each."""

from __future__ import annotations

import json
import sys
import time
import traceback
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import bpy

from headsmith.errors import InputError

from .arguments import parser
from .items import Item, items_of
from .placing import Place
from .sources import open_source
from .steps import STEPS
from .streams import Print, quiet_stdout

COMMAND = "headsmith"
CLASSES = ()
_registered: list[Any] = []


@dataclass(frozen=True)
class Result:
    """What became of an item."""

    item: str
    status: str
    """done or failed"""
    outputs: list[str]
    seconds: float
    skipped: bool
    """everything was there from an earlier run"""
    error: str | None


def run(arguments: Sequence[str], name: str = f"blender -b --command {COMMAND}") -> int:
    """Runs one command line; returns the exit code."""
    try:
        options = parser(name).parse_args(list(arguments))
        items = items_of(options)
    except InputError as error:
        print(f"{COMMAND}: {error}", file=sys.stderr)
        return 2
    except SystemExit as leaving:
        # --help has printed what it had to
        return int(leaving.code or 0)
    try:
        with quiet_stdout(options.debug) as print_line:
            return _run_items(items, options, print_line)
    except KeyboardInterrupt:
        advice = "; the same command goes on" if options.command == "batch" else ""
        print(f"{COMMAND}: stopped{advice}.", file=sys.stderr)
        return 130


def _run_items(items: list[Item], options: Namespace, print_line: Print) -> int:
    failed = 0
    for item in items:
        result = run_item(item, options)
        failed += result.status == "failed"
        if options.json:
            print_line(json.dumps(asdict(result), ensure_ascii=False))
        elif result.error:
            # most sentences begin with the item as it is
            named = "" if result.item in result.error else f"{result.item}: "
            print(f"{COMMAND}: {named}{result.error}", file=sys.stderr, flush=True)
        else:
            made = "there already" if result.skipped else f"{result.seconds:.1f} s"
            print_line(f"{result.item}: {', '.join(result.outputs)} ({made})")
    if len(items) > 1 and not options.json:
        print_line(f"{len(items) - failed} done, {failed} failed.")
    return 1 if failed else 0


def run_item(item: Item, options: Namespace) -> Result:
    """Makes all of one item; whatever goes wrong is its own affair, and told in the result."""
    started, outputs, made, error = time.perf_counter(), list[str](), 0, None
    try:
        for task in item.tasks:
            step, place = STEPS[task.command], Place(options.force, options.command == "batch")
            if step.one_file(task.options) and place.is_finished(task.target):
                outputs.append(str(task.target))
                continue
            opened = open_source(item.source, task.options.avatar)
            outputs += map(str, step.run(opened, task.options, task.target, place))
            made += place.made
    except InputError as problem:
        error = str(problem)
        if options.debug:
            traceback.print_exc()
    except Exception as fault:  # a defect costs one item of the night, and is shown in full
        error = f"a fault of Headsmith: {type(fault).__name__}: {fault}"
        traceback.print_exc()
    seconds = round(time.perf_counter() - started, 3)
    return Result(str(item.source), "failed" if error else "done", outputs, seconds, not made and not error, error)


def register() -> None:
    """Adds the command to Blender's."""
    _registered.append(bpy.utils.register_cli_command(COMMAND, run))


def unregister() -> None:
    """Takes it away."""
    bpy.utils.unregister_cli_command(_registered.pop())
