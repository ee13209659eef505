"""The page « Décider »: a plan of cameras drawn by the server, its proof, its refusals, and what else could be done."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

import numpy as np
from fastapi import APIRouter, Depends, Request
from markupsafe import Markup
from starlette.responses import Response

from geoservice.core import crs
from geoservice.core.query import parse
from geoservice.core.stats.given import NotEnough
from geoservice.errors import GeoserviceError, NotFound
from geoservice.export import french
from geoservice.export.siteplan import Mark, Picture, bounds_of, svg
from geoservice.operations import sitingground
from geoservice.operations.reader import Reader, open_reader
from geoservice.operations.siting import Chosen, Plan
from geoservice.operations.sitingasked import FILTER, WEIGHTS, Asked, of_texts, parameters
from geoservice.operations.sitinglaw import PLACES
from geoservice.operations.sitingplaces import KINDS, LOST
from geoservice.types import Viewer
from geoservice.web import decideform
from geoservice.web.dependencies import only
from geoservice.web.formpage import page
from geoservice.web.routes.measurespage import share
from geoservice.web.routes.siting import made
from geoservice.web.service import service_of

router = APIRouter(include_in_schema=False)

NAMES = (*FILTER, *parameters())
_MOST = 150  # places in a list to choose from
_MARGIN_M = 40.0
STATUS = {"optimal": "aucun autre plan n’a plus de poids en vue, c’est prouvé",
          "stopped": "le calcul s’est arrêté avant la preuve", "infeasible": "aucun plan ne tient ces conditions"}
STRENGTHS = {"forte": "forte", "moyenne": "moyenne", "faible": "faible", "pratique": "usage, sans évaluation"}
LEFT = {"vague": "placés à un immeuble ou une résidence seulement", "inside": "à l’intérieur, hors de vue",
        "street": "sur la voie publique, qu’un bailleur ne filme pas", "buried": "au milieu d’un bâtiment"}


@router.get("/decider")
def decide(request: Request, given: Annotated[dict[str, str], Depends(only(*NAMES))]) -> Response:
    """Choose an area and facts; see where cameras would see them, and what else could be done."""
    return page(request, lambda request, who: _values(request, who, given))


def _values(request: Request, who: Viewer, given: dict[str, str]) -> dict[str, Any]:
    service = service_of(request)
    reader = open_reader(service.opened(), service.catalog, who)
    plan, reason, error = _tried(reader, given)
    quarters, residences = _quarters(reader), _residences(reader)
    return {"page": "decider", "given": given, "plan": plan, "reason": reason, "error": error, "quarters": quarters,
            "residences": residences, "about": _about(reader, plan, [*quarters, *((n, f"residence:{c}") for n, c in residences)]),
            "kinds": list(reader.kinds()), "weights": WEIGHTS, "weight": _weight, **decideform.choices(given),
            "text": french.typeset, "number": french.number, "share": share,
            "date": french.day, "money": _money, "counted": french.counted, "places": PLACES, "hung": KINDS, "status": STATUS,
            "strengths": STRENGTHS, "left": LEFT, "lost": LOST,
            "drawn": "" if plan is None else Markup(_drawn(plan, filters_of(reader, given))),
            "papers": urlencode({name: text for name, text in given.items() if name in NAMES}),
            "reaches": _reaches(given.get("lens", "4"))}


def _tried(reader: Reader, given: dict[str, str]) -> tuple[Plan | None, str, str]:
    """The plan, or why there is none: as an answer, or as something to put right."""
    if "zone" not in given and "bbox" not in given:
        return None, "", ""
    try:
        return plan_of(reader, given), "", ""
    except NotEnough as lacking:
        return None, str(lacking), ""
    except NotFound:
        raise
    except GeoserviceError as error:
        return None, "", french.typeset(str(error))


def plan_of(reader: Reader, given: dict[str, str]) -> Plan:
    """The plan that the parameters of the page mean: the page and its papers have one. NotEnough says what is missing."""
    return made(reader, asked_of(reader, given))


def filters_of(reader: Reader, given: dict[str, str]) -> dict[str, str]:
    """Which facts the form says; without an origin the first one in reach, which the page names."""
    filters = {name: text for name, text in given.items() if name in FILTER}
    first = next(iter(reader.kinds()), None)
    return filters if "kind" in filters or first is None else {**filters, "kind": str(first)}


def asked_of(reader: Reader, given: dict[str, str]) -> Asked:
    """What the form says."""
    return of_texts(parse(filters_of(reader, given)), given)


def _about(reader: Reader, plan: Plan | None, places: list[tuple[str, str]]) -> str:
    """Where, when and which facts, in words: paper has no form."""
    if plan is None:
        return ""
    query = plan.asked.query
    named = {reference: name for name, reference in places}
    where = named.get(str(query.zone), str(query.zone)) if query.zone else "emprise choisie"
    return " · ".join([where, french.period(query, reader.period()), *french.filters(query)])


def _quarters(reader: Reader) -> list[tuple[str, str]]:
    """QPV of 2024 near the viewer's facts, by name; none where there are too many for a list."""
    box = reader.bounds()
    near = sorted((zone.name, str(zone.reference)) for zone in (reader.zones("qpv", "2024") if box else [])
                  if box is not None and zone.box.intersects(box))
    return near if len(near) <= _MOST else []


