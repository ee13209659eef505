"""Where facts could have happened: the units of a hot-spot test, with their exposure and neighbours.

A test over the cells that hold facts alone would never see that the others are empty. The study area is, in this order: the zone
or box of the filter; the communes that hold the facts; else the cells of every residence, building and fact in reach with a ring
around them. It depends on where one looks and on the kind, never on categories, dates or hours, so that a filter compares like
with like, and is kept until the data change.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import shapely

from geoservice.core import facts, grid
from geoservice.core.query import FactQuery
from geoservice.core.stats.given import NotEnough
from geoservice.core.stats.weights import Neighbours, disks, each_alone
from geoservice.core.stats.words import number, percent
from geoservice.operations.dwellings import dwellings
from geoservice.operations.indexing import FACTS
from geoservice.operations.reader import Reader
from geoservice.operations.reuse import Shelf
from geoservice.operations.zones import list_zones
from geoservice.types import Box, Kind

MOST_CELLS = 60_000
COVERED = 0.9  # of the facts in cells with dwellings: from there on dwellings are the exposure
WITHIN_COMMUNES = 0.95  # of the facts in communes that are known: else those are not the study area
LEAST_COMMUNE = 0.005  # of the facts: a commune with fewer is not part of the territory for one stray fact
LEAST_PART = 0.01  # of a cell: a sliver holds no more than a fact by accident
_LOOKED = 10  # resolution at which facts are told to lie in a commune
_MOST_BUILDINGS = 100_000
_kept: Shelf[StudyArea] = Shelf(32, 400_000, lambda area: len(area.exposure))
_bases: Shelf[Base] = Shelf(32)


@dataclass(frozen=True)
class Asked:
    """What a study area depends on besides the data. unit: `cell` or `residence`; exposure: `auto`, `area` or `dwellings`."""

    unit: str
    exposure: str
    k: int


@dataclass(frozen=True, eq=False)
class Base:
    """The ground that is studied: a shape in EPSG:4326, or (None) cells at the finest resolution that say where things are."""

    code: str
    sentence: str
    shape: shapely.Geometry | None
    places: np.ndarray


@dataclass(frozen=True, eq=False)
class StudyArea:
    """n units: cells (n,) uint64 (of a residence: the cell of its middle), exposure (n,) float > 0 in m² or dwellings.

    `units`, `names` are codes and names of residences, empty for cells; points (n, 2) lon, lat their middles, None for cells.
    `exposure_name` is `area` or `dwellings`; `sentence` says in French what the area is. `unknown`: residences without a number
    of dwellings. `edge` (n,) bool: the neighbourhood reaches beyond the ground that is studied, where facts may be missing.
    """

    unit: str
    resolution: int
    cells: np.ndarray
    exposure: np.ndarray
    exposure_name: str
    neighbours: Neighbours
    edge: np.ndarray
    sentence: str
    k: int
    units: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    points: np.ndarray | None = None
    unknown: int = 0

    def middles(self, rows: np.ndarray) -> np.ndarray:
        """Middles of some units, (m, 2) lon, lat: of residences where they are, of cells their centres."""
        return grid.centres(self.cells[rows]) if self.points is None else self.points[rows]

    def __len__(self) -> int:
        return len(self.exposure)


def study_area(reader: Reader, query: FactQuery, asked: Asked, ground: Base | None = None) -> StudyArea:
    """The study area of a query of one kind, on another ground than the query's where one is given; NotEnough says why there is
    none."""
    if query.zone is not None and query.zone.layer == "residence":
        raise NotEnough("une_residence", "Une seule résidence ne peut pas se distinguer des autres : retirez la zone.")
    key = (*_reach(reader), query.kind, str(query.zone), query.bbox, query.resolution, asked, ground and ground.code)
    return _kept.get(key, lambda: _residences(reader, query, ground) if asked.unit == "residence"
                     else _cells(reader, query, asked, ground))


def drawn(shape: shapely.Geometry) -> Base:
    """The ground inside an outline that somebody drew, in EPSG:4326."""
    digest = hashlib.blake2b(shapely.to_wkb(shape), digest_size=16).hexdigest()
    return Base(f"perimetre {digest}", "le périmètre tracé", shape, np.empty(0, np.uint64))


def _reach(reader: Reader) -> tuple[str, ...]:
    """Whose data, and their state."""
    layers = [reader.version(name) for name in ("patrimoine", "halls", "batiments") if name in reader.catalog.layers]
    return (str(reader.shelf.storage.settings.data), str(reader.viewer.organisation_id), reader.version(FACTS), *layers)


def base_of(reader: Reader, query: FactQuery) -> Base:
    """The ground under a filter, before it is cut into cells."""
    key = (*_reach(reader), query.kind, str(query.zone), query.bbox)
    return _bases.get(key, lambda: _base(reader, query))


def _base(reader: Reader, query: FactQuery) -> Base:
    whole = _zone(reader, query) or _communes(reader, query) or _places(reader, query)
    if query.bbox is None:
        return whole
    box = shapely.box(query.bbox.west, query.bbox.south, query.bbox.east, query.bbox.north)
    shape = box if whole.shape is None else shapely.intersection(whole.shape, box)
    return Base(whole.code, f"{whole.sentence}, dans l’emprise demandée", shape, whole.places)


def _zone(reader: Reader, query: FactQuery) -> Base | None:
    if query.zone is None:
        return None
    _, area = reader.resolved(query)
    return Base("zone", "la zone choisie", area.polygon, np.empty(0, np.uint64))


def _communes(reader: Reader, query: FactQuery) -> Base | None:
    """The communes that hold the facts of the kind, where they hold nearly all of them."""
    if "limites" not in reader.catalog.layers:
        return None
    cells, counts = _facts_of(reader, query, _LOOKED)
    if not len(cells):
        return None
    lonlat, total = grid.centres(cells), counts.sum()
    left = np.ones(len(cells), dtype=bool)
    chosen = []
    for zone in list_zones(reader.shelf, "limites", None):
        near = left & _in_box(lonlat, zone.box)
        if not near.any():
            continue
        shapely.prepare(zone.geometry)
        inside = near.copy()
        inside[near] = shapely.intersects_xy(zone.geometry, *lonlat[near].T)
        if counts[inside].sum() >= LEAST_COMMUNE * total:
            chosen.append(zone)
            left &= ~inside
    if counts[~left].sum() < WITHIN_COMMUNES * total:
        return None
    named = "la commune qui porte" if len(chosen) == 1 else f"les {len(chosen)} communes qui portent"
    return Base("communes", f"{named} les faits", shapely.union_all([zone.geometry for zone in chosen]), np.empty(0, np.uint64))


def _in_box(lonlat: np.ndarray, box: Box) -> np.ndarray:
    return ((lonlat[:, 0] >= box.west) & (lonlat[:, 0] <= box.east) & (lonlat[:, 1] >= box.south) & (lonlat[:, 1] <= box.north))


def _facts_of(reader: Reader, query: FactQuery, resolution: int) -> tuple[np.ndarray, np.ndarray]:
    """Cells with facts of the kind, whatever the other filters."""
    everything = FactQuery(query.kind, resolution=resolution)
    found = facts.merge([facts.count(index, resolution, query=everything) for index in reader.indexes.values()])
    return found.cells, found.counts


def _places(reader: Reader, query: FactQuery) -> Base:
    """Everything that is known to stand somewhere: facts, residences, halls, and buildings near them."""
    cells = [_facts_of(reader, query, grid.FINEST)[0], dwellings(reader).cells]
    around = _around(reader)
    if "batiments" in reader.catalog.layers and around is not None:
        found = reader.features("batiments", around, limit=_MOST_BUILDINGS)
        middle = shapely.get_coordinates(shapely.centroid(found.geometry[~shapely.is_missing(found.geometry)]))
        cells.append(grid.index(middle[:, 0], middle[:, 1]))
    return Base("lieux", "les cellules où l’on connaît un fait, une résidence ou un bâtiment, et celles qui les touchent", None,
                np.unique(np.concatenate(cells)))


def _around(reader: Reader) -> Box | None:
    """The box of the viewer's own facts and homes."""
    return reader.bounds()


