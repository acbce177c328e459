"""What every program at hand makes of a GLB, against the bundle's own numbers: `python benchmarks/readers.py`.

Writes the table of reader, feature and result; a program that is not installed is named with what it lacks.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from gltf_readers.compare import FEATURES, LIMITS, compare  # noqa: E402
from gltf_readers.programs import PROGRAMS, SCRIPTS, Missing, Program, node_with_packages  # noqa: E402
from gltf_readers.request import NoAnswer  # noqa: E402
from gltf_readers.sample import WORN, Sample, samples_of  # noqa: E402
from headsmith.asset import read_avatar  # noqa: E402
from headsmith.bench.clip_table import markdown, write_page  # noqa: E402

RESULTS = Path(__file__).parent / "results/readers.md"
ABOUT = """It exports one avatar in both profiles, with visemes, one motion in which everything moves,
{worn}, opens the files in each program, and compares what it sees with the bundle's own numbers,
computed without the exporter's document. A number is the largest difference over all meshes, targets, joints and
frames; `!` marks one beyond the limit in the last row. `-` is what a program does not tell.

The surface as drawn is the depth of the picture at six pixels for each target and frame, by WebGL and OpenGL in
software. Filament shows no vertices, and its texture is the memory that it takes. three.js, Babylon.js and PlayCanvas
decode no textures in node. Godot writes the names of joints in lower case with underscores and is asked for the
motion's own 30 frames a second, where its default is 15; assimp sorts vertices anew.

PlayCanvas, Godot 3, assimp and Blender as a Python module have no decoder for `web`; they say so and show nothing."""


def row(program: Program, profile: str, sample: Sample) -> list[str]:
    """The program with its version, and a cell for each feature."""
    try:
        reading = program.read(sample.path, sample.request)
    except Missing as missing:
        return [program.name, str(missing), *[""] * (len(FEATURES) - 1)]
    except NoAnswer:
        return [program.name, "refuses the file", *[""] * (len(FEATURES) - 1)]
    found = compare(sample.expected, reading, sample.texture)
    return [reading.program, *(cell(found.get(feature), LIMITS[profile][feature]) for feature in FEATURES)]


def cell(error: float | None, limit: float) -> str:
    if error is None:
        return "-"
    return ("0" if error == 0 else f"{error:.1e}") + ("" if error <= limit else " !")


def validated(sample: Sample) -> str:
    """What Khronos' validator says, in a sentence."""
    done = subprocess.run([node_with_packages(), "validate.mjs", sample.path.resolve()], cwd=SCRIPTS,
                          capture_output=True, text=True, check=True)  # fmt: skip
    (report,) = json.loads(done.stdout)
    codes: dict[str, int] = {}
    for message in report["issues"]["messages"]:
        codes[message["code"]] = codes.get(message["code"], 0) + 1
    found = ", ".join(f"{code} {count} times" for code, count in codes.items()) or "no error, warning, info or hint"
    return f"Khronos glTF validator {report['validatorVersion']}: {found}."


def section(profile: str, sample: Sample) -> str:
    rows = [row(program, profile, sample) for program in PROGRAMS]
    limits = ["limit", *(f"{LIMITS[profile][feature]:g}" for feature in FEATURES)]
    size = f"{sample.path.stat().st_size / 1e6:.2f} MB, texture {sample.texture.width} px"
    table = markdown(["program", *FEATURES.values()], [*rows, limits])
    return f"## `{profile}`: {size}\n\n{table}\n\n{validated(sample)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("avatar", type=Path, nargs="?", default=ROOT / "sample_assets/portrait.avatar.zip")
    parser.add_argument("-o", "--output", type=Path, default=RESULTS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        samples = samples_of(read_avatar(options.avatar), Path(folder), LIMITS)
        sections = [section(profile, samples[profile]) for profile in LIMITS]
    about = ABOUT.format(worn=" and ".join(WORN))
    write_page(options.output, "What programs make of a GLB", "python benchmarks/readers.py", [about, *sections])


if __name__ == "__main__":
    main()
