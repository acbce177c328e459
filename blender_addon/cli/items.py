# SPDX-License-Identifier: GPL-3.0-or-later
"""From the words of a command line to what is to be made of what."""

from __future__ import annotations

import json
import shlex
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headsmith.errors import InputError

from .arguments import options_of, step_names, step_parser
from .sources import is_folder_of_sources, name_of, sources_in
from .steps import STEPS, check_suffix

MAX_JOBS_BYTES = 64 << 20


@dataclass(frozen=True)
class Task:
    """One file to make."""

    command: str
    options: Namespace
    target: Path


@dataclass(frozen=True)
class Item:
    """One source, and all that is made of it: one line of the report."""

    source: Path
    tasks: tuple[Task, ...]


def items_of(options: Namespace) -> list[Item]:
    """Every item of a command line, in order. Raises InputError for what cannot be meant."""
    if options.command != "batch":
        items = _of_command(options)
    elif len(options.sources) == 1 and options.sources[0].suffix.lower() == ".json":
        if options.do or options.output:
            raise InputError("--do and -o", found="a job file beside them", expected="one or the other",
                             action="leave them out: the jobs say what to do")  # fmt: skip
        items = list(_of_jobs(options.sources[0]))
    else:
        items = _of_batch(options)
    for item in items:
        for task in item.tasks:
            check_suffix(STEPS[task.command], task.target)
    targets = Counter(task.target.absolute() for item in items for task in item.tasks)
    for target, count in targets.items():
        if count > 1:
            raise InputError(target, found=f"{count} results of that name", expected="a name for each",
                             action="give them folders of their own, by -o")  # fmt: skip
    return items


def _of_command(options: Namespace) -> list[Item]:
    sources = list(_expanded(options.sources))
    suffix, output = STEPS[options.command].suffix(options), options.output
    if output is not None and len(sources) == 1 and not output.is_dir() and output.suffix:
        return [Item(sources[0], (Task(options.command, options, output),))]
    if output is not None and len(sources) > 1 and output.name.lower().endswith(STEPS[options.command].suffixes()):
        raise InputError(output, found=f"one file for {len(sources)} sources", expected="a folder",
                         action="name a folder with -o")  # fmt: skip
    folder = output or Path()
    return [Item(s, (Task(options.command, options, folder / (name_of(s) + suffix)),)) for s in sources]


def _of_batch(options: Namespace) -> list[Item]:
    if not options.do or options.output is None:
        raise InputError("batch", found="no --do" if not options.do else "no -o", expected="what to do, and a folder",
                         action="add --do 'render --size 256' -o FOLDER, or the like")  # fmt: skip
    steps = [_step(text) for text in options.do]
    return [
        Item(source, tuple(
            Task(name, step, options.output / (step.output or "") / (name_of(source) + STEPS[name].suffix(step)))
            for name, step in steps
        ))
        for source in _expanded(options.sources)
    ]  # fmt: skip


def _step(text: str) -> tuple[str, Namespace]:
    """The words of a --do."""
    name, *words = shlex.split(text) or [""]
    if name not in step_names():
        raise InputError(f"--do '{text}'", found=f"the command '{name}'", expected=f"one of {', '.join(step_names())}",
                         action="correct it")  # fmt: skip
    return name, step_parser(name).parse_args(words)


def _of_jobs(path: Path) -> Iterator[Item]:
    """The entries of a job file; its paths are relative to it."""
    for row, job in enumerate(_jobs(path), 1):
        where = f"{path.name}, job {row}"
        if not isinstance(job, dict) or not isinstance(job.get("source"), str):
            raise InputError(where, found="no \"source\"", expected="an object with \"do\" and \"source\"",
                             action="correct the job file")  # fmt: skip
        name, options = options_of(job, where)
        source = path.parent / job["source"]
        target = options.output or Path(name_of(source) + STEPS[name].suffix(options))
        options.motion = _beside(path, options.motion)
        yield Item(source, (Task(name, options, path.parent / target),))


def _beside(path: Path, motion: str | None) -> str | None:
    """A motion's file relative to the job file; a name of a motion stays."""
    return str(path.parent / motion) if motion and (path.parent / motion).is_file() else motion


def _jobs(path: Path) -> list[Any]:
    try:
        if path.stat().st_size > MAX_JOBS_BYTES:
            raise InputError(path, found="a huge file", expected="a job file", action="choose another")
        jobs = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(path, found=f"a file that cannot be read ({error.strerror})", expected="a job file",
                         action="check the path") from error  # fmt: skip
    except (ValueError, RecursionError) as error:
        raise InputError(path, found=f"no JSON ({error})", expected="a list of jobs", action="correct it") from error
    if not isinstance(jobs, list) or not jobs:
        raise InputError(path, found="no list of jobs", expected="[{\"do\": ..., \"source\": ...}, ...]",
                         action="correct the job file")  # fmt: skip
    return jobs


def _expanded(sources: list[Path]) -> Iterator[Path]:
    """Folders as the bundles in them."""
    for source in sources:
        if is_folder_of_sources(source):
            yield from sources_in(source)
        else:
            yield source