def _cells(reader: Reader, query: FactQuery, asked: Asked, ground: Base | None) -> StudyArea:
    base = ground or base_of(reader, query)
    lived = _lived_in(reader, query, base, asked)
    if lived is not None:
        cells, exposure = lived
        sentence = f"{base.sentence} ; comptés par logement, là où il y en a"
        return _made(query, asked, base, (cells, exposure, "dwellings", sentence))
    cells, part = _covered(base, query.resolution)
    return _made(query, asked, base, (cells, grid.areas_m2(cells) * part, "area", f"{base.sentence} ; comptés par surface"))


def _made(query: FactQuery, asked: Asked, base: Base, found: tuple[np.ndarray, np.ndarray, str, str]) -> StudyArea:
    cells, exposure, name, sentence = found
    if not len(cells):
        raise NotEnough("zone_vide", "La zone d’étude ne contient aucune cellule : choisissez une autre zone ou une autre "
                        "origine.")
    near = disks(cells, asked.k)
    # without an outline, what lies beyond is where nothing is known to stand: nothing is missing there
    edge = np.zeros(len(cells), dtype=bool) if base.shape is None else _cut(cells, asked.k, base.shape)
    return StudyArea("cell", query.resolution, cells, exposure, name, near, edge, sentence, asked.k)


