"""Where a camera of a plan could hang: façades, corners, street lights, cameras that exist, places of one's own; what each sees.

What the operator may not film is left out and counted with the reason, so that a plan can be proposed as it is.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from geoservice.core.siting import candidates as hung
from geoservice.core.siting.candidates import Candidates
from geoservice.core.siting.coverage import Cameras, Sights, sights
from geoservice.core.siting.dori import DENSITIES, Optics
from geoservice.core.siting.visibility import Camera
from geoservice.core.stats.given import NotEnough
from geoservice.errors import BadInput
from geoservice.operations import sitingcost, sitingground, sitinglaw, sitingown
from geoservice.operations.reader import Reader
from geoservice.operations.sitingdemand import Seen
from geoservice.operations.sitingground import Ground

if TYPE_CHECKING:
    from geoservice.operations.sitingasked import Asked

KINDS = {"facade": "façade", "corner": "angle de bâtiment", "pole": "lampadaire", "existing": "caméra existante",
         "point": "emplacement proposé", "placed": "posée à la main"}
LOST = {"inside": "au milieu d’un bâtiment", "far": "sans fait à portée", "forbidden": "dans une zone interdite"}
STREET = ("pole", "existing")  # supports of the street
MOST_SITES = 1_000  # those with most weight in reach: a plan is for people who wait
_ALONG_DEG = 91.0  # a camera on a wall may look along it, at the doors beside it
_ROUND = tuple(range(0, 360, 45))


@dataclass(frozen=True, eq=False)
class Sites:
    """k ways to hang a camera: cameras (k), site (k,) of each, what it sees of the demand; spots the candidates by site.

    found: candidates near the facts by kind; refused: place → (how many, why); trimmed: sites left out beyond MOST_SITES;
    forbidden: candidates in a forbidden place; lost: places of one's own that cannot serve, by reason;
    prices (sites, 2) low and high, in euros.
    """

    spots: Candidates
    site: np.ndarray
    cameras: Cameras
    sights: Sights
    found: dict[str, int]
    refused: dict[str, tuple[int, str]]
    trimmed: int
    forbidden: int
    lost: dict[str, int]
    prices: np.ndarray

    def kind(self, row: int) -> str:
        """What the camera of a row hangs on."""
        return hung.KINDS[self.spots.kind[self.site[row]]]

    def public(self, row: int) -> bool:
        """Whether that is a support of the street."""
        return self.kind(row) in STREET


def sites_of(reader: Reader, ground: Ground, seen: Seen, asked: Asked) -> Sites:
    """Places for the cameras that were asked; NotEnough where there is none, or none that the operator may use."""
    optics = sitingground.optics_of(asked.lens)
    reach = asked.reach_m
    own, inside = own_points(reader, ground, asked)
    every = own if asked.sites == "points" else hung.together(hung.ordered(_every(reader, ground, asked.spacing_m)), own)
    why, near = hung.refusals(every, ground.walls, shapes_of(ground, asked)), _near(every, seen, reach)
    forbidden = near & (why == hung.FORBIDDEN)
    lost = {"inside": inside, "far": int((own_of(every) & ~near).sum()), "forbidden": int((own_of(every) & forbidden).sum())}
    tried = every.where(near & (why == hung.FINE))
    if not len(tried):
        raise NotEnough("sans_emplacement", _nowhere(asked, lost))
    allowed, refused = _allowed(ground, tried, asked.operator)
    if not len(allowed):
        raise NotEnough("tout_refuse", "Aucun emplacement n’est permis ici. " + " ".join(why for _, why in refused.values())
                        + _own_unknown(ground, asked.operator))
    spots, trimmed = _best(allowed, seen, reach, asked.separation_m)
    site, azimuth = _turned(spots, optics.field_deg)
    cameras = Cameras.alike(spots.places[site], Camera(0.0, 0.0, reach, 0.0, optics.field_deg, asked.height_m), azimuth)
    kinds = Counter(hung.KINDS[kind] for kind in tried.kind.tolist())
    return Sites(spots, site, cameras, served(sights(ground.walls, cameras, seen.places), optics, asked.purpose, asked.night_m),
                 dict(kinds), refused, trimmed, int(forbidden.sum()), {name: many for name, many in lost.items() if many},
                 sitingcost.prices(reader, ground, spots.places, [hung.KINDS[kind] for kind in spots.kind.tolist()]))


def own_points(reader: Reader, ground: Ground, asked: Asked) -> tuple[Candidates, int]:
    """Places of one's own, of a plan and of the layer `emplacements`, and how many lie deep inside a building; BadInput for
    one of the plan that is nowhere near the ground."""
    lonlat = np.array(asked.points, dtype=np.float64).reshape(-1, 2)
    _check_near(ground, lonlat, "Un de vos emplacements est")
    places, fine = sitingown.before_walls(ground, lonlat)
    more, _, inside = sitingown.surveyed(reader, ground)
    return (hung.together(hung.points(places, "point"), hung.ordered(hung.points(more, "point"))), int((~fine).sum()) + inside)


def shapes_of(ground: Ground, asked: Asked) -> np.ndarray:
    """Forbidden places as polygons in metres, (f,)."""
    rings = [np.array(ring, dtype=np.float64) for ring in asked.forbidden]
    _check_near(ground, np.concatenate([*rings, np.empty((0, 2))]), "Une zone interdite va")
    return np.array([shapely.Polygon(ground.metres(ring)) for ring in rings], dtype=object)


def own_of(some: Candidates) -> np.ndarray:
    """Which candidates are places of one's own, (n,) bool."""
    return some.kind == hung.KINDS.index("point")


