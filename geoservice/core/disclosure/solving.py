"""The second, sharper attacker: whole numbers of several organisations, and the reason why a node is masked (HiGHS).

Interval propagation treats a mask as silence. Here a masked node says: few facts in all, or few without one contributor. Asked
only where propagation came near a violation, in the neighbourhood of the node, with the propagated bounds of the whole lattice.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from geoservice.core.disclosure.bounds import Bounds, Known
from geoservice.core.disclosure.cubes import Cube
from geoservice.core.disclosure.lattice import Lattice
from geoservice.core.disclosure.masking import Rule, View
from geoservice.core.disclosure.slots import Slots

_OTHERS = 3  # organisations among whom unknown facts are shared out: fewer than in truth, which only helps the attacker
_SECONDS = 20.0   # a question never waits longer; branches end it long before, so that the answer does not depend on the machine
_INFEASIBLE = 2  # of scipy.optimize.milp
_MANY = 300   # rows × classes of columns beyond which a neighbourhood is cut down


@dataclass(frozen=True)
class Scene:
    """One attacker before one release. own: facts at each node of the attacker itself (zeros for an outsider)."""

    found: Cube
    rule: Rule
    view: View
    known: Known
    bounds: Bounds
    own: np.ndarray
    insider: bool

    @cached_property
    def others(self) -> int:
        """How many anonymous organisations the unknown facts may belong to."""
        return 1 if self.rule.solo else max(1, min(_OTHERS, self.rule.organisations - self.insider))


class Solver:
    """Questions about one scene. Nodes of one neighbourhood share a programme, and every world found for one of them."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self._blocks: dict[tuple, Block] = {}

    def block(self, row: int, column: int) -> Block:
        """The programme around a node."""
        rows = sorted(neighbourhood(self.scene.found.lattice, row))
        columns, classes = _columns(self.scene, rows, column)
        key = (tuple(rows), tuple(columns))
        if key not in self._blocks:
            self._blocks[key] = Block(self.scene, rows, columns, classes)
        return self._blocks[key]

    def ambiguous(self, row: int, column: int) -> bool:
        """Whether a node's unknown count may still be zero AND may still be `width` or more. Not knowing counts as no.

        Each answer is a world (whole numbers everywhere) that agrees with what is published, so yes is never said wrongly of
        the neighbourhood; a node whose zero or whose width the solver cannot find is a violation.
        """
        block, node, wide = self.block(row, column), (row, column), self.scene.rule.parameters.width
        return bool(block.allows(node, 0, 0) and block.allows(node, wide, int(self.scene.bounds.high[node])))


