"""The halls and residences of a viewer as arrays: what the patrimoine holds, and what only facts name.

A hall's key is that of its feature; one that only facts name has the code that they write, with its residence where two share it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import shapely

from geoservice.core import crs
from geoservice.core.facts import FactIndex
from geoservice.operations.analyse import index_version
from geoservice.operations.reader import Reader
from geoservice.operations.residences import residences
from geoservice.operations.reuse import Shelf

_kept: Shelf[Stock] = Shelf(8)
_books: Shelf[_Book] = Shelf(8)


@dataclass(frozen=True, eq=False)
class Stock:
    """h halls and r residences. `home` (h,) row of a hall's residence: a hall without one has a row of its own, without a code.

    `points` (h, 2) lon, lat, NaN unknown; `dwellings` (r,), NaN unknown; `halls` (r,) how many. `hall_of`, `home_of`: for each
    organisation's index, the rows of its units, -1 for none.
    """

    keys: tuple[str, ...]
    codes: tuple[str, ...]
    names: tuple[str, ...]
    home: np.ndarray
    points: np.ndarray
    residences: tuple[str, ...]
    residence_names: tuple[str, ...]
    dwellings: np.ndarray
    halls: np.ndarray
    hall_of: Mapping[int, np.ndarray]
    home_of: Mapping[int, np.ndarray]

    def __len__(self) -> int:
        return len(self.keys)

    def exposure(self) -> np.ndarray:
        """Dwellings of each residence; where unknown, its halls times the usual dwellings of a hall, at least one; (r,)."""
        known = np.isfinite(self.dwellings)
        usual = float(np.median(self.dwellings[known] / np.maximum(self.halls[known], 1))) if known.any() else 1.0
        return np.where(known, self.dwellings, np.maximum(self.halls, 1) * max(usual, 1.0))

    def metres(self) -> np.ndarray:
        """Points in metres of their territory, (h, 2), NaN unknown."""
        return self._metres

    @cached_property
    def _metres(self) -> np.ndarray:
        out = np.full(self.points.shape, np.nan)
        placed = np.flatnonzero(np.isfinite(self.points).all(axis=1))
        territory = crs.territory_of(*self.points[placed[0]].tolist()) if len(placed) else None
        if territory is not None:
            out[placed] = shapely.get_coordinates(crs.geometries_to_metres(shapely.points(self.points[placed]), territory.epsg))
        return out


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

    @classmethod
    def of(cls, reader: Reader) -> _Book:
        """What the patrimoine holds, before any fact."""
        book = cls(reader)
        for code in book.known:
            book._home(code)
        book._of_patrimoine()
        return book

    def stock(self, reader: Reader) -> Stock:
        """With what the facts of a reader name besides; this book stays as it is."""
        book = _Book(reader)
        book.homes, book.rows, book.found, book.alone = dict(self.homes), dict(self.rows), list(self.found), self.alone
        return book._filled()

    def _filled(self) -> Stock:
        mine = self.reader.indexes.get(self.reader.viewer.organisation_id)
        if mine is not None:
            self._named_by(mine)
        hall_of = {number: self._halls_of(index) for number, index in self.reader.indexes.items()}
        home_of = {number: self._homes_of(index) for number, index in self.reader.indexes.items()}
        names = [self.known[code].name if code in self.known else code.partition("\0")[0] for code in self.homes]
        dwellings = [self.known[code].dwellings if code in self.known else None for code in self.homes]
        home = np.array([row[3] for row in self.found], dtype=np.int64)
        return Stock(self._keys(), *(tuple(row[place] for row in self.found) for place in (1, 2)), home,
                     np.array([row[4] for row in self.found], dtype=float).reshape(-1, 2),
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
        for level, code, residence in _units(index):
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

    def _halls_of(self, index: FactIndex) -> np.ndarray:
        return np.array([self.rows.get((residence, code), -1) if level == "hall" else -1
                         for level, code, residence in _units(index)], dtype=np.int64)

    def _homes_of(self, index: FactIndex) -> np.ndarray:
        """Rows of residences; a hall without a residence reports for its own row."""
        return np.array([self.homes.get(residence, -1) if residence else
                         (self.found[self.rows["", code]][3] if level == "hall" and ("", code) in self.rows else -1)
                         for level, code, residence in _units(index)], dtype=np.int64)


def _units(index: FactIndex) -> Iterator[tuple[str, str, str]]:
    """Level, code and residence of each unit."""
    return zip(index.units.level, index.units.code, index.units.residence, strict=True)
