"""What every page of camera plans shows of one: its drawing, its sentences and the words of its lists."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import numpy as np
import shapely
from markupsafe import Markup

from geoservice.catalog import supports
from geoservice.core import crs
from geoservice.export import french
from geoservice.export.siteplan import Mark, Picture, bounds_of, svg
from geoservice.operations import sitingground
from geoservice.operations.reader import Reader
from geoservice.operations.siting import Chosen, Plan
from geoservice.operations.sitingasked import EXISTING, WEIGHTS, Asked, moment_of, to_texts
from geoservice.operations.sitingdemand import LEFT
from geoservice.operations.sitingkept import placed_of
from geoservice.operations.sitinglaw import PLACES
from geoservice.operations.sitingplaces import KINDS, LOST
from geoservice.operations.sitingspots import Placed, text_of
from geoservice.operations.sitingtable import STRENGTHS
from geoservice.operations.sitingwish import SPOTS, about, filters_of
from geoservice.web.decideform import UNWEIGHED
from geoservice.web.routes.measurespage import share

_MARGIN_M = 40.0
STATUS = {"optimal": "aucun autre plan n’a plus de poids en vue, c’est prouvé",
          "stopped": "le calcul s’est arrêté avant la preuve", "infeasible": "aucun plan ne tient ces conditions",
          "placed": "posées à la main, rien n’a été choisi ni prouvé"}
UNKNOWN = {"hour": "l’heure", "gravity": "la gravité", "place": "le lieu", "nature": "l’origine"}
Bounds = tuple[float, float, float, float]


def words() -> dict[str, Any]:
    """Words and ways to write that the templates of plans use."""
    return {"lenses": sitingground.LENSES, "purposes": sitingground.PURPOSES, "operators": sitingground.OPERATORS,
            "weights": WEIGHTS, "weight": _weight, "unweighed": UNWEIGHED, "text": french.typeset, "number": french.number,
            "share": share, "date": french.day, "money": _money, "counted": french.counted, "listed": french.listed,
            "places": PLACES, "hung": KINDS, "status": STATUS, "strengths": STRENGTHS, "left": LEFT, "lost": LOST,
            "supports": supports.load(), "existing": EXISTING, "light": moment_of, "unknown": UNKNOWN}


def of_plan(reader: Reader, plan: Plan | None, given: dict[str, str]) -> dict[str, Any]:
    """A plan as the templates show it, with the address of its cameras."""
    if plan is None:
        return {"plan": None, "about": ""}
    return {"plan": plan, "about": about(reader, plan.asked.query), "verdict": verdict(plan),
            "drawn": Markup(drawn(plan, filters_of(reader, given))), "reaches": _reaches(plan.asked),
            "address": address_of(given, placed_of(plan)), "without": _without(plan, given),
            "drawn_places": _drawn_places(plan, given)}


def address_of(given: dict[str, str], placed: list[Placed]) -> str:
    """The parameters of a plan with its cameras where they are."""
    return urlencode({**given, SPOTS: text_of(placed)})


def _without(plan: Plan, given: dict[str, str]) -> dict[str, str]:
    """By camera, the address of the plan without it."""
    placed = placed_of(plan)
    return {each.code: address_of(given, placed[:row] + placed[row + 1:]) for row, each in enumerate(plan.cameras)}


def _drawn_places(plan: Plan, given: dict[str, str]) -> list[tuple[str, str]]:
    """Places of one's own and forbidden ones, in words, each with the address without it."""
    found = []
    for name, what in (("points", "Emplacement"), ("forbidden", "Zone interdite")):
        every = getattr(plan.asked, name)
        for row in range(len(every)):
            left = to_texts(replace(plan.asked, **{name: every[:row] + every[row + 1:]})).get(name, "")
            found.append((f"{what} {row + 1}", urlencode({**{key: text for key, text in given.items() if key != name},
                                                          **({name: left} if left else {})})))
    return found


def verdict(plan: Plan) -> str:
    """What the set has in view, and how that was found."""
    seen = seen_together(len(plan.cameras), plan.covered, int(plan.seen.facts.sum()), plan.seen.total)
    return f"{seen} ; {STATUS[plan.status]}."