class Block:
    """The programme of one neighbourhood. Unknowns: facts of each anonymous organisation at each piece and class of columns."""

    def __init__(self, scene: Scene, rows: list[int], columns: list[int], classes: np.ndarray) -> None:
        places = scene.found.lattice.places
        self.scene = scene
        whole = np.unique(np.concatenate([places.of(node) for node in rows]))
        # pieces that no row tells apart are one
        ground = np.unique([np.isin(whole, places.of(node)) for node in rows], axis=1)
        self.leaves = ground.shape[1] * classes.shape[0]
        self.switches = 0
        self.spots: dict[tuple[int, int], int] = {}
        self.worlds: list[np.ndarray] = []
        self.entries: list[tuple[np.ndarray, np.ndarray, float, float]] = []
        for order, node in enumerate(rows):
            for place, at in enumerate(columns):
                self._state(node, at, np.flatnonzero(np.outer(ground[order], classes[:, place]).ravel()))

    def _all(self, leaves: np.ndarray) -> np.ndarray:
        return np.concatenate([leaves + who * self.leaves for who in range(self.scene.others)])

    def _without(self, leaves: np.ndarray, who: int) -> np.ndarray:
        kept = [leaves + other * self.leaves for other in range(self.scene.others) if other != who]
        return np.concatenate(kept) if kept else np.empty(0, dtype=np.int64)

    def _state(self, row: int, column: int, leaves: np.ndarray) -> None:
        """What is known of one node, as rows of the programme."""
        scene, everyone = self.scene, self._all(leaves)
        low, high = int(scene.bounds.low[row, column]), int(scene.bounds.high[row, column])
        self.spots[row, column] = len(self.entries)
        self._add(everyone, np.ones(len(everyone)), low, high)
        if scene.rule.solo:
            return
        seen = int(scene.known.known[row, column])
        if scene.view.shown[row, column]:
            least = scene.rule.parameters.rest_low - seen
            for who in range(scene.others):  # the rest without each contributor
                without = self._without(leaves, who)
                self._add(without, np.ones(len(without)), least, np.inf)
        elif scene.view.masked[row, column]:
            self._reasons(leaves, everyone, high, (seen, int(scene.own[row, column])))

    def _reasons(self, leaves: np.ndarray, everyone: np.ndarray, high: int, held: tuple[int, int]) -> None:
        """One of the reasons of a mask holds: each has a switch, and one switch is on."""
        seen, own = held
        parameters = self.scene.rule.parameters
        most = parameters.rest_high - 1
        reasons: list[tuple[np.ndarray, int]] = [(everyone, self.scene.rule.bar - 1 + parameters.reach - seen)]
        if own:
            reasons.append((everyone, most + own - seen))
        for who in range(self.scene.others):
            reasons.append((self._without(leaves, who), most - seen))
            if parameters.min_contributors > 2:
                reasons.append((self._without(leaves, who), 0))
        if any(limit >= high for _, limit in reasons):
            return  # says nothing that the bounds do not
        possible = [(columns, limit) for columns, limit in reasons if limit >= 0]
        first = self.switches
        for place, (columns, limit) in enumerate(possible):
            big = float(high - limit)
            self._add(np.append(columns, -1 - (first + place)), np.append(np.ones(len(columns)), big), -np.inf, limit + big)
        self.switches += len(possible)
        names = -1 - np.arange(first, self.switches)
        self._add(names, np.ones(len(names)), 1, np.inf)

    def _add(self, columns: np.ndarray, values: np.ndarray, low: float, high: float) -> None:
        self.entries.append((columns, values, low, high))

    @cached_property
    def _matrix(self) -> tuple:
        from scipy.sparse import csr_array

        whole = self.scene.others * self.leaves
        sizes = [len(columns) for columns, _, _, _ in self.entries]
        columns = np.concatenate([columns for columns, _, _, _ in self.entries])
        columns = np.where(columns < 0, whole - 1 - columns, columns)  # switches come after the counts
        values = np.concatenate([values for _, values, _, _ in self.entries])
        shape = (len(self.entries), whole + self.switches)
        return (csr_array((values, columns, np.cumsum([0, *sizes])), shape=shape),
                np.array([low for _, _, low, _ in self.entries]), np.array([high for _, _, _, high in self.entries]))

    def allows(self, node: tuple[int, int], low: int, high: int) -> bool | None:
        """Whether some world agrees with everything and has between low and high unknown facts at a node; None: not known."""
        spot = self.spots[node]
        counted = self.entries[spot][0]
        if any(low <= round(float(world[counted].sum())) <= high for world in self.worlds):
            return True
        return self._ask(spot, low, high)

    def _ask(self, spot: int, low: int, high: int) -> bool | None:
        from scipy.optimize import Bounds as Box
        from scipy.optimize import LinearConstraint, milp

        matrix, least, most = self._matrix
        least, most = least.copy(), most.copy()
        least[spot], most[spot] = max(least[spot], low), min(most[spot], high)
        if np.any(least > most):
            return False
        unknowns = matrix.shape[1]
        answer = milp(np.zeros(unknowns), integrality=np.ones(unknowns), bounds=Box(np.zeros(unknowns), self._tops),
                      constraints=LinearConstraint(matrix, least, most),
                      options={"node_limit": self.scene.rule.parameters.branches, "time_limit": _SECONDS})
        if answer.x is None:
            return False if answer.status == _INFEASIBLE else None
        self.worlds.append(answer.x)
        return True

    @cached_property
    def _tops(self) -> np.ndarray:
        """The most that each unknown can be: no more than any sum it is in."""
        whole = self.scene.others * self.leaves
        tops = np.full(whole + self.switches, 1.0)
        tops[:whole] = np.inf
        for columns, _, _, high in self.entries:
            counted = columns[columns >= 0]
            if len(counted) == len(columns):
                tops[counted] = np.minimum(tops[counted], high)
        return tops


def neighbourhood(lattice: Lattice, row: int) -> set[int]:
    """Rows inside the r8 hexagon around a place; of a larger place, itself and its parts by one step."""
    places = lattice.places
    inside = set(places.of(row).tolist())
    around = [place.node for place in places.published.get("r8", ()) if inside <= set(places.of(place.node).tolist())]
    if not around:
        return {row, *(part for sum_ in lattice.children(row, 0) for part, column in sum_ if part != row and column == 0)}
    whole = np.zeros(places.pieces, dtype=bool)
    whole[places.of(around[0])] = True
    return set(np.flatnonzero(np.logical_and.reduceat(whole[places.members], places.starts)).tolist())


def _columns(scene: Scene, rows: list[int], target: int) -> tuple[list[int], np.ndarray]:
    """Columns that something is published of in these rows, and the classes of base columns that they tell apart.

    Where that is too many, only the columns that hold the target, and the parts of those that hold it and their sisters.
    """
    slots = scene.found.lattice.slots
    told = scene.view.published[rows].any(axis=0)
    told[target] = True
    kind = _profile(slots.columns[target].period)
    chosen = [place for place in np.flatnonzero(told).tolist() if _profile(slots.columns[place].period) == kind]
    if len(rows) * len(_classes(slots, chosen)) > _MANY:
        line = _line(scene.found.lattice, target)
        chosen = [place for place in chosen if place in line]
    return chosen, _classes(slots, chosen)


def _classes(slots: Slots, columns: list[int]) -> np.ndarray:
    base = slots.spread[:, columns]
    return np.unique(base[base.any(axis=1)], axis=0)


def _profile(period: str) -> str:
    """D or H for weekdays and bands, which are no parts of each other or of the months; else nothing."""
    return period[5:6] if period[5:6] in ("D", "H") else ""


def _line(lattice: Lattice, target: int) -> set[int]:
    """The columns above a column, and the sisters of each."""
    line, ring = {target}, [target]
    while ring:
        above = [column for each in ring for row, column in lattice.parents(0, each) if row == 0 and column not in line]
        ring = list(dict.fromkeys(above))
        for parent in ring:
            for sum_ in lattice.children(0, parent):
                if any(column in line for row, column in sum_ if row == 0):
                    line.update(column for row, column in sum_ if row == 0)
        line.update(ring)
    return line
