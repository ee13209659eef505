"""Silence: what is expected, the chance of so little, and what cannot be told."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from geoservice.core.observatory import silence
from geoservice.core.stats.given import NotEnough
from geoservice.errors import BadInput


def park(places: int = 20, each: int = 40) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places that report steadily: seen, past in four stretches, dwellings."""
    rng = np.random.default_rng(3)
    past = rng.poisson(each / 4, (places, 4))
    return rng.poisson(each / 4, places), past, np.full(places, 60.0)


def test_the_chance_is_that_of_a_negative_binomial():
    seen, mean, shape = np.array([0, 3, 9]), np.array([5.0, 5.0, 2.0]), np.array([4.0, 0.7, 30.0])
    expected = stats.nbinom.cdf(seen, shape, shape / (shape + mean))
    np.testing.assert_allclose(silence.at_most(seen, mean, shape), expected, rtol=1e-10)


def test_a_silent_place_is_found_and_the_others_are_not():
    seen, past, dwellings = park()
    seen[7] = 0
    found = silence.watch(seen, past, dwellings)
    assert found.silent.tolist() == [place == 7 for place in range(20)]
    assert 6 < found.expected.mean[7] < 14


def test_a_place_that_never_reported_is_judged_by_those_alike():
    seen, past, dwellings = park(60)
    seen[7], past[7] = 0, 0
    found = silence.watch(seen, past, dwellings)
    assert found.silent[7]
    assert found.against[7] == 1
    assert found.expected.alike[7] > 30


def test_what_is_too_little_to_tell_is_not_judged():
    seen, past, dwellings = park()
    past[3], seen[3] = [1, 0, 0, 0], 0
    dwellings[3] = 1.0
    found = silence.watch(seen, past, dwellings)
    assert not found.judged[3]
    assert not found.silent[3]
    assert found.p[3] == found.q[3] == 1


def test_a_season_that_all_share_is_nobodys_silence():
    seen, past, dwellings = park()
    found = silence.watch(seen // 4, past, dwellings)
    assert not found.silent.any()
    assert found.expected.factor == pytest.approx(0.06, abs=0.02)


def test_an_unsteady_place_may_be_quiet_for_a_while():
    """The same zero, where everybody's reports come in bursts, is no alarm."""
    rng = np.random.default_rng(1)
    bursts = rng.gamma(0.5, 2, (40, 5))
    counts = rng.poisson(20 * bursts)
    steady = rng.poisson(20, (40, 5))
    counts[0, 4] = steady[0, 4] = 0
    unsteady = silence.watch(counts[:, 4], counts[:, :4], np.full(40, 50.0))
    assert unsteady.expected.noise > 0.8
    assert not unsteady.silent[0]
    assert silence.watch(steady[:, 4], steady[:, :4], np.full(40, 50.0)).silent[0]


def test_too_little_to_say_anything():
    with pytest.raises(NotEnough):
        silence.watch(np.zeros(3), np.zeros((3, 4)), np.ones(3))
    with pytest.raises(NotEnough):
        silence.watch(np.zeros(9), np.zeros((9, 4)), np.ones(9))
    with pytest.raises(BadInput):
        silence.watch(np.zeros(9), np.ones((8, 4)), np.ones(9))


def test_chance_of_none_falls_with_what_is_expected():
    past = np.array([[0, 0, 0, 1], [2, 2, 2, 2], [9, 9, 9, 9]] * 10)
    found = silence.chance_of_none(past, np.full(30, 40.0), 0.25)
    assert 1 > found[0] > found[1] > found[2] > 0
    assert silence.chance_of_none(np.zeros((4, 4)), np.ones(4), 0.25).tolist() == [1.0] * 4
