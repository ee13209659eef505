"""Where cameras would see the facts of an area: a plan to be discussed, with its proof, its refusals and what else could be done.

Facts are those of one kind with a precise point that a camera outside can see; walls, supports and roads are layers in reach.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

import numpy as np

from geoservice.core.query import FactQuery
from geoservice.core.siting import choose, covering
from geoservice.core.siting.choose import Plan as Choice
from geoservice.core.siting.coverage import Cameras, sights
from geoservice.core.siting.covering import Problem
from geoservice.core.siting.visibility import Camera
from geoservice.core.stats.words import number
from geoservice.errors import BadInput
from geoservice.operations import sitingground, sitinglaw
from geoservice.operations.chosen import chosen
from geoservice.operations.indexing import FACTS
from geoservice.operations.reader import Reader
from geoservice.operations.reuse import Shelf
from geoservice.operations.sitingasked import Asked
from geoservice.operations.sitingclash import clash_of
from geoservice.operations.sitingcost import total_of
from geoservice.operations.sitingdemand import Guide, Seen, demand_of
from geoservice.operations.sitingexisting import Existing, Tally, existing_of, tally_of
from geoservice.operations.sitingfield import FieldView, Spot, seen_from
from geoservice.operations.sitingground import PURPOSES, Ground
from geoservice.operations.sitinglaw import Judged, Stand
from geoservice.operations.sitingplaces import Sites, served, sites_of
from geoservice.operations.sitingtable import Answer, beside
from geoservice.types import Box

SECONDS = 10.0  # for the proof
RETENTION_DAYS = 30
_guides: Shelf[tuple[Ground, Seen]] = Shelf(16, 200_000, lambda both: len(both[1].facts))
_plans: Shelf[Plan] = Shelf(24, 4_000_000, lambda plan: len(plan.sites.sights.indices) + len(plan.ground.walls.ends))
Solve = Callable[[Problem, float], Choice]
STEPS = ("terrain", "lignes de vue", "choix", "preuve")  # of a plan, as people are told; `solve` knows when the proof begins


@dataclass(frozen=True, eq=False)
class Chosen:
    """A camera of the plan: its field, where it hangs, and the facts it sees, of all those that could be seen."""

    code: str
    kind: str
    view: FieldView
    facts: int


@dataclass(frozen=True, eq=False)
class Plan:
    """A proposal: cameras, how good it is (value, bound, gap in weight), the greedy plan's value beside it, what the law says,
    and other answers. `clash` says why there is no plan; facts: see `Seen`; `share` of all facts that the plan sees. Cameras that
    people put themselves (status `placed`) come without sites, bound, gap and greedy value: nothing was chosen."""

    asked: Asked
    ground: Ground
    seen: Seen
    sites: Sites | None
    status: str
    value: float
    bound: float | None
    gap: float | None
    greedy: float | None
    covered: int
    cameras: tuple[Chosen, ...]
    law: Judged
    answers: tuple[Answer, ...]
    shares: dict[str, float] = field(default_factory=dict)
    clash: str = ""
    existing: Existing | None = None
    tally: Tally | None = None

    @property
    def share(self) -> float:
        return self.covered / self.seen.total if self.seen.total else 0.0

    @property
    def warnings(self) -> tuple[str, ...]:
        """Facts for which the evidence says that cameras do little: said beside the plan itself."""
        return next((each.warnings for each in self.answers if each.plan), ())


def plan(reader: Reader, asked: Asked, solve: Solve = choose.best, at: Callable[[int], None] = lambda step: None) -> Plan:
    """The best plan of an area with its proof, kept while nothing that it is made of changes. NotEnough without buildings, facts
    or places for a camera; BadInput for an area that is missing or wider than 1.5 km. `at` hears each of STEPS begin."""
    return _plans.get(_key(reader, asked), lambda: _plan(reader, asked, solve, at))


def known(reader: Reader, asked: Asked) -> bool:
    """Whether a plan is at hand: it is then answered at once."""
    return _key(reader, asked) in _plans


def _key(reader: Reader, asked: Asked) -> tuple[Hashable, ...]:
    versions = tuple(reader.version(name) for name in reader.catalog.layers)
    return (*sitingground.state_of(reader), reader.shelf.organisations, versions, repr(asked))


def _plan(reader: Reader, asked: Asked, solve: Solve, at: Callable[[int], None]) -> Plan:
    at(0)
    query, _ = reader.resolved(asked.facts)
    facts = chosen(reader, query)
    ground = sitingground.ground(reader, area_of(reader, query, facts.column("lon"), facts.column("lat")))
    seen = demand_of(reader, facts, ground, Guide(query, asked.weights, asked.operator))
    at(1)
    sites = sites_of(reader, ground, seen, asked)
    at(2)
    existing = existing_of(reader, ground, seen, asked)
    problem = _problem(asked, seen, sites, existing.on)
    found, quick = choose.spared(problem, solve(problem, SECONDS)), choose.greedy(problem)
    cameras = tuple(_camera(ground, asked, sites, seen, row, order) for order, row in enumerate(found.chosen.tolist(), 1))
    stands = [Stand(each.code, each.view.place, each.view.road_share, asked.masked) for each in cameras]
    tally = tally_of(seen, problem.cameras_on(found.chosen) - existing.on, existing)
    return Plan(asked, ground, seen, sites, found.status, found.value, found.bound, found.gap, quick.value, tally.covered,
                cameras, sitinglaw.judged(asked.operator, stands, RETENTION_DAYS),
                tuple(beside(facts, len(cameras), tally.covered, total_of(sites.prices[sites.site[found.chosen]]))),
                {seen.zones[zone]: share for zone, share in found.shares.items()}, clash_of(asked, seen, sites, found), existing,
                tally)


def in_view(reader: Reader, query: FactQuery, spot: Spot, purpose: str) -> int:
    """How many of the facts that could guide a plan one camera has in view, near enough for a purpose."""
    if purpose not in PURPOSES:
        raise BadInput(f"« purpose » attend l’une de ces valeurs : {', '.join(PURPOSES)}.")
    ground, seen = guides(reader, query, spot.operator)
    optics = sitingground.optics_of(spot.lens)
    x, y = ground.metres(np.array([[spot.lon, spot.lat]]))[0].tolist()
    camera = Camera(x, y, optics.reach(purpose), spot.azimuth % 360, optics.field_deg, spot.height_m)
    found = served(sights(ground.walls, Cameras.of([camera]), seen.places), optics, purpose, spot.night_m)
    return int(seen.facts[found.indices].sum())


def guides(reader: Reader, query: FactQuery, operator: str, weights: str = "count") -> tuple[Ground, Seen]:
    """The ground of a query and the facts that could guide a plan there, kept while the data do not change."""
    query, _ = reader.resolved(query)
    key = (*sitingground.state_of(reader), reader.version(FACTS), query.canonical(), operator, weights)
    return _guides.get(key, lambda: _guiding(reader, query, operator, weights))


def _guiding(reader: Reader, query: FactQuery, operator: str, weights: str) -> tuple[Ground, Seen]:
    facts = chosen(reader, query)
    ground = sitingground.ground(reader, area_of(reader, query, facts.column("lon"), facts.column("lat")))
    return ground, demand_of(reader, facts, ground, Guide(query, weights, operator))


def area_of(reader: Reader, query: FactQuery, lon: np.ndarray, lat: np.ndarray) -> Box:
    """The box that a query means, at most 1.5 km wide: of its box, its zone, or of the facts of a residence."""
    box, zone = query.bbox, query.zone
    if box is None and zone is None:
        raise BadInput("Choisissez où : une résidence, un QPV, ou une emprise de 1,5 km de large au plus.")
    if box is None and zone is not None and zone.layer != "residence":
        box = Box(*reader.resolved(query)[1].polygon.bounds)
    if box is None:
        box = _facts_box(reader, zone.code if zone else "", lon, lat)
    if (wide := sitingground.width_m(box)) > sitingground.MOST_WIDE_M:
        raise BadInput(f"Ce lieu fait {number(wide / 1000)} km de large : un plan de caméras se discute sur 1,5 km au plus. "
                       "Choisissez une résidence, un QPV plus petit ou une partie de la carte.")
    return box


def _facts_box(reader: Reader, code: str, lon: np.ndarray, lat: np.ndarray) -> Box:
    """Around the facts of a residence, or where the register puts it."""
    from geoservice.core.facts import DEGREE

    if len(lon):
        return sitingground.widened(Box(*(float(value) / DEGREE for value in (lon.min(), lat.min(), lon.max(), lat.max()))), 20.0)
    shape = reader.unit_shapes("residence").get(code)
    if shape is None:
        raise BadInput("La position de cette résidence n’est pas connue : complétez le patrimoine, ou choisissez une emprise.")
    return sitingground.widened(Box(*shape.bounds), 100.0)


def _problem(asked: Asked, seen: Seen, sites: Sites, existing: np.ndarray) -> Problem:
    least = dict.fromkeys(range(len(seen.zones)), asked.least) if asked.least > 0 else {}
    demand = covering.Demand.of(seen.weights, seen.zone, existing)
    limits = covering.Limits(asked.most, asked.budget, asked.backup, least)
    return Problem.of((sites.sights.indptr, sites.sights.indices), demand, limits,
                      None if asked.budget is None else sites.prices[sites.site, 1], sites.site)


def _camera(ground: Ground, asked: Asked, sites: Sites, seen: Seen, row: int, order: int) -> Chosen:
    lon, lat = ground.lonlat(sites.cameras.places[row:row + 1])[0].tolist()
    spot = Spot(lon, lat, float(sites.cameras.azimuth_deg[row]), asked.lens, asked.height_m, asked.operator, asked.masked,
                sites.public(row), asked.night_m)
    there = sites.sights.indices[sites.sights.indptr[row]:sites.sights.indptr[row + 1]]
    code = f"C{order}"
    return Chosen(code, sites.kind(row), seen_from(ground, spot, code), int(seen.facts[there].sum()))
