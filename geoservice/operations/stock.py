"""The halls and residences of a viewer as arrays: what the patrimoine holds, and what only facts name.

A hall's key is that of its feature; one that only facts name has the code that they write, with its residence where two share it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial

import numpy as np
import shapely

from geoservice.core import crs
from geoservice.core.facts import FactIndex, Units
from geoservice.core.observatory import spillover
from geoservice.operations.analyse import index_version
from geoservice.operations.reader import Reader
from geoservice.operations.residences import residences
from geoservice.operations.reuse import Shelf

_kept: Shelf[Stock] = Shelf(8)
_books: Shelf[_Book] = Shelf(8)


class Ground:
    """Where halls are: `points` (h, 2) lon, lat, NaN unknown; `home` (h,) row of a hall's residence. Shared by every stock that
    has the same halls, so that what is measured on it is measured once."""

    def __init__(self, points: np.ndarray, home: np.ndarray) -> None:
        self.points, self.home = points, home
        self._pairs: dict[float, np.ndarray] = {}

    @cached_property
    def metres(self) -> np.ndarray:
        """Points in metres of their territory, (h, 2), NaN unknown."""
        out = np.full(self.points.shape, np.nan)
        placed = np.flatnonzero(np.isfinite(self.points).all(axis=1))
        territory = crs.territory_of(*self.points[placed[0]].tolist()) if len(placed) else None
        if territory is not None:
            out[placed] = np.column_stack(crs.project(*self.points[placed].T, territory.epsg))
        return out

    def pairs(self, radius_m: float) -> np.ndarray:
        """Neighbours, as `spillover.neighbours`: halls of one residence, or closer than the radius."""
        if radius_m not in self._pairs:
            self._pairs[radius_m] = spillover.neighbours(self.metres, self.home, radius_m)
        return self._pairs[radius_m]


@dataclass(frozen=True, eq=False)
class Stock:
    """h halls and r residences. `home` (h,) row of a hall's residence: a hall without one has a row of its own, without a code.

    `dwellings` (r,), NaN unknown; `halls` (r,) how many. `hall_of`, `home_of`: for each organisation's index, the rows of its
    units, -1 for none.
    """

    keys: tuple[str, ...]
    codes: tuple[str, ...]
    names: tuple[str, ...]
    ground: Ground
    residences: tuple[str, ...]
    residence_names: tuple[str, ...]
    dwellings: np.ndarray
    halls: np.ndarray
    hall_of: Mapping[int, np.ndarray]
    home_of: Mapping[int, np.ndarray]

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def home(self) -> np.ndarray:
        return self.ground.home

    @property
    def points(self) -> np.ndarray:
        return self.ground.points

    def exposure(self) -> np.ndarray:
        """Dwellings of each residence; where unknown, its halls times the usual dwellings of a hall, at least one; (r,)."""
        known = np.isfinite(self.dwellings)
        usual = float(np.median(self.dwellings[known] / np.maximum(self.halls[known], 1))) if known.any() else 1.0
        return np.where(known, self.dwellings, np.maximum(self.halls, 1) * max(usual, 1.0))


def stock(reader: Reader) -> Stock:
    """The viewer's, kept until the patrimoine or the facts change."""
    whose = (str(reader.shelf.storage.settings.data), reader.shelf.organisations)
    layers = tuple(reader.version(name) for name in ("patrimoine", "halls") if name in reader.catalog.layers)
    book = partial(_books.get, (*whose, *layers), partial(_Book.of, reader))
    return _kept.get((*whose, index_version(reader)), lambda: book().stock(reader))


