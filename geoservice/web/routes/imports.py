"""Imports from a page: receive a file, show how it would be read, do it, follow it, undo it. Only for one's own organisation."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from geoservice.catalog.rows import Reject
from geoservice.errors import BadInput, Conflict, NotFound, NotReady, TooLarge
from geoservice.operations import jobs, preview, rejectfile
from geoservice.operations.mapping import Correction
from geoservice.operations.preview import Preview
from geoservice.types import Viewer
from geoservice.web.body import Body, documented, read_body
from geoservice.web.dependencies import CurrentViewer, NoParameters, described, known_layer, only
from geoservice.web.import_words import job_json, preview_json, reject_json
from geoservice.web.origin import refuse_other_sites
from geoservice.web.responses import JSON, to_json
from geoservice.web.service import Service, service_of

router = APIRouter()
CSV = "text/csv"
PIECE = 1 << 20
_OWN_SITE = Depends(refuse_other_sites)
_FRESH = {"Cache-Control": "private, no-store"}
_PREVIEWS = threading.BoundedSemaphore(2)  # each is a second of a processor
_PATIENCE_S = 20

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Short = Annotated[str, Field(max_length=500)]


class Asked(Body):
    """A file that was sent, the layer it is for, and what a person corrected."""

    upload: Sha256
    layer: Short | None = None
    source: Short | None = None
    columns: dict[Short, Short] | None = None
    values: dict[Short, dict[Short, Short]] | None = None
    kind: Short | None = None
    crs: Short | None = None
    sheet: Short | None = None
    member: Short | None = None
    dates: Short | None = None

    def correction(self) -> Correction:
        """What was corrected."""
        return Correction(self.source, self.columns, self.values, self.kind, self.crs, self.sheet, self.member, self.dates)


@router.post("/api/uploads", status_code=201, dependencies=[_OWN_SITE], openapi_extra={
    **described("name"), "requestBody": {"required": True, "content": {"application/octet-stream": {}}}})
async def upload(request: Request, who: CurrentViewer, given: Annotated[dict[str, str], Depends(only("name"))]) -> Response:
    """Receive a file as the body of the request; the answer's `upload` names it for a day."""
    if not given.get("name", "").strip():
        raise BadInput("Précisez « name », le nom du fichier avec son extension.")
    service, name = service_of(request), jobs.clean_name(given["name"])
    _refuse_too_long(request, service.settings.max_upload_mb)
    reception = await run_in_threadpool(jobs.begin_reception, service.opened(), who)
    try:
        piece = bytearray()
        async for part in request.stream():
            piece += part
            if len(piece) >= PIECE:
                await run_in_threadpool(reception.write, bytes(piece))
                piece.clear()
        await run_in_threadpool(reception.write, bytes(piece))
        sha256 = await run_in_threadpool(reception.keep, name)
    except ClientDisconnect:
        raise BadInput("L’envoi s’est interrompu : recommencez.") from None
    finally:
        await run_in_threadpool(reception.drop)
    return _answer({"upload": sha256, "name": name, "size": reception.size}, 201)


def _refuse_too_long(request: Request, limit_mb: int) -> None:
    """Said before a byte is read, where the client says how many there are."""
    declared = request.headers.get("content-length", "0")
    if not declared.isascii() or not declared.isdigit() or int(declared[:20]) > limit_mb << 20:
        raise TooLarge(f"Ce fichier dépasse {limit_mb} Mo ; découpez-le en plusieurs fichiers.")


@router.post("/api/imports/preview", dependencies=[NoParameters, _OWN_SITE], openapi_extra=documented(Asked))
async def look(request: Request, who: CurrentViewer) -> Response:
    """How a file would be read: columns, values, what is missing, and what would become of its first lines. Writes nothing."""
    asked = await read_body(request, Asked)
    found, path = await run_in_threadpool(_look, request, who, asked, preview.REJECTS)
    answer = {"upload": asked.upload, "name": path.name, "size": path.stat().st_size}
    return _answer({**answer, **preview_json(found, service_of(request).catalog)})


@router.post("/api/imports/preview.csv", dependencies=[NoParameters, _OWN_SITE], openapi_extra=documented(Asked))
async def look_csv(request: Request, who: CurrentViewer) -> Response:
    """The lines that a preview refuses, for a spreadsheet in French."""
    asked = await read_body(request, Asked)
    found, _ = await run_in_threadpool(_look, request, who, asked, preview.LINES)
    return _csv(found.trial.rejects if found.trial else [], "geoservice-apercu-refus.csv")


