from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoservice.core.disclosure.noise import draw, table
from geoservice.core.disclosure.parameters import Parameters
from geoservice.errors import BadInput

PARAMETERS = Parameters()


def test_the_table_is_that_of_the_notes() -> None:
    found = table(5, 2.0)
    assert sum(found) == pytest.approx(1)
    places = np.arange(-5, 6)
    assert np.dot(found, places) == pytest.approx(0, abs=1e-12)
    assert np.dot(found, places**2) == pytest.approx(2.0, abs=1e-9)
    assert [round(found[5 + d], 4) for d in range(4)] == pytest.approx([.28, .22, .10, .03], abs=.01)
    assert found[9] == pytest.approx(.005, abs=.001)
    assert found[10] == pytest.approx(.0005, abs=.0002)


@given(st.integers(1, 8), st.floats(.3, 3.5))
def test_any_table_has_its_variance_and_is_symmetric(reach: int, variance: float) -> None:
    if variance >= reach * (reach + 1) / 3 - .05:
        return
    found = table(reach, variance)
    assert np.dot(found, np.arange(-reach, reach + 1) ** 2) == pytest.approx(variance, abs=1e-6)
    assert found == pytest.approx(found[::-1])


@given(st.binary(min_size=32, max_size=32), st.text(max_size=30), st.integers(0, 9), st.integers(0, 2**64 - 1))
def test_a_draw_is_in_reach_and_repeats(secret: bytes, node: str, revision: int, records: int) -> None:
    noise, bar = draw(secret, node, revision, records, PARAMETERS)
    assert -5 <= noise <= 5
    assert 5 <= bar <= 9
    assert draw(secret, node, revision, records, PARAMETERS) == (noise, bar)


def test_draws_follow_the_table_and_bars_are_even() -> None:
    drawn = [draw(b"k" * 32, "n", 0, records, PARAMETERS) for records in range(20_000)]
    noise, bars = (Counter(column) for column in zip(*drawn, strict=True))
    for place, share in enumerate(table(5, 2.0)):
        assert noise[place - 5] / 20_000 == pytest.approx(share, abs=4 * (share / 20_000) ** .5 + 1e-4)
    assert min(bars.values()) > 3_700


@pytest.mark.parametrize("change", [("o" * 32, "n", 0, 7), ("k" * 32, "m", 0, 7), ("k" * 32, "n", 1, 7), ("k" * 32, "n", 0, 8)])
def test_secret_node_revision_and_records_all_matter(change: tuple) -> None:
    secret, node, revision, records = change
    pairs = [(draw(b"k" * 32, f"n{i}", 0, 7 + 10 * i, PARAMETERS),
              draw(secret.encode(), f"{node}{i}", revision, records + 10 * i, PARAMETERS)) for i in range(60)]
    assert sum(one != other for one, other in pairs) > 15


@pytest.mark.parametrize("change", [{"variance": 0.0}, {"variance": 11.0}, {"bar": 0}, {"rest_low": 4}, {"rest_high": 4},
                                    {"solo_bar": 4}, {"density": 0}, {"dwellings": 0}, {"min_contributors": 0}])
def test_parameters_that_promise_nothing_are_refused(change: dict) -> None:
    with pytest.raises(BadInput):
        Parameters(**change)
