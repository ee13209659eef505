from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoservice.core.disclosure import audit as audits
from geoservice.core.disclosure import solving
from geoservice.core.disclosure.audit import Case, audit, joint, read, unmasked
from geoservice.core.disclosure.bounds import Attacker, Bounds, Unsound, check, knowledge, propagate, start
from geoservice.core.disclosure.cubes import cube
from geoservice.core.disclosure.masking import Rule, View, drawn, view
from geoservice.core.disclosure.parameters import Parameters
from geoservice.core.disclosure.solving import Scene, Solver
from tests.core.disclosure import town

WHERE = town.territory()
OUTSIDER = Attacker(None)
LOUD = Parameters(reach=1, variance=.5)  # hardly any noise: the design under which an audit has something to find


def _case(seed: int, parameters: Parameters, organisations: int = 4, solo: bool = False, count: int = 500) -> tuple[Case, View]:
    found = cube(town.lattice(WHERE), town.facts(WHERE, count, seed, organisations))
    rule = Rule(parameters, organisations, solo)
    return Case(found, found.counts(), rule), view(found, found.counts(), rule, town.SECRET, 0)


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 1000), reach=st.sampled_from([1, 3, 5]), solo=st.booleans())
def test_bounds_never_exclude_the_truth(seed: int, reach: int, solo: bool) -> None:
    case, seen = _case(seed, Parameters(reach=reach, variance=.5), 1 if solo else 4, solo)
    for attacker in case.attackers:
        known = knowledge(case.found, case.counts, attacker)
        bounds = propagate(case.found, start(known, case.rule, (seen,)))
        check(known, bounds)
        assert (bounds.high < 1 << 20).any()


def test_an_audit_that_contradicts_itself_is_told() -> None:
    case, seen = _case(1, Parameters())
    wrong = replace(seen, value=np.where(seen.shown, seen.value + 11, 0))
    known = knowledge(case.found, case.counts, OUTSIDER)
    with pytest.raises(Unsound):
        check(known, propagate(case.found, start(known, case.rule, (wrong,))))


def _planted(case: Case, seen: View, same_place: bool = False) -> tuple[View, tuple[int, int], list[tuple[int, int]]]:
    """A parent and all but one of its parts shown at the ends of the noise: what is left is proven."""
    lattice = case.found.lattice
    for row, column in np.argwhere((case.counts >= 1) & (case.counts <= 4)).tolist():
        for parent in [node for node in lattice.parents(row, column) if (node[0] == row) == same_place]:
            part = next(part for part in lattice.children(*parent) if (row, column) in part)
            others = [node for node in part if node != (row, column)]
            if case.counts[parent] >= 20 and all(case.counts[node] >= 7 for node in others):
                value, shown = np.zeros_like(seen.value), np.zeros_like(seen.shown)
                for node in (parent, *others):
                    shown[node] = True
                    value[node] = case.counts[node] + (5 if node == parent else -5)
                published = seen.published | shown
                return View(published, shown, value, published & ~shown, np.zeros_like(shown)), (row, column), [parent, *others]
    raise AssertionError("no sum to plant a violation in")


@pytest.mark.parametrize("same_place", [False, True], ids=["between places", "between periods or groups"])
def test_a_planted_violation_is_found_and_repaired(same_place: bool) -> None:
    facts = town.facts(WHERE, 500, 7)
    rare = np.flatnonzero(facts.category == facts.category[0])
    facts.category[rare[3:]] = next(code for code in facts.category if code != facts.category[0])  # three of one category
    found, rule = cube(town.lattice(WHERE), facts), Rule(town.QUICK, 4)
    case = Case(found, found.counts(), rule)
    planted, node, shown = _planted(case, view(found, case.counts, rule, town.SECRET, 0), same_place)
    reading = read(case, planted, OUTSIDER)
    assert reading.violations[node]
    assert reading.proven >= 1
    said: list[str] = []
    clean, verdict = audit(case, planted, lambda done, of, what: said.append(what))
    assert verdict.clean
    assert verdict.hidden >= 1
    assert verdict.rounds >= 1
    assert not all(clean.shown[each] for each in shown)
    assert read(case, clean, OUTSIDER).clean
    assert said[0] == "outsider"


