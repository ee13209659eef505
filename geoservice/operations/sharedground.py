"""The ground of a territory: which cells it covers and the places that are published about it, from open layers alone.

Households of the INSEE squares (layer `menages`) are spread over residential footprints (`batiments`); social dwellings
(`logements-sociaux`) are a floor; communes come from `limites`, neighbourhoods from `qpv`. Facts are never looked at.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field

import numpy as np
import shapely

from geoservice.core import crs, grid
from geoservice.core.disclosure import atoms, places, spread
from geoservice.core.disclosure.parameters import Parameters
from geoservice.errors import BadInput, NotFound
from geoservice.operations.features import Features, FeatureShelf
from geoservice.storage.store import Storage
from geoservice.storage.tables import OPEN
from geoservice.types import Box

SQUARES, SOCIAL, FOOTPRINTS = "menages", "logements-sociaux", "batiments"
QPV_GENERATION = "2024"
_BARE = 1e-6  # what a cell of bare ground weighs beside a dwelling when a place is given to a zone
_MOST_CELLS = 200_000  # of resolution 10: some 3,000 km²
_NOT_LIVED_IN = ("annexe", "agricole", "commercial et services", "industriel", "religieux", "sportif", "enseignement", "garage",
                 "garages", "shed", "industrial", "commercial", "retail", "church", "school", "office")


@dataclass(frozen=True, eq=False)
class Ground:
    """Places of eleven dwellings, the zones made of them, and the names of zones by reference (`commune:93066`)."""

    atoms: atoms.Atoms
    communes: places.Zones
    qpv: places.Zones
    names: dict[str, str]
    notes: tuple[str, ...] = field(default=())

    def places(self) -> places.Places:
        """The places of every release of the territory."""
        return places.build(self.atoms, self.communes, self.qpv)

    def warnings(self) -> list[str]:
        """What the territory has to be told about its places, in French."""
        return [*self.atoms.warnings(), *self.notes]


def build(storage: Storage, code: str, communes: tuple[str, ...], parameters: Parameters) -> Ground:
    """The ground of these communes (INSEE codes). NotFound without a commune's limits, BadInput without a source of dwellings."""
    shelf = FeatureShelf(storage, (OPEN,))
    outlines = [_commune(shelf, each) for each in communes]
    whole = shapely.union_all([outline for outline, _ in outlines])
    found = _cells(whole)
    points = grid.centres(found)
    commune = np.full(len(found), -1)
    for number, (outline, _) in enumerate(outlines):
        commune[shapely.contains_xy(outline, *points.T)] = number
    cells, commune, points = found[commune >= 0], commune[commune >= 0], points[commune >= 0]
    if not len(cells):
        raise BadInput("Ces communes sont trop petites pour une diffusion.")
    sources, notes = _sources(shelf, whole)
    made = atoms.build(f"{code}-1", cells, sources, parameters)
    spots = _Spots(cells, commune, points, _dwellings(sources))
    by_commune = spots.communes(made, tuple(f"commune:{each}" for each in communes))
    by_qpv, names = spots.quarters(made, shelf.features("qpv", QPV_GENERATION), whole)
    names |= {f"commune:{each}": name for each, (_, name) in zip(communes, outlines, strict=True)}
    return Ground(made, by_commune, by_qpv, names, tuple(notes))


def outline_of(storage: Storage, zone: str) -> shapely.Geometry | None:
    """The outline of a zone of an agreement (`qpv2015:…`), None where it is not imported."""
    layer, _, code = zone.partition(":")
    found = FeatureShelf(storage, (OPEN,)).features("qpv", layer.removeprefix("qpv"))
    return found.geometry[found.keys.index(code)] if code in found.keys else None


def _commune(shelf: FeatureShelf, code: str) -> tuple[shapely.Geometry, str]:
    for generation in ("commune", "arrondissement"):
        found = shelf.features("limites", generation)
        if code in found.keys:
            row = found.keys.index(code)
            return shapely.make_valid(found.geometry[row]), found.names[row] or code
    raise NotFound(f"La commune {code} n’est pas dans la couche « limites » : importez ses limites, puis recommencez.")


def _cells(whole: shapely.Geometry) -> np.ndarray:
    box = Box(*whole.bounds)
    if crs.territory_of((box.west + box.east) / 2, (box.south + box.north) / 2) is None:
        raise BadInput("Ce territoire n’est ni en France ni outre-mer.")
    found = grid.cover(box, atoms.RESOLUTION)
    if len(found) > _MOST_CELLS:
        raise BadInput("Ce territoire est trop grand pour une seule diffusion : faites-en plusieurs.")
    return found


def _sources(shelf: FeatureShelf, whole: shapely.Geometry) -> tuple[list[atoms.Source], list[str]]:
    box = Box(*whole.bounds)
    notes: list[str] = []
    sources = []
    squares, social = shelf.features(SQUARES).within(box), shelf.features(SOCIAL).within(box)
    households, unknown = _numbers(squares, "households")
    if len(households):
        if unknown:
            notes.append(f"{unknown} carreaux n’ont pas de nombre de ménages : ils sont comptés comme vides.")
        sources.append(_spread(shelf, squares, households, box))
    dwellings, unknown = _numbers(social, "dwellings")
    if len(dwellings):
        if unknown:
            notes.append(f"{unknown} adresses de logements sociaux n’ont pas de nombre de logements.")
        middles = shapely.get_coordinates(shapely.centroid(social.geometry))
        sources.append(atoms.Source(SOCIAL, grid.index(*middles.T), dwellings, False))
    if not sources:
        raise BadInput("Aucun logement connu sur ce territoire : importez les couches « menages » (carreaux de 200 m de l’INSEE) "
                       "et « logements-sociaux » (RPLS), puis recommencez.")
    return sources, notes


