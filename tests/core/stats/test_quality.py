"""Each signal is seen where it is planted, is silent where it is not, and tests keep their level."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from geoservice.core.stats import quality
from geoservice.core.stats.given import NotEnough
from geoservice.core.stats.quality import ALARM, FINE, WATCH
from geoservice.errors import BadInput
from geoservice.types import Placement, code_of

DRAW = np.random.default_rng


def points(placement: Placement, heap: int, around: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    draw = DRAW(1)
    lon = np.concatenate([np.full(heap, 23_000_000), draw.integers(0, 10**8, around)])
    lat = np.concatenate([np.full(heap, 488_000_000), draw.integers(0, 10**8, around)])
    return lon, lat, np.full(heap + around, code_of(placement))


@pytest.mark.parametrize("placement", [Placement.RESIDENCE, Placement.COORDONNEES])
def test_a_centroid_and_a_default_point_are_stacks(placement):
    found = quality.stacks(*points(placement, 30, 10))
    assert found.stacked.tolist() == [True] * 30 + [False] * 10
    assert (found.points, found.largest, found.signal.value, found.signal.level) == (1, 30, 0.75, WATCH)
    assert found.signal.low < 0.75 < found.signal.high
    assert quality.stacks(*points(placement, 90, 10)).signal.level == ALARM


@pytest.mark.parametrize("placement", [Placement.HALL, Placement.BATIMENT, Placement.NUMERO])
def test_a_hall_a_building_an_address_are_not(placement):
    found = quality.stacks(*points(placement, 30, 10))
    assert not found.stacked.any()
    assert found.signal.level == FINE


def test_few_facts_on_a_point_are_no_stack_and_placements_are_not_mixed():
    assert not quality.stacks(*points(Placement.RESIDENCE, 4, 10)).stacked.any()
    lon, lat, how = points(Placement.RESIDENCE, 8, 0)
    how[:4] = code_of(Placement.HALL)
    assert not quality.stacks(lon, lat, how).stacked.any()


def test_a_single_reporter_is_judged_against_elsewhere():
    draw = DRAW(2)
    codes, here = draw.integers(1, 5, 1_000), np.arange(1_000) < 60
    assert quality.single_reporter(codes, here).level == FINE
    codes[:57] = 3
    found = quality.single_reporter(codes, here, {3: "Gardien"})
    assert found.level == ALARM
    assert found.value >= 0.95
    assert found.p < 1e-6
    assert found.details["code"] == 3
    assert found.details["elsewhere"] == pytest.approx((codes[60:] == 3).mean())
    assert "« Gardien »" in found.sentence
    same = np.full(1_000, 3)
    assert quality.single_reporter(same, here).level == FINE
    assert quality.single_reporter(same, here).p == 1
    assert quality.single_reporter(same).value == 1


def test_unknown_sources_are_never_the_most_frequent():
    found = quality.single_reporter(np.array([0] * 8 + [2] * 2))
    assert (found.details["code"], found.value) == (2, 0.2)


def test_geocoding_shares():
    def codes(*pairs):
        return np.concatenate([np.full(number, code_of(word)) for word, number in pairs])

    fine = quality.geocoding(codes((Placement.NUMERO, 90), (Placement.RUE, 10)))
    assert (fine.level, fine.value, fine.details["rue"], fine.details["numero"]) == (FINE, 0.9, 0.1, 0.9)
    assert quality.geocoding(codes((Placement.HALL, 50), (Placement.COMMUNE, 50))).level == ALARM
    assert quality.geocoding(codes((Placement.HALL, 16), (Placement.RUE, 4))).level == WATCH
    assert sum(fine.details.values()) == pytest.approx(1)


def smooth_day(seed: int, n: int) -> np.ndarray:
    """Hours that rise and fall smoothly, most in the evening."""
    wave = 1 + 0.6 * np.sin(2 * np.pi * (np.arange(24) - 14) / 24)
    return DRAW(seed).choice(24, n, p=wave / wave.sum())


def test_heaped_hours_are_found_and_smooth_days_are_left_alone():
    silent = [quality.heaped_hours(smooth_day(seed, 3_000)).level == FINE for seed in range(100)]
    assert np.mean(silent) >= 0.95
    hours = smooth_day(1, 3_000)
    hours[:400] = 0
    found = quality.heaped_hours(hours)
    assert set(found.details) == {"0"}
    assert found.value == pytest.approx(400 / 3_000, rel=0.15)
    assert found.level == WATCH
    assert found.p < 1e-6
    assert "0\u202fh" in found.sentence


def test_the_binomial_tail_is_scipys():
    for count, total in ((5, 9), (0, 4), (30, 60), (1, 1)):
        ours = quality._binomial_above(np.array([float(count)]), np.array([float(total)]), 1 / 3)[0]
        assert ours == pytest.approx(stats.binom.sf(count - 1, total, 1 / 3), rel=1e-9)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_holm_is_the_step_down_rule(p):
    values = np.array(p)
    adjusted = quality._holm(values)
    slow, worst = {}, 0.0
    for rank, row in enumerate(np.argsort(values).tolist()):
        worst = max(worst, min(1.0, values[row] * (len(values) - rank)))
        slow[row] = worst
    assert adjusted.tolist() == pytest.approx([slow[row] for row in range(len(values))])


def test_minutes_that_clerks_round():
    draw = DRAW(4)
    assert quality.heaped_minutes(draw.integers(0, 60, 2_000)).level == FINE
    minutes = np.where(draw.random(2_000) < 0.4, draw.choice([0, 30], 2_000), draw.integers(0, 60, 2_000))
    found = quality.heaped_minutes(minutes)
    assert set(found.details) == {"0", "30"}
    assert found.value == pytest.approx(0.4, abs=0.05)
    assert found.level == ALARM


def test_drift_is_scipys_chi_square():
    table = DRAW(6).poisson([60, 40, 25], (8, 3))
    found = quality.drift(table, ("Gardien", "Plainte", "Vidéo"))
    theirs = stats.chi2_contingency(table)
    assert found.p == pytest.approx(theirs.pvalue)
    assert found.details["degrees_of_freedom"] == theirs.dof
    assert found.details["cramer_v"] == pytest.approx(stats.contingency.association(table, "cramer"))


def test_a_source_that_starts_is_told_and_steady_ones_are_not():
    draw = DRAW(7)
    steady = [quality.drift(draw.poisson([60, 40, 25], (8, 3))).level == FINE for _ in range(100)]
    assert np.mean(steady) >= 0.97
    table = draw.poisson([60, 40, 0, 0], (8, 4))
    table[4:, 2] = 150
    found = quality.drift(table, ("Gardien", "Plainte", "Signalement", "Jamais"))
    assert found.level == ALARM
    assert "« Signalement » passe de 0" in found.sentence
    assert "moved:Jamais" not in found.details


def test_rare_sources_are_put_together():
    table = np.column_stack([np.full(6, 100), np.full(6, 80), np.eye(6, 9, dtype=int)])
    found = quality.drift(table)
    assert found.details["degrees_of_freedom"] == 5 * 2
    assert found.level == FINE


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1_000), st.integers(20, 80))
def test_signals_are_fit_for_json(seed, n):
    draw = DRAW(seed)
    signals = [quality.stacks(draw.integers(0, 3, n), draw.integers(0, 3, n), draw.integers(0, 8, n)).signal,
               quality.single_reporter(draw.integers(1, 4, n), draw.random(n) < 0.5) if n > 40 else None,
               quality.geocoding(draw.integers(0, 8, n)), quality.heaped_hours(draw.choice([3, 4, 9], n, p=[0.5, 0.3, 0.2])),
               quality.drift(draw.integers(5, 9, (3, 3)))]
    for signal in signals:
        if signal:
            json.dumps([signal.value, signal.low, signal.high, signal.p, dict(signal.details)], allow_nan=False)
            assert 0 <= signal.low <= signal.value + 1e-12
            assert signal.value <= signal.high + 1e-12
            assert signal.sentence.endswith(".")


def test_nothing_is_not_enough():
    none = np.array([], dtype=int)
    for call in (lambda: quality.stacks(none, none, none), lambda: quality.geocoding(none), lambda: quality.single_reporter(none),
                 lambda: quality.single_reporter(np.zeros(5, dtype=int)), lambda: quality.heaped_hours(np.full(50, 255)),
                 lambda: quality.heaped_minutes(none), lambda: quality.drift([[5, 5]]), lambda: quality.drift([[50], [50]]),
                 lambda: quality.drift(np.zeros((3, 3)))):
        with pytest.raises(NotEnough):
            call()


def test_what_cannot_be_is_refused():
    for call in (lambda: quality.heaped_hours(np.full(50, 24)), lambda: quality.heaped_minutes(np.full(50, 60)),
                 lambda: quality.drift([[1, np.nan]]), lambda: quality.drift([1, 2]),
                 lambda: quality.drift([[9, 9], [9, 9]], ("seul",)), lambda: quality.single_reporter(np.array([-1])),
                 lambda: quality.single_reporter(np.array([1, 2]), np.array([1, 0])),
                 lambda: quality.stacks(np.zeros(2), np.zeros(3), np.zeros(2))):
        with pytest.raises(BadInput):
            call()
