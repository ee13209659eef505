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
from geoservice.operations.sitingfield import Spot, seen_from
from geoservice.operations.sitingground import MARGIN_M, Ground
from geoservice.operations.sitinglaw import Stand
from geoservice.operations.sitingplaces import served
from geoservice.operations.sitingspots import Placed
from geoservice.operations.sitingtable import beside

PLACED = "placed"  # the status of such a plan


@dataclass(frozen=True, eq=False)
class Together:
    """Facts in view of each camera (n,), and of the set: places in view (m,) bool of `seen`."""

    seen: Seen
    each: np.ndarray
    held: np.ndarray

    @property
    def covered(self) -> int:
        """Facts that at least one camera has in view."""
        return int(self.seen.facts[self.held].sum())

    @property
    def value(self) -> float:
        """The same as weight."""
        return float(self.seen.weights[self.held].sum())

    @property
    def shares(self) -> dict[str, float]:
        """The share of each QPV's weight in view."""
        inside = self.seen.zone >= 0
        whole, part = (np.bincount(self.seen.zone[which], self.seen.weights[which], len(self.seen.zones))
                       for which in (inside, inside & self.held))
        return {name: float(part[row] / whole[row]) for row, name in enumerate(self.seen.zones) if whole[row] > 0}


def together(reader: Reader, asked: Asked, placed: tuple[Placed, ...]) -> Together:
    """What cameras of a plan's lens, height and purpose have in view. NotEnough as for a plan; BadInput for one far away."""
    return _together(*guides(reader, asked.query, asked.operator, asked.weights), asked, placed)


def plan(reader: Reader, asked: Asked, placed: tuple[Placed, ...]) -> Plan:
    """These cameras as a plan: fields, refusals, papers and other answers, against today's data."""
    query, _ = reader.resolved(asked.query)
    ground, seen = guides(reader, query, asked.operator, asked.weights)
    found = _together(ground, seen, asked, placed)
    cameras = tuple(Chosen(f"C{order}", each.kind, seen_from(ground, _spot(asked, each), f"C{order}"), facts)
                    for order, (each, facts) in enumerate(zip(placed, found.each.tolist(), strict=True), 1))
    stands = [Stand(each.code, each.view.place, each.view.road_share, asked.masked) for each in cameras]
    return Plan(asked, ground, seen, None, PLACED, found.value, None, None, None, found.covered, cameras,
                sitinglaw.judged(asked.operator, stands, RETENTION_DAYS),
                tuple(beside(chosen(reader, query), len(cameras), found.covered, _cost(ground, placed))), found.shares)


def _together(ground: Ground, seen: Seen, asked: Asked, placed: tuple[Placed, ...]) -> Together:
    _near(ground, placed)
    optics = sitingground.optics_of(asked.lens)
    reach = optics.reach(asked.purpose)
    places = _metres(ground, placed)
    cameras = Cameras.of([Camera(x, y, reach, each.azimuth % 360, optics.field_deg, asked.height_m)
                          for (x, y), each in zip(places.tolist(), placed, strict=True)])
    found = served(sights(ground.walls, cameras, seen.places), optics, asked.purpose)
    held = np.zeros(len(seen.facts), dtype=bool)
    held[found.indices] = True
    return Together(seen, np.bincount(found.cameras, seen.facts[found.indices], len(placed)).astype(np.int64), held)


def _cost(ground: Ground, placed: tuple[Placed, ...]) -> tuple[float, float]:
    return total_of(prices(ground, _metres(ground, placed), [each.kind for each in placed]))


def _metres(ground: Ground, placed: tuple[Placed, ...]) -> np.ndarray:
    return ground.metres(np.array([[each.lon, each.lat] for each in placed]).reshape(-1, 2))


def _near(ground: Ground, placed: tuple[Placed, ...]) -> None:
    """BadInput for a camera beyond the walls that are known for this place."""
    box = sitingground.widened(ground.box, MARGIN_M)
    for order, each in enumerate(placed, 1):
        if not (box.west <= each.lon <= box.east and box.south <= each.lat <= box.north):
            raise BadInput(f"La caméra C{order} est à plus de {MARGIN_M:.0f} m de ce lieu : rapprochez-la, ou retirez-la.")


def _spot(asked: Asked, each: Placed) -> Spot:
    return Spot(each.lon, each.lat, each.azimuth, asked.lens, asked.height_m, asked.operator, asked.masked, each.public)
