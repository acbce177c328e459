"""Every program that reads glTF here, against the bundle's own numbers: one comparison for all of them."""

from __future__ import annotations

import pytest

from gltf_readers.compare import LIMITS, compare
from gltf_readers.programs import PROGRAMS, Missing, Program
from gltf_readers.record import Reading
from gltf_readers.sample import Sample, sample_of
from headsmith.asset.avatar import Avatar
from node_readers import refuse

READ = {f"{program.name}, {profile}": (program, profile) for program in PROGRAMS for profile in program.profiles}


@pytest.fixture(scope="session")
def samples(built_avatar: Avatar, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Sample]:
    """Profile -> a real person's avatar that speaks, exported."""
    folder = tmp_path_factory.mktemp("gltf-readers")
    return {profile: sample_of(built_avatar, folder / f"{profile}.glb", profile) for profile in LIMITS}


@pytest.fixture(scope="session", params=READ)
def case(request: pytest.FixtureRequest, samples: dict[str, Sample]) -> tuple[Program, str, Sample, Reading]:
    program, profile = READ[request.param]
    sample = samples[profile]
    try:
        return program, profile, sample, program.read(sample.path, sample.request)
    except Missing as missing:
        refuse(missing)


def test_numbers_equal_ours(case: tuple[Program, str, Sample, Reading]) -> None:
    program, profile, sample, reading = case
    found = compare(sample.expected, reading, sample.texture)
    assert set(found) == program.reports
    limits = LIMITS[profile]
    assert {feature: error for feature, error in found.items() if error > limits[feature]} == {}
