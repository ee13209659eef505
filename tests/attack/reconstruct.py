"""A4: all databases that agree with what was told. Linear programmes of our own over whole small towns, then whole numbers.

A programme has one unknown for each piece of ground and class of columns that the release can tell apart. A node is ambiguous as
soon as two databases are known that agree with everything and differ by the asked width there; every database that is found
serves all nodes. Where linear ones come near, whole numbers are asked, with the reasons that a mask can have (HiGHS).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from geoservice.core.disclosure.bounds import Attacker, Bounds, Known, knowledge, propagate, start
from geoservice.core.disclosure.solving import Block
from geoservice.core.disclosure.solving import Scene as Programme
from tests.attack import naive
from tests.attack.judging import Scene

WIDTH, NEAR = 4.0, 6.0
_MOST = 100_000.0  # facts of a piece of ground: no town has as many
_SLACK = 1e-6


@dataclass
class Found:
    """small: nodes asked; unique: those of which one count alone is possible; proven: those that cannot be empty; narrow: width
    under four; width: the least that was met (an under-estimate of the others); whole: nodes asked in whole numbers."""

    small: int = 0
    unique: int = 0
    proven: int = 0
    narrow: int = 0
    width: float = np.inf
    whole: int = 0

    def add(self, other: Found) -> Found:
        return Found(self.small + other.small, self.unique + other.unique, self.proven + other.proven,
                     self.narrow + other.narrow, min(self.width, other.width), self.whole + other.whole)


@dataclass
class Linear:
    """The programme of one attacker before one town."""

    scene: Scene
    known: Known
    begun: Bounds
    worlds: list[np.ndarray] = field(default_factory=list)

    @cached_property
    def nodes(self) -> np.ndarray:
        """Published nodes on calendar columns, (n, 2)."""
        columns = self.scene.found.lattice.slots.columns
        calendar = np.array([slot.period[5:6] not in ("D", "H") for slot in columns])
        return np.argwhere(self.scene.view.published & calendar)

    @cached_property
    def matrix(self) -> np.ndarray:
        """(nodes, unknowns) of 0 and 1, without unknowns that nothing tells apart."""
        places, slots = self.scene.found.lattice.places, self.scene.found.lattice.slots
        ground = np.zeros((places.nodes, places.pieces), dtype=bool)
        ground[np.repeat(np.arange(places.nodes), np.diff(np.append(places.starts, len(places.members)))), places.members] = True
        whole = ground[self.nodes[:, 0]][:, :, None] & (slots.spread.T > 0)[self.nodes[:, 1]][:, None, :]
        wide = whole.reshape(len(self.nodes), -1)
        return np.unique(wide[:, wide.any(axis=0)], axis=1).astype(float)

    @cached_property
    def limits(self) -> tuple[np.ndarray, np.ndarray]:
        at = tuple(self.nodes.T)
        high = self.begun.high[at].astype(float)
        return np.maximum(self.begun.low[at], 0).astype(float), np.where(high >= 1 << 19, np.inf, high)

    def extreme(self, rows: int | np.ndarray, sign: float) -> float:
        """The least (sign 1) or greatest (-1) count of a node, or of some nodes together."""
        from scipy.optimize import Bounds, LinearConstraint, milp
        from scipy.sparse import csr_array

        target = np.atleast_2d(self.matrix[rows]).sum(axis=0)
        # a mask alone has no greatest count: without an end the programme would have no answer
        answer = milp(sign * target, constraints=LinearConstraint(csr_array(self.matrix), *self.limits), bounds=Bounds(0, _MOST))
        assert answer.x is not None, "the truth itself agrees with everything"
        self.worlds.append(self.matrix @ answer.x)
        return float(target @ answer.x)

    def look(self, rows: np.ndarray, rounds: int = 4) -> None:
        """Databases in which many of these nodes are empty, or large, at once: most need no programme of their own then."""
        for _ in range(rounds):
            held = np.array(self.worlds or [np.full(len(self.nodes), np.nan)])[:, rows]
            low, high = held.min(axis=0), held.max(axis=0)
            for wanting, sign in ((~(low <= _SLACK), 1.0), (~(high - low >= NEAR + 1), -1.0)):
                if wanting.any():
                    self.extreme(rows[wanting], sign)

    def span(self, row: int) -> tuple[float, float]:
        """Least and greatest count that is known to be possible; solved for only where the worlds found so far are too close."""
        held = np.array([world[row] for world in self.worlds])
        low, high = (held.min(), held.max()) if len(held) else (np.inf, -np.inf)
        if low > _SLACK:
            low = min(low, self.extreme(row, 1.0))
        if high - low < NEAR + 1:
            high = max(high, self.extreme(row, -1.0))
        return float(low), float(high)


def reconstruct(scene: Scene, organisation: int | None = None, broken: bool = False, most: int = 10_000) -> Found:
    """Every small node of a town (or `most` of them, evenly), before one attacker."""
    known = knowledge(scene.found, scene.counts, Attacker(organisation))
    begun = naive.exact_start(known, scene.view) if broken else start(known, scene.rule, (scene.view,))
    linear, found = Linear(scene, known, begun), Found()
    secret = known.unknown[tuple(linear.nodes.T)]
    block = None
    small = np.flatnonzero((secret > 0) & (secret < scene.rule.bar))
    chosen = small[::max(1, -(-len(small) // most))]
    linear.look(chosen)
    for row in chosen.tolist():
        low, high = linear.span(row)
        assert low - _SLACK <= secret[row] <= high + _SLACK or high >= low + NEAR, "the attack contradicts the truth"
        unique = np.ceil(low - _SLACK) >= np.floor(high + _SLACK)
        if not broken and not unique and high - low <= NEAR:
            found.whole += 1
            block = block or _whole(scene, known, begun, organisation)
            unique = not _other(block, tuple(linear.nodes[row].tolist()), int(secret[row]))
        found = found.add(Found(1, int(unique), int(low > _SLACK), int(high - low < WIDTH - _SLACK), high - low))
    return found


def _whole(scene: Scene, known: Known, begun: Bounds, organisation: int | None) -> Block:
    """The programme in whole numbers over the whole town."""
    slots = scene.found.lattice.slots
    own = known.whole[0] if organisation is not None and known.whole else np.zeros_like(known.known)
    bounds = propagate(scene.found, begun)
    programme = Programme(scene.found, scene.rule, scene.view, known, bounds, own, organisation is not None)
    columns = [at for at in np.flatnonzero(scene.view.published.any(axis=0)).tolist()
               if slots.columns[at].period[5:6] not in ("D", "H")]
    base = slots.spread[:, columns]
    rows = np.flatnonzero(scene.view.published.any(axis=1)).tolist()
    return Block(programme, rows, columns, np.unique(base[base.any(axis=1)], axis=0))


def _other(block: Block, node: tuple[int, int], truth: int) -> bool:
    """Whether another whole count is possible, or at least not proven impossible."""
    return any(block.allows(node, low, high) is not False for low, high in ((0, truth - 1), (truth + 1, truth + 40)))
