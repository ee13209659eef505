"""Ranges of chance: those of exact distributions, to the fact or nearly."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from geoservice.core.stats.chance import ranges


@pytest.mark.parametrize("share", [0.0001, 0.01, 0.2, 0.6])
def test_an_infinite_shape_is_the_binomial(share):
    low, high = ranges(2_000, np.array([share]), (np.array([np.inf]),))
    assert (low[0], high[0]) == tuple(stats.binom.ppf([0.025, 0.975], 2_000, share))


@pytest.mark.parametrize("shape", [0.3, 2.0, 40.0])
@pytest.mark.parametrize("share", [0.0005, 0.01, 0.1])
def test_a_finite_shape_is_nearly_the_beta_binomial(share, shape):
    low, high = ranges(2_000, np.array([share]), (np.array([shape]),))
    exact = stats.betabinom.ppf([0.025, 0.975], 2_000, shape, shape * (1 - share) / share)
    assert abs(low[0] - exact[0]) <= max(2, 0.03 * exact[0])
    assert abs(high[0] - exact[1]) <= max(2, 0.03 * exact[1])


def test_the_widest_of_several_laws_and_the_ends():
    share = np.array([0.0, 0.05, 1.0])
    narrow, wide = np.full(3, np.inf), np.full(3, 1.0)
    low, high = ranges(100, share, (narrow, wide))
    assert (low[0], high[0]) == (0, 0)
    assert (low[2], high[2]) == (100, 100)
    assert (low[1], high[1]) == (ranges(100, share, (wide,))[0][1], ranges(100, share, (wide,))[1][1])
    assert ranges(0, share, (wide,))[1].tolist() == [0, 0, 0]
