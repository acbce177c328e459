"""The command line: `headsmith build | info | validate | render | export | convert | evaluate | track | bench`.

Exit codes: 0 done; 2 the input cannot be used, or does not validate (one sentence a problem); 130 stopped by
the user. Internal faults raise.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from headsmith import __version__, evaluate_command, level_command, track_command
from headsmith.bench import command as bench_command
from headsmith.errors import InputError

BUILD_ENGINES = ("torch", "numba", "scipy", "mediapipe", "onnxruntime", "rich")
BUILD_EXAMPLES = """examples:
  headsmith build ada.jpg                          writes ada.avatar
  headsmith build front.jpg side.jpg -o ada.avatar.zip --quality high
  headsmith build --clip-a turn.mp4 --clip-b talk.mp4 -o ada.avatar
  headsmith build front.jpg --clip-b talk.mp4      photos and clips of one person go together
  headsmith build ada.jpg --head flame2023_Open.pkl --force
  headsmith build ada.jpg --resume                 goes on after an interruption"""
RENDER_EXAMPLES = """examples:
  headsmith render ada.avatar -o ada.png --yaw 30 --pose jawOpen=0.6 --pose mouthSmileLeft=1
  headsmith render ada.avatar -o sheet.png --sheet turntable
  headsmith render ada.avatar -o cutout.png --transparent"""
EXPORT_EXAMPLES = """examples:
  headsmith export ada.avatar --format glb          writes ada.glb
  headsmith export ada.avatar --format glb --option profile=web --accessory glasses --accessory red.glb@crown
  headsmith export ada.avatar --format ply -o splats.ply
  headsmith export ada.avatar --format sog          writes ada.sog, the smallest splats for the web
  headsmith export ada.avatar --format spz --splats 20k --sheet level.png

