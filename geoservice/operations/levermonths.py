"""Facts of places by month around the start of a lever, and which places a plan means.

Places are the halls of the named residences, each with what names no hall of it as one place more, or single halls; assaults on
staff (AGP) are counted by residence alone, so that the places of a plan that judges them are residences.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import shapely

from geoservice.core.impact import neighbours
from geoservice.core.impact.neighbours import Halls, Linked
from geoservice.core.query import EPOCH, day_number
from geoservice.errors import BadInput, NotFound
from geoservice.operations.leverroutes import routes
from geoservice.operations.reader import Reader
from geoservice.operations.residences import residences
from geoservice.operations.stock import Stock, stock
from geoservice.types import UNMAPPED_CATEGORIES, Category, Kind, code_of

RING_M = 120  # from a treated place: where facts may have gone
HALL, HOME = "hall:", "residence:"


@dataclass(frozen=True, eq=False)
class Months:
    """counts (places, months) int64: rows of halls, then rows of residences (what names no hall; all of it where `whole`).
    `halls`: what links residences."""

    stock: Stock
    whole: bool
    counts: np.ndarray
    halls: Halls

    def rows(self, codes: Sequence[str]) -> np.ndarray:
        """Rows of the places that codes mean, in order, each once; NotFound for what is not in the patrimoine."""
        known, found = self.stock, []
        for code in codes:
            if code.startswith(HALL):
                if self.whole:
                    raise BadInput("Les atteintes au personnel ne se comptent qu’à la résidence : choisissez des résidences.")
                found.append(_at(known.keys, code.removeprefix(HALL), "Ce hall n’est pas dans votre patrimoine."))
                continue
            home = _at(known.residences, code.removeprefix(HOME), "Cette résidence n’est pas dans votre patrimoine.")
            if not self.whole:
                found.extend(np.flatnonzero(known.home == home).tolist())
            found.append(len(known) + home)
        return np.array(list(dict.fromkeys(found)), dtype=np.int64)

    def homes(self, codes: Sequence[str]) -> np.ndarray:
        """Rows of the residences that codes name or whose halls they name, (n,), sorted."""
        rows = self.rows(codes) if codes else np.empty(0, np.int64)
        return np.unique(np.where(rows < len(self.stock), np.append(self.stock.home, 0)[np.minimum(rows, len(self.stock))],
                                  rows - len(self.stock)))

    @cached_property
    def by_home(self) -> np.ndarray:
        """Counts of whole residences, (residences, months)."""
        out = self.counts[len(self.stock):].copy()
        if not self.whole:
            np.add.at(out, self.stock.home, self.counts[:len(self.stock)])
        return out

    def places_of_homes(self) -> np.ndarray:
        """How many places a residence is, (residences,)."""
        return np.ones(len(self.stock.residences), np.int64) if self.whole else self.stock.halls + 1

    def around(self, codes: Sequence[str], but: Sequence[str]) -> np.ndarray:
        """Rows of places around those of codes: of residences with a hall within RING_M, the rest of their own, none of `but`."""
        mine, near = self.rows(codes), np.union1d(self.homes(codes), self._near(self.homes(codes)))
        return self._left(near, mine, but)

    def links(self, codes: Sequence[str]) -> Linked:
        """Residences linked to those of codes by a through-route or a street, beyond the ring around them."""
        homes = self.homes(codes)
        found, ring = neighbours.linked(self.halls, homes), self._near(homes)
        return Linked(np.setdiff1d(found.by_route, ring), np.setdiff1d(found.by_street, ring))

    def further(self, codes: Sequence[str], but: Sequence[str]) -> np.ndarray:
        """Rows of places of linked residences, none of the ring and none of `but`."""
        return self._left(self.links(codes).rows, self.rows(codes), but)

    def _left(self, homes: np.ndarray, mine: np.ndarray, but: Sequence[str]) -> np.ndarray:
        """Rows of places of residences that are neither mine nor of `but`."""
        named = [HOME + self.stock.residences[row] for row in homes.tolist() if self.stock.residences[row]]
        left = np.setdiff1d(self.rows(named) if named else np.empty(0, np.int64), mine)
        return np.setdiff1d(left, self.rows(but)) if but else left

    def _near(self, homes: np.ndarray) -> np.ndarray:
        """Residences with a hall within RING_M of a hall of these."""
        metres = self.stock.ground.metres
        placed = np.isfinite(metres).all(axis=1)
        ours = placed & np.isin(self.stock.home, homes)
        if not ours.any():
            return np.empty(0, np.int64)
        low, high = metres[ours].min(axis=0) - RING_M, metres[ours].max(axis=0) + RING_M
        others = np.flatnonzero(placed & ~ours & ((metres >= low) & (metres <= high)).all(axis=1))
        tree = shapely.STRtree(shapely.points(metres[ours]))
        hit, _ = tree.query(shapely.points(metres[others]), predicate="dwithin", distance=RING_M)
        return np.unique(self.stock.home[others[hit]])


def _at(known: Sequence[str], code: str, wrong: str) -> int:
    if not code or code not in known:
        raise NotFound(wrong)
    return known.index(code)


def places(reader: Reader, categories: Sequence[Category]) -> Months:
    """Which places codes mean, with no month counted."""
    found, whole = stock(reader), any(each in UNMAPPED_CATEGORIES for each in categories)
    return Months(found, whole, np.empty((len(found) + len(found.residences), 0), np.int64), routes(reader, found))


def months(reader: Reader, kind: Kind, categories: Sequence[Category], edges: Sequence[date]) -> Months:
    """Facts of one kind and of some categories between consecutive edges; what lies outside of them is not counted."""
    found, whole = stock(reader), any(each in UNMAPPED_CATEGORIES for each in categories)
    starts, size = np.array([day_number(edge) for edge in edges]), len(stock(reader)) + len(stock(reader).residences)
    wanted = np.zeros(256, bool)
    wanted[[code_of(each) for each in categories]] = True
    counts = np.zeros(size * (len(starts) - 1), np.int64)
    for number, index in reader.indexes.items():
        if kind not in index.kinds:
            continue
        rows = np.flatnonzero((index["kind"] == code_of(kind)) & wanted[index["category"]]
                              & (index["day"] >= starts[0]) & (index["day"] < starts[-1]))
        unit = index["unit"].take(rows)
        hall, home = found.hall_of[number].take(unit), found.home_of[number].take(unit)
        place = np.where((hall >= 0) & (not whole), hall, np.where(home >= 0, home + len(found), -1))
        month = np.searchsorted(starts, index["day"].take(rows).astype(np.int64), side="right") - 1
        counts += np.bincount((place * (len(starts) - 1) + month)[place >= 0], minlength=len(counts))
    return Months(found, whole, counts.reshape(size, -1), routes(reader, found))


def known_days(reader: Reader, kind: Kind) -> tuple[date, date] | None:
    """The first and last day that facts of a kind of the viewer's own organisation cover: before and after, nobody looked."""
    index = reader.indexes.get(reader.viewer.organisation_id)
    if index is None or kind not in index.kinds:
        return None
    days = index["day"][index["kind"] == code_of(kind)]
    first, last = (date.fromordinal(EPOCH.toordinal() + int(day)) for day in (days.min(), days.max()))
    return first, last


def later(day: date, many: int) -> date:
    """So many months after a day (before, below 0); the last of a month where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + many, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def names(reader: Reader, codes: Sequence[str]) -> list[str]:
    """How people call places of a plan; the code where nothing is known of it any more."""
    known, halls = residences(reader), stock(reader)
    out = []
    for code in codes:
        if code.startswith(HALL):
            key = code.removeprefix(HALL)
            out.append(halls.names[halls.keys.index(key)] if key in halls.keys else key)
        else:
            key = code.removeprefix(HOME)
            out.append(known[key].name if key in known else key)
    return out
