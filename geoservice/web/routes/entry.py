"""One fact by API: closed lists only, no free text, nothing about a person."""

from __future__ import annotations

from datetime import date as Day
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from geoservice.catalog.schema import is_code
from geoservice.errors import BadInput
from geoservice.operations import entry
from geoservice.types import Kind, Nature, Place
from geoservice.web.body import Body, documented, read_body
from geoservice.web.dependencies import CurrentViewer, NoParameters
from geoservice.web.origin import refuse_other_sites
from geoservice.web.responses import JSON, to_json
from geoservice.web.service import service_of

router = APIRouter()
MOST_BYTES = 8_192
Code = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[0-9A-Za-z_.~ \-/]+$")]


class Fact(Body):
    """A fact as somebody enters it. `id` is theirs: sending the same fact twice under it counts once."""

    id: Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[0-9A-Za-z_.:\-]+$")]
    date: Day
    category: Annotated[str, Field(max_length=40)]
    time: Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")] | None = None
    kind: Kind = Kind.BAILLEUR
    nature: Nature | None = None
    gravity: Annotated[int, Field(ge=1, le=4)] | None = None
    place: Place | None = None
    complaint: Literal["oui", "non", "inconnu"] | None = None
    cost: Annotated[float, Field(ge=0, le=1e9)] | None = None
    lon: Annotated[float, Field(ge=-180, le=180)] | None = None
    lat: Annotated[float, Field(ge=-90, le=90)] | None = None
    hall: Code | None = None
    building: Code | None = None
    residence: Code | None = None
    commune: Annotated[str, Field(pattern=r"^[0-9][0-9AB][0-9]{3}$")] | None = None


@router.post("/api/facts", status_code=201, dependencies=[NoParameters, Depends(refuse_other_sites)],
             openapi_extra=documented(Fact))
async def enter(request: Request, who: CurrentViewer) -> Response:
    """Enter one fact of one's organisation; on the map within seconds. 200 instead of 201 when it was there already."""
    fact = await read_body(request, Fact, MOST_BYTES)
    if not is_code("category", fact.category):
        raise BadInput("« category » attend un code de la liste, comme DEG ou DEG.tag : /api/layers les donne.")
    fields = {**fact.model_dump(exclude={"id", "kind"}, exclude_none=True), "key": fact.id}
    done = await run_in_threadpool(entry.enter, service_of(request).opened(), who, fact.kind, fields)
    answer = {"id": fact.id, "import": done.import_id, "created": done.created}
    return Response(to_json(answer), 201 if done.created else 200, {"Cache-Control": "private, no-store"}, JSON)
