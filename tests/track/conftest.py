"""What the tests of tracking share."""

from __future__ import annotations

import pytest
from tests.track.performance import GreyClip, Performance, perform

from headsmith.track import track_head
from headsmith.types import HeadTrack


@pytest.fixture(scope="session")
def performance() -> Performance:
    return perform()


@pytest.fixture(scope="session")
def tracked(performance: Performance) -> HeadTrack:
    """By landmarks alone."""
    return track_head(performance.model, performance.fit, performance.seen, GreyClip(performance.seen.info))
