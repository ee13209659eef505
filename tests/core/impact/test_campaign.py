"""The campaigns of five hundred towns whose truth is known: coverage, false successes, displacement told from diffusion.

Their plans were fixed before (`test_towns.py` holds their digests); what came out is said here, also where more was wanted.
"""

from __future__ import annotations

from functools import cache

import pytest

from geoservice.core.impact.power import gate, power
from geoservice.core.impact.robust import Effect, dispersion, effect
from tests.core.impact.towns import FILES, Town, plan, town

AROUND = ("around", "control_around")


@cache
def campaign(name: str) -> list[tuple[Town, Effect]]:
    given = plan(name)
    return [(one, effect(one.places("treated"), one.places("control")))
            for one in (town(given, number) for number in range(given["towns"]))]


@pytest.mark.parametrize("name", FILES)
def test_intervals_cover_the_truth(name: str) -> None:
    low, high = plan(name)["wanted"]["coverage"]
    inside = [found.low <= -one.prevented <= found.high for one, found in campaign(name)]
    assert len(inside) == 500
    assert low <= sum(inside) / len(inside) <= high


@pytest.mark.parametrize("name", FILES)
def test_it_worked_is_rarely_said_when_it_did_not(name: str) -> None:
    idle = [found.high < 0 for one, found in campaign(name) if one.reduction == 0]
    assert len(idle) == 200
    assert sum(idle) / len(idle) <= plan(name)["wanted"]["false_success"]


def told(one: Town) -> bool:
    """Whether displacement or diffusion is found with its sign."""
    found = effect(*map(one.places, AROUND))
    return found.low > 0 if one.around > 0 else found.high < 0


def by_formula(one: Town) -> bool:
    ring, others = map(one.places, AROUND)
    return abs(one.around) >= gate(ring.before.sum(), others.before.sum(), dispersion(one.history(*AROUND))).drop


def by_simulation(one: Town, number: int) -> bool:
    months = one.history(*AROUND).shape[1]
    ring, others = (one.history(group).sum(axis=1) * one.months / months for group in AROUND)
    share = -one.around / one.expected_around
    return power(ring, others, share, dispersion(one.history(*AROUND)), seed=number, runs=1_000) >= 0.8


def test_displacement_and_diffusion_are_told_apart_where_the_gate_says_it_is_possible() -> None:
    """The second campaign, by the gate that its plan names: few towns pass, and that is what the gate is for."""
    asked = [told(one) for number, (one, _) in enumerate(campaign("impact-2")) if one.around and by_simulation(one, number)]
    assert len(asked) >= 10
    assert sum(asked) / len(asked) >= plan("impact-2")["wanted"]["told_apart"]


def test_the_formula_promises_too_much() -> None:
    """What the first campaign showed: of 13 towns that the formula lets pass displacement or diffusion is found in 8."""
    asked = [told(one) for one, _ in campaign("impact-1") if one.around and by_formula(one)]
    assert (len(asked), sum(asked)) == (13, 8)


@pytest.mark.parametrize("name", FILES)
def test_one_is_hardly_ever_taken_for_the_other(name: str) -> None:
    found = [(one, effect(*map(one.places, AROUND))) for one, _ in campaign(name) if one.around]
    assert len(found) >= 150
    assert sum(result.high < 0 if one.around > 0 else result.low > 0 for one, result in found) <= 0.025 * len(found)


def test_real_effects_are_found_where_there_are_many_facts() -> None:
    """No campaign is won by never concluding."""
    found = [result.high < 0 for one, result in campaign("impact-2") if one.reduction >= 0.4]
    assert len(found) == 200
    assert sum(found) / len(found) >= 0.8