def test_what_is_out_already_is_never_hidden() -> None:
    case, seen = _case(7, Parameters())
    planted, node, shown = _planted(case, seen)
    old = replace(planted, frozen=planted.shown)
    clean, verdict = audit(case, old)
    assert np.array_equal(clean.shown, old.shown)
    assert verdict.past >= 1
    assert verdict.clean  # nothing new adds to it, and nothing can take it back
    parent = np.zeros_like(old.shown)
    parent[shown[0]] = True
    half = replace(planted, frozen=planted.shown & ~parent)
    clean, verdict = audit(case, half)
    assert not clean.shown[shown[0]]
    assert all(clean.shown[each] for each in shown[1:])
    assert verdict.clean
    assert read(case, clean, OUTSIDER).violations[node] == np.False_


@pytest.mark.parametrize("seed", [1, 2])
def test_repair_ends_clean_for_every_attacker_even_with_hardly_any_noise(seed: int) -> None:
    case, seen = _case(seed, replace(LOUD, near=0, rounds=6), count=250)
    before = [read(case, seen, attacker) for attacker in case.attackers]
    assert sum(int(reading.violations.sum()) for reading in before) > 0
    clean, verdict = audit(case, seen)
    assert verdict.clean
    assert verdict.hidden > 0
    assert all(read(case, clean, attacker).clean for attacker in case.attackers)


