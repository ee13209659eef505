"""The search box."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from geoservice.errors import BadInput
from geoservice.operations import search
from geoservice.operations.search import Hit
from geoservice.web.dependencies import CurrentReader, described, only
from geoservice.web.responses import JSON, respond, tag_of, to_json
from geoservice.web.routes.words import box_list

router = APIRouter()

_LAYERS = ("patrimoine", "qpv", "limites", "adresses")


@router.get("/api/search", openapi_extra=described("q"))
def find(request: Request, reader: CurrentReader, given: Annotated[dict[str, str], Depends(only("q"))]) -> Response:
    """Residences, QPV, communes and addresses whose words begin as typed, 20 at most."""
    text = given.get("q", "")
    if len(text) > search.LONGEST:
        raise BadInput(f"La recherche attend {search.LONGEST} caractères au plus : une adresse, une résidence ou un quartier.")
    versions = [reader.version(layer) for layer in _LAYERS if layer in reader.catalog.layers]
    tag = tag_of("search", reader.viewer.organisation_id, *versions, text)
    return respond(request, tag, lambda: to_json({"results": [_hit(hit) for hit in search.find(reader, text)]}), JSON)


def _hit(hit: Hit) -> dict[str, Any]:
    return {"type": hit.type, "label": hit.label, "detail": hit.detail, "lon": round(hit.lon, 6), "lat": round(hit.lat, 6),
            "bbox": box_list(hit.box), "zone": hit.zone}
