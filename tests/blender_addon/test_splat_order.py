"""Which splats stay where only a share is drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from headsmith.asset import Splats, read_avatar
from headsmith_blender.builders.splat_order import growth, splat_order


@pytest.fixture(scope="module")
def splats(sample_avatar: Path) -> Splats:
    return read_avatar(sample_avatar).splats.splats


@pytest.mark.usefixtures("scene")
def test_any_share_covers_what_all_cover(splats: Splats) -> None:
    order = splat_order(splats)
    for share in (0.9, 0.5, 0.3):
        drawn = order.rank <= share
        assert drawn.mean() == pytest.approx(share, abs=0.01)
        grown = order.covered[drawn] * growth(order, share)[drawn] ** 2
        assert grown.sum() > 0.9 * order.covered.sum()
        # in every region of the head, not only where splats are large
        height = splats.means[:, 1]
        for low, high in zip(*[np.quantile(height, np.linspace(0, 1, 9))[k : 8 + k] for k in (0, 1)], strict=True):
            region = (height >= low) & (height <= high)
            assert drawn[region].mean() == pytest.approx(share, abs=0.1)


@pytest.mark.usefixtures("scene")
def test_all_splats_keep_their_size(splats: Splats) -> None:
    order = splat_order(splats)
    np.testing.assert_array_equal(growth(order, 1.0), 1)
    losers = order.heir != np.arange(len(splats))
    assert losers.sum() == len(splats) - 1
    assert (order.rank[order.heir[losers]] < order.rank[losers]).all()


@pytest.mark.usefixtures("scene")
@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_splats_have_an_order_too(splats: Splats, count: int) -> None:
    few = Splats(*(getattr(splats, name)[:count] for name in ("means", "quats", "scales", "opacities", "sh0", "shN")))
    order = splat_order(few)
    assert sorted(order.rank) == pytest.approx([(k + 0.5) / count for k in range(count)])
    assert np.isfinite(growth(order, 0.01)).all()
