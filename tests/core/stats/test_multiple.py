"""Corrections for many tests equal scipy's and say when they cannot be done."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import false_discovery_control

from geoservice.core.stats import multiple
from geoservice.errors import BadInput


@pytest.mark.parametrize("name", ["bh", "by"])
@pytest.mark.parametrize("n", [1, 2, 7, 1000])
def test_q_values_are_those_of_scipy(name: str, n: int) -> None:
    rng = np.random.default_rng(n)
    for p in (rng.random(n), rng.random(n) ** 6, np.round(rng.random(n), 1), np.ones(n), np.zeros(n)):
        expected = false_discovery_control(p, method=name)
        np.testing.assert_allclose(multiple.CORRECTIONS[name](p), expected, rtol=1e-12, atol=1e-300)


def test_discoveries_at_a_level_are_those_of_the_step_up_rule() -> None:
    p = np.random.default_rng(3).random(500) ** 3
    ordered = np.sort(p)
    passing = np.flatnonzero(ordered <= 0.05 * np.arange(1, 501) / 500)
    assert len(passing) > 5
    assert (multiple.bh(p) <= 0.05).sum() == passing[-1] + 1


def test_p_values_without_correction_stay_and_the_argument_is_not_changed() -> None:
    p = np.array([0.3, 0.01, 0.5])
    kept = p.copy()
    assert multiple.none(p).tolist() == kept.tolist()
    multiple.none(p)[0] = 9
    multiple.by(p)
    assert p.tolist() == kept.tolist()


def test_no_test_at_all_has_no_q_values() -> None:
    assert multiple.bh(np.zeros(0)).shape == multiple.by(np.zeros(0)).shape == (0,)


@pytest.mark.parametrize("bad", [[0.1, np.nan], [-0.1], [1.1], [[0.1]]])
def test_impossible_p_values_are_refused(bad: list) -> None:
    with pytest.raises(BadInput, match="entre 0 et 1"):
        multiple.bh(np.array(bad))
