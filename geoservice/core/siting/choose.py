"""Which cameras: the set that covers most of a weighted demand within a number or a budget, proven; and a quick one beside it.

Maximal covering location [Church and ReVelle 1974] with backup coverage [Hogan and ReVelle 1986]. `best` proves its answer:
demands that the same candidates see are one; a greedy plan improved by exchanges and a Lagrangian bound leave out candidates that
no better plan can use; HiGHS solves what is left. Status, bound and gap come with every answer; no plan at all is an answer too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import ModuleType

import numpy as np

from geoservice.core.siting import programme
from geoservice.core.siting.covering import Demand, Problem, merged
from geoservice.core.siting.programme import INFEASIBLE, OPTIMAL, Answer, Clash, Programme

GREEDY = "greedy"
_STEPS = 1_000  # of the Lagrangian bound
_RAISES = 15    # times that zones which fall short are given more weight
_PARTS = (0.0, 0.25, 0.5, 0.75, 1.0)  # of these weights, for each of which there is a bound


def loops() -> ModuleType:
    """The compiled loops, imported: `core.compiled.load` may do it ahead of the first question."""
    from geoservice.core.siting import choice_loops

    return choice_loops


@dataclass(frozen=True, eq=False)
class Plan:
    """chosen: increasing row numbers of candidates. value of the plan; bound: no plan within the limits is worth more; gap:
    (bound - value) / bound. status: optimal, stopped (time ran out), greedy, or infeasible, whose clashes say why.

    short: zones whose share a greedy plan, which does not look at zones, leaves below the least.
    """

    chosen: np.ndarray
    value: float
    bound: float
    status: str
    shares: Mapping[int, float]
    short: tuple[int, ...] = ()
    clashes: tuple[Clash, ...] = ()

    @property
    def gap(self) -> float:
        return max(self.bound - self.value, 0.0) / self.bound if self.bound > 0 else 0.0


def greedy(problem: Problem) -> Plan:
    """At once: the camera that brings most, again and again; with costs also by what it brings for its cost, the better of both.

    Without costs and zones at least 1 - 1/e of the best [Nemhauser, Wolsey and Fisher 1978]; `bound` says how far it can be here.
    """
    chosen = max(_greedy_plans(problem), key=problem.value)
    plan = _plan(problem, chosen, _quick_bound(problem, chosen), GREEDY)
    return replace(plan, short=tuple(zone for zone, share in plan.shares.items() if share < problem.limits.least[zone] - 1e-9))


def best(problem: Problem, seconds: float = 60.0, proving: Callable[[], None] = lambda: None) -> Plan:
    """The proven best, or within `seconds` the best found with its bound; infeasible says which limits clash.

    `proving` is called once a good plan is known and its proof begins. What is proven is the same whenever it is asked.
    """
    small = merged(problem)
    known, raised = _improved(small)
    kept = _useful(small, known, raised) if known is not None else np.arange(len(small.cost))
    proving()
    answer = Programme(small, kept).solve(seconds) if len(kept) else Answer(None, 0.0, INFEASIBLE)
    plans = [plan for plan in (answer.chosen, known) if plan is not None]
    if not plans:
        why = programme.clashes(small) if answer.status == INFEASIBLE else ()
        return Plan(np.empty(0, np.int64), 0.0, answer.bound, answer.status, {}, (), why)
    chosen = max(plans, key=problem.value)
    value = problem.value(chosen)
    if answer.status in (OPTIMAL, INFEASIBLE):  # what was left out is worth less than what was known
        return _plan(problem, chosen, value, OPTIMAL)
    return _plan(problem, chosen, max(answer.bound, value), answer.status)


def spared(problem: Problem, plan: Plan) -> Plan:
    """The same plan without cameras that add nothing to it, the dearest first: neither value nor any share changes."""
    chosen = plan.chosen
    for one in sorted(plan.chosen.tolist(), key=lambda row: (-problem.cost[row], -row)):
        rest = chosen[chosen != one]
        if problem.value(rest) >= plan.value * (1 - 1e-12) and problem.allowed(rest):
            chosen = rest
    return replace(plan, chosen=chosen, shares=problem.shares(chosen) if len(plan.chosen) else plan.shares)


def _purses(problem: Problem) -> list[tuple[np.ndarray, float]]:
    """Each limited resource as costs and what there is of it: cameras, money."""
    limits, found = problem.limits, []
    if limits.cameras is not None:
        found.append((np.ones(len(problem.cost)), float(limits.cameras)))
    if limits.budget is not None:
        found.append((problem.cost, float(limits.budget)))
    return found


def _greedy_plans(problem: Problem) -> list[np.ndarray]:
    """Greedy by value and by value for money; a plan of two resources is cut where the other one runs out."""
    plans = []
    for cost, purse in _purses(problem):
        for by_cost in ((False, True) if (cost != cost[:1]).any() else (False,)):
            plans.append(_cut(problem, _start(problem, cost, purse, by_cost)))
    return plans


def _start(problem: Problem, cost: np.ndarray, purse: float, by_cost: bool) -> np.ndarray:
    seen, taken = problem.demand.seen.copy(), np.zeros(len(cost), np.uint8)
    loops().greedy(problem.table, cost, problem.site, purse, by_cost, seen, taken, np.zeros(len(cost), np.uint8))
    return np.flatnonzero(taken)


def _cut(problem: Problem, chosen: np.ndarray) -> np.ndarray:
    """A plan within both resources: the cameras that are missed least go first."""
    limits, chosen = problem.limits, chosen.copy()
    while len(chosen) and ((limits.cameras is not None and len(chosen) > limits.cameras)
                           or (limits.budget is not None and problem.cost[chosen].sum() > limits.budget * (1 + 1e-9))):
        chosen = max((np.delete(chosen, place) for place in range(len(chosen))), key=problem.value)
    return chosen


def _improved(problem: Problem) -> tuple[np.ndarray | None, dict[int, float]]:
    """A good plan that keeps every limit, None where none was found; and by how much zones were raised to find it.

    Greedy and exchanges do not look at zones: those that fall short are given more weight until they do no longer.
    """
    raised, best_known = dict.fromkeys(problem.limits.least, 0.0), None
    for _ in range(_RAISES):
        plan = max(_good_plans(_raised(problem, raised)), key=problem.value)
        if problem.allowed(plan) and (best_known is None or problem.value(plan) > problem.value(best_known)):
            best_known = plan
        short = [zone for zone, share in problem.shares(plan).items() if share < problem.limits.least[zone] - 1e-9]
        if not short:
            break
        raised.update({zone: 1.5 * raised[zone] + 0.1 for zone in short})
    return best_known, raised


def _raised(problem: Problem, by: Mapping[int, float]) -> Problem:
    """The same problem with more weight in some zones."""
    demand, weights = problem.demand, problem.demand.weights.copy()
    for zone, more in by.items():
        weights[demand.zone == zone] *= 1 + more
    return replace(problem, demand=Demand(weights, demand.zone, demand.seen))


def _good_plans(problem: Problem) -> list[np.ndarray]:
    """Greedy, and exchanges where one resource alone is limited; zones are not looked at."""
    plans = _greedy_plans(problem)
    if len(_purses(problem)) == 1:
        cost, purse = _purses(problem)[0]
        plans += [_exchanged(problem, plan, cost, purse) for plan in plans]
    return plans


def _exchanged(problem: Problem, plan: np.ndarray, cost: np.ndarray, purse: float) -> np.ndarray:
    seen, taken, used = problem.cameras_on(plan), np.zeros(len(cost), np.uint8), np.zeros(len(cost), np.uint8)
    taken[plan], used[problem.site[plan]] = 1, 1
    loops().exchange(problem.table, cost, problem.site, purse, seen, taken, used)
    return np.flatnonzero(taken)


def _useful(problem: Problem, known: np.ndarray, raised: Mapping[int, float]) -> np.ndarray:
    """Candidates that a plan better than a known one may use: taking any other lowers the bound below it.

    A plan that keeps the zones' shares is worth at most what it is with zones raised, less what that adds to shares just kept: a
    bound for every raise, and all of them hold.
    """
    value, kept = problem.value(known), np.ones(len(problem.cost), dtype=bool)
    for part in _PARTS if any(raised.values()) else (0.0,):
        by = {zone: part * more for zone, more in raised.items()}
        other, added = _raised(problem, by), sum(more * problem.need(zone) for zone, more in by.items())
        # a price to begin with: cameras on a demand share its weight
        price = other.worth[0] / np.maximum(problem.cameras_on(known), 1)
        for cost, purse in _purses(problem):
            score, first = np.zeros(len(cost)), price.copy()
            bound = loops().lagrange(other.table, cost, purse, problem.demand.seen, value + added, _STEPS, first, score)
            kept &= bound - added + np.minimum(score, 0.0) >= value * (1 - 1e-9)
    return np.flatnonzero(kept)


def _quick_bound(problem: Problem, chosen: np.ndarray) -> float:
    """No plan brings more than this one and the greatest gains beside it: gains only shrink."""
    seen = problem.cameras_on(chosen)
    gain = np.add.reduceat(np.append(np.where(seen[problem.indices] == 0, problem.worth[0, problem.indices], np.where(
        seen[problem.indices] == 1, problem.worth[1, problem.indices], 0.0)), 0.0), problem.indptr[:-1])
    gain[np.diff(problem.indptr) == 0] = 0.0
    more = []
    for cost, purse in _purses(problem):
        order = np.argsort(-gain / cost, kind="stable")
        before = np.cumsum(cost[order]) - cost[order]
        more.append(float((gain[order] * np.clip((purse - before) / cost[order], 0, 1)).sum()))
    return problem.value(chosen) + min(more)


def _plan(problem: Problem, chosen: np.ndarray, bound: float, status: str) -> Plan:
    return Plan(chosen, problem.value(chosen), bound, status, problem.shares(chosen))
