"""PAI, PEI and RRI against published values; ties never flatter; the naive map beside ours."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from geoservice.core.stats.given import NotEnough
from geoservice.core.stats.prediction import at, compare, curve
from geoservice.errors import BadInput

PAIRS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=2, max_size=60).filter(
    lambda pairs: any(observed for observed, _ in pairs))


def test_the_published_values(checks):
    """ptools tests, as reference/checks.json quotes them."""
    case = checks["pai_pei"]
    found = curve(case["observed"], case["predicted"])
    assert found.pai.tolist() == pytest.approx(case["PAI"])
    assert found.pei.tolist() == pytest.approx(case["PEI"])
    assert list(found.rri) == pytest.approx(case["RRI"], abs=5e-5)


@settings(max_examples=60, deadline=None)
@given(PAIRS)
def test_bounds(pairs):
    observed, predicted = np.array(pairs, dtype=float).T
    found = curve(observed, predicted)
    assert found.area[-1] == 1
    assert found.hits[-1] == pytest.approx(1)
    assert (np.diff(found.hits) >= -1e-12).all()
    assert ((found.pei >= 0) & (found.pei <= 1)).all()
    assert np.isfinite(found.pai).all()
    assert all(value is None or np.isfinite(value) for value in found.rri)
    perfect = curve(observed, observed)
    np.testing.assert_allclose(perfect.pei, 1)
    assert (perfect.hits >= found.hits - 1e-9).all()


def test_ties_are_taken_from_the_fewest_facts():
    found = curve([9, 0, 1, 0], [1, 1, 1, 1])
    assert found.hits.tolist() == pytest.approx([0, 0, 0.1, 1])
    assert found.rri[:2] == (None, None)


def test_areas_weigh():
    found = curve([5, 5], [2, 1], area=[1, 3])
    assert found.area.tolist() == [0.25, 1]
    assert found.pai.tolist() == [2, 1]
    dense = curve([6, 5], [1, 2], area=[3, 1])  # five on a quarter beat six on the rest: nothing is better there
    assert dense.pei.tolist() == [1, 1]
    assert curve([6, 5], [2, 1], area=[3, 1]).pei.tolist() == pytest.approx([6 / (5 + 6 * 2 / 3), 1])


def test_at_a_share_by_hand():
    found = at([8, 1, 1] + [0] * 17, [3, 2, 1] + [0] * 17, 0.1)
    assert (found.units, found.area, found.hits) == (2, pytest.approx(0.1), pytest.approx(0.9))
    assert (found.pai, found.pei) == (pytest.approx(9), pytest.approx(1))
    assert found.hits_low < 0.9 < found.hits_high
    assert found.rri == pytest.approx(5 / 9)


def test_a_map_that_knows_more_is_better_and_one_that_does_not_is_not():
    draw = np.random.default_rng(3)
    rate = draw.gamma(0.5, 4, 500)
    later, earlier = draw.poisson(rate), draw.poisson(rate / 10)
    found = compare(later, rate, earlier, 0.1)
    assert found.better > 0
    assert found.p < 0.01
    assert found.only_ours > found.only_naive
    assert found.p == pytest.approx(binomtest(int(found.only_ours), int(found.only_ours + found.only_naive)).pvalue)
    same = compare(later, earlier, earlier, 0.1)
    assert (same.better, same.p, same.only_ours) == (0, 1, 0)


def test_what_cannot_be_is_refused():
    for observed, share in (([], 0.5), ([0, 0], 0.5), ([1, 2], 0.1)):
        with pytest.raises(NotEnough):
            at(observed, observed, share)
    for observed, predicted, area in (([1], [1, 2], None), ([1, -1], [1, 1], None), ([1, 1], [np.nan, 1], None),
                                      ([1, 1], [1, 1], [1, 0]), ([1, 1], [1, 1], [1])):
        with pytest.raises(BadInput):
            curve(observed, predicted, area)
    with pytest.raises(BadInput):
        compare([1, 2], [1, 2], [1], 0.5)
    with pytest.raises(BadInput):
        at([1, 2], [1, 2], 1.5)
