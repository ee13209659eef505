"""Hot spots as vector tiles: the cells that stand out, with the area they belong to and its verdict."""

from __future__ import annotations

import re

import numpy as np

from geoservice.core import crs, grid
from geoservice.errors import NotFound
from geoservice.export import mvt
from geoservice.export.tile import Tile
from geoservice.operations import hotareas
from geoservice.operations.analyse import Analysis
from geoservice.operations.reader import Reader
from geoservice.operations.tiles import MAX_ZOOM

LAYER = "hotspots"


def tile_of(z: str, x: str, y: str) -> Tile:
    """The tile that an address names; NotFound when there is no such tile."""
    if not all(re.fullmatch(r"[0-9]{1,8}", text, re.ASCII) for text in (z, x, y)):
        raise NotFound("Une tuile s’adresse par trois nombres : /tiles/hotspots/Z/X/Y.mvt.")
    tile = Tile(int(z), int(x), int(y))
    side = 1 << min(tile.z, MAX_ZOOM)
    if not (tile.z <= MAX_ZOOM and tile.x < side and tile.y < side):
        raise NotFound("Cette tuile n’existe pas : x et y vont de 0 à 2^z − 1.")
    return tile


def mvt_of(reader: Reader, found: Analysis, tile: Tile) -> bytes:
    """Hot and cold units that touch a tile; b"" when there is none, also where there is too little data.

    Properties: `h3` (of residences `code`), `n` facts of the unit, `ratio`, `q`, `hot`, and of hot ones `rank` and `verdict` of
    their area.
    """
    if found.found is None or found.area is None:
        return b""
    rows = np.flatnonzero(found.found.hot | found.found.cold)
    shapes = _world(found.area.cells[rows], found.area.middles(rows), found.unit)
    west, north, east, south = tile.buffered()
    low, high = shapes.min(axis=1, initial=np.inf), shapes.max(axis=1, initial=-np.inf)
    near = (low[:, 0] <= east) & (high[:, 0] >= west) & (low[:, 1] <= south) & (high[:, 1] >= north)
    rows, shapes = rows[near], shapes[near]
    if not len(rows):
        return b""
    properties = _properties(reader, found, rows)
    if found.unit == "cell":
        return mvt.hexagons(tile, LAYER, shapes, None, properties)
    import shapely

    return mvt.features(tile, LAYER, shapely.points(shapes[:, 0]), None, properties)


def _world(cells: np.ndarray, middles: np.ndarray, unit: str) -> np.ndarray:
    """Rings of cells, or one point a residence, in world units: (n, k, 2)."""
    lonlat = grid.boundaries(cells)[0] if unit == "cell" else middles[:, None, :]
    return np.stack(crs.world(lonlat[..., 0], lonlat[..., 1]), axis=-1)


def _properties(reader: Reader, found: Analysis, rows: np.ndarray) -> dict[str, list]:
    assert found.found is not None
    assert found.area is not None
    areas = {row: area for area in hotareas.hot_areas(reader, found).areas for row in area.rows.tolist()}
    belongs = [areas.get(row) for row in rows.tolist()]
    who = {"code": [found.area.units[row] for row in rows.tolist()]} if found.unit == "residence" else {
        "h3": grid.to_text(found.area.cells[rows])}
    return {**who, "n": found.counts[rows].tolist(), "ratio": found.found.ratio[rows].round(3).tolist(),
            "q": [float(f"{q:.3g}") for q in found.found.q[rows].tolist()], "hot": found.found.hot[rows].tolist(),
            "rank": [None if area is None else area.rank for area in belongs],
            "verdict": [None if area is None else area.verdict.verdict for area in belongs]}
