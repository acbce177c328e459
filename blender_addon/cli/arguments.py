# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line's words."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, BooleanOptionalAction, Namespace, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any, NoReturn

from headsmith.errors import InputError

from ..gltf.options import PRESETS as GLTF_PRESETS
from ..hologram import ALPHAS
from ..hologram import PRESETS as HOLOGRAM_PRESETS

DESCRIPTION = (
    "Headsmith avatars in Blender without its window. A SOURCE is a bundle (.avatar, .avatar.zip) or a .blend."
)
EXIT_CODES = """exit codes: 0 all done, 1 some items failed (the others are done), 2 wrong usage, 130 stopped.
With --json every item is one line on standard output:
  {"item": "ada.avatar", "status": "done", "outputs": ["ada.png"], "seconds": 2.1, "skipped": false, "error": null}"""
MAX_SIDE_PX = 16384
_EXAMPLES = {
    "import": """examples:
  {name} import ada.avatar                            writes ada.blend
  {name} import avatars/*.avatar -o scenes --json""",
    "animate": """examples:
  {name} animate ada.avatar --motion take1.csv -o talking.blend
  {name} animate ada.blend --motion idle --seconds 20 -o idle.blend""",
    "render": """examples:
  {name} render ada.avatar --yaw 30 --expression smile --transparent
  {name} render ada.avatar --motion talk --seconds 4 --frames all -o frames/ada.png
  {name} render scene.blend --engine cycles --samples 64 -o scene.png""",
    "export": """examples:
  {name} export ada.avatar                            writes ada.glb
  {name} export edited.blend --preset compact -o web.glb
  {name} export ada.avatar --expression smile --posed -o smile.ply""",
    "hologram": """examples:
  {name} hologram ada.avatar --preset ghost --size 1024
  {name} hologram ada.avatar --layout quilt --size 420x560 -o ada.png
  {name} hologram ada.avatar --motion talk --seconds 3 -o ada.webm""",
    "batch": """examples:
  {name} batch avatars -o out --do "render --size 256" --do "export --preset compact" --json
  {name} batch jobs.json --json
  jobs.json: [{{"do": "render", "source": "ada.avatar", "output": "ada.png", "size": 256, "transparent": true}}]
A batch that was stopped goes on where it was: outputs that are there are not made again, unless --force.""",
}


class Parser(ArgumentParser):
    """Raises InputError instead of leaving the program, which is Blender."""

    def error(self, message: str) -> NoReturn:
        raise InputError(self.prog, found=message, expected="the words that --help lists", action="correct the command")


def parser(name: str) -> Parser:
    """The whole command line; `name` is how it was started."""
    root = Parser(name, description=DESCRIPTION, epilog=EXIT_CODES, formatter_class=RawDescriptionHelpFormatter)
    commands = root.add_subparsers(required=True, metavar="COMMAND", dest="command")
    for command, (text, add) in _COMMANDS.items():
        one = commands.add_parser(command, help=text, description=text, epilog=_EXAMPLES[command].format(name=name),
                                  formatter_class=RawDescriptionHelpFormatter)  # fmt: skip
        one.add_argument("sources", nargs="+", type=Path, metavar="SOURCE")
        one.add_argument("-o", "--output", type=Path, help="a file; for several sources a folder (default: beside you)")
        add(one)
        one.add_argument("--force", action="store_true", help="replace files that exist")
        one.add_argument("--json", action="store_true", help="one JSON line per item on standard output")
        one.add_argument("--debug", action="store_true", help="show tracebacks, and what Blender says")
    return root


def step_parser(command: str) -> Parser:
    """The options of one command alone, as `--do` of a batch has them; -o is a folder below the batch's."""
    step = Parser(f"--do {command}", add_help=False)
    step.add_argument("-o", "--output", type=Path)
    _COMMANDS[command][1](step)
    return step


def _add_avatar(command: ArgumentParser) -> None:
    command.add_argument("--avatar", metavar="NAME", help="which one, in a .blend with several")


def _add_acting(command: ArgumentParser) -> None:
    _add_avatar(command)
    command.add_argument("--motion", metavar="FILE|NAME", help="Live Link Face .csv, motion .npz or .json, one of the "
                         "bundle's, or idle, talk, each-shape")  # fmt: skip
    command.add_argument("--seconds", type=_positive, default=10.0, help="of idle and talk (default: 10)")
    command.add_argument("--fps", type=_positive, help="at which a file was recorded (default: what it says)")
    command.add_argument("--start", type=int, default=1, metavar="FRAME", help="where the motion starts (default: 1)")
    command.add_argument("--eyes", choices=("shapes", "bones"), default="shapes", help="what follows a recorded gaze")
    command.add_argument("--expression", metavar="NAME[=STRENGTH]", help="smile, surprise, 'viseme aa' ...")
    command.add_argument("--pose", action="append", default=[], metavar="BLENDSHAPE=WEIGHT")


def _add_look(command: ArgumentParser) -> None:
    command.add_argument("--show", choices=("splats", "mesh", "both"), help="default: splats")
    command.add_argument("--colours", choices=("linear", "exact"), help="splats as light in the scene, or exactly as "
                         "splat viewers show them (default: exact in pictures of a bundle)")  # fmt: skip
    command.add_argument("--splats-percent", type=_percent, metavar="P", help="draw only the most important")


