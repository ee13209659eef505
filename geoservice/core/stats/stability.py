"""Does a hot spot survive another drawing of the map? 27 variants: three resolutions, three positions of the grid, three windows.

An effect of one grid (the modifiable areal unit problem) or of one stretch of time shows in a few variants only. It costs 27
maps, so it is computed for an opened card, for any number of places at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from geoservice.core import grid
from geoservice.core.stats.given import NotEnough, numbers_of, same_length
from geoservice.errors import BadInput

_METRES = 111_320.0  # of a degree of latitude; a shift need not be exact
HALF = 0.5  # of a place's facts that must lie in hot cells
_EASTS, _NORTHS = (0.0, 0.5, 0.25), (0.0, 0.0, 0.4330127)  # shifts, in spacings: none, half a cell east, half a cell at 60°
WINDOWS = ((0.0, 1.0), (0.0, 2 / 3), (1 / 3, 1.0))  # of the period: all, its first two thirds, its last two thirds


@dataclass(frozen=True)
class Variant:
    """One drawing: an H3 resolution, a shift of the points in metres, and local days [since, until)."""

    resolution: int
    east_m: float
    north_m: float
    since: int
    until: int


@dataclass(frozen=True, eq=False)
class Points:
    """Facts: lon, lat (n,) degrees EPSG:4326 and local day numbers (n,)."""

    lon: np.ndarray
    lat: np.ndarray
    day: np.ndarray


@dataclass(frozen=True, eq=False)
class Stability:
    """For each place: the share of variants in which it is hot, and which, (places, 27) bool in the order of `variants`."""

    share: np.ndarray
    hot: np.ndarray
    variants: tuple[Variant, ...]


Test = Callable[[Variant, np.ndarray], np.ndarray]


def variants(resolution: int, since: int, until: int, lon: float, lat: float) -> tuple[Variant, ...]:
    """The 27: resolution and the next coarser and finer (three that the product offers), shifts of half a cell, windows.

    Shifts are half the spacing of cells at this place, so at each resolution. BadInput for a period under 3 days or a resolution
    that is not offered.
    """
    if not grid.COARSEST <= resolution <= grid.FINEST:
        raise BadInput(f"La résolution va de {grid.COARSEST} à {grid.FINEST}.")
    if until - since < 3:
        raise BadInput("Une période de moins de 3 jours ne se découpe pas en fenêtres.")
    middle = min(max(resolution, grid.COARSEST + 1), grid.FINEST - 1)
    out = []
    for level in (middle - 1, middle, middle + 1):
        spacing = _spacing_m(lon, lat, level)
        out += [Variant(level, east * spacing, north * spacing, *_window(since, until, window))
                for east, north in zip(_EASTS, _NORTHS, strict=True) for window in WINDOWS]
    return tuple(out)


def stability(points: Points, places: np.ndarray, drawn: tuple[Variant, ...], test: Test) -> Stability:
    """Share of variants in which each place is hot. points: all facts of the map; places (p, n) bool: whose facts are whose.

    `test(variant, cells)` gets the cells (m,) uint64, at the variant's resolution, of the shifted facts of its window, one a
    fact, and returns the hot ones (h,) uint64; it shifts its study area and exposure likewise. A place is hot in a variant when
    at least half of its facts in the window lie in hot cells; without facts there it is not. NotEnough for a place without facts.
    """
    lon, lat = numbers_of(points.lon, "longitudes"), numbers_of(points.lat, "latitudes")
    day, mine = np.asarray(points.day), np.asarray(places)
    same_length("positions et jours", lon, lat, day)
    if mine.dtype != bool or mine.ndim != 2 or mine.shape[1] != len(lon):
        raise BadInput("Il faut, pour chaque lieu et chaque fait, vrai ou faux.")
    if not mine.any(axis=1).all():
        raise NotEnough("lieu_vide", "Un des lieux n’a aucun fait : sa stabilité n’a pas de sens.")
    hot = np.zeros((len(mine), len(drawn)), dtype=bool)
    finest: dict[tuple[float, float], np.ndarray] = {}
    for column, variant in enumerate(drawn):
        shift = (variant.east_m, variant.north_m)
        if shift not in finest:
            finest[shift] = grid.index(*shifted(lon, lat, *shift))
        inside = (day >= variant.since) & (day < variant.until)
        cells = grid.parents(finest[shift][inside], variant.resolution)
        found = np.isin(cells, test(variant, cells))
        facts = mine[:, inside].sum(axis=1)
        hot[:, column] = (facts > 0) & ((mine[:, inside] & found).sum(axis=1) >= HALF * facts)
    return Stability(hot.mean(axis=1), hot, drawn)


def shifted(lon: np.ndarray, lat: np.ndarray, east_m: float, north_m: float) -> tuple[np.ndarray, np.ndarray]:
    """Points moved by metres, on a sphere: within 1 % for shifts of a cell. Degrees EPSG:4326, (n,) each."""
    if not len(lon):
        return lon, lat
    return lon + east_m / (_METRES * np.cos(np.radians(lat.mean()))), lat + north_m / _METRES


def _spacing_m(lon: float, lat: float, resolution: int) -> float:
    """Distance between centres of neighbouring hexagons of the true area here."""
    cell = grid.parents(grid.index(np.array([lon]), np.array([lat])), resolution)
    return float((2 * grid.areas_m2(cell)[0] / 3**0.5) ** 0.5)


def _window(since: int, until: int, window: tuple[float, float]) -> tuple[int, int]:
    length = until - since
    return since + round(window[0] * length), since + round(window[1] * length)
