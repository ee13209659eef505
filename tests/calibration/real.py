"""What each way of testing calls hot on a real city: Dans Ma Rue, cells of Paris whose centre is inside (checks.json)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from geoservice.core import grid
from geoservice.core.stats import getis, hotspots, multiple, weights
from geoservice.core.stats.dispersion import Dispersion
from geoservice.core.stats.hotspots import Options

SHARED = Path(__file__).resolve().parents[3] / "shared"
CHECKS = SHARED / "reference" / "checks.json"
FACTS = SHARED / "data" / "incidents" / "dansmarue_paris_2023-07_2024-09_union.parquet"
PARIS = SHARED / "data" / "admin" / "paris_arrondissements_20.geojson"


@dataclass(frozen=True)
class RealMap:
    """Counts of one category on the cells of Paris."""

    resolution: int
    category: str
    counts: np.ndarray
    area_m2: np.ndarray
    neighbours: weights.Neighbours

    @property
    def ratio(self) -> float:
        """Variance/mean of the cells."""
        return float(self.counts.var() / self.counts.mean())


def present() -> bool:
    """Whether the real data and the reference lie beside the project."""
    return FACTS.is_file() and PARIS.is_file() and CHECKS.is_file()


def published() -> dict:
    """Worked values of checks.json."""
    return json.loads(CHECKS.read_text(encoding="utf-8"))


@cache
def _facts() -> tuple[np.ndarray, np.ndarray]:
    import pyarrow.parquet as parquet

    table = parquet.read_table(FACTS, columns=["lon", "lat", "type"])
    return grid.index(table["lon"].to_numpy(), table["lat"].to_numpy()), np.array(table["type"].to_pylist(), dtype=object)


@cache
def _study(resolution: int) -> tuple[np.ndarray, np.ndarray, weights.Neighbours]:
    """Cells whose centre is in Paris, their areas and neighbourhoods."""
    import geopandas
    import shapely

    city = geopandas.read_file(PARIS).geometry.union_all()
    west, south, east, north = city.bounds
    known = grid.cover(grid.Box(west, south, east, north), resolution)
    inside = known[shapely.contains_xy(city, *grid.centres(known).T)]
    return inside, grid.areas_m2(inside), weights.disks(inside, 1)


def city_map(resolution: int, category: str) -> RealMap:
    """Facts of a category (`all`: all of them) by cell."""
    cells, areas, near = _study(resolution)
    where, what = _facts()
    chosen = grid.parents(where if category == "all" else where[what == category], resolution)
    known, number = np.unique(chosen, return_counts=True)
    counts = np.zeros(len(cells), dtype=np.int64)
    place = np.searchsorted(cells, known)
    inside = (place < len(cells)) & (cells[np.minimum(place, len(cells) - 1)] == known)
    counts[place[inside]] = number[inside]
    return RealMap(resolution, category, counts, areas, near)


def flagged(city: RealMap, options: Options) -> tuple[float, Dispersion | None]:
    """Share of cells that the hot-spot test calls hot; exposure: every cell the same, as in checks.json."""
    found = hotspots.test(city.counts, np.ones(len(city.counts)), city.neighbours, options)
    return float(found.hot.mean()), found.dispersion


def flagged_by_gi(city: RealMap, level: float = 0.05) -> float:
    """Share of cells that analytic Gi*, upper side, calls hot after Benjamini-Hochberg."""
    return float((multiple.bh(getis.local(city.counts, city.neighbours).upper) <= level).mean())


def flagged_by_moments(city: RealMap, level: float = 0.05) -> float:
    """Share of cells above a negative binomial of the neighbourhood sum, its shape by moments of the cells; BH."""
    from scipy import stats

    mean, variance, near = city.counts.mean(), city.counts.var(), city.neighbours
    shape, expected = near.counts * mean ** 2 / (variance - mean), near.counts * mean
    p = stats.nbinom.sf(near.sums(city.counts) - 1, shape, shape / (shape + expected))
    return float((multiple.bh(p) <= level).mean())
