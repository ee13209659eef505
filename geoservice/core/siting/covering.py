"""A covering problem: what is worth seeing, who sees it, and within which limits cameras are chosen. `choose` answers it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from geoservice.errors import BadInput


@dataclass(frozen=True)
class Limits:
    """At most so many new cameras, or what they may cost in all, or both; backup: what a second camera on a demand is worth, as a
    share of the first (0 to 1); least: for a zone, the share of its weight that must be covered at least."""

    cameras: int | None = None
    budget: float | None = None
    backup: float = 0.0
    least: Mapping[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.cameras is None and self.budget is None:
            raise BadInput("Il faut un nombre de caméras ou un budget.")
        if (self.cameras is not None and self.cameras < 0) or (self.budget is not None and not 0 <= self.budget < float("inf")):
            raise BadInput("Le nombre de caméras et le budget ne peuvent pas être négatifs.")
        if not 0 <= self.backup <= 1 or not all(0 <= share <= 1 for share in self.least.values()):
            raise BadInput("La part d’une seconde caméra et les parts de couverture par zone vont de 0 à 1.")


@dataclass(frozen=True, eq=False)
class Demand:
    """What is worth seeing: weights (m,) ≥ 0; zone (m,) int64, -1 for none; seen (m,) by how many cameras that exist already."""

    weights: np.ndarray
    zone: np.ndarray
    seen: np.ndarray

    @classmethod
    def of(cls, weights: np.ndarray, zone: np.ndarray | None = None, seen: np.ndarray | None = None) -> Demand:
        """BadInput for weights that are negative or no numbers, or columns of another length."""
        weights = np.ascontiguousarray(weights, dtype=np.float64)
        zone = np.full(len(weights), -1, dtype=np.int64) if zone is None else np.ascontiguousarray(zone, dtype=np.int64)
        seen = np.zeros(len(weights), dtype=np.int64) if seen is None else np.ascontiguousarray(seen, dtype=np.int64)
        if not (np.isfinite(weights).all() and (weights >= 0).all() and (seen >= 0).all()):
            raise BadInput("Les poids de la demande sont des nombres, 0 ou plus.")
        if not len(weights) == len(zone) == len(seen):
            raise BadInput("La demande a un poids, une zone et un nombre de caméras par point.")
        return cls(weights, zone, seen)


@dataclass(frozen=True, eq=False)
class Problem:
    """Demands of candidate i: `indices[indptr[i]:indptr[i + 1]]`, each once; cost (n,) above 0; site (n,) int64: of candidates on
    one site, which differ by where they look, one at most is chosen."""

    indptr: np.ndarray
    indices: np.ndarray
    demand: Demand
    limits: Limits
    cost: np.ndarray
    site: np.ndarray

    @classmethod
    def of(cls, table: tuple[np.ndarray, np.ndarray], demand: Demand, limits: Limits, cost: np.ndarray | None = None,
           site: np.ndarray | None = None) -> Problem:
        """Without costs every camera costs 1; without sites each candidate has its own."""
        indptr, indices = (np.ascontiguousarray(part, dtype=np.int64) for part in table)
        many = len(indptr) - 1
        cost = np.ones(many) if cost is None else np.ascontiguousarray(cost, dtype=np.float64)
        site = np.arange(many) if site is None else np.unique(np.asarray(site), return_inverse=True)[1].astype(np.int64)
        if not (len(cost) == len(site) == many and np.isfinite(cost).all() and (cost > 0).all()):
            raise BadInput("Chaque emplacement a un coût au-dessus de 0 et un site.")
        if len(indices) and not 0 <= indices.min() <= indices.max() < len(demand.weights):
            raise BadInput("Un emplacement voit un point de demande qui n’existe pas.")
        return cls(indptr, indices, demand, limits, cost, site)

    @cached_property
    def worth(self) -> np.ndarray:
        """What the first and the second camera on each demand are worth, (2, m)."""
        return np.ascontiguousarray(np.vstack([self.demand.weights, self.limits.backup * self.demand.weights]))

    @property
    def table(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What the compiled loops read."""
        return self.indptr, self.indices, self.worth

    def cameras_on(self, chosen: np.ndarray) -> np.ndarray:
        """How many cameras see each demand under a plan, those that exist included, (m,) int64."""
        spots = [self.indices[self.indptr[one]:self.indptr[one + 1]] for one in chosen]
        return self.demand.seen + np.bincount(np.concatenate([*spots, np.empty(0, np.int64)]), minlength=len(self.demand.seen))

    def value(self, chosen: np.ndarray) -> float:
        """Weight covered once, and `backup` times the weight covered twice."""
        on = self.cameras_on(chosen)
        return float(self.worth[0, on > 0].sum() + self.worth[1, on > 1].sum())

    def shares(self, chosen: np.ndarray) -> dict[int, float]:
        """For each zone of `least`, the share of its weight that is covered (1 where it has none)."""
        on, found = self.cameras_on(chosen) > 0, {}
        for zone in self.limits.least:
            inside = self.demand.zone == zone
            whole = self.demand.weights[inside].sum()
            found[zone] = float(self.demand.weights[inside & on].sum() / whole) if whole > 0 else 1.0
        return found

    def need(self, zone: int) -> float:
        """The weight of a zone that must be covered at least."""
        return float(self.limits.least[zone] * self.demand.weights[self.demand.zone == zone].sum())

    def allowed(self, chosen: np.ndarray) -> bool:
        """Whether a plan keeps every limit."""
        limits = self.limits
        return ((limits.cameras is None or len(chosen) <= limits.cameras)
                and (limits.budget is None or self.cost[chosen].sum() <= limits.budget * (1 + 1e-9))
                and len(np.unique(self.site[chosen])) == len(chosen)
                and all(share >= limits.least[zone] - 1e-9 for zone, share in self.shares(chosen).items()))


def merged(problem: Problem) -> Problem:
    """The same problem with demands seen by the same candidates, in the same zone and by as many existing cameras, as one.

    Demands that nobody can see stay in their zone's weight. Values and bounds are those of the whole.
    """
    from scipy.sparse import csr_array

    many, spots = len(problem.cost), len(problem.demand.weights)
    there = np.ones(len(problem.indices), np.int8)
    by_demand = csr_array((there, problem.indices, problem.indptr), shape=(many, spots)).T.tocsr()
    by_demand.sort_indices()
    starts, seers = by_demand.indptr, by_demand.indices
    names = np.random.default_rng(0).integers(0, 2**63, (many, 2), dtype=np.int64).view(np.uint64)
    sums = np.zeros((spots, 2), dtype=np.uint64)
    np.add.at(sums, np.repeat(np.arange(spots), np.diff(starts)), names[seers])
    keys = np.column_stack([sums, problem.demand.zone.view(np.uint64), np.minimum(problem.demand.seen, 2).astype(np.uint64)])
    _, first, group = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    group = group.ravel()
    rows = by_demand[first].T.tocsr()
    demand = Demand(np.bincount(group, problem.demand.weights, len(first)), problem.demand.zone[first],
                    np.minimum(problem.demand.seen[first], 2))
    table = rows.indptr.astype(np.int64), rows.indices.astype(np.int64)
    return Problem(*table, demand, problem.limits, problem.cost, problem.site)
