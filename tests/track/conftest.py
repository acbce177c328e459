"""What the tests of tracking share."""

from __future__ import annotations

import pytest
from tests.track.performance import FOCAL_PX, GreyClip, Performance, perform

from headsmith.track import TrackParams, track_head
from headsmith.types import HeadTrack


@pytest.fixture(scope="session")
def performance() -> Performance:
    return perform()


@pytest.fixture(scope="session")
def tracked(performance: Performance) -> HeadTrack:
    """By landmarks alone."""
    seen = performance.seen
    params = TrackParams(focal_px=FOCAL_PX)
    return track_head(performance.model, performance.fit, seen, GreyClip(seen.info), None, params)