def _look(request: Request, who: Viewer, asked: Asked, rejects: int) -> tuple[Preview, Path]:
    service, layer = service_of(request), None if asked.layer is None else known_layer(request, asked.layer)
    path = jobs.received_file(service.opened(), who, asked.upload)
    with _in_turn():
        words = preview.Asked(layer, asked.correction(), rejects)
        return preview.preview(service.opened(), service.catalog, who.organisation_id, path, words), path


@contextmanager
def _in_turn() -> Iterator[None]:
    if not _PREVIEWS.acquire(timeout=_PATIENCE_S):
        raise NotReady("D’autres fichiers sont en cours de lecture ; réessayez dans un instant.")
    try:
        yield
    finally:
        _PREVIEWS.release()


@router.post("/api/imports", status_code=202, dependencies=[NoParameters, _OWN_SITE], openapi_extra=documented(Asked))
async def begin(request: Request, who: CurrentViewer) -> Response:
    """Ask for an import; the answer says where to follow it."""
    asked = await read_body(request, Asked)
    return await run_in_threadpool(_begin, service_of(request), who, asked, request)


def _begin(service: Service, who: Viewer, asked: Asked, request: Request) -> Response:
    if asked.layer is None:
        raise BadInput("Précisez « layer », la couche du fichier : l’aperçu en propose une.")
    layer = known_layer(request, asked.layer)
    with _in_turn():
        number = jobs.ask(service.opened(), service.catalog, who, asked.upload, layer, asked.correction())
    _wake(service)
    return _told(service, who, number, 202)


@router.get("/api/imports", dependencies=[NoParameters], openapi_extra=described())
def listing(request: Request, who: CurrentViewer) -> Response:
    """The last imports of one's organisation, newest first, those of the command line included."""
    service = service_of(request)
    return _answer({"imports": [job_json(job, service.catalog) for job in jobs.listing(service.opened(), who)]})


def import_number(number: str) -> int:
    """The number of an import, from the path."""
    if not re.fullmatch(r"[0-9]{1,9}", number, re.ASCII):
        raise NotFound("Cet import n’existe pas.")
    return int(number)


Number = Annotated[int, Depends(import_number)]


@router.get("/api/imports/{number}", dependencies=[NoParameters], openapi_extra=described())
def one(request: Request, who: CurrentViewer, number: Number) -> Response:
    """How far an import is, its counts and notes."""
    return _told(service_of(request), who, number, 200)


@router.get("/api/imports/{number}/rejects", dependencies=[NoParameters], openapi_extra=described())
def rejects(request: Request, who: CurrentViewer, number: Number) -> Response:
    """The first lines that an import refused, and how many there are."""
    total, found = jobs.rejects(service_of(request).opened(), who, number)
    return _answer({"total": total, "rejects": [reject_json(each) for each in found]})


@router.get("/api/imports/{number}/rejects.csv", dependencies=[NoParameters], openapi_extra=described(answers=(CSV,)))
def rejects_csv(request: Request, who: CurrentViewer, number: Number) -> Response:
    """Every refused line, for a spreadsheet in French."""
    _, found = jobs.rejects(service_of(request).opened(), who, number, None)
    return _csv(found, f"geoservice-import-{number}-refus.csv")


def _csv(found: list[Reject], name: str) -> Response:
    headers = {**_FRESH, "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(rejectfile.text_of(found), 200, headers, CSV)


@router.post("/api/imports/{number}/undo", status_code=202, dependencies=[NoParameters, _OWN_SITE], openapi_extra=described())
def undo(request: Request, who: CurrentViewer, number: Number) -> Response:
    """Ask for an import to be taken back."""
    service = service_of(request)
    jobs.ask_undo(service.opened(), who, number)
    _wake(service)
    return _told(service, who, number, 202)


def _told(service: Service, who: Viewer, number: int, status: int) -> Response:
    return _answer(job_json(jobs.find(service.opened(), who, number), service.catalog), status)


def _wake(service: Service) -> None:
    if service.importer is None:
        raise Conflict("Le service s’arrête ; réessayez dans un instant.")
    service.importer.wake()


def _answer(value: dict[str, Any], status: int = 200) -> Response:
    return Response(to_json(value), status, _FRESH, JSON)
