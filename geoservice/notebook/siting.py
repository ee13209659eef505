"""Cameras as tables of a session: the field of one, a plan with its proof, and what else could be done.

A plan is a proposal to be discussed by people. Positions of facts stay in the service: what leaves are numbers and fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from geoservice.notebook import filters as words
from geoservice.notebook import frames
from geoservice.operations import siting, sitingground
from geoservice.operations.siting import Plan
from geoservice.operations.sitingasked import Asked, wishes
from geoservice.operations.sitingfield import Spot, seen_from
from geoservice.operations.sitinglaw import PLACES

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from pandas import DataFrame

    from geoservice.notebook.map import OfflineMap
    from geoservice.operations.reader import Reader

_FIELD = ("camera", "class", "label")
_CAMERAS = ("camera", "support", "facts", "place", "azimuth", "area_m2", "street_share")
_ANSWERS = ("label", "share", "low_eur", "high_eur", "per", "basis", "films", "strength", "evidence", "effects", "warnings")


@dataclass(frozen=True, eq=False)
class CameraPlan:
    """A plan: cameras (a point each), fields (a row for each camera and DORI class), answers with and without cameras.

    `proof`: status, weight seen, the most that any plan could see, the gap between (share), and the greedy plan's weight.
    facts: with a point; usable: that could guide a camera; covered: in sight.
    """

    cameras: GeoDataFrame
    fields: GeoDataFrame
    answers: DataFrame
    proof: dict[str, Any]
    facts: int
    usable: int
    left_out: dict[str, int]
    covered: int
    warnings: tuple[str, ...]
    refusals: tuple[str, ...]
    papers: tuple[str, ...]
    _ground: GeoDataFrame = field(repr=False)

    def map(self, title: str | None = None) -> OfflineMap:
        """Buildings, fields by class and cameras on one map that needs no network."""
        from geoservice.notebook.planmap import draw

        return draw(self, self._ground, title or "Plan de caméras, à discuter")


class Siting:
    """Cameras of a session; filters are those of `cells`, with a zone or a box."""

    @property
    def _reader(self) -> Reader:
        raise NotImplementedError  # a session has one

    def _credit(self, layer: str) -> dict[str, Any]:
        raise NotImplementedError

    def field(self, lon: float, lat: float, azimuth: float, **how: Any) -> GeoDataFrame:
        """What one camera sees, a row for each DORI class; `how`: lens, height_m, operator, masked, public, night_m.

        attrs: area_m2, blind (in a building), unknown_heights, place, street_share,
        refusals. BadInput for what cannot be, NotEnough where no building is known.
        """
        spot = Spot(lon, lat, azimuth, **how)
        ground = sitingground.around(self._reader, lon, lat)
        view = seen_from(ground, spot)
        frame = _fields([("", view.classes)])
        frame.attrs = {"area_m2": view.area_m2, "blind": view.blind, "unknown_heights": view.unknown,
                       "place": PLACES[view.place], "street_share": view.road_share,
                       "refusals": [each.sentence for each in view.refusals], **self._credit("batiments")}
        return frame

    def camera_plan(self, filters: Mapping[str, Any] | None = None, /, **named: Any) -> CameraPlan:
        """The best plan for what is asked (cameras, budget, lens, purpose, weights, operator, least, night_m, …), proven.

        NotEnough without buildings, facts or places for a camera; BadInput for an area wider than 1.5 km.
        """
        given = {**(filters or {}), **named}
        asked = {name: given.pop(name) for name in wishes() if name in given}
        reader = self._reader
        found = siting.plan(reader, Asked(words.query(given, {}), **asked))
        ground = frames.features(reader.features("batiments", found.ground.box))
        ground.attrs = self._credit("batiments")
        return _told(found, ground)


def _told(plan: Plan, ground: GeoDataFrame) -> CameraPlan:
    from geoservice.operations.sitingplaces import KINDS

    rows = [(each.code, KINDS[each.kind], each.facts, PLACES[each.view.place], round(each.view.spot.azimuth % 360, 1),
             round(each.view.area_m2), round(each.view.road_share, 3)) for each in plan.cameras]
    columns = {name: [row[place] for row in rows] for place, name in enumerate(_CAMERAS)}
    points = shapely.points(np.array([[each.view.spot.lon, each.view.spot.lat] for each in plan.cameras]).reshape(-1, 2))
    answers = [(each.label, each.share, each.low, each.high, each.per, each.basis, each.films, each.strength,
                "\n".join(each.evidence), each.effects, "\n".join(each.warnings)) for each in plan.answers]
    proof = {"status": plan.status, "seen": plan.value, "most": plan.bound, "gap": plan.gap, "greedy": plan.greedy,
             "clash": plan.clash}
    return CameraPlan(frames.spatial(columns, points), _fields([(each.code, each.view.classes) for each in plan.cameras]),
                      frames.table(answers, _ANSWERS, {}), proof, plan.seen.total, int(plan.seen.facts.sum()),
                      dict(plan.seen.left_out), plan.covered, plan.warnings,
                      tuple(f"{each.camera} : {each.sentence}" for each in plan.law.refusals), tuple(plan.law.papers), ground)


def _fields(cameras: list[tuple[str, Mapping[str, Any]]]) -> GeoDataFrame:
    """A row for each camera and class with something in it, the coarsest class first."""
    rows = [(code, name, shape) for code, shapes in cameras for name, shape in shapes.items() if not shape.is_empty]
    order = list(sitingground.PURPOSES)
    rows.sort(key=lambda row: order.index(row[1]))
    columns = {"camera": [code for code, _, _ in rows], "class": [name for _, name, _ in rows],
               "label": [sitingground.PURPOSES[name] for _, name, _ in rows]}
    return frames.spatial({name: columns[name] for name in _FIELD}, [shape for _, _, shape in rows])