def _numbers(found: Features, name: str) -> tuple[np.ndarray, int]:
    """A property as numbers, unknown ones 0, and how many were unknown."""
    values = [row.get(name) for row in found.properties]
    numbers = np.array([0.0 if value is None else max(0.0, float(value)) for value in values])
    return numbers, sum(value is None for value in values)


def _spread(shelf: FeatureShelf, squares: Features, households: np.ndarray, box: Box) -> atoms.Source:
    wide = Box(*shapely.union_all([shapely.box(box.west, box.south, box.east, box.north),
                                   *(shapely.box(*shape.bounds) for shape in squares.geometry)]).bounds)
    homes = shelf.features(FOOTPRINTS).within(wide)
    lived_in = np.array([_lived_in(row) for row in homes.properties], dtype=bool)
    epsg = crs.metric_epsg((box.west + box.east) / 2, (box.south + box.north) / 2)
    return spread.spread(SQUARES, crs.geometries_to_metres(squares.geometry, epsg), households,
                         crs.geometries_to_metres(homes.geometry[lived_in], epsg), epsg)


def _lived_in(known: dict) -> bool:
    """Whether somebody may live in a building: unless its use says that nobody does."""
    if known.get("dwellings"):
        return True
    use = str(known.get("usage") or known.get("building") or "").strip().lower()
    return use not in _NOT_LIVED_IN


def _dwellings(sources: list[atoms.Source]) -> atoms.Source:
    """What zones are weighed by: the first complete source, else the floor."""
    return next((source for source in sources if source.complete), sources[0])


@dataclass(frozen=True)
class _Spots:
    """Cells of a territory (n,) with the commune and centre of each, and dwellings by finest cell."""

    cells: np.ndarray
    commune: np.ndarray
    points: np.ndarray
    homes: atoms.Source

    def communes(self, made: atoms.Atoms, names: tuple[str, ...]) -> places.Zones:
        """Each atom in the commune that most of its dwellings are in; a dwelling is where its cell of resolution 10 is."""
        above = grid.parents(self.homes.cells, atoms.RESOLUTION)
        row = np.minimum(np.searchsorted(self.cells, above), len(self.cells) - 1)
        here = self.cells[row] == above
        return places.assign(made, names, np.concatenate([self.cells, self.homes.cells[here]]),
                             np.concatenate([self.commune, self.commune[row[here]]]),
                             np.concatenate([np.full(len(self.cells), _BARE), self.homes.dwellings[here]]))

    def quarters(self, made: atoms.Atoms, found: Features, whole: shapely.Geometry) -> tuple[places.Zones, dict[str, str]]:
        """Each atom in the neighbourhood that most of its dwellings are in, or in none; with the names of neighbourhoods."""
        shapely.prepare(whole)
        rows = [row for row, shape in enumerate(found.geometry) if shape is not None and shapely.intersects(whole, shape)]
        cells, finest = np.unique(self.homes.cells, return_inverse=True)
        weights = np.concatenate([np.full(len(self.cells), _BARE), np.bincount(finest, self.homes.dwellings, len(cells))])
        points = np.concatenate([self.points, grid.centres(cells)])
        zone = np.full(len(points), -1)
        for number, row in enumerate(rows):
            zone[shapely.contains_xy(shapely.make_valid(found.geometry[row]), *points.T)] = number
        names = {f"qpv{QPV_GENERATION}:{found.keys[row]}": found.names[row] or found.keys[row] for row in rows}
        assigned = places.assign(made, tuple(names), np.concatenate([self.cells, cells]), zone, weights)
        return _only_present(assigned, names)


def _only_present(zones: places.Zones, names: dict[str, str]) -> tuple[places.Zones, dict[str, str]]:
    """Without the zones that hold no atom at all."""
    kept = np.unique(zones.of_atom[zones.of_atom >= 0])
    place = np.full(len(zones.names) + 1, -1)
    place[kept] = np.arange(len(kept))
    left = tuple(zones.names[number] for number in kept.tolist())
    return places.Zones(left, place[zones.of_atom].astype(np.int32)), {name: names[name] for name in left}


_COLUMNS = ("cells", "atom", "dwellings")


def pack(ground: Ground) -> bytes:
    """A ground as bytes, to be kept with its territory."""
    made = ground.atoms
    words = {"version": made.version, "sources": made.sources, "weaker": made.weaker, "communes": ground.communes.names,
             "qpv": ground.qpv.names, "names": ground.names, "notes": ground.notes}
    out = io.BytesIO()
    np.savez_compressed(out, words=np.frombuffer(json.dumps(words).encode(), dtype=np.uint8), commune=ground.communes.of_atom,
                        qpv=ground.qpv.of_atom, **{name: getattr(made, name) for name in _COLUMNS})
    return out.getvalue()


def unpack(data: bytes) -> Ground:
    """The ground that was packed."""
    with np.load(io.BytesIO(data), allow_pickle=False) as held:
        words = json.loads(held["words"].tobytes())
        made = atoms.Atoms(words["version"], *(held[name] for name in _COLUMNS), tuple(words["sources"]), words["weaker"])
        return Ground(made, places.Zones(tuple(words["communes"]), held["commune"]),
                      places.Zones(tuple(words["qpv"]), held["qpv"]), words["names"], tuple(words["notes"]))
