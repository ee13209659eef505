"""Where the places of a release lie: outlines from their public hexagons, names for people, neighbours. No fact enters here."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from geoservice.core import crs, grid
from geoservice.core.disclosure.places import HEXAGONS
from geoservice.core.disclosure.release import PlaceTable, Release
from geoservice.core.stats.weights import Neighbours, each_alone, from_lists
from geoservice.errors import NotFound
from geoservice.export import mvt, tables
from geoservice.export.tile import Tile
from geoservice.operations.shared import Opened
from geoservice.operations.shared_read import Column, levels_of

_STEP = 1e-7  # of a degree: vertices of neighbouring hexagons become one
GROUND = 10
MAX_ZOOM = 22


def cells_of(table: PlaceTable, row: int) -> np.ndarray:
    """The hexagons that draw one place."""
    end = table.starts[row + 1] if row + 1 < len(table.starts) else len(table.cells)
    return table.cells[table.starts[row]:end]


def owners(table: PlaceTable) -> np.ndarray:
    """Which place each of the table's cells belongs to, (cells,) int64."""
    return np.repeat(np.arange(len(table.names)), np.diff(np.append(table.starts, len(table.cells))))


def outlines(opened: Opened, level: str) -> np.ndarray:
    """One (multi)polygon a place, EPSG:4326, in the order of the places."""
    return opened.keep(("outlines", level), lambda: _outlines(opened.release.places[level]))


def _outlines(table: PlaceTable) -> np.ndarray:
    if not len(table.names):
        return np.empty(0, dtype=object)
    rings, counts = grid.boundaries(table.cells)
    hexagons = np.array([shapely.Polygon(np.round(ring[:count], 7)) for ring, count in zip(rings, counts.tolist(), strict=True)])
    place = owners(table)
    single = np.bincount(place, minlength=len(table.names)) == 1
    out = np.empty(len(table.names), dtype=object)
    out[place[single[place]]] = hexagons[single[place]]
    for row in np.flatnonzero(~single).tolist():
        mine = hexagons[place == row]
        joined = shapely.coverage_union_all(mine)  # hexagons that share whole edges, as they do once their vertices are rounded
        out[row] = joined if shapely.is_valid(joined) else shapely.union_all(mine, grid_size=_STEP)
    return out


def zone_of(release: Release, level: str, zones: str) -> np.ndarray:
    """The place of the level `zones` (commune or qpv) that most of each place of `level` lies in, -1 for none, (places,)."""
    table, wanted = release.places[level], release.places.get(zones)
    out = np.full(len(table.names), -1)
    if wanted is None or not len(wanted.names) or not len(table.names):
        return out
    order = np.argsort(wanted.cells)
    known, zone = wanted.cells[order], owners(wanted)[order]
    ground = np.unique(release.ground)
    at = np.minimum(np.searchsorted(known, ground), len(known) - 1)
    inside = np.where(known[at] == ground, zone[at], -1)
    mine = _place_of_ground(table, level, ground)
    votes = np.zeros((len(table.names), len(wanted.names) + 1), dtype=np.int64)
    np.add.at(votes, (mine[mine >= 0], inside[mine >= 0]), 1)  # -1 is the last column
    winner = votes.argmax(axis=1)
    return np.where((winner == len(wanted.names)) | (votes.max(axis=1) == 0), -1, winner)


def _place_of_ground(table: PlaceTable, level: str, ground: np.ndarray) -> np.ndarray:
    order = np.argsort(table.cells)
    known, place = table.cells[order], owners(table)[order]
    cells = grid.parents(ground, HEXAGONS.get(level, GROUND))
    at = np.minimum(np.searchsorted(known, cells), len(known) - 1)
    return np.where(known[at] == cells, place[at], -1)


def label(opened: Opened, level: str, row: int) -> str:
    """A place's name for people: its own where it has one, else its number and the quarter or commune that it lies in."""
    return labels(opened, level)[row]


def labels(opened: Opened, level: str) -> list[str]:
    """Names for people of all places of a level."""
    return opened.keep(("labels", level), lambda: _labels(opened, level))


def _labels(opened: Opened, level: str) -> list[str]:
    release, names = opened.release, opened.release.places[level].names
    if level not in HEXAGONS:
        return [name_of(opened, ref) for ref in names]
    quarters, communes = zone_of(release, level, "qpv"), zone_of(release, level, "commune")
    out = []
    for row, (quarter, commune) in enumerate(zip(quarters.tolist(), communes.tolist(), strict=True), 1):
        where = name_of(opened, release.places["qpv"].names[quarter]) if quarter >= 0 else (
            name_of(opened, release.places["commune"].names[commune]) if commune >= 0 else "")
        out.append(f"Secteur {row}" + (f", {where}" if where else ""))
    return out


