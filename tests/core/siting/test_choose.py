"""Choosing cameras: every small instance against all plans there are, bounds, limits, and why there is no plan."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from geoservice.core.siting.choose import best, greedy, spared
from geoservice.core.siting.covering import Demand, Limits, Problem, merged
from geoservice.errors import BadInput


def table_of(rows: list) -> tuple[np.ndarray, np.ndarray]:
    flat = [sorted(row) for row in rows]
    return (np.cumsum([0, *map(len, flat)]), np.array([spot for row in flat for spot in row], dtype=np.int64))


def plans(many: int) -> list[np.ndarray]:
    return [np.array(some, dtype=np.int64) for size in range(many + 1) for some in combinations(range(many), size)]


def by_force(problem: Problem) -> float | None:
    """The value of the best of all plans, None where none is allowed."""
    values = [problem.value(plan) for plan in plans(len(problem.cost)) if problem.allowed(plan)]
    return max(values) if values else None


@st.composite
def problems(draw: st.DrawFn) -> Problem:
    many, spots = draw(st.integers(1, 8)), draw(st.integers(1, 12))
    rows = draw(st.lists(st.sets(st.integers(0, spots - 1)), min_size=many, max_size=many))
    weights = np.array(draw(st.lists(st.integers(0, 9), min_size=spots, max_size=spots)), dtype=float)
    zone = np.array(draw(st.lists(st.integers(-1, 2), min_size=spots, max_size=spots)))
    seen = np.array(draw(st.lists(st.integers(0, 3), min_size=spots, max_size=spots))) // 2
    cost = np.array(draw(st.lists(st.integers(1, 5), min_size=many, max_size=many)), dtype=float)
    site = np.array(draw(st.lists(st.integers(0, 9), min_size=many, max_size=many)))
    cameras, budget = draw(st.none() | st.integers(0, 5)), draw(st.none() | st.integers(0, 12))
    assume(cameras is not None or budget is not None)
    least = draw(st.dictionaries(st.integers(0, 2), st.sampled_from([0.2, 0.5, 0.8, 1.0]), max_size=2))
    limits = Limits(cameras, budget, draw(st.sampled_from([0.0, 0.3, 1.0])), least)
    return Problem.of(table_of(rows), Demand.of(weights, zone, seen), limits, cost, site)


@settings(max_examples=250, deadline=None)
@given(problems())
def test_every_small_instance_is_that_of_brute_force(problem: Problem) -> None:
    known, found = by_force(problem), best(problem)
    if known is None:
        assert found.status == "infeasible"
        assert found.clashes
        return
    assert found.status == "optimal"
    assert found.value == pytest.approx(known)
    assert found.bound == pytest.approx(known)
    assert problem.allowed(found.chosen)
    assert found.value == pytest.approx(problem.value(found.chosen))


@settings(max_examples=150, deadline=None)
@given(problems())
def test_what_adds_nothing_is_spared(problem: Problem) -> None:
    """The same value for no more money, within the same limits, and every camera that is left is missed."""
    found = best(problem)
    less = spared(problem, found)
    assert set(less.chosen) <= set(found.chosen)
    if found.status == "optimal":
        assert problem.value(less.chosen) == pytest.approx(found.value)
        assert problem.allowed(less.chosen)
        for one in less.chosen:
            rest = less.chosen[less.chosen != one]
            assert problem.value(rest) < found.value - 1e-9 or not problem.allowed(rest)


@settings(max_examples=150, deadline=None)
@given(problems())
def test_greedy_keeps_its_bound(problem: Problem) -> None:
    """Whatever the zones, of which greedy says which fall short: its bound is above every plan, its plan within its purses."""
    free = Problem(problem.indptr, problem.indices, problem.demand,
                   Limits(problem.limits.cameras, problem.limits.budget, problem.limits.backup), problem.cost, problem.site)
    known, found = by_force(free), greedy(problem)
    assert free.allowed(found.chosen)
    assert found.value <= known + 1e-9 <= found.bound + 2e-9
    assert set(found.short) == {zone for zone, share in found.shares.items() if share < problem.limits.least[zone] - 1e-9}
    if problem.limits.budget is None and len(set(problem.site)) == len(problem.site):
        gained = known - free.value(np.empty(0, np.int64))
        assert found.value - free.value(np.empty(0, np.int64)) >= (1 - 1 / np.e) * gained - 1e-9


@settings(max_examples=100, deadline=None)
@given(problems())
def test_merging_changes_no_value(problem: Problem) -> None:
    small = merged(problem)
    assert len(small.demand.weights) <= len(problem.demand.weights)
    for plan in plans(len(problem.cost))[:40]:
        assert small.value(plan) == pytest.approx(problem.value(plan))
        assert small.shares(plan) == pytest.approx(problem.shares(plan))


def random_problem(seed: int, cameras: int, **limits: Any) -> Problem:
    rng = np.random.default_rng(seed)
    spots, places = rng.uniform(0, 1_000, (600, 2)), rng.uniform(0, 1_000, (150, 2))
    near = np.hypot(*(places[:, None] - spots[None]).transpose(2, 0, 1)) < 120
    zone = (spots[:, 0] // 250).astype(np.int64)
    return Problem.of(table_of([np.flatnonzero(row).tolist() for row in near]), Demand.of(rng.pareto(1.5, 600), zone),
                      Limits(cameras, **limits))


@pytest.mark.parametrize("fair", [False, True])
@pytest.mark.parametrize("backup", [0.0, 0.4])
@pytest.mark.parametrize("seed", range(3))
def test_what_is_left_out_changes_nothing(seed: int, backup: float, fair: bool) -> None:
    """Larger ones, where candidates are left out before HiGHS: the same as HiGHS on all of them."""
    from geoservice.core.siting import choose
    from geoservice.core.siting.programme import Programme

    problem = random_problem(seed, 8, backup=backup, least=dict.fromkeys(range(4), 0.0))
    if fair:  # a little more than the best plan gives the zone that it serves least
        least = 1.05 * min(best(problem).shares.values())
        problem = random_problem(seed, 8, backup=backup, least=dict.fromkeys(range(4), least))
    known, raised = choose._improved(merged(problem))
    kept = choose._useful(merged(problem), known, raised)
    assert len(kept) < 150
    whole = Programme(problem, np.arange(150)).solve(60)
    found = best(problem)
    assert whole.status == found.status == "optimal"
    assert found.value == pytest.approx(problem.value(whole.chosen))
    assert min(found.shares.values()) >= min(problem.limits.least.values()) - 1e-9
    assert fair or greedy(problem).value >= 0.9 * found.value


def test_equity_costs_something_and_is_kept() -> None:
    free, fair = best(random_problem(4, 6)), best(random_problem(4, 6, least={0: 0.3, 1: 0.3, 2: 0.3, 3: 0.3}))
    assert free.status == fair.status == "optimal"
    assert min(fair.shares.values()) >= 0.3 - 1e-9
    assert fair.value < free.value
    assert greedy(random_problem(4, 6, least={0: 0.9})).short == (0,)


def test_existing_cameras_count() -> None:
    rows = [{0, 1}, {2}]
    demand = Demand.of(np.array([5.0, 4, 3]), seen=np.array([1, 1, 0]))
    found = best(Problem.of(table_of(rows), demand, Limits(1)))
    assert found.chosen.tolist() == [1]
    assert found.value == 12
    assert best(Problem.of(table_of(rows), demand, Limits(1, backup=0.5))).chosen.tolist() == [0]


def test_no_plan_is_explained() -> None:
    """Zone 1 can never be half covered; else two cameras cannot serve three places apart, and three would do."""
    rows, weights = [{0}, {1}, {2}], np.ones(5)
    zone = np.array([0, 1, 2, 3, 3])
    lost = best(Problem.of(table_of(rows), Demand.of(weights, zone), Limits(5, least={0: 1.0, 3: 0.5})))
    assert lost.status == "infeasible"
    assert [(clash.zones, clash.possible) for clash in lost.clashes] == [((3,), False)]
    tight = best(Problem.of(table_of(rows), Demand.of(weights, zone), Limits(2, least={0: 1.0, 1: 1.0, 2: 0.5})))
    assert [(clash.zones, clash.cameras, clash.budget) for clash in tight.clashes] == [((0, 1, 2), 3, None)]
    cost = np.array([10.0, 20, 40])
    poor = best(Problem.of(table_of(rows), Demand.of(weights, zone), Limits(3, 25, least={0: 1.0, 1: 1.0}), cost))
    assert [(clash.zones, clash.cameras, clash.budget) for clash in poor.clashes] == [((0, 1), None, 30)]


def test_no_camera_and_no_demand() -> None:
    rows = [{0}, set()]
    assert best(Problem.of(table_of(rows), Demand.of(np.ones(1)), Limits(0))).chosen.tolist() == []
    assert best(Problem.of(table_of([set(), set()]), Demand.of(np.zeros(0)), Limits(2))).value == 0
    assert greedy(Problem.of(table_of(rows), Demand.of(np.ones(1)), Limits(2))).chosen.tolist() == [0]


def test_impossible_problems_are_refused() -> None:
    for wrong in (lambda: Limits(), lambda: Limits(-1), lambda: Limits(1, backup=2), lambda: Limits(1, least={0: 1.5}),
                  lambda: Demand.of(np.array([-1.0])), lambda: Demand.of(np.ones(2), np.zeros(1)),
                  lambda: Problem.of(table_of([{3}]), Demand.of(np.ones(1)), Limits(1)),
                  lambda: Problem.of(table_of([{0}]), Demand.of(np.ones(1)), Limits(1), np.zeros(1))):
        with pytest.raises(BadInput):
            wrong()