def _add_camera(command: ArgumentParser) -> None:
    command.add_argument(
        "--size",
        type=_size,
        metavar="PX|WxH",
        help="of the picture, or of each view of a quilt (default: 512, or "
        "the .blend's; of a pyramid 1080, of a quilt 420x560)",
    )
    command.add_argument("--engine", choices=("eevee", "cycles"))
    command.add_argument("--samples", type=_count, help="a pixel")
    command.add_argument("--yaw", type=float, default=0.0, help="degrees; positive shows the subject's left side")
    command.add_argument("--pitch", type=float, default=0.0, help="degrees; positive looks from above")
    command.add_argument("--transparent", action="store_true", help="nothing behind the head: RGBA")


def _add_frames(command: ArgumentParser) -> None:
    group = command.add_mutually_exclusive_group()
    group.add_argument("--frame", type=int, help="one picture, of this frame (default: the first)")
    group.add_argument("--frames", metavar="all|1-48,60", help="one picture each, numbered")


def _add_import(command: ArgumentParser) -> None:
    _add_acting(command)
    _add_look(command)
    _add_camera(command)


def _add_animate(command: ArgumentParser) -> None:
    _add_import(command)
    next(a for a in command._actions if a.dest == "motion").required = True


def _add_render(command: ArgumentParser) -> None:
    _add_import(command)
    _add_frames(command)
    command.add_argument("--format", choices=("png", "exr"), default="png", help="where no file is named")


def _add_export(command: ArgumentParser) -> None:
    _add_acting(command)
    command.add_argument("--preset", choices=tuple(GLTF_PRESETS), default="engine")
    command.add_argument("--accessories", action=BooleanOptionalAction, default=True)
    command.add_argument("--animations", action=BooleanOptionalAction, default=True)
    command.add_argument("--posed", action="store_true", help="splats as they are now, not at rest")
    command.add_argument("--format", default="glb", metavar="SUFFIX", help="where no file is named: glb, gltf, or "
                         "ply, spz, splat ... for splats")  # fmt: skip


def _add_hologram(command: ArgumentParser) -> None:
    _add_import(command)
    _add_frames(command)
    command.add_argument("--layout", choices=("single", "pyramid", "quilt"), default="single")
    command.add_argument("--preset", choices=tuple(name.lower() for name in HOLOGRAM_PRESETS), default="blue")
    command.add_argument("--alpha", choices=tuple(name.lower() for name in ALPHAS), default="auto")
    command.add_argument("--on-black", action="store_true", help="opaque, for displays that have no alpha")
    command.add_argument("--columns", type=_count, default=8, help="of a quilt (default: 8)")
    command.add_argument("--rows", type=_count, default=6, help="of a quilt (default: 6)")
    command.add_argument("--format", choices=("png", "exr", "webm"), default="png", help="where no file is named")


def _add_batch(command: ArgumentParser) -> None:
    command.add_argument("--do", action="append", default=[], metavar="'COMMAND OPTIONS'",
                         help="what to make of every source; may be repeated")  # fmt: skip


_COMMANDS: dict[str, tuple[str, Any]] = {
    "import": ("Put an avatar into a .blend file, with lights and a camera.", _add_import),
    "animate": ("Put an avatar that plays a motion into a .blend file.", _add_animate),
    "render": ("Render stills or frames.", _add_render),
    "export": ("Write the avatar as edited to glTF, and check it; or its splats.", _add_export),
    "hologram": ("Render with alpha in a hologram's look and layout.", _add_hologram),
    "batch": ("Do the same to many avatars, or what a job file lists.", _add_batch),
}


def step_names() -> tuple[str, ...]:
    """The commands that a batch can do."""
    return tuple(name for name in _COMMANDS if name != "batch")


def options_of(job: dict[str, Any], where: str) -> tuple[str, Namespace]:
    """Command and options of one entry of a job file. Raises InputError about `where`."""
    command = job.get("do")
    if command not in step_names():
        raise InputError(where, found=f"\"do\": {command!r}", expected=f"one of {', '.join(step_names())}",
                         action="correct the job file")  # fmt: skip
    words: list[str] = []
    for key, value in job.items():
        flag = f"--{key.replace('_', '-')}"
        if key in ("do", "source") or value is None:
            continue
        if isinstance(value, bool):
            words += [flag] if value else [f"--no-{flag[2:]}"] if key in ("accessories", "animations") else []
        else:
            # one word, so that a value may start with a dash
            words += [f"{flag}={one}" for one in (value if isinstance(value, list) else [value])]
    step = step_parser(command)
    step.prog = where
    return command, step.parse_args(words)


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    try:
        size = int(width), int(height or width)
    except ValueError:
        raise ArgumentTypeError(f"'{text}' is no size") from None
    if not all(4 <= side <= MAX_SIDE_PX for side in size):
        raise ArgumentTypeError(f"'{text}' is not within 4 to {MAX_SIDE_PX} pixels")
    return size


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1_000_000:
        raise ArgumentTypeError(f"'{text}' is no whole number above 0")
    return int(text)


def _percent(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 100:
        raise ArgumentTypeError(f"'{text}' is not within 1 to 100")
    return int(text)


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e6:
        raise ArgumentTypeError(f"'{text}' is no number above 0")
    return value
