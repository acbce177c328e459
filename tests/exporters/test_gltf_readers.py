"""Every program that reads glTF here, against the bundle's own numbers: one comparison for all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gltf_readers.compare import LIMITS, compare
from gltf_readers.programs import PROGRAMS, Missing, Program
from gltf_readers.record import Reading, SeenMesh
from gltf_readers.request import NoAnswer
from gltf_readers.sample import Sample, samples_of
from headsmith.asset.avatar import Avatar
from node_readers import refuse

CASES = [(program, profile) for program in PROGRAMS for profile in program.profiles]
REFUSED = [program for program in PROGRAMS if "web" not in program.profiles]
QUICK = next(program for program in PROGRAMS if program.name == "gltf-transform")


@pytest.fixture(scope="session")
def samples(built_avatar: Avatar, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Sample]:
    """Profile, or `gltf` -> a real person's avatar that moves and wears glasses and earrings, exported."""
    return samples_of(built_avatar, tmp_path_factory.mktemp("gltf-readers"), LIMITS)


def read(program: Program, sample: Sample) -> Reading:
    try:
        return program.read(sample.path, sample.request)
    except Missing as missing:
        refuse(missing)


@pytest.mark.parametrize(("program", "profile"), CASES, ids=[f"{p.name}, {profile}" for p, profile in CASES])
def test_numbers_equal_ours(program: Program, profile: str, samples: dict[str, Sample]) -> None:
    sample, limits = samples[profile], LIMITS[profile]
    found = compare(sample.expected, read(program, sample), sample.texture)
    assert set(found) == program.reports
    assert {feature: error for feature, error in found.items() if error > limits[feature]} == {}


def test_a_gltf_with_its_files_beside_it_is_the_same(samples: dict[str, Sample]) -> None:
    sample = samples["gltf"]
    found = compare(sample.expected, read(QUICK, sample), sample.texture)
    assert {feature: error for feature, error in found.items() if error > LIMITS["engine"][feature]} == {}


@pytest.mark.parametrize("program", REFUSED, ids=[program.name for program in REFUSED])
def test_other_programs_refuse_the_web_profile(program: Program, samples: dict[str, Sample]) -> None:
    """They say that they cannot, and show nothing wrong."""
    with pytest.raises(NoAnswer):
        read(program, samples["web"])


def test_the_validator_finds_nothing(readers: Any, samples: dict[str, Sample]) -> None:
    (report,) = readers.run("validate.mjs", samples["engine"].path)
    assert report["issues"]["messages"] == []
    assert report["info"]["animationCount"] == 1


@pytest.fixture(scope="module")
def reading(samples: dict[str, Sample]) -> Reading:
    return read(QUICK, samples["engine"])


def with_head(reading: Reading, **changes: Any) -> Reading:
    return replace(reading, meshes=reading.meshes | {"head": replace(reading.meshes["head"], **changes)})


def moved(reading: Reading, way_m: float) -> Reading:
    return with_head(reading, positions=reading.meshes["head"].positions + np.float32(way_m))


def swapped(reading: Reading) -> Reading:
    head: SeenMesh = reading.meshes["head"]
    order = np.arange(len(head.displacements))
    order[[0, 1]] = 1, 0
    return with_head(reading, displacements=head.displacements[order])


def late(reading: Reading) -> Reading:
    ((name, animation),) = reading.animations.items()
    weights = {mesh: np.roll(values, 1, 0) for mesh, values in animation.weights.items()}
    return replace(reading, animations={name: replace(animation, weights=weights)})


FAULTS: dict[str, tuple[Callable[[Reading], Reading], set[str]]] = {
    "vertices 0.1 mm off": (lambda seen: moved(seen, 1e-4), {"rest"}),
    "two targets swapped": (swapped, {"displacements"}),
    "an animation one frame late": (late, {"weights"}),
    "joints 0.1 mm off": (
        lambda seen: replace(seen, joints={name: at + 1e-4 for name, at in seen.joints.items()}), {"joints"},
    ),
    "a texture of half the size": (
        lambda seen: replace(seen, texture_sizes=tuple((w // 2, h // 2) for w, h in seen.texture_sizes or ())),
        {"textures"},
    ),
    "an accessory 0.1 mm off": (lambda seen: replace(seen, worn=seen.worn + np.float32(1e-4)), {"worn"}),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_seen(reading: Reading, samples: dict[str, Sample], fault: str) -> None:
    make, features = FAULTS[fault]
    found = compare(samples["engine"].expected, make(reading), samples["engine"].texture)
    assert {feature for feature, error in found.items() if error > LIMITS["engine"][feature]} == features
