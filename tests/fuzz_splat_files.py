"""Coverage-guided fuzzing of every reader of splat files; not part of the everyday suite.

    pip install atheris
    python tests/fuzz_splat_files.py --seconds 600

Formats take turns. Half of the changes are made inside the compression (gzip, zip members), so that they get past its
checksums. A reader may return splats or raise InputError with one line; anything else, and memory beyond the limit,
ends the run with the file that did it.
"""

from __future__ import annotations

import argparse
import gzip
import io
import random
import sys
import tempfile
import warnings
import zipfile
import zlib
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["headsmith", "headsmith_exporters"]):
    from headsmith.errors import InputError
    from headsmith_exporters.registry import splat_formats

    # the formats are modules that this imports, so that it has to happen here
    FORMATS = list(splat_formats().values())

from splat_clouds import lopsided

SPLATS, BANDS = 40, (0, 3)
MEMORY_LIMIT_MIB = 1024
MAX_SEED_BYTES = 65536
UNPACKED_LIMIT = 1 << 20


def read(data: bytes) -> None:
    """The first byte chooses the format, the rest is the file."""
    if not data:
        return
    chosen = FORMATS[data[0] % len(FORMATS)]
    assert chosen.decode is not None
    try:
        splats = chosen.decode(data[1:], f"fuzz{chosen.suffix}")
    except InputError as error:
        sentence = str(error)
    else:
        sentence = ""
        assert len(splats.means) == len(splats.opacities)
    assert len(sentence.splitlines()) <= 1, sentence
    assert len(sentence) < 600, sentence


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """libFuzzer's own change, half of the times inside the compression."""
    if len(data) > 1 and random.Random(seed).random() < 0.5:
        for change in (_inside_gzip, _inside_zip):
            changed = change(data[1:], max_size, seed)
            if changed is not None:
                return data[:1] + changed
    return atheris.Mutate(data, max_size)


def _inside_gzip(data: bytes, max_size: int, _: int) -> bytes | None:
    if data[:2] != b"\x1f\x8b":
        return None
    try:
        content = zlib.decompressobj(31).decompress(data, UNPACKED_LIMIT)
    except zlib.error:
        return None
    return gzip.compress(atheris.Mutate(content, max_size), mtime=0)


def _inside_zip(data: bytes, max_size: int, seed: int) -> bytes | None:
    if data[:2] != b"PK":
        return None
    out = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w") as target:
            members = source.infolist()
            if not members or sum(member.file_size for member in members) > UNPACKED_LIMIT:
                return None
            chosen = random.Random(seed).choice(members)
            for member in members:
                content = source.read(member)
                target.writestr(member.filename, atheris.Mutate(content, max_size) if member is chosen else content)
    # whatever the mutated archive does to the standard library, only our readers are under test here
    except Exception:
        return None
    return out.getvalue()


def write_seeds(folder: Path) -> None:
    for index, one in enumerate(FORMATS):
        assert one.encode_splats is not None
        for bands in BANDS:
            content = one.encode_splats(lopsided(SPLATS, bands), one.options())
            (folder / f"{one.name}-{bands}").write_bytes(bytes([index]) + content)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        write_seeds(Path(folder))
        settings = [f"-max_total_time={options.seconds}", f"-seed={options.seed}", f"-max_len={MAX_SEED_BYTES}",
                    f"-rss_limit_mb={MEMORY_LIMIT_MIB}", "-timeout=20", "-print_final_stats=1"]  # fmt: skip
        atheris.Setup([sys.argv[0], *settings, folder], read, custom_mutator=mutate)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