class _Book:
    """Numbers halls and residences as they come: those of the patrimoine once, those that only facts name for each index."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.homes: dict[str, int] = {}
        self.rows: dict[tuple[str, str], int] = {}
        self.found: list[tuple[str, str, str, int, tuple[float, float]]] = []
        self.alone = 0
        self.known = residences(reader)
        self.last: _Numbered | None = None

    @classmethod
    def of(cls, reader: Reader) -> _Book:
        """What the patrimoine holds, before any fact."""
        book = cls(reader)
        for code in book.known:
            book._home(code)
        book._of_patrimoine()
        return book

    def stock(self, reader: Reader) -> Stock:
        """With what the facts of a reader name besides; of this book only the last numbering changes."""
        units = {number: index.units for number, index in reader.indexes.items()}
        found = None if self.last is None else self.last.grown(reader, units)
        if found is None:
            book = _Book(reader)
            book.homes, book.rows, book.found, book.alone = dict(self.homes), dict(self.rows), list(self.found), self.alone
            found = _Numbered(units, book, book._filled())
        self.last = found
        return found.stock

    def _filled(self) -> Stock:
        mine = self.reader.indexes.get(self.reader.viewer.organisation_id)
        if mine is not None:
            self._named_by(mine)
        hall_of = {number: self.halls_of(index.units) for number, index in self.reader.indexes.items()}
        home_of = {number: self.homes_of(index.units) for number, index in self.reader.indexes.items()}
        names = [self.known[code].name if code in self.known else code.partition("\0")[0] for code in self.homes]
        dwellings = [self.known[code].dwellings if code in self.known else None for code in self.homes]
        home = np.array([row[3] for row in self.found], dtype=np.int64)
        ground = Ground(np.array([row[4] for row in self.found], dtype=float).reshape(-1, 2), home)
        return Stock(self._keys(), *(tuple(row[place] for row in self.found) for place in (1, 2)), ground,
                     tuple("" if code.startswith("\0") else code for code in self.homes), tuple(names),
                     np.array([np.nan if number is None else number for number in dwellings], dtype=float),
                     np.bincount(home, minlength=len(self.homes)), hall_of, home_of)

    def _home(self, code: str) -> int:
        if not code:
            self.alone += 1
            code = f"\0{self.alone}"
        return self.homes.setdefault(code, len(self.homes))

    def _of_patrimoine(self) -> None:
        if "halls" not in self.reader.catalog.layers:
            return
        layer = self.reader.shelf.features("halls")
        middles = shapely.centroid(layer.geometry)
        points = zip(shapely.get_x(middles).tolist(), shapely.get_y(middles).tolist(), strict=True)
        for key, name, point, known in zip(layer.keys, layer.names, points, layer.properties, strict=True):
            code, residence = str(known.get("hall") or key), str(known.get("residence") or "")
            self._add(residence, code, (key, name or code, point))

    def _add(self, residence: str, code: str, more: tuple[str, str, tuple[float, float]]) -> None:
        if (residence, code) not in self.rows:
            key, name, point = more
            self.rows[residence, code] = len(self.found)
            self.found.append((key, code, name, self._home(residence), point))

    def _named_by(self, index: FactIndex) -> None:
        for level, code, residence in _units(index.units):
            if level == "hall":
                self._add(residence, code, ("", code, (np.nan, np.nan)))
            elif residence:
                self._home(residence)

    def _keys(self) -> tuple[str, ...]:
        taken, homes = {row[0] for row in self.found}, list(self.homes)
        out = []
        for key, code, _, home, _ in self.found:
            if not key:
                key = code if code not in taken else f"{homes[home]}~{code}"
                taken.add(key)
            out.append(key)
        return tuple(out)

    def halls_of(self, units: Units, first: int = 0) -> np.ndarray:
        """Rows of halls for units from `first` on, -1 for none."""
        return np.array([self.rows.get((residence, code), -1) if level == "hall" else -1
                         for level, code, residence in _units(units, first)], dtype=np.int64)

    def homes_of(self, units: Units, first: int = 0) -> np.ndarray:
        """Rows of residences; a hall without a residence reports for its own row."""
        return np.array([self.homes.get(residence, -1) if residence else
                         (self.found[self.rows["", code]][3] if level == "hall" and ("", code) in self.rows else -1)
                         for level, code, residence in _units(units, first)], dtype=np.int64)

    def knows(self, units: Units, first: int) -> bool:
        """Whether units from `first` on name no hall or residence that has no row."""
        return all((residence, code) in self.rows if level == "hall" else not residence or residence in self.homes
                   for level, code, residence in _units(units, first))


@dataclass(frozen=True, eq=False)
class _Numbered:
    """A stock, the units of each index that it was numbered for, and the book that numbered it."""

    units: Mapping[int, Units]
    book: _Book
    stock: Stock

    def grown(self, reader: Reader, units: Mapping[int, Units]) -> _Numbered | None:
        """The same stock where indexes only got further units, of places that have a row; None where more changed."""
        if set(units) != set(self.units) or not all(_begins(units[each], old) for each, old in self.units.items()):
            return None
        mine = units.get(reader.viewer.organisation_id)
        if mine is not None and not self.book.knows(mine, self.units[reader.viewer.organisation_id].named):
            return None
        maps = [{each: np.concatenate([rows[each][:old.named], of(units[each], old.named)]) for each, old in self.units.items()}
                for rows, of in ((self.stock.hall_of, self.book.halls_of), (self.stock.home_of, self.book.homes_of))]
        return _Numbered(units, self.book, replace(self.stock, hall_of=maps[0], home_of=maps[1]))


def _begins(units: Units, old: Units) -> bool:
    """Whether units begin with the old ones that facts name, as after an extension of their index."""
    size = old.named
    return size <= units.named and all(getattr(units, name)[:size] == getattr(old, name)[:size]
                                       for name in ("code", "residence", "level"))


def _units(units: Units, first: int = 0) -> Iterator[tuple[str, str, str]]:
    """Level, code and residence of each unit from `first` on."""
    return zip(units.level[first:], units.code[first:], units.residence[first:], strict=True)