formats: docs/exporting.md; an unknown name lists them all"""
CONVERT_EXAMPLES = """examples:
  headsmith convert splats.ply splats.sog
  headsmith convert splats.ply splats.spz --option fine=true
  headsmith convert splats.compressed.ply splats.splat --force"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit code."""
    options = parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except InputError as error:
        if options.debug:
            raise
        print(f"headsmith: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        advice = "; the same command with --resume goes on" if hasattr(options, "resume") else ""
        print(f"headsmith: stopped{advice}.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 0


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser("headsmith", description="A photo or a clip of a person becomes an animatable head.")
    root.add_argument("--version", action="version", version=f"headsmith {__version__}")
    commands = root.add_subparsers(required=True, metavar="COMMAND")
    _add_build(commands)
    _add_info(commands)
    _add_validate(commands)
    _add_render(commands)
    _add_export(commands)
    _add_convert(commands)
    _add_evaluate(commands)
    _add_track(commands)
    _add_bench(commands)
    return root


def _command(commands: Any, name: str, run: Any, text: str, examples: str = "") -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(
        name, help=text, description=text, epilog=examples, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    command.set_defaults(run=run)
    command.add_argument("--debug", action="store_true", help="show the traceback of an error")
    command.add_argument("--json", action="store_true", help="print the result as JSON on standard output")
    return command


def _add_build(commands: Any) -> None:
    command = _command(commands, "build", _build, "Build an avatar from photos or clips of one person.", BUILD_EXAMPLES)
    command.add_argument("photos", nargs="*", type=Path, metavar="PHOTO")
    command.add_argument("--clip-a", type=Path, metavar="VIDEO", help="the head from many sides, with a calm face "
                         "(about 20 s; move the camera round, or turn the head)")  # fmt: skip
    command.add_argument("--clip-b", type=Path, metavar="VIDEO", help="the face in motion: talk, smile, blink, look "
                         "about (up to 60 s, before a camera that stands still)")  # fmt: skip
    command.add_argument("-o", "--output", type=Path, help="NAME.avatar or NAME.avatar.zip (default: beside you, "
                         "named as the first input)")  # fmt: skip
    command.add_argument("--quality", default="standard", metavar="draft|standard|high")
    command.add_argument("--head", default="default", help="'default' or a FLAME or GNM model file")
    command.add_argument("--device", default="auto", metavar="auto|cpu|cuda")
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--max-splats", metavar="N", help="at most so many splats (default: the quality's)")
    command.add_argument("--hold-out", type=float, default=0.2, metavar="SHARE", help="the end of clip B that is not "
                         "learnt from, for `headsmith evaluate` (default 0.2; 0 learns from all)")  # fmt: skip
    command.add_argument("--pupil-distance", type=float, metavar="MM", help="between the person's pupils, as glasses "
                         "are made for: gives the head its true size, which pictures do not tell")  # fmt: skip
    command.add_argument("--workers", type=int, metavar="N", help="processes that follow the face through a clip "
                         "(default: one a core, at most 4)")  # fmt: skip
    command.add_argument("--consent", help="the person's consent statement, kept in the bundle")
    command.add_argument("--force", action="store_true", help="replace an existing output")
    command.add_argument("--resume", action="store_true", help="go on from the stages an interrupted build finished")
    command.add_argument("--progress", default="auto", choices=("auto", "bar", "json", "none"))


def _add_info(commands: Any) -> None:
    command = _command(commands, "info", _info, "Say what a bundle, a splat file or a motion file holds.")
    command.add_argument("avatar", type=Path, metavar="FILE", help="a bundle, a splat file or a motion file")


def _add_validate(commands: Any) -> None:
    command = _command(commands, "validate", _validate, "Check every file, hash, shape and value of a bundle.")
    command.add_argument("avatar", type=Path)


def _add_render(commands: Any) -> None:
    command = _command(commands, "render", _render, "Render an avatar to a PNG.", RENDER_EXAMPLES)
    command.add_argument("avatar", type=Path)
    command.add_argument("-o", "--output", type=Path, required=True, help="a .png file")
    command.add_argument("--as", dest="kind", choices=("splats", "mesh"), default="splats")
    command.add_argument("--yaw", type=float, default=0.0, help="degrees; positive shows the subject's left side")
    command.add_argument("--pitch", type=float, default=0.0, help="degrees; positive looks from above")
    command.add_argument("--size", type=int, default=512, help="pixels a side")
    command.add_argument("--pose", action="append", default=[], metavar="BLENDSHAPE=WEIGHT")
    command.add_argument("--transparent", action="store_true", help="RGBA with straight alpha")
    command.add_argument("--sheet", choices=("turntable", "expressions"), help="a contact sheet instead of one view")
    command.add_argument("--force", action="store_true", help="replace an existing file")


def _add_export(commands: Any) -> None:
    command = _command(commands, "export", _export, "Write an avatar in another format.", EXPORT_EXAMPLES)
    command.add_argument("avatar", type=Path)
    command.add_argument("--format", required=True, help="glb, obj, or one of the splat formats: ply, splat, "
                         "compressed.ply, sog, ...")  # fmt: skip
    command.add_argument("-o", "--output", type=Path, help="default: the avatar's name with the format's suffix")
    _add_option(command)
    command.add_argument("--bake-basis", action="append", dest="option", default=[], type=_bake_basis, metavar="K",
                         help="of the format onnx: the same as --option bake_basis=K")  # fmt: skip
    command.add_argument("--accessory", action="append", default=[], metavar="WHAT", help="worn by the rigged mesh: "
                         "glasses, cap, headband, earrings, or FILE.glb@PLACE; may be repeated")  # fmt: skip
    level_command.add_arguments(command)
    command.add_argument("--force", action="store_true", help="replace an existing file")


def _add_option(command: argparse.ArgumentParser) -> None:
    command.add_argument("--option", action="append", default=[], metavar="NAME=VALUE",
                         help="of the format, such as texture=png (docs/exporting.md); may be repeated")  # fmt: skip


def _bake_basis(count: str) -> str:
    return f"bake_basis={count}"


def _add_convert(commands: Any) -> None:
    command = _command(commands, "convert", _convert, "Turn a splat file into another splat format.", CONVERT_EXAMPLES)
    command.add_argument("source", type=Path, metavar="IN", help="a splat file of any format")
    command.add_argument("target", type=Path, metavar="OUT", help="its suffix says which format to write")
    _add_option(command)
    command.add_argument("--force", action="store_true", help="replace an existing file")


def _add_evaluate(commands: Any) -> None:
    command = _command(commands, "evaluate", _evaluate, evaluate_command.TEXT, evaluate_command.EXAMPLES)
    evaluate_command.add_arguments(command)


def _add_track(commands: Any) -> None:
    command = _command(commands, "track", _track, track_command.TEXT, track_command.EXAMPLES)
    track_command.add_arguments(command)


def _add_bench(commands: Any) -> None:
    command = _command(commands, "bench", _bench, bench_command.TEXT, bench_command.EXAMPLES)
    bench_command.add_arguments(command)


def _build(options: argparse.Namespace) -> int:
    _need_build_extra("headsmith build")
    from headsmith.params import parsed_max_splats, quality_named
    from headsmith.pipeline import BuildRequest, build
    from headsmith.progress import watcher

    inputs = [*options.photos, *(clip for clip in (options.clip_a, options.clip_b) if clip is not None)]
    output = options.output or Path(f"{inputs[0].stem if inputs else 'head'}.avatar")
    request = BuildRequest(
        photos=tuple(options.photos),
        output=output,
        clip_a=options.clip_a,
        clip_b=options.clip_b,
        hold_out=options.hold_out,
        pupil_distance_m=None if options.pupil_distance is None else options.pupil_distance / 1000,
        workers=options.workers,
        quality=quality_named(options.quality),
        head=options.head,
        device=options.device,
        seed=options.seed,
        max_splats=None if options.max_splats is None else parsed_max_splats(options.max_splats),
        consent=options.consent,
        force=options.force,
        resume=options.resume,
    )
    avatar = build(request, watcher(options.progress))
    result = {
        "output": str(output),
        "metrics": avatar.report.metrics,
        "seconds": avatar.report.seconds,
        "warnings": list(avatar.report.warnings),
    }
    _print(options, result, f"{output}: {len(avatar.splats.splats)} splats, "
           f"{sum(avatar.report.seconds.values()):.0f} s; open its report.html")  # fmt: skip
    return 0


def _info(options: argparse.Namespace) -> int:
    from headsmith.asset import describe
    from headsmith.motion import SUFFIXES, describe_motion
    from headsmith_exporters import describe_splats, is_splat_file

    path = options.avatar
    if path.suffix.lower() in SUFFIXES and not path.is_dir():
        description = describe_motion(path)
    else:
        description = describe_splats(path) if is_splat_file(path) and not path.is_dir() else describe(path)
    lines = [f"{key}: {value if not isinstance(value, dict | list) else json.dumps(value)}"
             for key, value in description.items()]  # fmt: skip
    _print(options, description, "\n".join(lines))
    return 0


def _validate(options: argparse.Namespace) -> int:
    from headsmith.asset import validate_avatar

    problems = list(validate_avatar(options.avatar))
    text = "\n".join(problems) if problems else f"{options.avatar}: valid"
    _print(options, {"avatar": str(options.avatar), "valid": not problems, "problems": problems}, text)
    return 2 if problems else 0


def _render(options: argparse.Namespace) -> int:
    _need_build_extra("headsmith render")
    from headsmith.asset import read_avatar
    from headsmith.preview import expressions, turntable

    _check_free(options.output, options.force)
    avatar = read_avatar(options.avatar)
    if options.sheet:
        image = {"turntable": turntable, "expressions": expressions}[options.sheet](avatar, options.size)
    else:
        image = _single_view(options, avatar)
    _save_png(image, options.output)
    _print(options, {"output": str(options.output), "size": [image.shape[1], image.shape[0]]}, str(options.output))
    return 0


def _single_view(options: argparse.Namespace, avatar: Any) -> Any:
    import numpy as np

    from headsmith.asset import pose_from
    from headsmith.preview import BACKGROUND, Shot, orbit_camera, render_mesh_view, render_splat_view, to_uint8

    camera = orbit_camera(avatar, options.yaw, options.pitch, options.size)
    pose = pose_from(avatar, dict(map(_weight, options.pose)), {})
    shot = Shot(camera, pose, 0.0 if options.transparent else BACKGROUND)
    image, alpha = {"splats": render_splat_view, "mesh": render_mesh_view}[options.kind](avatar, shot)
    if options.transparent:
        straight = image / np.maximum(alpha, 1e-6)[..., None]
        image = np.concatenate([straight, alpha[..., None]], -1)
    return to_uint8(image)


def _weight(assignment: str) -> tuple[str, float]:
    name, _, value = assignment.partition("=")
    try:
        return name, float(value)
    except ValueError:
        raise InputError("--pose", found=f"'{assignment}'", expected="BLENDSHAPE=WEIGHT such as jawOpen=0.6",
                         action="correct it") from None  # fmt: skip


def _export(options: argparse.Namespace) -> int:
    from headsmith.asset import read_avatar
    from headsmith_exporters import export, format_named
    from headsmith_exporters.option_values import options_from, with_accessories
    from headsmith_exporters.registry import check_output

    chosen, count = format_named(options.format), level_command.level_of(options)
    format_options = with_accessories(chosen, options_from(chosen, options.option), options.accessory)
    name = options.avatar.name.removesuffix(".zip").removesuffix(".avatar") + chosen.suffix
    output = options.output or Path(name)
    level = level_command.Reduced(read_avatar(options.avatar))
    if count is not None:
        level_command.check_has_splats(chosen.name, chosen.decode is not None or chosen.holds_splats)
        check_output(output, chosen, options.force)
        level = _reduced(options, level.avatar, count)
    result = export(level.avatar, output, options.format, format_options, force=options.force)
    files = [str(file) for file in result.files]
    if level.sheet is not None:
        _save_png(level.sheet, options.sheet)
        files.insert(0, str(options.sheet))
    _print(options, {"files": files, "counts": result.counts} | level.result, "\n".join((*level.lines, *files)))
    return 0


def _reduced(options: argparse.Namespace, avatar: Any, count: int) -> level_command.Reduced:
    if count < len(avatar.splats.splats):
        _need_build_extra(f"headsmith export {level_command.OPTION}")
    if options.sheet is not None:
        _check_free(options.sheet, options.force)
    return level_command.reduced(avatar, count, options.progress, options.sheet is not None)


def _convert(options: argparse.Namespace) -> int:
    from headsmith_exporters import convert_splats

    result = convert_splats(options.source, options.target, assignments=options.option, force=options.force)
    summary = {"files": [str(options.target)], "bytes": result.bytes, "counts": result.counts}
    _print(options, summary, f"{options.target}: {result.counts['splats']} splats, {result.bytes} bytes")
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    _need_build_extra("headsmith evaluate")
    return evaluate_command.run(options)


def _track(options: argparse.Namespace) -> int:
    _need_build_extra("headsmith track")
    return track_command.run(options)


def _bench(options: argparse.Namespace) -> int:
    _need_build_extra("headsmith bench")
    return bench_command.run(options)


def _need_build_extra(command: str) -> None:
    """The small install reads, validates and exports; the engines come with an extra."""
    missing = [name for name in BUILD_ENGINES if find_spec(name) is None]
    if missing:
        raise InputError(command, found=f"no package {', '.join(missing)}", expected="the build extra",
                         action="run: pip install 'headsmith[build]'")  # fmt: skip


def _check_free(output: Path, force: bool) -> None:
    if output.suffix.lower() != ".png":
        raise InputError(output, found=f"the suffix '{output.suffix}'", expected=".png", action="name a PNG file")
    if output.is_dir() or (output.exists() and not force):
        raise InputError(output, found="an existing file or folder", expected="a free name",
                         action="give --force to replace a file, or choose another name")  # fmt: skip
    if not output.absolute().parent.is_dir():
        raise InputError(output, found="no such folder", expected="an existing folder", action="create it first")


def _save_png(image: Any, output: Path) -> None:
    import os

    from PIL import Image

    temporary = output.with_name(f".{output.name}.part")
    Image.fromarray(image).save(temporary, "PNG")
    os.replace(temporary, output)


def _print(options: argparse.Namespace, result: dict[str, Any], text: str) -> None:
    print(json.dumps(result, sort_keys=True) if options.json else text)


if __name__ == "__main__":
    sys.exit(main())