@pytest.mark.parametrize("seed", [1, 2])
def test_where_repair_does_not_end_a_place_loses_its_finest_level(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    case, seen = _case(seed, replace(LOUD, near=0, rounds=0), count=250)  # no round of repairs is granted
    bad = np.logical_or.reduce([read(case, seen, attacker).violations for attacker in case.attackers])
    clean, verdict = audit(case, seen)
    assert verdict.clean
    finest = [audits._finest(case.found.lattice, seen.shown, row) for row in np.flatnonzero(bad.any(axis=1)).tolist()]
    assert verdict.lost >= sum(bool(nodes.any()) for nodes in finest) > 0  # the others have nothing left to lose
    assert not any(clean.shown[nodes].any() for nodes in finest)
    monkeypatch.setattr(audits, "coarsen", lambda case, view, bad: (np.zeros_like(bad), 0))
    assert not audit(case, seen)[1].clean  # which a publisher refuses


def test_an_insider_knows_its_own_facts_and_a_disclosed_fact_is_known_to_all() -> None:
    case, seen = _case(3, Parameters())
    facts = case.found.facts
    mine = knowledge(case.found, case.counts, Attacker(2))
    assert np.array_equal(mine.unknown, case.counts - case.found.counts(case.found.of(2)))
    told = cube(case.found.lattice, replace(facts, public=facts.organisation == 2))
    outsider = knowledge(told, case.counts, OUTSIDER)
    assert np.array_equal(outsider.unknown, mine.unknown)
    assert np.array_equal(outsider.whole[0], mine.whole[0])
    one = start(mine, case.rule, (seen,))
    other = start(outsider, case.rule, (seen,))
    assert np.array_equal(one.high, other.high)


def test_the_last_contributor_learns_an_upper_bound_and_never_a_lower_one() -> None:
    case, seen = _case(5, Parameters(), organisations=2)
    known = knowledge(case.found, case.counts, Attacker(1))
    bounds = start(known, case.rule, (seen,))
    last = seen.masked & (known.whole[0] >= 9)
    assert last.any()
    assert bounds.high[last].max() <= 8
    assert (bounds.low[last] == 0).all()


def test_an_earlier_release_counts_only_where_its_facts_are_the_same() -> None:
    case, seen = _case(6, Parameters())
    other = view(case.found, case.counts, case.rule, b"t" * 32, 1)
    known = knowledge(case.found, case.counts, OUTSIDER)
    alone = propagate(case.found, start(known, case.rule, (seen,)))
    both = propagate(case.found, start(known, case.rule, (seen, other)))
    check(known, both)
    assert (both.high - both.low).sum(dtype=np.int64) < (alone.high - alone.low).sum(dtype=np.int64)
    nothing = joint(other, np.zeros_like(other.shown))
    same = propagate(case.found, start(known, case.rule, (seen, nothing)))
    assert np.array_equal(same.high, alone.high)


def test_what_a_predecessor_showed_is_shown_again_where_masking_it_would_tell_more() -> None:
    found = cube(town.lattice(WHERE), town.facts(WHERE, 500, 6, organisations=2))
    rule = Rule(Parameters(), 2)
    earlier = view(found, found.counts(), rule, b"t" * 32, 0)
    now, spare = drawn(found, found.counts(), rule, town.SECRET, 1)
    flipped = earlier.shown & now.masked & (spare > 0)
    assert flipped.any()                    # shown with one bar, masked with the next: the rest is between the two
    case = Case(found, found.counts(), rule, (earlier,), spare)
    bad = np.zeros_like(flipped)
    bad[tuple(np.argwhere(flipped)[0])] = True
    nodes = unmasked(case, now, bad)
    assert nodes.sum() == 1
    assert (now.show(nodes, spare).value[nodes] >= 5).all()
    assert not unmasked(replace(case, earlier=()), now, bad).any()
    assert not unmasked(case, replace(now, frozen=np.ones_like(flipped)), bad).any()


def _scene(case: Case, seen: View, organisation: int | None) -> Scene:
    known = knowledge(case.found, case.counts, Attacker(organisation))
    bounds = propagate(case.found, start(known, case.rule, (seen,)))
    own = known.whole[0] if organisation else np.zeros_like(known.known)
    return Scene(case.found, case.rule, seen, known, bounds, own, organisation is not None)


@pytest.mark.parametrize("organisation", [None, 1])
def test_the_solver_never_excludes_the_truth(organisation: int | None) -> None:
    case, seen = _case(8, replace(LOUD, branches=5), organisations=3, count=300)
    scene = _scene(case, seen, organisation)
    rng, found, solver = np.random.default_rng(1), 0, Solver(scene)
    candidates = np.argwhere((scene.known.unknown > 0) & (scene.known.unknown < 5) & seen.published)
    for row, column in rng.choice(candidates, 6, replace=False).tolist():
        truth = int(scene.known.unknown[row, column])
        said = solver.block(row, column).allows((row, column), truth, truth)
        assert said is not False
        found += said is True
    assert found >= 3


def test_the_solver_reads_the_reason_of_a_mask() -> None:
    """Nobody at a node holds more than eight beside the last one, if it is masked: propagation alone cannot say so of a sum."""
    case, seen = _case(9, Parameters(), organisations=2, count=300)
    scene = _scene(case, seen, None)
    open_ = Bounds(np.zeros_like(scene.bounds.low), np.full_like(scene.bounds.high, 400))
    silent = replace(scene, bounds=open_, rule=replace(scene.rule, organisations=2), insider=False)
    r9 = [place.node for place in WHERE.published["r9"]]
    column = case.found.lattice.slots.column("2025-01", "all")
    row = next(node for node in r9 if seen.masked[node, column])
    assert Solver(silent).block(row, column).allows((row, column), 0, 9)
    # two contributors, both without more than eight for the other: 17 and more would have been shown or have a reason
    assert Solver(silent).block(row, column).allows((row, column), 100, 400)
    # an insider with three of its own: either few in all, or one other contributor holds all but five
    own = np.full_like(scene.own, 3)
    rule = replace(scene.rule, organisations=3)
    insider = replace(silent, insider=True, own=own, known=replace(scene.known, known=own), rule=rule)
    many = Solver(insider).block(row, column)
    assert insider.others == 2
    assert many.allows((row, column), 100, 400)


def test_neighbourhoods_are_inside_the_hexagon_or_one_step_down() -> None:
    lattice = town.lattice(WHERE)
    eight = WHERE.published["r8"][0]
    inside = solving.neighbourhood(lattice, WHERE.published["r9"][0].node)
    assert eight.node in inside or len(inside) > 5
    whole = solving.neighbourhood(lattice, WHERE.published["r7"][0].node)
    assert {place.node for place in WHERE.published["r8"]} <= whole
