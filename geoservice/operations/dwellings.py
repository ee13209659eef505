"""Where the dwellings of the patrimoine are: each residence's number, spread over its halls where their positions are known.

A residence is one point in its owner's file and a hundred metres wide on the ground; its halls are where people live and where
facts are noted.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
import shapely

from geoservice.core import grid
from geoservice.operations.reader import Reader
from geoservice.operations.residences import Residence, residences
from geoservice.operations.reuse import Shelf

_kept: Shelf[Dwellings] = Shelf(8)


@dataclass(frozen=True, eq=False)
class Dwellings:
    """Dwellings at m points: lon, lat (m,) degrees, cells (m,) finest cells, numbers (m,) float; with the residences they are of.

    `homes` are the residences with a position and a known number, by code; `unknown` how many of the others there are.
    """

    lon: np.ndarray
    lat: np.ndarray
    cells: np.ndarray
    numbers: np.ndarray
    homes: OrderedDict[str, Residence]
    unknown: int

    def of_cells(self, resolution: int, inside: shapely.Geometry | None) -> tuple[np.ndarray, np.ndarray]:
        """Cells that hold dwellings (sorted uint64) and how many each does; `inside` leaves out points elsewhere."""
        here = np.ones(len(self.cells), dtype=bool)
        if inside is not None:
            shapely.prepare(inside)
            here = shapely.intersects_xy(inside, self.lon, self.lat)
        cells, where = np.unique(grid.parents(self.cells[here], resolution), return_inverse=True)
        return cells, np.bincount(where, self.numbers[here], minlength=len(cells))


def dwellings(reader: Reader) -> Dwellings:
    """The dwellings in reach, kept until the patrimoine or the halls change."""
    versions = tuple(reader.version(name) for name in ("patrimoine", "halls") if name in reader.catalog.layers)
    key = (str(reader.shelf.storage.settings.data), reader.viewer.organisation_id, *versions)
    return _kept.get(key, lambda: _read(reader))


def _read(reader: Reader) -> Dwellings:
    known = residences(reader)
    homes = OrderedDict((code, each) for code, each in sorted(known.items())
                        if each.dwellings is not None and each.point is not None)
    halls = _halls(reader)
    points: list[tuple[float, float]] = []
    numbers: list[float] = []
    for code, each in homes.items():
        at = halls.get(code) or [each.point]
        points += at  # type: ignore[arg-type]  # homes have a point
        numbers += [each.dwellings / len(at)] * len(at)  # type: ignore[operator]  # and a number
    lonlat = np.array(points, dtype=float).reshape(-1, 2)
    return Dwellings(lonlat[:, 0], lonlat[:, 1], grid.index(lonlat[:, 0], lonlat[:, 1]), np.array(numbers), homes,
                     len(known) - len(homes))


def _halls(reader: Reader) -> dict[str, list[tuple[float, float]]]:
    """Positions of the halls of each residence, by its code."""
    if "halls" not in reader.catalog.layers:
        return {}
    found = reader.shelf.features("halls")
    out: dict[str, list[tuple[float, float]]] = {}
    for shape, known in zip(found.geometry, found.properties, strict=True):
        if shape is not None and known.get("residence"):
            middle = shape.centroid
            out.setdefault(str(known["residence"]), []).append((middle.x, middle.y))
    return out
