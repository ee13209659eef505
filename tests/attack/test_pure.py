"""Every attack of the notes succeeds against a naive build and gains nothing certain against ours: a small town; `slow`: all."""

from __future__ import annotations

import numpy as np
import pytest

from geoservice.core.disclosure.bounds import Attacker, knowledge, start
from geoservice.core.disclosure.masking import Rule
from geoservice.core.disclosure.release import changed
from tests.attack import attacks, naive, ours, worlds

YEAR = 2025


@pytest.fixture(scope="module")
def town() -> worlds.World:
    return worlds.synthetic("small_town")


@pytest.fixture(scope="module")
def built(town: worlds.World) -> ours.Ours:
    return ours.build(town, YEAR)


@pytest.fixture(scope="module")
def wide(town: worlds.World):
    return naive.full_lattice(town, YEAR)


def test_a_threshold_loses_small_counts_and_ours_none(built: ours.Ours, wide) -> None:
    counts = wide.counts()
    seen = naive.exact(wide, counts)
    known = knowledge(wide, counts, Attacker(None))
    outsider = attacks.prove(wide, naive.exact_start(known, seen), known)
    assert outsider.exact >= 0.03 * outsider.small > 0
    worst = ours.worst_insider(wide, counts, seen, naive.exact_start)
    assert worst.exact >= 0.10 * worst.small > 0

    rule = Rule(built.order.parameters, len(built.found.organisations()))
    for attacker in (Attacker(None), *map(Attacker, built.found.organisations())):
        known = knowledge(built.found, built.counts, attacker)
        proof = attacks.prove(built.found, start(known, rule, (built.view,)), known)
        assert proof.small > 20
        assert (proof.exact, proof.exists) == (0, 0)
        assert proof.width >= 4


def test_a_difference_of_one_parent_gives_counts_away_only_where_nothing_is_drawn(built: ours.Ours, wide) -> None:
    broken = attacks.differencer(wide, wide.counts(), naive.exact(wide, wide.counts()))
    assert broken.certain > 100
    assert attacks.differencer(built.found, built.counts, built.view).claims <= 5


def test_the_mask_is_an_oracle_only_where_zero_passes(built: ours.Ours, wide) -> None:
    broken = ours.first_design(wide)
    assert attacks.mask_as_oracle(broken.found, broken.counts, broken.view).certain > 50
    mine = attacks.mask_as_oracle(built.found, built.counts, built.view)
    assert mine.claims > mine.right
    assert mine.certain == 0


def test_equal_noise_proves_a_rest_only_with_consistent_keys(built: ours.Ours, wide) -> None:
    broken = ours.first_design(wide)
    assert attacks.equal_noise(broken.found, broken.counts, broken.view, broken.redraw()).certain > 100
    mine = attacks.equal_noise(built.found, built.counts, built.view, built.redraw())
    assert mine.claims > 5
    assert mine.certain == 0


def test_no_two_published_periods_differ_by_one_month(built: ours.Ours, wide) -> None:
    told, share = attacks.cumulative(*ours.totals(wide))
    assert told.certain > 20
    assert share > 0.05
    assert ours.one_month_apart(built.found) == 0


def test_a_revision_tells_late_facts_only_under_the_same_secret(town: worlds.World, wide) -> None:
    before, after, late = ours.naive_revision(town, wide, 3)
    told, base = attacks.changed_means_late(before, after, late)
    assert told.certain > 20
    assert base < 0.9
    first, second, late = ours.late_revision(town, YEAR, 3)
    told, base = attacks.changed_means_late(first.view, second.view, late)
    assert told.claims > 100
    assert told.certain == 0
    assert abs(told.right / told.claims - base) < 0.1
    assert changed(first.published.release, second.published.release)


def test_hexagons_nest_only_when_a_fact_is_indexed_once(town: worlds.World) -> None:
    from h3.api import basic_int

    from geoservice.core import grid

    lon, lat = grid.centres(town.facts.cell[:2000]).T
    parent = grid.parents(town.facts.cell[:2000], 9)
    direct = np.array([basic_int.latlng_to_cell(y, x, 9) for x, y in zip(lon, lat, strict=True)], dtype=np.uint64)
    assert 0.01 < np.mean(parent != direct) < 0.2  # publishing both would leave slivers that give facts away
    for fine, coarse in (("r9", 8), ("r8", 7)):
        places = town.order().places
        for place in places.published[fine]:
            assert len(np.unique(grid.parents(places.cells(place), coarse))) == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", ["agglomeration", "paris"])
def test_the_larger_worlds(name: str) -> None:
    from tests.attack import pure

    if name == "paris" and worlds.paris_missing():
        pytest.skip(worlds.paris_missing())
    rows = pure.attacked(pure.world(name), quick=True)
    assert len(rows) >= 5
    assert [row.id for row in rows if not row.met] == []