def _check_near(ground: Ground, lonlat: np.ndarray, what: str) -> None:
    box = sitingground.widened(ground.box, sitingground.MOST_WIDE_M)
    if not ((lonlat >= (box.west, box.south)) & (lonlat <= (box.east, box.north))).all():
        raise BadInput(f"{what} à plus de 1,5 km du lieu choisi : retirez-le de la demande, ou choisissez un autre lieu.")


def _nowhere(asked: Asked, lost: dict[str, int]) -> str:
    if asked.sites == "points":
        told = ", ".join(f"{many} {LOST[name]}" for name, many in lost.items() if many) or "aucun n’est donné"
        return f"Aucun de vos emplacements ne peut servir ({told}) : déplacez-les, ou essayez tous les supports connus."
    return ("Aucune façade ni aucun support n’est à portée des faits, hors des zones interdites : prenez un objectif plus long, "
            "un usage moins exigeant, ou regardez les réponses sans caméra.")


def _best(allowed: Candidates, seen: Seen, reach: float, separation_m: float) -> tuple[Candidates, int]:
    """Sites apart from each other, places of one's own before others and then those with most weight in reach; how many others
    were left out."""
    order = np.lexsort((-_weight(allowed, seen, reach), ~own_of(allowed)))
    apart = hung.apart(allowed, separation_m, order)
    best = order[np.isin(order, apart)][:MOST_SITES]
    return allowed.where(np.sort(best)), len(apart) - len(best)


def _every(reader: Reader, ground: Ground, spacing_m: float) -> Candidates:
    poles, existing = (sitingground.points_of(reader, layer, ground) for layer in ("eclairage", "cameras"))
    return hung.together(hung.facades(ground.walls, spacing_m), hung.corners(ground.walls), hung.points(poles, "pole"),
                         hung.points(existing, "existing"))


def _near(every: Candidates, seen: Seen, reach: float) -> Candidates:
    """Those with a fact in reach, walls or not."""
    from scipy.spatial import cKDTree

    if not len(every):
        return np.zeros(0, dtype=bool)
    return np.isfinite(cKDTree(seen.places).query(every.places, distance_upper_bound=reach)[0])


def _weight(spots: Candidates, seen: Seen, reach: float) -> np.ndarray:
    """Weight of the facts in reach of each, walls or not, (n,)."""
    from scipy.spatial import cKDTree

    near = cKDTree(spots.places).sparse_distance_matrix(cKDTree(seen.places), reach, output_type="ndarray")
    return np.bincount(near["i"], seen.weights[near["j"]], len(spots))


def _allowed(ground: Ground, every: Candidates, operator: str) -> tuple[Candidates, dict[str, tuple[int, str]]]:
    public = np.isin(every.kind, [hung.KINDS.index(kind) for kind in STREET])
    places = np.array(sitinglaw.places_of(ground, every.places, public))
    refused = {}
    for place in sorted(set(places.tolist())):
        refusal = sitinglaw.why_not(operator, place)
        if refusal is not None:
            refused[place] = (int((places == place).sum()), refusal.sentence)
    return every.where(~np.isin(places, list(refused))), refused


def _own_unknown(ground: Ground, operator: str) -> str:
    if operator != "bailleur" or ground.own.any():
        return ""
    return " Aucun bâtiment n’est reconnu comme le vôtre : importez le patrimoine et ses halls."


def _turned(spots: Candidates, field_deg: float) -> tuple[np.ndarray, np.ndarray]:
    """The site and azimuth of every way to hang a camera: five on a wall, eight on a pole."""
    sites: list[int] = []
    azimuths: list[float] = []
    most = max(_ALONG_DEG - field_deg / 2, 0.0)
    for row, away in enumerate(spots.azimuth_deg.tolist()):
        turns = _ROUND if np.isnan(away) else [(away + part * most) % 360 for part in (-1, -0.5, 0, 0.5, 1)]
        sites += [row] * len(turns)
        azimuths += turns
    return np.array(sites, dtype=np.int64), np.array(azimuths, dtype=np.float64)


def served(found: Sights, optics: Optics, purpose: str, night_m: float | None = None) -> Sights:
    """Pairs near enough for a purpose, by day or in the light of a night."""
    return found.keep(found.classes(optics, night_m) > list(DENSITIES).index(purpose))
