"""Does each hot area survive another drawing of the map? 27 maps, made for an opened card and kept for its neighbours.

The study area stays where it is while points move by half a cell: a hexagon more or less at its rim is within what the shift is
meant to try. Dwellings move with the facts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from geoservice.core import grid
from geoservice.core.facts import DEGREE
from geoservice.core.query import FactQuery
from geoservice.core.stats import hotspots
from geoservice.core.stats import stability as tries
from geoservice.core.stats.given import NotEnough
from geoservice.core.stats.stability import WINDOWS, Points, Variant
from geoservice.core.stats.weights import Neighbours, disks
from geoservice.operations import studyarea
from geoservice.operations.analyse import Analysis, too_fine
from geoservice.operations.chosen import position
from geoservice.operations.dwellings import dwellings
from geoservice.operations.evidence import area_of_facts
from geoservice.operations.hotareas import hot_areas
from geoservice.operations.profiles import span_of
from geoservice.operations.reader import Reader
from geoservice.operations.reuse import Shelf
from geoservice.operations.studyarea import Asked

_kept: Shelf[Steadiness] = Shelf(64)
_LEAST_DAYS = 3


@dataclass(frozen=True, eq=False)
class Steadiness:
    """Of each area of `hot_areas`, in order: how many of the `variants` drawings show it hot; None where it was not tried."""

    hot: tuple[int, ...] | None
    variants: int

    def share(self, place: int) -> float | None:
        """Share of the drawings in which an area is hot."""
        return None if self.hot is None or not self.variants else self.hot[place] / self.variants


@dataclass(frozen=True, eq=False)
class Ground:
    """Cells of one drawing with what they are exposed to."""

    cells: np.ndarray
    exposure: np.ndarray
    neighbours: Neighbours


def steadiness(reader: Reader, found: Analysis) -> Steadiness:
    """Every area of an analysis tried at once; a second or so for 40,000 facts, then kept."""
    key = (str(reader.shelf.storage.settings.data), reader.viewer.organisation_id, found.index_version, found.query.canonical(),
           found.wanted)
    return _kept.get(key, lambda: _tried(reader, found))


def _tried(reader: Reader, found: Analysis) -> Steadiness:
    groups = [area.rows for area in hot_areas(reader, found).areas]
    first, last = span_of(reader, found.query)
    if not groups or last - first + 1 < _LEAST_DAYS:
        return Steadiness(None, 0)
    if found.unit == "residence":
        return _windows(found, groups, (first, last + 1))
    return _drawn(reader, found, groups, (first, last + 1))


def _drawn(reader: Reader, found: Analysis, groups: list[np.ndarray], period: tuple[int, int]) -> Steadiness:
    middle = _middle(reader, found)
    mine = area_of_facts(found, groups)
    here = np.flatnonzero(found.at >= 0)
    points = Points(*(found.facts.column(name)[here] / DEGREE for name in ("lon", "lat")),
                    found.facts.column("day")[here].astype(np.int64))
    drawn = tries.variants(middle, *period, float(points.lon.mean()), float(points.lat.mean()))
    places = mine[here] == np.arange(len(groups))[:, None]
    shown = tries.stability(points, places, drawn, _test_of(reader, found))
    return Steadiness(tuple(int(number) for number in shown.hot.sum(axis=1)), len(drawn))


def _middle(reader: Reader, found: Analysis) -> int:
    """The middle of three resolutions: the map's own, or one coarser where the next finer would have too many cells or say too
    little of facts placed so roughly."""
    resolution = min(max(found.query.resolution, grid.COARSEST + 1), grid.FINEST - 1)
    try:
        finer = studyarea.study_area(reader, found.query.with_(resolution=resolution + 1), _asked(found))
    except NotEnough:
        return max(resolution - 1, grid.COARSEST + 1)
    return resolution if too_fine(found.facts, finer) is None else max(resolution - 1, grid.COARSEST + 1)


def _asked(found: Analysis) -> Asked:
    return Asked(found.unit, found.used, found.wanted.k)


def _test_of(reader: Reader, found: Analysis) -> Callable[[Variant, np.ndarray], np.ndarray]:
    grounds: dict[tuple[int, float, float], Ground | None] = {}

    def test(variant: Variant, cells: np.ndarray) -> np.ndarray:
        key = (variant.resolution, variant.east_m, variant.north_m)
        if key not in grounds:
            grounds[key] = _ground(reader, found, variant)
        ground = grounds[key]
        return np.empty(0, np.uint64) if ground is None else _hot(ground, cells, found)

    return test


def _ground(reader: Reader, found: Analysis, variant: Variant) -> Ground | None:
    query: FactQuery = found.query.with_(resolution=variant.resolution)
    try:
        area = studyarea.study_area(reader, query, _asked(found))
    except NotEnough:
        return None
    if found.used != "dwellings" or not (variant.east_m or variant.north_m):
        return Ground(area.cells, area.exposure, area.neighbours)
    homes = dwellings(reader)
    lon, lat = tries.shifted(homes.lon, homes.lat, variant.east_m, variant.north_m)
    moved = replace(homes, lon=lon, lat=lat, cells=grid.index(lon, lat))
    cells, numbers = moved.of_cells(variant.resolution, studyarea.base_of(reader, query).shape)
    return Ground(cells, numbers, disks(cells, found.wanted.k)) if len(cells) else None


def _hot(ground: Ground, cells: np.ndarray, found: Analysis) -> np.ndarray:
    at = position(ground.cells, cells)
    counts = np.bincount(at[at >= 0], minlength=len(ground.cells))
    try:
        return ground.cells[hotspots.test(counts, ground.exposure, ground.neighbours, found.wanted.options).hot]
    except NotEnough:
        return np.empty(0, np.uint64)


def _windows(found: Analysis, groups: list[np.ndarray], period: tuple[int, int]) -> Steadiness:
    """Residences have no grid to be shifted: the three windows alone."""
    assert found.area is not None
    days, length = found.facts.column("day").astype(np.int64), period[1] - period[0]
    hot = np.zeros(len(groups), dtype=np.int64)
    for first, last in WINDOWS:
        inside = (days >= period[0] + round(first * length)) & (days < period[0] + round(last * length)) & (found.at >= 0)
        counts = np.bincount(found.at[inside], minlength=len(found.area))
        try:
            shown = hotspots.test(counts, found.area.exposure, found.area.neighbours, found.wanted.options).hot
        except NotEnough:
            continue
        hot += np.array([shown[rows].any() for rows in groups])
    return Steadiness(tuple(hot.tolist()), len(WINDOWS))