def _cut(cells: np.ndarray, k: int, shape: shapely.Geometry) -> np.ndarray:
    """Whether the middle of some cell of each neighbourhood lies outside a shape, (n,) bool."""
    found, sizes = grid.disks(cells, k)
    known, where = np.unique(found, return_inverse=True)
    shapely.prepare(shape)
    outside = ~shapely.intersects_xy(shape, *grid.centres(known).T)
    return np.logical_or.reduceat(outside[where], np.cumsum(sizes) - sizes)


def _lived_in(reader: Reader, query: FactQuery, base: Base, asked: Asked) -> tuple[np.ndarray, np.ndarray] | None:
    """Cells with dwellings, where these are the exposure; NotEnough when they were asked for and none is known."""
    if asked.exposure == "area" or (asked.exposure == "auto" and query.kind is not Kind.BAILLEUR):
        return None
    cells, numbers = dwellings(reader).of_cells(query.resolution, base.shape)
    if asked.exposure == "dwellings" and not len(cells):
        raise NotEnough("logements_inconnus", "Le nombre de logements n’est connu nulle part ici : importez le patrimoine avec "
                        "ses logements, ou comptez par surface.")
    if asked.exposure == "dwellings":
        return cells, numbers
    with_facts, counts = _facts_of(reader, query, query.resolution)
    held = counts[np.isin(with_facts, cells)].sum()
    return (cells, numbers) if len(cells) and held >= COVERED * counts.sum() else None


def _covered(base: Base, resolution: int) -> tuple[np.ndarray, np.ndarray]:
    """Cells of the base and which part of each lies in it; NotEnough when there would be too many."""
    if base.shape is None:
        cells = np.unique(grid.parents(base.places, resolution))
        if len(cells) <= MOST_CELLS:
            cells = np.unique(grid.disks(cells, 1)[0])
        return _few(cells, len(cells)), np.ones(len(cells))
    cells = _cover(base.shape, resolution)
    if len(base.places):
        held = np.unique(grid.disks(np.unique(grid.parents(base.places, resolution)), 1)[0])
        cells = cells[np.isin(cells, held)]
    part = _parts(cells, base.shape)
    return cells[part > 0], np.maximum(part[part > 0], LEAST_PART)


