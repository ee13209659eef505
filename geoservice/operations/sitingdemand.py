"""What is worth seeing: facts with a precise point that a camera outside can see, by place, with their weight and QPV."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from geoservice.core import grid
from geoservice.core.facts import DEGREE
from geoservice.core.query import FactQuery
from geoservice.core.siting.candidates import outside
from geoservice.core.stats.given import NotEnough
from geoservice.operations.chosen import Chosen
from geoservice.operations.reader import Reader
from geoservice.operations.sitingground import Ground
from geoservice.operations.sitingweights import weighed
from geoservice.types import Place, Placement, code_of

PRECISE = (Placement.COORDONNEES, Placement.HALL, Placement.NUMERO)
INSIDE = (Place.CAGE, Place.PALIER, Place.ASC, Place.CAVE, Place.SSOL, Place.PARK_SS, Place.POUB, Place.VELO, Place.TOIT,
          Place.LOGT, Place.LOGE)
MOST_PLACES = 20_000
LEFT = {"vague": "placés à un immeuble ou une résidence seulement", "inside": "à l’intérieur, hors de vue",
        "street": "sur la voie publique, qu’un bailleur ne filme pas", "buried": "au milieu d’un bâtiment"}


@dataclass(frozen=True)
class Guide:
    """What makes the demand: which facts, how they weigh, who films."""

    query: FactQuery
    weights: str = "count"
    operator: str = "bailleur"


@dataclass(frozen=True, eq=False)
class Seen:
    """m places (m, 2) metres with facts (m,) int64, weights (m,), zone (m,) index into `zones` (names of QPV), -1 for none.

    total: facts with a point; of these, left out: vague (a building or an estate only), inside (behind a door), street (where a
    landlord does not film), buried (in a building with no façade near). `moved`: places put before their façade. unweighed: facts
    that weigh nothing (`sitingweights`); unknown: facts that a filter could not judge, by what is not known of them.
    Places never leave: what is drawn are cells (c, 2) metres, middles of the finest cells, with their facts (c,).
    rows (f,): of the facts that were chosen, those that guide; at (f,): the place of each.
    """

    places: np.ndarray
    facts: np.ndarray
    weights: np.ndarray
    zone: np.ndarray
    zones: tuple[str, ...]
    total: int
    left_out: dict[str, int]
    moved: int
    unknown_gravity: int
    unweighed: int
    unknown: dict[str, int]
    cells: np.ndarray
    cell_facts: np.ndarray
    rows: np.ndarray
    at: np.ndarray


def demand_of(reader: Reader, found: Chosen, ground: Ground, asked: Guide) -> Seen:
    """The demand of a plan; NotEnough without a fact that could guide it, or that weighs anything."""
    lonlat = np.column_stack([found.column("lon"), found.column("lat")])
    vague = ~np.isin(found.column("placement"), [code_of(each) for each in PRECISE])
    inside = ~vague & np.isin(found.column("place"), [code_of(each) for each in INSIDE])
    usable = ~(vague | inside)
    if usable.any():
        spots, which = np.unique(lonlat[usable], axis=0, return_inverse=True)
        which = which.ravel()
    else:
        spots, which = np.empty((0, 2)), np.empty(0, np.int64)
    if len(spots) > MOST_PLACES:
        raise NotEnough("trop_de_lieux", "Il y a trop de lieux distincts pour un seul plan : choisissez une période plus courte, "
                        "moins de catégories ou un lieu plus petit.")
    facts = np.bincount(which, minlength=len(spots))
    places, moved = outside(ground.walls, ground.metres(spots / DEGREE)) if len(spots) else (np.empty((0, 2)), np.empty(0))
    buried, street = np.isnan(moved), ground.on_road(places) & (asked.operator == "bailleur")
    kept = ~(buried | street)
    left = {"vague": int(vague.sum()), "inside": int(inside.sum()), "street": int(facts[street & ~buried].sum()),
            "buried": int(facts[buried].sum())}
    if not kept.any():
        raise NotEnough("sans_faits", _nothing(len(lonlat), left))
    zone, zones = _quarters(reader, ground, spots[kept] / DEGREE)
    cells, many = np.unique(found.column("cell").astype(np.uint64)[usable][kept[which]], return_counts=True)
    guiding = np.flatnonzero(usable)[kept[which]]
    at = (np.cumsum(kept) - 1)[which[kept[which]]]
    weights = weighed(reader, asked.query, found, (guiding, at), asked.weights)
    return Seen(places[kept], facts[kept], weights.weights, zone, zones, len(lonlat), left, int((moved[kept] > 0).sum()),
                int((found.column("gravity")[guiding] == 0).sum()), weights.nothing, found.unknown,
                ground.metres(grid.centres(cells)), many, guiding, at)


def _nothing(total: int, left: dict[str, int]) -> str:
    if not total:
        return ("Aucun fait de cette origine n’a de position ici : élargissez la période ou le filtre, ou choisissez un autre "
                "lieu.")
    street = " Les faits sur la voie publique ne peuvent pas guider les caméras d’un bailleur." if left["street"] else ""
    return (f"Aucun des {total} faits n’est placé assez précisément, dehors, pour guider une caméra.{street} Placez-les à une "
            "porte ou à un point, ou regardez les réponses sans caméra.")


def _quarters(reader: Reader, ground: Ground, lonlat: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """The QPV of the latest generation that holds each place; only those that hold one have a number."""
    zone, names = np.full(len(lonlat), -1, np.int64), []
    quarters = reader.features("qpv", ground.box, "2024") if "qpv" in reader.catalog.layers else None
    for row in range(len(quarters) if quarters is not None else 0):
        held = (zone < 0) & shapely.intersects_xy(quarters.geometry[row], lonlat[:, 0], lonlat[:, 1])  # type: ignore[union-attr]
        if held.any():
            zone[held] = len(names)
            names.append(quarters.names[row] or quarters.keys[row])  # type: ignore[union-attr]
    return zone, tuple(names)
