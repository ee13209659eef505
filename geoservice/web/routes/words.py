"""Who is asking, what there is to draw, and the words of the filters."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from geoservice.errors import BadInput
from geoservice.export.tables import Table
from geoservice.operations import credits
from geoservice.operations.joined import Joined
from geoservice.operations.reader import LayerView, Reader
from geoservice.operations.zones import ZoneView
from geoservice.types import GRAVITIES, LABELS, UNMAPPED_CATEGORIES, Box, Category, Nature, Place
from geoservice.web.dependencies import CurrentReader, CurrentViewer, NoParameters, described, known_layer, one_of, only
from geoservice.web.files import ENDINGS, TYPES, encoded
from geoservice.web.responses import JSON, respond, tag_of, to_json
from geoservice.web.service import service_of

router = APIRouter()


@router.get("/api/session", dependencies=[NoParameters], openapi_extra=described())
def session(request: Request, who: CurrentViewer) -> Response:
    """Who is signed in, and whether the basemap may be asked for."""
    answer = {"name": who.name, "organisation": who.organisation, "via": who.via,
              "basemap": service_of(request).settings.basemap}
    return respond(request, tag_of("session", who, answer["basemap"]), lambda: to_json(answer), JSON)


@router.get("/api/layers", dependencies=[NoParameters], openapi_extra=described())
def layers(request: Request, reader: CurrentReader) -> Response:
    """Every layer with what the viewer has in it, and the closed lists of the filters."""
    versions = [reader.version(name) for name in reader.catalog.layers]
    named = [credits.texts(reader, name) for name in reader.catalog.layers]
    return respond(request, tag_of("layers", reader.viewer.organisation_id, *versions, *named), lambda: to_json(_catalog(reader)),
                   JSON)


@router.get("/api/zones", openapi_extra=described("layer", "generation", "format", answers=tuple(TYPES.values())))
def zones(request: Request, reader: CurrentReader,
          given: Annotated[dict[str, str], Depends(only("layer", "generation", "format"))]) -> Response:
    """Zones that the `zone` filter accepts, by name; as a file with their outlines."""
    if "layer" not in given:
        raise BadInput("Précisez « layer », par exemple layer=qpv ou layer=limites.")
    layer, generation = known_layer(request, given["layer"]), given.get("generation")
    form = one_of(given.get("format"), tuple(TYPES), "format")
    tag = tag_of("zones", form, reader.viewer.organisation_id, layer, generation, reader.version(layer))
    name = None if form == "json" else f"geoservice-zones-{layer}.{ENDINGS[form]}"
    return respond(request, tag, lambda: _zones(reader.zones(layer, generation), form), TYPES[form], name)


def box_list(box: Box | None) -> list[float] | None:
    """West, south, east, north."""
    return None if box is None else [box.west, box.south, box.east, box.north]


def joined_json(found: Joined | None) -> dict[str, int] | None:
    """Reports that were merged and the facts that they are."""
    return None if found is None else {"reports": found.reports, "facts": found.facts}


def _catalog(reader: Reader) -> dict[str, Any]:
    period = reader.period()
    return {
        "layers": [_layer(view, *credits.texts(reader, view.spec.name)) for view in reader.layers()],
        "kinds": [{"code": kind, "label": LABELS[kind], "facts": number} for kind, number in reader.kinds().items()],
        # `mapped` false: such facts exist only as counts of a residence or larger
        "categories": [{**word, "mapped": word["code"] not in UNMAPPED_CATEGORIES} for word in words(Category)],
        "natures": words(Nature), "places": words(Place),
        "gravities": [{"code": str(code), "label": label} for code, label in GRAVITIES.items()],
        "period": None if period is None else {"from": period[0].isoformat(), "to": period[1].isoformat()},
        "bounds": box_list(reader.bounds()),
    }


def words(members: Iterable[StrEnum]) -> list[dict[str, Any]]:
    """A closed list: codes and labels."""
    return [{"code": str(member), "label": LABELS[member]} for member in members]


def _layer(view: LayerView, attribution: str, licence: str) -> dict[str, Any]:
    spec = view.spec
    return {"name": spec.name, "title": spec.title, "description": spec.description, "geometry": spec.geometry,
            "stores": spec.stores, "count": view.count, "bounds": box_list(view.bounds), "minzoom": spec.minzoom,
            "maxzoom": spec.maxzoom, "generations": list(view.generations), "attribution": attribution,
            "licence": licence, "style": spec.style, "version": tag_of(view.version)}


def _zones(found: list[ZoneView], form: str) -> bytes:
    if form == "json":
        return to_json({"zones": [_zone(one) for one in found]})
    columns = {"ref": [str(zone.reference) for zone in found], "code": [zone.reference.code for zone in found],
               "nom": [zone.name for zone in found], "millesime": [zone.generation for zone in found]}
    geometry = np.empty(len(found), dtype=object)
    geometry[:] = [zone.geometry for zone in found]
    return encoded(Table(columns, geometry), form, "zones")


def _zone(zone: ZoneView) -> dict[str, Any]:
    return {"ref": str(zone.reference), "name": zone.name, "generation": zone.generation, "bbox": box_list(zone.box)}