def seen_together(cameras: int, covered: int, usable: int, total: int) -> str:
    """What a set of cameras has in view: of the facts that can guide a plan, and of all that have a place."""
    guides, every = french.number(usable), french.number(total)
    if not cameras:
        return f"Aucune caméra n’est posée, pour {guides} faits qui peuvent guider un plan, sur {every}"
    who, held = french.counted(cameras, "caméra verrait", "caméras verraient"), french.counted(covered, "fait", "faits")
    return (f"{who} les lieux de {held} sur {guides} qui peuvent guider un plan ({share(covered, usable)}), "
            f"et sur {every} en tout ({share(covered, total)})")


def bounds(plan: Plan) -> Bounds:
    """What a drawing of a plan shows: its facts, its cameras and what was drawn on it."""
    spots = [(each.view.spot.lon, each.view.spot.lat) for each in plan.cameras]
    places = np.array([*spots, *plan.asked.points, *(corner for ring in plan.asked.forbidden for corner in ring)]).reshape(-1, 2)
    return bounds_of(np.vstack([plan.seen.cells, plan.ground.metres(places)]), _MARGIN_M)


def drawn(plan: Plan, filters: dict[str, str], shown: Bounds | None = None, still: bool = False) -> str:
    """A plan as SVG; `still`: one picture, in which nothing can be moved."""
    ground = plan.ground
    marks = [_mark(plan, each) for each in plan.cameras]
    west, south, east, north = found = shown or bounds(plan)
    corners = ground.lonlat(np.array([[west, north], [east, north], [west, south]]))
    title = french.typeset(f"Plan de {french.counted(len(marks), 'caméra', 'caméras')} : bâtiments, faits et champs de vision")
    asked, own = plan.asked, np.array(plan.asked.points).reshape(-1, 2)
    rings = np.array([shapely.Polygon(ground.metres(np.array(ring))) for ring in asked.forbidden], dtype=object)
    shared = {"lens": asked.lens, "height_m": f"{asked.height_m:g}", "operator": asked.operator, "weights": asked.weights,
              "masks": "1" if asked.masked else "0", "purpose": asked.purpose, "filter": urlencode(filters),
              **{name: to_texts(asked).get(name, "") for name in ("backup", "existing", "night_m")}}
    return svg(Picture(found, corners, ground.roads, ground.walls.footprints, ground.own, plan.seen.cells, plan.seen.cell_facts,
                       marks, title, shared, ground.metres(own), rings, still))


def _mark(plan: Plan, camera: Chosen) -> Mark:
    view, spot = camera.view, camera.view.spot
    place = plan.ground.metres(np.array([[spot.lon, spot.lat]]))[0]
    shapes = crs.geometries_to_metres(np.array(list(view.classes.values()), dtype=object), plan.ground.epsg)
    label = french.typeset(f"Caméra {camera.code}, {KINDS[camera.kind]} : {camera.facts} faits en vue. Flèches pour la déplacer, "
                           "+ et − pour la tourner, Suppr pour la retirer.")
    data = {"lon": f"{spot.lon:.7f}", "lat": f"{spot.lat:.7f}", "azimuth": f"{spot.azimuth:.1f}", "kind": camera.kind}
    return Mark(camera.code, (float(place[0]), float(place[1])), spot.azimuth, dict(zip(view.classes, shapes, strict=True)),
                label, data)


def _reaches(asked: Asked) -> list[tuple[str, float]]:
    """To how many metres a lens serves each purpose, by night no further than anything is seen."""
    optics = sitingground.optics_of(asked.lens)
    return [(label, min(optics.reach(name), asked.night_m or math.inf)) for name, label in sitingground.PURPOSES.items()]


def _weight(value: float) -> str:
    return french.number(value, 0 if value >= 100 or value == round(value) else 1)


def _money(low: float, high: float) -> str:
    return f"{french.number(low)} à {french.number(high)}{french.NNBSP}€"