def _residences(reader: Reader) -> list[tuple[str, str]]:
    """Residences by name; none where there are too many for a list."""
    found = reader.features("patrimoine")
    homes = sorted((name or key, key) for name, key, known in zip(found.names, found.keys, found.properties, strict=True)
                   if known.get("level", "residence") == "residence")
    return homes if len(homes) <= _MOST else []


def _reaches(lens: str) -> list[tuple[str, float]]:
    """To how many metres a lens serves each purpose."""
    if lens not in sitingground.LENSES:
        return []
    optics = sitingground.optics_of(lens)
    return [(label, optics.reach(name)) for name, label in sitingground.PURPOSES.items()]


def _weight(value: float) -> str:
    return french.number(value, 0 if value >= 100 or value == round(value) else 1)


def _money(low: float, high: float) -> str:
    return f"{french.number(low)} à {french.number(high)}{french.NNBSP}€"


def _drawn(plan: Plan, filters: dict[str, str]) -> str:
    ground = plan.ground
    marks = [_mark(plan, each) for each in plan.cameras]
    everything = np.vstack([plan.seen.cells, *(np.array([mark.place]) for mark in marks)])
    bounds = bounds_of(everything, _MARGIN_M)
    west, south, east, north = bounds
    corners = ground.lonlat(np.array([[west, north], [east, north], [west, south]]))
    title = french.typeset(f"Plan de {len(marks)} caméras : bâtiments, faits et champs de vision")
    return svg(Picture(bounds, corners, ground.roads, ground.walls.footprints, ground.own, plan.seen.cells, plan.seen.cell_facts,
                       marks, title, urlencode(filters)))


def _mark(plan: Plan, camera: Chosen) -> Mark:
    view, spot = camera.view, camera.view.spot
    place = plan.ground.metres(np.array([[spot.lon, spot.lat]]))[0]
    shapes = crs.geometries_to_metres(np.array(list(view.classes.values()), dtype=object), plan.ground.epsg)
    label = french.typeset(f"Caméra {camera.code}, {KINDS[camera.kind]} : {camera.facts} faits en vue. Flèches pour la déplacer, "
                           "+ et − pour la tourner.")
    data = {"lon": f"{spot.lon:.7f}", "lat": f"{spot.lat:.7f}", "azimuth": f"{spot.azimuth:.1f}", "lens": spot.lens,
            "height_m": f"{spot.height_m:g}", "operator": spot.operator, "masks": "1" if spot.masked else "0",
            "support": "street" if spot.public else "building", "purpose": plan.asked.purpose}
    return Mark(camera.code, (float(place[0]), float(place[1])), spot.azimuth, dict(zip(view.classes, shapes, strict=True)),
                label, data)
