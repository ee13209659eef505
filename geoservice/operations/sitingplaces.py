"""Where a camera of a plan could hang: façades, corners, street lights, cameras that exist; and what each would see.

What the operator may not film is left out and counted with the reason, so that a plan can be proposed as it is.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from geoservice.core.siting import candidates as hung
from geoservice.core.siting.candidates import Candidates
from geoservice.core.siting.coverage import Cameras, Sights, sights
from geoservice.core.siting.dori import DENSITIES, Optics
from geoservice.core.siting.visibility import Camera
from geoservice.core.stats.given import NotEnough
from geoservice.operations import sitingground, sitinglaw
from geoservice.operations.reader import Reader
from geoservice.operations.sitingdemand import Seen
from geoservice.operations.sitingground import Ground

if TYPE_CHECKING:
    from geoservice.operations.siting import Asked

KINDS = {"facade": "façade", "corner": "angle de bâtiment", "pole": "lampadaire", "existing": "caméra existante"}
MOST_SITES = 1_000  # those with most weight in reach: a plan is for people who wait
_ALONG_DEG = 91.0  # a camera on a wall may look along it, at the doors beside it
_ROUND = tuple(range(0, 360, 45))


@dataclass(frozen=True, eq=False)
class Sites:
    """k ways to hang a camera: cameras (k), site (k,) of each, what it sees of the demand; spots the candidates by site.

    found: candidates near the facts by kind; refused: place → (how many, why); trimmed: sites left out beyond MOST_SITES.
    """

    spots: Candidates
    site: np.ndarray
    cameras: Cameras
    sights: Sights
    found: dict[str, int]
    refused: dict[str, tuple[int, str]]
    trimmed: int

    def kind(self, row: int) -> str:
        """What the camera of a row hangs on."""
        return hung.KINDS[self.spots.kind[self.site[row]]]

    def public(self, row: int) -> bool:
        """Whether that is a support of the street."""
        return self.kind(row) in ("pole", "existing")


def sites_of(reader: Reader, ground: Ground, seen: Seen, asked: Asked) -> Sites:
    """Places for the cameras that were asked; NotEnough where there is none, or none that the operator may use."""
    optics = sitingground.optics_of(asked.lens)
    reach = optics.reach(asked.purpose)
    every = _near(_every(reader, ground, asked.spacing_m), seen, reach)
    if not len(every):
        raise NotEnough("sans_emplacement", "Aucune façade ni aucun support n’est à portée des faits : prenez un objectif plus "
                        "long, un usage moins exigeant, ou regardez les réponses sans caméra.")
    allowed, refused = _allowed(ground, every, asked.operator)
    if not len(allowed):
        raise NotEnough("tout_refuse", "Aucun emplacement n’est permis ici. " + " ".join(why for _, why in refused.values())
                        + _own_unknown(ground, asked.operator))
    weight = _weight(allowed, seen, reach)
    apart = hung.apart(allowed, asked.separation_m, np.argsort(-weight, kind="stable"))
    best = np.sort(apart[np.argsort(-weight[apart], kind="stable")[:MOST_SITES]])
    spots = allowed.where(best)
    site, azimuth = _turned(spots, optics.field_deg)
    cameras = Cameras.alike(spots.places[site], Camera(0.0, 0.0, reach, 0.0, optics.field_deg, asked.height_m), azimuth)
    kinds = Counter(hung.KINDS[kind] for kind in every.kind.tolist())
    return Sites(spots, site, cameras, served(sights(ground.walls, cameras, seen.places), optics, asked.purpose), dict(kinds),
                 refused, len(apart) - len(best))


def _every(reader: Reader, ground: Ground, spacing_m: float) -> Candidates:
    poles, existing = (sitingground.points_of(reader, layer, ground) for layer in ("eclairage", "cameras"))
    every = hung.together(hung.facades(ground.walls, spacing_m), hung.corners(ground.walls), hung.points(poles, "pole"),
                          hung.points(existing, "existing"))
    return every.where(hung.refusals(every, ground.walls) == hung.FINE)


def _near(every: Candidates, seen: Seen, reach: float) -> Candidates:
    """Those with a fact in reach, walls or not."""
    from scipy.spatial import cKDTree

    far, _ = cKDTree(seen.places).query(every.places, distance_upper_bound=reach) if len(every) else (np.empty(0), None)
    return every.where(np.isfinite(far))


def _weight(spots: Candidates, seen: Seen, reach: float) -> np.ndarray:
    """Weight of the facts in reach of each, walls or not, (n,)."""
    from scipy.spatial import cKDTree

    near = cKDTree(spots.places).sparse_distance_matrix(cKDTree(seen.places), reach, output_type="ndarray")
    return np.bincount(near["i"], seen.weights[near["j"]], len(spots))


def _allowed(ground: Ground, every: Candidates, operator: str) -> tuple[Candidates, dict[str, tuple[int, str]]]:
    public = np.isin(every.kind, [hung.KINDS.index(kind) for kind in ("pole", "existing")])
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


def served(found: Sights, optics: Optics, purpose: str) -> Sights:
    """Pairs near enough for a purpose."""
    return found.keep(found.classes(optics) > list(DENSITIES).index(purpose))
