"""A5: guesses. Least squares and the likeliest database given everything told, set against the best constant guess.

For existence (is a masked place empty?), beside a guess that knows dwellings and the coarse counts alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from geoservice.core.disclosure.bounds import Attacker, knowledge
from tests.attack.judging import Scene

_STEPS = 60
_WEIGHT = 0.3


@dataclass(frozen=True)
class Guessed:
    """hit, constant: shares of small nodes whose exact count was guessed, by the best estimator and by the best single number;
    auc: of existence among masked nodes; coarse: the same by dwellings and coarse counts alone; nodes: small ones."""

    hit: float
    constant: float
    auc: float
    coarse: float
    nodes: int

    @property
    def advantage(self) -> float:
        """Percentage points."""
        return 100 * (self.hit - self.constant)


@dataclass(frozen=True)
class _Sums:
    """Shown counts as sums of unknowns at pieces × calendar base columns: matrix (shown nodes, unknowns), sparse."""

    scene: Scene
    nodes: np.ndarray
    matrix: Any

    def everywhere(self, leaves: np.ndarray) -> np.ndarray:
        """What unknowns make of every node."""
        lattice = self.scene.found.lattice
        whole = np.zeros((lattice.places.pieces, lattice.slots.base))
        whole[:, :leaves.shape[1]] = leaves
        return lattice.places.total(whole @ lattice.slots.spread.astype(float))


def _sums(scene: Scene) -> _Sums:
    from scipy.sparse import csr_array

    lattice = scene.found.lattice
    base = 12 * len(lattice.slots.groups.categories)
    parts = [np.flatnonzero(column) for column in lattice.slots.spread[:base].T]
    nodes = np.argwhere(scene.view.shown & _calendar(scene))
    rows = [np.add.outer(lattice.places.of(row) * base, parts[column]).ravel() for row, column in nodes.tolist()]
    starts = np.cumsum([0, *(len(row) for row in rows)])
    held = np.concatenate(rows or [np.empty(0, dtype=np.int64)])
    return _Sums(scene, nodes, csr_array((np.ones(len(held)), held, starts), shape=(len(nodes), lattice.places.pieces * base)))


def guess(scene: Scene, organisation: int | None = None) -> Guessed:
    """All estimators before one attacker."""
    known = knowledge(scene.found, scene.counts, Attacker(organisation))
    told = np.where(scene.view.shown, scene.view.value - known.known, 0).astype(float)
    sums, prior = _sums(scene), _prior(scene, told)
    shown = told[tuple(sums.nodes.T)]
    estimates = [sums.everywhere(make(sums, shown, prior)) for make in (_likeliest, _squares)]
    masked = scene.view.published & ~scene.view.shown & _calendar(scene)
    small = masked & (known.unknown > 0) & (known.unknown < scene.rule.bar)
    truth = known.unknown[small]
    constant = max((float((truth == value).mean()) for value in range(1, scene.rule.bar)), default=0.0) if truth.size else 0.0
    hits = [float((np.clip(np.rint(one[small]), low, 4) == truth).mean()) if truth.size else 0.0
            for one in estimates for low in (0, 1)]
    exists = known.unknown[masked] > 0
    return Guessed(max(hits), constant, max(_auc(one[masked], exists) for one in estimates),
                   _auc(_coarse(scene, told)[masked], exists), int(small.sum()))


def _calendar(scene: Scene) -> np.ndarray:
    columns = scene.found.lattice.slots.columns
    return np.broadcast_to(np.array([slot.period[5:6] not in ("D", "H") for slot in columns]), scene.found.lattice.shape)


def _prior(scene: Scene, told: np.ndarray) -> np.ndarray:
    """Dwellings of the pieces × the shares of months and categories in the shown counts of communes, (pieces, base)."""
    lattice = scene.found.lattice
    places, slots = lattice.places, lattice.slots
    homes = np.bincount(places.piece_of_atom, places.atoms.dwellings, places.pieces) + 1.0
    base = np.ones(12 * len(slots.groups.categories))
    rows = [place.node for place in places.published["commune"]]
    total = max(1.0, float(told[rows].max(axis=1).sum()))
    return homes[:, None] / homes.sum() * base[None, :] / base.sum() * total


def _likeliest(sums: _Sums, told: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Poisson counts that explain what is shown (multiplicative updates), from the prior."""
    leaves, back = prior.ravel(), sums.matrix.T.tocsr()
    weight = back @ np.ones(len(told)) + _WEIGHT
    for _ in range(_STEPS):
        ratio = np.maximum(told, 0) / np.maximum(sums.matrix @ leaves, 1e-9)
        leaves = leaves * (back @ ratio + _WEIGHT) / weight
    return leaves.reshape(prior.shape)


def _squares(sums: _Sums, told: np.ndarray, prior: np.ndarray) -> np.ndarray:
    """Regularised least squares around the prior; negative counts become none."""
    from scipy.sparse import diags_array
    from scipy.sparse.linalg import lsqr

    scale = np.sqrt(prior.ravel() + 1e-3)
    step = lsqr(sums.matrix @ diags_array(scale), told - sums.matrix @ prior.ravel(), damp=1.0, iter_lim=_STEPS)[0] * scale
    return np.maximum(prior + step.reshape(prior.shape), 0)


def _coarse(scene: Scene, told: np.ndarray) -> np.ndarray:
    """Dwellings of a place × the counts of its column in all communes together: what coarse counts tell by themselves."""
    places = scene.found.lattice.places
    homes = np.bincount(places.piece_of_atom, places.atoms.dwellings, places.pieces)
    share = places.total(homes) / max(1.0, homes.sum())
    rows = [place.node for place in places.published["commune"]]
    column = told[rows].sum(axis=0)
    return share[:, None] * np.where(column > 0, column, 1.0)[None, :]


def _auc(scores: np.ndarray, exists: np.ndarray) -> float:
    """Probability that a place with facts is scored above one without; 0.5 where there is only one sort."""
    from scipy.stats import rankdata

    many = int(exists.sum())
    if not many or many == len(exists):
        return 0.5
    return float((rankdata(scores)[exists].sum() - many * (many + 1) / 2) / (many * (len(exists) - many)))
