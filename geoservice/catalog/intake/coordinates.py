"""Coordinates of a batch in degrees: columns or geometry, in a declared CRS, a row's own, or one recognised by its range.

Nothing is repaired in silence: swapped or foreign coordinates reject their line with what they look like.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from geoservice.catalog.intake.common import Collector, numbers, point_of
from geoservice.core import crs
from geoservice.errors import BadInput

ONE_BY_ONE = 200  # odd points looked at individually; more are described together
SWAPPED = "Latitude et longitude semblent inversées. Échangez les deux colonnes, à la source ou dans la correspondance."


@dataclass(frozen=True)
class Points:
    """Longitudes and latitudes (n,), NaN without a point, and the position in TERRITORIES of each, -1 without a point."""

    lon: np.ndarray
    lat: np.ndarray
    territory: np.ndarray


@dataclass
class PointReader:
    """Reads the points of one file, batch after batch. `declared` is the CRS that the source gives for x and y.

    The CRS of a pair of columns is recognised on the first batch that has points, then kept for the file.
    """

    declared: str | None
    _guessed: dict[str, crs.Guess | None] = field(default_factory=dict)

    def read(self, collector: Collector, columns: dict[str, Sequence[Any]], names: dict[str, str]) -> Points:
        """Points of a batch. columns: field → cells; names: field → the file's column, for rejects."""
        rows = len(collector.batch.lines)
        points = Points(np.full(rows, np.nan), np.full(rows, np.nan), np.full(rows, -1, dtype=np.int8))
        if collector.batch.geometry is not None and len(collector.batch.geometry):
            self._geometry(collector, points)
        if "point" in columns:
            self._text(collector, points, columns["point"], names.get("point", "point"))
        for x, y in (("lon", "lat"), ("x", "y")):
            if x in columns and y in columns:
                self._pair(collector, points, _Pair(x, y, columns, names))
        return points

    def _geometry(self, collector: Collector, points: Points) -> None:
        import shapely

        shapes = collector.batch.geometry
        given = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
        x, y = np.full(len(shapes), np.nan), np.full(len(shapes), np.nan)
        centres = shapely.centroid(shapes[given])
        x[given], y[given] = shapely.get_x(centres), shapely.get_y(centres)
        found = _Found("geometry", x, y, given)
        self._place(collector, points, found, self._crs(collector, found, collector.batch.crs))

    def _text(self, collector: Collector, points: Points, cells: Sequence[Any], name: str) -> None:
        rows = len(cells)
        x, y, given = np.full(rows, np.nan), np.full(rows, np.nan), np.zeros(rows, dtype=bool)
        for row, cell in enumerate(cells):
            try:
                found = point_of(cell)
            except (ValueError, OverflowError):
                collector.reject(row, name, cell, "coordonnees", "Les coordonnées ne sont pas lisibles. Attendu : "
                                 "« 48.85, 2.35 » (latitude, longitude), ou un point GeoJSON.")
                continue
            if found is not None:
                (x[row], y[row]), given[row] = found, True
        found_points = _Found(name, x, y, given)
        self._place(collector, points, found_points, self._crs(collector, found_points, None))

    def _pair(self, collector: Collector, points: Points, pair: _Pair) -> None:
        x, given_x, bad_x = numbers(pair.columns[pair.x])
        y, given_y, bad_y = numbers(pair.columns[pair.y])
        for bad, name in ((bad_x, pair.x), (bad_y, pair.y)):
            for row in bad:
                collector.reject(row, pair.names.get(name, name), pair.columns[name][row], "coordonnees",
                                 "La coordonnée n’est pas un nombre. Corrigez-la, ou laissez la case vide.")
        half = (given_x != given_y).nonzero()[0].tolist()
        for row in half:
            collector.reject(row, pair.names.get(pair.x, pair.x), pair.columns[pair.x][row], "coordonnees",
                             "Une seule des deux coordonnées est donnée. Complétez-la, ou laissez les deux cases vides.")
        found = _Found(pair.names.get(pair.x, pair.x), x, y, given_x & given_y)
        if "epsg" in pair.columns:
            self._by_row(collector, points, found, pair.columns["epsg"])
        else:
            declared = self.declared if pair.x == "x" else None
            self._place(collector, points, found, self._crs(collector, found, declared))

    def _by_row(self, collector: Collector, points: Points, found: _Found, codes: Sequence[Any]) -> None:
        """Each row names its own CRS (RPLS does)."""
        epsg, given, bad = numbers(codes)
        for row in bad:
            collector.reject(row, "epsg", codes[row], "crs", "Le code EPSG de la ligne n’est pas un nombre.")
        for code in np.unique(epsg[given]).tolist():
            chosen = found.given & given & (epsg == code)
            try:
                self._place(collector, points, _Found(found.name, found.x, found.y, chosen), f"EPSG:{code:.0f}")
            except BadInput:
                for row in chosen.nonzero()[0].tolist():
                    collector.reject(row, "epsg", codes[row], "crs",
                                     "Ce code EPSG n’existe pas. Corrigez-le (2154 pour Lambert-93).")
        rest = _Found(found.name, found.x, found.y, found.given & ~given)
        if rest.given.any():
            self._place(collector, points, rest, self._crs(collector, rest, self.declared))

    def _crs(self, collector: Collector, found: _Found, declared: str | None) -> str:
        if declared is not None:
            return declared
        finite = found.given & np.isfinite(found.x) & np.isfinite(found.y)
        if found.name not in self._guessed:
            if not finite.any():
                return "EPSG:4326"
            self._guessed[found.name] = crs.guess(found.x[finite], found.y[finite])
        guess = self._guessed[found.name]
        if guess is None or guess.swapped or guess.epsg == crs.WGS84:
            return "EPSG:4326"
        collector.note("crs", f"Colonne « {found.name} » : coordonnées lues en {guess.name} (EPSG:{guess.epsg}), reconnu à leur "
                       "étendue.", int(finite.argmax()), int(finite.sum()))
        return f"EPSG:{guess.epsg}"

    def _place(self, collector: Collector, points: Points, found: _Found, system: str) -> None:
        chosen = found.given & np.isnan(points.lon)
        unfinished = chosen & ~(np.isfinite(found.x) & np.isfinite(found.y))
        for row in unfinished.nonzero()[0].tolist():
            collector.reject(row, found.name, f"{found.x[row]}, {found.y[row]}", "coordonnees",
                             "La coordonnée n’est pas un nombre fini. Corrigez-la, ou laissez la case vide.")
        # 0, 0 is what exports write for "not located"
        rows = (chosen & ~unfinished & ((found.x != 0) | (found.y != 0))).nonzero()[0]
        if not len(rows):
            return
        lon, lat = crs.to_lonlat(found.x[rows], found.y[rows], crs.WGS84 if system == "EPSG:4326" else system)
        territory = crs.territories_of(lon, lat)
        inside = territory >= 0
        points.lon[rows[inside]], points.lat[rows[inside]] = lon[inside], lat[inside]
        points.territory[rows[inside]] = territory[inside]
        _outside(collector, found, rows[~inside])


