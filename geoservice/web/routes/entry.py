"""One fact by API: closed lists only, no free text, nothing about a person."""

from __future__ import annotations

from datetime import date as Day
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from geoservice.catalog.schema import is_code
from geoservice.errors import BadInput
from geoservice.operations import entry, merging
from geoservice.operations.reader import Reader
from geoservice.types import GRAVITIES, LABELS, SUBCATEGORIES, Category, Kind, Nature, Place
from geoservice.web.body import Body, documented, read_body
from geoservice.web.dependencies import CurrentReader, CurrentViewer, NoParameters, described
from geoservice.web.origin import refuse_other_sites
from geoservice.web.responses import JSON, respond, tag_of, to_json
from geoservice.web.routes.words import words
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


@router.get("/api/saisie", dependencies=[NoParameters], openapi_extra=described())
def lists(request: Request, reader: CurrentReader) -> Response:
    """What there is to choose from when one enters a fact: words, and the residences and halls of the organisation."""
    versions = [reader.version(layer) for layer in ("patrimoine", "halls")]
    tag = tag_of("saisie", reader.viewer.organisation_id, entry.kind_of(reader), *versions)
    return respond(request, tag, lambda: to_json(_lists(reader)), JSON)


def _lists(reader: Reader) -> dict[str, Any]:
    categories = [{"code": category, "label": LABELS[category], "subcategories": [
        {"code": code, "label": label[:1].upper() + label[1:]} for code, label in SUBCATEGORIES[category].items()]}
        for category in Category]
    found = entry.choices(reader)
    return {"organisation": reader.viewer.organisation, "kind": entry.kind_of(reader), "categories": categories,
            "natures": words(Nature), "places": words(Place),
            "gravities": [{"code": str(code), "label": label} for code, label in GRAVITIES.items()],
            "residences": found.residences, "halls": found.halls}


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


@router.post("/api/facts/{key}/annuler", dependencies=[NoParameters, Depends(refuse_other_sites)])
async def take_back(request: Request, who: CurrentViewer, key: str) -> Response:
    """Take back an entry that one made today; it counts nowhere any more. The same again changes nothing."""
    await run_in_threadpool(entry.take_back, service_of(request).opened(), who, key[:120])
    return Response(to_json({"id": key, "undone": True}), 200, {"Cache-Control": "private, no-store"}, JSON)


class Head(Body):
    """The fact that one's entry tells again."""

    fact: int


@router.post("/api/facts/{key}/reunir", dependencies=[NoParameters, Depends(refuse_other_sites)], openapi_extra=documented(Head))
async def join(request: Request, who: CurrentViewer, key: str) -> Response:
    """One's entry is a report of a fact that is there already: it stays, and they count once."""
    head = await read_body(request, Head, MOST_BYTES)
    await run_in_threadpool(merging.join, service_of(request).opened(), who, (entry.SOURCE, key[:120]), head.fact)
    return Response(to_json({"id": key, "merged": True}), 200, {"Cache-Control": "private, no-store"}, JSON)
