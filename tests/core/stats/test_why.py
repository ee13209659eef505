"""What is planted is found and told; where nothing is planted next to nothing is; bases and mixes are held equal."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoservice.core.stats.given import NotEnough
from geoservice.core.stats.why import BANDS, MOST, Dimension, Residences, of_facts, shrunk_ratios, standardised, why
from geoservice.errors import BadInput
from geoservice.types import Category, Place, code_of

DRAW = np.random.default_rng


def town(seed: int, n: int = 3_000, share: float = 0.03) -> dict[str, np.ndarray]:
    """Facts with categories, places and hours that have nothing to do with where they are."""
    draw = DRAW(seed)
    hour = draw.choice(24, n, p=draw.dirichlet(np.full(24, 5)))
    hour[draw.random(n) < 0.3] = 255
    return {"here": draw.random(n) < share, "category": draw.choice(12, n, p=draw.dirichlet(np.ones(12))) + 1,
            "place": draw.integers(0, 18, n), "hour": hour, "span": np.zeros(n, dtype=np.int64)}


def reasons_of(facts: dict[str, np.ndarray], residences: Residences = Residences()):
    return why(facts["here"], of_facts(*(facts[name] for name in ("category", "place", "hour", "span"))), residences)


def test_a_planted_category_hour_and_residence_are_told():
    facts = town(1)
    where = np.flatnonzero(facts["here"])
    facts["category"][where[::2]] = code_of(Category.BRU)
    facts["hour"][where[1::2]] = 23
    facts["place"][where[::3]] = code_of(Place.HALL)
    found = reasons_of(facts, Residences(["Les Tilleuls", "Le Parc"], [30, 2], [120, 150], 0.04))
    assert {reason.label for reason in found.reasons} == {"Bruit", "Hall", BANDS[3], "Les Tilleuls"}
    assert found.sentence.startswith("Ce qui distingue le plus ce lieu : ")
    for reason in found.reasons:
        assert 1 < reason.low < reason.ratio < reason.high
        assert "fois" in reason.sentence
        assert "." not in reason.sentence[:-1]
    assert [reason.low for reason in found.reasons] == sorted((reason.low for reason in found.reasons), reverse=True)


def test_where_nothing_is_planted_reasons_are_rare():
    """At most a tenth of places without anything special get a reason (35 ratios are looked at in each)."""
    told = [bool(reasons_of(town(seed)).reasons) for seed in range(150)]
    assert np.mean(told) <= 0.1
    nothing = next(found for seed in range(150) if not (found := reasons_of(town(seed))).reasons)
    assert nothing.sentence.startswith("Rien ne distingue")
    assert nothing.tested > 20


def test_hours_do_not_stand_out_because_of_the_category():
    """Noise is reported at night everywhere; a place with much noise is not a place of nights."""
    draw = DRAW(5)
    n = 6_000
    here = np.arange(n) < 300
    noise = np.where(here, draw.random(n) < 0.8, draw.random(n) < 0.1)
    category = np.where(noise, code_of(Category.BRU), code_of(Category.SAL))
    hour = np.where(noise, 23, draw.integers(6, 18, n))
    sorts, place, hours = of_facts(category, np.zeros(n, dtype=int), hour, np.zeros(n, dtype=int))
    assert [reason.dimension for reason in why(here, [sorts, place, hours]).reasons] == ["category"]
    plain = Dimension("hour", hours.codes, BANDS)
    assert "hour" in {reason.dimension for reason in why(here, [sorts, plain]).reasons}


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.booleans())
def test_expected_facts_add_up_to_the_facts_here(seed, stratified):
    draw = DRAW(seed)
    n = 200
    here, codes = draw.random(n) < 0.3, draw.integers(-1, 5, n)
    observed, expected = standardised(here, codes, draw.integers(0, 3, n) if stratified else None, 5)
    assert expected.sum() == pytest.approx(observed.sum())
    assert (expected >= 0).all()


def test_standardised_by_hand():
    here = np.array([True] * 4 + [False] * 20)
    codes = np.array([0, 0, 0, 1] + [0] * 5 + [1] * 15)
    observed, expected = standardised(here, codes)
    assert observed.tolist() == [3, 1]
    np.testing.assert_allclose(expected, [4 * 5.25 / 20.5, 4 * 15.25 / 20.5])


def test_shrinkage_pulls_few_facts_more():
    ratio, low, high = shrunk_ratios(np.array([6.0, 300.0]), np.array([2.0, 100.0]))
    assert 1 < ratio[0] < ratio[1] < 3
    assert high[0] - low[0] > high[1] - low[1]


def test_unknown_codes_are_left_out_and_intervals_have_no_hour():
    *_, hours = of_facts(np.array([0, 1]), np.array([0, 5]), np.array([255, 7]), np.array([0, 3]))
    assert hours.codes.tolist() == [-1, -1]


def test_at_most_five_reasons():
    facts = town(3)
    where = np.flatnonzero(facts["here"])
    names = [f"R{row}" for row in range(12)]
    facts["category"] = np.where(facts["here"], 5, facts["category"])
    found = reasons_of(facts, Residences(names, [40] * 12, [100] * 12, 0.05))
    assert len(where) > 20
    assert len(found.reasons) == MOST


def test_residences_without_dwellings_say_nothing():
    found = reasons_of(town(2), Residences(["A"], [50], [0], 0.05))
    assert all(reason.dimension != "residence" for reason in found.reasons)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_too_few_facts_are_not_enough(share):
    facts = town(1) | {"here": np.full(3_000, bool(share))}
    with pytest.raises(NotEnough, match="Trop peu de faits"):
        reasons_of(facts)


def test_what_cannot_be_is_refused():
    facts = town(1)
    with pytest.raises(BadInput, match="vrai ou faux"):
        why(facts["here"].astype(int), [])
    with pytest.raises(BadInput, match="longueur"):
        why(facts["here"], [Dimension("x", np.zeros(3, dtype=int), {0: "a"})])
    with pytest.raises(BadInput, match="manquantes"):
        reasons_of(facts, Residences(["A"], [5], [np.nan], 0.05))
