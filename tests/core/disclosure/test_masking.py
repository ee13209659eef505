from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoservice.core.disclosure.cubes import Cube, cube
from geoservice.core.disclosure.masking import Rule, View, view
from geoservice.core.disclosure.parameters import Parameters
from tests.core.disclosure import town

WHERE = town.territory()


def _seen(seed: int, rule: Rule, organisations: int = 4, count: int = 600, secret: bytes = town.SECRET) -> tuple[Cube, View]:
    found = cube(town.lattice(WHERE), town.facts(WHERE, count, seed, organisations))
    return found, view(found, found.counts(), rule, secret, 0)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 1000), st.integers(2, 6))
def test_nothing_is_shown_that_one_contributor_could_subtract(seed: int, organisations: int) -> None:
    found, seen = _seen(seed, Rule(Parameters(), organisations), organisations)
    counts = found.counts()
    assert seen.shown.sum() > 20
    assert not np.any(seen.shown & ~seen.published)
    assert (counts[seen.shown] >= 5).all()
    assert (seen.value[seen.shown] >= 5).all()
    assert (np.abs(seen.value - counts)[seen.shown] <= 5).all()
    assert (seen.value[~seen.shown] == 0).all()
    for organisation in range(1, organisations + 1):
        own = found.counts(found.of(organisation))
        assert ((counts - own)[seen.shown & (own > 0)] >= 5).all()  # nothing at all is too little as well


def test_bars_are_between_five_and_nine_and_keyed() -> None:
    masked_at, shown_at, alone = set(), set(), 0
    for seed in range(6):
        found, seen = _seen(seed, Rule(Parameters(), 2), organisations=2)
        counts = found.counts()
        own = np.maximum(found.counts(found.of(1)), found.counts(found.of(2)))
        rest = (counts - own)[seen.published & (counts >= 15)]
        shown = seen.shown[seen.published & (counts >= 15)]
        masked_at |= set(rest[~shown].tolist())
        shown_at |= set(rest[shown].tolist())
        alone += int((seen.published & (counts >= 5) & (counts == own)).sum())
        assert not np.any(seen.shown & (counts == own))  # a rest of nobody is under every bar
    assert max(masked_at) == 8        # a bar of nine
    assert min(shown_at) == 5         # a bar of five
    assert alone > 0


def test_a_single_contributor_shows_nothing_unless_the_kind_is_solo() -> None:
    _, alone = _seen(1, Rule(Parameters(), 1), organisations=1)
    assert not alone.shown.any()
    found, solo = _seen(1, Rule(Parameters(), 1, solo=True), organisations=1)
    counts = found.counts()
    assert solo.shown.sum() > 20
    assert counts[solo.shown].min() >= 10
    assert solo.value[solo.shown].min() >= 10


def test_at_least_three_contributors_when_a_territory_asks() -> None:
    facts = town.facts(WHERE, 600, 2, organisations=2)
    facts.organisation[:12] = 3
    found = cube(town.lattice(WHERE), facts)
    three, two = (view(found, found.counts(), Rule(Parameters(min_contributors=many), 3), town.SECRET, 0) for many in (3, 1))
    number = sum((found.counts(found.of(organisation)) > 0).astype(int) for organisation in (1, 2, 3))
    assert number[three.shown].min() >= 3
    assert number[two.shown].min() == 2
    assert np.array_equal(three.value[three.shown], two.value[three.shown])


def test_another_secret_draws_other_numbers_of_the_same_facts() -> None:
    _, one = _seen(3, Rule(Parameters(), 4))
    _, again = _seen(3, Rule(Parameters(), 4))
    _, other = _seen(3, Rule(Parameters(), 4), secret=b"t" * 32)
    both = one.shown & other.shown
    assert np.array_equal(one.value, again.value)
    assert (one.value != other.value)[both].mean() > .5


def test_hiding_is_remembered_as_a_repair() -> None:
    _, seen = _seen(4, Rule(Parameters(), 4))
    some = np.zeros_like(seen.shown)
    some[tuple(np.argwhere(seen.shown)[0])] = True
    after = seen.hide(some)
    assert after.hidden.sum() == 1
    assert after.shown.sum() == seen.shown.sum() - 1
    assert np.array_equal(after.masked, seen.masked)
    assert replace(after).value[some].tolist() == [0]


@pytest.mark.parametrize("solo", [False, True])
def test_where_a_fact_lies_in_its_atom_and_month_changes_nothing(solo: bool) -> None:
    from geoservice.core import grid

    rng = np.random.default_rng(1)
    facts = town.facts(WHERE, 400, 5)
    atom = grid.parents(facts.cell, 10)
    moved = replace(facts, cell=np.array([rng.choice(grid.disk(int(cell), 1)) for cell in facts.cell], dtype=np.uint64))
    moved = replace(moved, cell=np.where(grid.parents(moved.cell, 10) == atom, moved.cell, facts.cell))
    assert (moved.cell != facts.cell).mean() > .5
    order = rng.permutation(len(facts))
    rule = Rule(Parameters(), 4, solo)
    views = []
    for given_ in (facts, moved.take(order)):
        found = cube(town.lattice(WHERE), given_)
        views.append(view(found, found.counts(), rule, town.SECRET, 0))
    assert np.array_equal(views[0].value, views[1].value)
