"""Cameras where people put them: what they see together of the facts that could guide a plan. Nothing is chosen or proven."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoservice.core.siting.coverage import Cameras, sights
from geoservice.core.siting.visibility import Camera
from geoservice.errors import BadInput
from geoservice.operations import sitingground, sitinglaw
from geoservice.operations.chosen import chosen
from geoservice.operations.reader import Reader
from geoservice.operations.siting import RETENTION_DAYS, Chosen, Plan, guides
from geoservice.operations.sitingasked import Asked
from geoservice.operations.sitingcost import prices, total_of
from geoservice.operations.sitingdemand import Seen
from geoservice.operations.sitingexisting import Existing, Tally, existing_of, tally_of
from geoservice.operations.sitingfield import Spot, seen_from
from geoservice.operations.sitingground import MARGIN_M, Ground
from geoservice.operations.sitinglaw import Stand
from geoservice.operations.sitingplaces import served
from geoservice.operations.sitingspots import Placed
from geoservice.operations.sitingtable import beside

PLACED = "placed"  # the status of such a plan


@dataclass(frozen=True, eq=False)
class Together:
    """Facts in view of each camera (n,), and how many of the set see each place (m,) of `seen`, beside those that exist."""

    seen: Seen
    each: np.ndarray
    own: np.ndarray
    existing: Existing
    backup: float

    @property
    def covered(self) -> int:
        """Facts that at least one camera has in view."""
        return self.tally.covered

    @property
    def tally(self) -> Tally:
        """The same beside what is in view already."""
        return tally_of(self.seen, self.own, self.existing)

    @property
    def held(self) -> np.ndarray:
        """Places that a camera has in view, one of the set or one that exists, (m,) bool."""
        return self.own + self.existing.on > 0

    @property
    def value(self) -> float:
        """What is in view as weight, existing cameras and second ones counted as the plan has them."""
        twice = self.own + self.existing.on > 1
        return float(self.seen.weights[self.held].sum() + self.backup * self.seen.weights[twice].sum())

    @property
    def shares(self) -> dict[str, float]:
        """The share of each QPV's weight in view."""
        inside = self.seen.zone >= 0
        whole, part = (np.bincount(self.seen.zone[which], self.seen.weights[which], len(self.seen.zones))
                       for which in (inside, inside & self.held))
        return {name: float(part[row] / whole[row]) for row, name in enumerate(self.seen.zones) if whole[row] > 0}


def together(reader: Reader, asked: Asked, placed: tuple[Placed, ...]) -> Together:
    """What cameras of a plan's lens, height and purpose have in view. NotEnough as for a plan; BadInput for one far away."""
    ground, seen = guides(reader, asked.facts, asked.operator, asked.weights)
    return _together(ground, existing_of(reader, ground, seen, asked), seen, asked, placed)


def plan(reader: Reader, asked: Asked, placed: tuple[Placed, ...]) -> Plan:
    """These cameras as a plan: fields, refusals, papers and other answers, against today's data."""
    query, _ = reader.resolved(asked.facts)
    ground, seen = guides(reader, query, asked.operator, asked.weights)
    found = _together(ground, existing_of(reader, ground, seen, asked), seen, asked, placed)
    cameras = tuple(Chosen(f"C{order}", each.kind, seen_from(ground, _spot(asked, each), f"C{order}"), facts)
                    for order, (each, facts) in enumerate(zip(placed, found.each.tolist(), strict=True), 1))
    stands = [Stand(each.code, each.view.place, each.view.road_share, asked.masked) for each in cameras]
    return Plan(asked, ground, seen, None, PLACED, found.value, None, None, None, found.covered, cameras,
                sitinglaw.judged(asked.operator, stands, RETENTION_DAYS),
                tuple(beside(chosen(reader, query), len(cameras), found.covered, _cost(reader, ground, placed))), found.shares,
                existing=found.existing, tally=found.tally)


def _together(ground: Ground, existing: Existing, seen: Seen, asked: Asked, placed: tuple[Placed, ...]) -> Together:
    _near(ground, placed)
    optics = sitingground.optics_of(asked.lens)
    reach = asked.reach_m
    places = _metres(ground, placed)
    cameras = Cameras.of([Camera(x, y, reach, each.azimuth % 360, optics.field_deg, asked.height_m)
                          for (x, y), each in zip(places.tolist(), placed, strict=True)])
    found = served(sights(ground.walls, cameras, seen.places), optics, asked.purpose, asked.night_m)
    return Together(seen, np.bincount(found.cameras, seen.facts[found.indices], len(placed)).astype(np.int64),
                    np.bincount(found.indices, minlength=len(seen.places)), existing, asked.backup)


def _cost(reader: Reader, ground: Ground, placed: tuple[Placed, ...]) -> tuple[float, float]:
    return total_of(prices(reader, ground, _metres(ground, placed), [each.kind for each in placed]))


def _metres(ground: Ground, placed: tuple[Placed, ...]) -> np.ndarray:
    return ground.metres(np.array([[each.lon, each.lat] for each in placed]).reshape(-1, 2))


def _near(ground: Ground, placed: tuple[Placed, ...]) -> None:
    """BadInput for a camera beyond the walls that are known for this place."""
    box = sitingground.widened(ground.box, MARGIN_M)
    for order, each in enumerate(placed, 1):
        if not (box.west <= each.lon <= box.east and box.south <= each.lat <= box.north):
            raise BadInput(f"La caméra C{order} est à plus de {MARGIN_M:.0f} m de ce lieu : rapprochez-la, ou retirez-la.")


def _spot(asked: Asked, each: Placed) -> Spot:
    return Spot(each.lon, each.lat, each.azimuth, asked.lens, asked.height_m, asked.operator, asked.masked, each.public,
                asked.night_m)