@dataclass(frozen=True)
class _Found:
    """Coordinates as the file has them: the column's name, x and y (n,), and which rows give them."""

    name: str
    x: np.ndarray
    y: np.ndarray
    given: np.ndarray


@dataclass(frozen=True)
class _Pair:
    x: str
    y: str
    columns: dict[str, Sequence[Any]]
    names: dict[str, str]


def _outside(collector: Collector, found: _Found, rows: np.ndarray) -> None:
    if not len(rows):
        return
    together = None if len(rows) <= ONE_BY_ONE else crs.guess(found.x[rows], found.y[rows])
    for row in rows.tolist():
        guess = together if len(rows) > ONE_BY_ONE else crs.guess(found.x[row:row + 1], found.y[row:row + 1])
        code, sentence = _diagnosis(guess)
        collector.reject(row, found.name, f"{found.x[row]}, {found.y[row]}", code, sentence)


def _diagnosis(guess: crs.Guess | None) -> tuple[str, str]:
    if guess is None or (guess.epsg == crs.WGS84 and not guess.swapped):
        return "hors-france", "Le point n’est ni en France ni outre-mer. Vérifiez les coordonnées et leur système (EPSG)."
    if guess.epsg == crs.WGS84:
        return "inversees", SWAPPED
    if guess.swapped:
        return "inversees", f"x et y semblent inversés ({guess.name}). Échangez les deux colonnes."
    return "crs", (f"Ces coordonnées ressemblent à du {guess.name} : indiquez crs = \"EPSG:{guess.epsg}\" dans la "
                   "correspondance, ou corrigez la ligne.")
