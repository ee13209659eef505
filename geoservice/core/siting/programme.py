"""The mixed-integer programme of a covering problem, solved by HiGHS; and why there is no plan where there is none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from geoservice.core.siting.covering import Problem

OPTIMAL, STOPPED, INFEASIBLE = "optimal", "stopped", "infeasible"
_STATUS = {0: OPTIMAL, 1: STOPPED, 2: INFEASIBLE}  # of scipy.optimize.milp
_SECONDS = 20.0  # for each question about a clash


@dataclass(frozen=True, eq=False)
class Answer:
    """chosen: candidates, None where no plan was found; bound on the value of every plan."""

    chosen: np.ndarray | None
    bound: float
    status: str


@dataclass(frozen=True)
class Clash:
    """Limits that cannot all hold while any of them left out makes a plan possible: zones, and the purses that take part,
    each with the least that would do (None: it takes no part). possible: whether a fuller purse helps."""

    zones: tuple[int, ...]
    cameras: int | None
    budget: float | None
    possible: bool


@dataclass(frozen=True, eq=False)
class Programme:
    """A problem over some of its candidates. Unknowns: candidates taken (whole), then for each demand that they may still change
    covered once and covered twice (parts allowed: they end whole by themselves)."""

    problem: Problem
    kept: np.ndarray

    def solve(self, seconds: float) -> Answer:
        """The greatest value within the limits."""
        answer = self._ask(self._worth(), seconds, ("cameras", "budget"), tuple(self.problem.limits.least))
        status = _STATUS.get(answer.status, STOPPED)
        if status == INFEASIBLE:
            return Answer(None, 0.0, status)
        bound = np.inf if answer.mip_dual_bound is None else -float(answer.mip_dual_bound) + self.table.already
        return Answer(None if answer.x is None else self.kept[np.flatnonzero(answer.x[:len(self.kept)] > 0.5)], bound, status)

    def fewest(self, what: str, zones: tuple[int, ...]) -> float | None:
        """The least number of cameras, or money, with which these zones reach their shares; None where nothing does."""
        cost = np.ones(len(self.kept)) if what == "cameras" else self.problem.cost[self.kept]
        answer = self._ask(np.append(cost, np.zeros(self.table.width - len(cost))), _SECONDS, (), zones)
        return None if answer.x is None else float(answer.fun)

    def possible(self, purses: tuple[str, ...], zones: tuple[int, ...]) -> bool:
        """Whether a plan keeps these limits; not knowing in time counts as yes."""
        return self._ask(np.zeros(self.table.width), _SECONDS, purses, zones).status != 2

    @cached_property
    def table(self) -> Table:
        return Table(self.problem, self.kept)

    def _worth(self) -> np.ndarray:
        table = self.table
        return -np.concatenate([np.zeros(len(self.kept)), *self.problem.worth[:table.layers, table.open]])

    def _ask(self, aim: np.ndarray, seconds: float, purses: tuple[str, ...], zones: tuple[int, ...]) -> Any:
        from scipy.optimize import Bounds, LinearConstraint, milp

        table = self.table
        rows = [table.covered(), *table.sites(), *(table.purse(name) for name in purses), *(table.zone(zone) for zone in zones)]
        whole = np.arange(table.width) < len(self.kept)
        highs = np.concatenate([np.ones(len(self.kept)), *[1.0 * (table.seen <= layer) for layer in range(table.layers)]])
        return milp(aim, integrality=whole, bounds=Bounds(0, highs), options={"time_limit": seconds, "mip_rel_gap": 0.0},
                    constraints=[LinearConstraint(*row) for row in rows if row is not None])


class Table:
    """Rows of a programme, each as (matrix, least, most)."""

    def __init__(self, problem: Problem, kept: np.ndarray) -> None:
        from scipy.sparse import csr_array

        self.problem, self.kept = problem, kept
        demand = problem.demand
        shape = len(problem.cost), len(demand.weights)
        whole = csr_array((np.ones(len(problem.indices)), problem.indices, problem.indptr), shape=shape)
        self.sees = whole[kept].T.tocsr()
        reached = np.diff(self.sees.indptr) > 0
        self.layers = 2 if problem.limits.backup > 0 else 1  # covered once, covered twice
        self.open = np.flatnonzero(reached & (demand.seen < self.layers))
        self.spots, self.seen = len(self.open), demand.seen[self.open]
        self.already = float(problem.worth[0, demand.seen > 0].sum() + problem.worth[1, demand.seen > 1].sum())

    def covered(self) -> tuple[Any, np.ndarray, np.ndarray]:
        """No demand is covered more often than there are cameras on it."""
        from scipy.sparse import eye_array, hstack

        matrix = hstack([-self.sees[self.open], *[eye_array(self.spots)] * self.layers]).tocsr()
        return matrix, np.full(self.spots, -np.inf), np.zeros(self.spots)

    def sites(self) -> Iterable[tuple[Any, float, float]]:
        """One candidate a site, where a site has several."""
        from scipy.sparse import csr_array

        site = self.problem.site[self.kept]
        shared = np.flatnonzero(np.bincount(site)[site] > 1)
        if len(shared):
            row = np.unique(site[shared], return_inverse=True)[1]
            yield csr_array((np.ones(len(shared)), (row, shared)), shape=(row.max() + 1, self.width)), -np.inf, 1.0

    def purse(self, name: str) -> tuple[Any, float, float] | None:
        """What cameras, or money, there are."""
        most = getattr(self.problem.limits, name)
        if most is None:
            return None
        cost = np.ones(len(self.kept)) if name == "cameras" else self.problem.cost[self.kept]
        return np.concatenate([cost, np.zeros(self.layers * self.spots)])[None], -np.inf, float(most)

    def zone(self, zone: int) -> tuple[Any, float, float]:
        """The least share of a zone; the weight that existing cameras see counts."""
        demand = self.problem.demand
        inside = demand.zone == zone
        need = self.problem.limits.least[zone] * demand.weights[inside].sum() - demand.weights[inside & (demand.seen > 0)].sum()
        row = np.zeros(self.width)
        row[len(self.kept):len(self.kept) + self.spots] = np.where(inside[self.open] & (self.seen == 0),
                                                                   demand.weights[self.open], 0.0)
        return row[None], need - 1e-9 * max(abs(need), 1.0), np.inf

    @property
    def width(self) -> int:
        """How many unknowns there are."""
        return len(self.kept) + self.layers * self.spots


def clashes(problem: Problem) -> tuple[Clash, ...]:
    """Why no plan keeps the limits: zones that nothing can satisfy, each by itself; else a smallest set of limits that clash."""
    everybody = np.arange(len(problem.cost))
    programme, reached = Programme(problem, everybody), problem.shares(everybody)
    alone = [zone for zone, share in problem.limits.least.items() if reached[zone] < share - 1e-9]
    if alone:
        return tuple(Clash((zone,), None, None, False) for zone in alone)
    names = [name for name in ("cameras", "budget") if getattr(problem.limits, name) is not None]
    limits: list[str | int] = [*names, *problem.limits.least]
    for limit in tuple(limits):  # what can be left out without making a plan possible is no part of it
        rest = [other for other in limits if other != limit]
        if not programme.possible(*_parted(rest)):
            limits = rest
    zones = _parted(limits)[1]
    needed = {name: programme.fewest(name, zones) if name in limits else None for name in ("cameras", "budget")}
    cameras = None if needed["cameras"] is None else round(needed["cameras"])
    return (Clash(zones, cameras, needed["budget"], cameras is not None or needed["budget"] is not None),)


def _parted(limits: list[str | int]) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Purses and zones."""
    return tuple(one for one in limits if isinstance(one, str)), tuple(one for one in limits if not isinstance(one, str))