def _cover(shape: shapely.Geometry, resolution: int) -> np.ndarray:
    """Cells of the boxes of a shape's parts, so that two towns far apart do not bring what lies between them."""
    parts = [Box(*part.bounds) for part in shapely.get_parts(shape) if not part.is_empty]
    _few(None, sum(_about(box, resolution) for box in parts))
    found = [grid.cover(box, resolution) for box in parts]
    return np.unique(np.concatenate(found)) if found else np.empty(0, np.uint64)


def _about(box: Box, resolution: int) -> float:
    """How many cells of a resolution half of a box holds, about: shapes fill their boxes so."""
    middle = grid.parents(grid.index(*np.array([[(box.west + box.east) / 2], [(box.south + box.north) / 2]])), resolution)
    wide = 111_320.0 * np.cos(np.radians((box.south + box.north) / 2)) * (box.east - box.west)
    return float(wide * 110_574.0 * (box.north - box.south) / grid.areas_m2(middle)[0] / 2)


def _few(cells: np.ndarray | None, expected: float) -> np.ndarray:
    if expected > MOST_CELLS:
        raise NotEnough("trop_de_cellules", f"La zone d’étude aurait environ {number(expected)} cellules à cette résolution, "
                        f"plus que {number(MOST_CELLS)} : choisissez une zone, ou des hexagones plus grands.")
    return np.empty(0, np.uint64) if cells is None else cells


def _parts(cells: np.ndarray, shape: shapely.Geometry) -> np.ndarray:
    """Which part of each cell lies in a shape, 0 to 1; at the scale of a cell, degrees measure shares as well as metres do."""
    rings, corners = grid.boundaries(cells)
    hexagons = shapely.polygons(rings) if (corners == rings.shape[1]).all() else np.array(
        [shapely.Polygon(ring[:many]) for ring, many in zip(rings, corners, strict=True)])
    shapely.prepare(shape)
    part = shapely.contains_properly(shape, hexagons).astype(float)
    doubtful = (part == 0) & shapely.intersects(shape, hexagons)
    part[doubtful] = shapely.area(shapely.intersection(shape, hexagons[doubtful])) / shapely.area(hexagons[doubtful])
    return part


def _residences(reader: Reader, query: FactQuery, ground: Base | None) -> StudyArea:
    """Residences with a known number of dwellings, each alone; those of the zone or box where one is given."""
    known = dwellings(reader)
    base = ground or (base_of(reader, query) if query.zone is not None or query.bbox is not None else None)
    homes = list(known.homes.items())
    if base is not None and base.shape is not None:
        shapely.prepare(base.shape)
        homes = [(code, each) for code, each in homes if shapely.intersects_xy(base.shape, *each.point)]  # type: ignore[misc]
    if not homes:
        raise NotEnough("logements_inconnus", "Aucune résidence de cette zone n’a un nombre de logements connu : importez le "
                        "patrimoine avec ses logements.")
    lonlat = np.array([each.point for _, each in homes])
    exposure = np.array([float(each.dwellings or 0) for _, each in homes])
    told = f"{len(homes)} résidences dont les logements sont connus, testées une par une"
    cells = grid.parents(grid.index(lonlat[:, 0], lonlat[:, 1]), query.resolution)
    return StudyArea("residence", query.resolution, cells, exposure, "dwellings", each_alone(len(homes)),
                     np.zeros(len(homes), dtype=bool), told, 0, tuple(code for code, _ in homes),
                     tuple(each.name for _, each in homes), lonlat, known.unknown)


def outside_sentence(outside: int, total: int) -> str:
    """What is said of facts that lie in no unit of the study area; empty when there are none."""
    if not outside or not total:
        return ""
    share = percent(outside / total)
    return f" {share[0].upper()}{share[1:]} des faits sont en dehors et ne comptent pas ici."