def name_of(opened: Opened, ref: str) -> str:
    """The name of a QPV or commune; what it is and its code where nobody gave a name."""
    if ref in opened.names:
        return opened.names[ref]
    layer, _, code = ref.partition(":")
    return f"{'Commune' if layer == 'commune' else 'QPV'} {code}" if code else ref


def geojson(opened: Opened, level: str) -> bytes:
    """Places of a level with name, dwellings and surroundings; no count. Static for as long as atoms and names are the same."""
    return opened.keep(("geojson", level), lambda: _geojson(opened, known(opened, level)))


def known(opened: Opened, level: str) -> str:
    """A published level, from the path."""
    if level not in levels_of(opened.release):
        raise NotFound(f"Ce niveau n’est pas diffusé. Niveaux diffusés : {', '.join(levels_of(opened.release)) or 'aucun'}.")
    return level


def _geojson(opened: Opened, level: str) -> bytes:
    return tables.to_geojson(tables.Table(columns(opened, level), outlines(opened, level)), range(len(labels(opened, level))))


def columns(opened: Opened, level: str) -> dict[str, Any]:
    """What is public of each place, by column."""
    release, table = opened.release, opened.release.places[level]

    def refs(zones: str) -> list[str | None]:
        return [release.places[zones].names[zone] if zone >= 0 else None for zone in zone_of(release, level, zones).tolist()]

    return {"place": list(table.names), "name": labels(opened, level), "dwellings": np.floor(table.dwellings).astype(np.int64),
            "qpv": refs("qpv"), "commune": refs("commune")}


def neighbours(opened: Opened, level: str) -> tuple[Neighbours, np.ndarray]:
    """Places that touch (itself included), and whether the territory ends beside one, (places,) bool; zones stand alone."""
    table = opened.release.places[level]
    if level not in HEXAGONS:
        return each_alone(len(table.names)), np.zeros(len(table.names), dtype=bool)
    return opened.keep(("neighbours", level), lambda: _neighbours(table))


def _neighbours(table: PlaceTable) -> tuple[Neighbours, np.ndarray]:
    order = np.argsort(table.cells)
    cells, place = table.cells[order], owners(table)
    found, sizes = grid.disks(table.cells, 1)
    at = np.minimum(np.searchsorted(cells, found), len(cells) - 1)
    inside = cells[at] == found
    source, target = np.repeat(place, sizes), place[order[at]]
    edge = np.zeros(len(table.names), dtype=bool)
    edge[source[~inside]] = True
    pairs = np.unique(source[inside] * len(table.names) + target[inside])
    rows, indices = np.divmod(pairs, len(table.names))
    starts = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(table.names)))])
    return from_lists(starts, indices), edge


def tile(opened: Opened, found: Column, where: Tile) -> bytes:
    """Places that touch a tile, with `n` where it is shown; b"" when there is none. Layer `places`."""
    shapes = opened.keep(("world", found.level), lambda: _world(outlines(opened, found.level)))
    west, north, east, south = where.buffered()
    low_x, low_y, high_x, high_y = shapely.bounds(shapes).T
    rows = np.flatnonzero((low_x <= east) & (high_x >= west) & (low_y <= south) & (high_y >= north))
    if not len(rows):
        return b""
    names, shown = labels(opened, found.level), found.shown
    counts = found.values.tolist()
    properties = {"place": [opened.release.places[found.level].names[row] for row in rows.tolist()],
                  "name": [names[row] for row in rows.tolist()], "shown": shown[rows].tolist(),
                  "n": [counts[row] if shown[row] else None for row in rows.tolist()]}
    return mvt.features(where, "places", shapes[rows], rows.astype(np.uint64), properties)


def _world(shapes: np.ndarray) -> np.ndarray:
    return shapely.transform(shapes, lambda lonlat: np.stack(crs.world(lonlat[:, 0], lonlat[:, 1]), axis=-1))


def tile_of(z: str, x: str, y: str) -> Tile:
    """The tile that an address names."""
    if not all(text.isascii() and text.isdigit() and len(text) <= 8 for text in (z, x, y)):
        raise NotFound("Une tuile s’adresse par trois nombres : /tiles/shared/TERRITOIRE/NIVEAU/Z/X/Y.mvt.")
    found = Tile(int(z), int(x), int(y))
    side = 1 << min(found.z, MAX_ZOOM)
    if not (found.z <= MAX_ZOOM and found.x < side and found.y < side):
        raise NotFound("Cette tuile n’existe pas : x et y vont de 0 à 2^z − 1.")
    return found
