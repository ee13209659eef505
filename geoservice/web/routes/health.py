"""Is it alive, is it ready; and what the API offers. None of it holds data, so nobody has to sign in."""

from __future__ import annotations

import shutil
from collections.abc import Callable

from fastapi import APIRouter, Request
from starlette.responses import Response

from geoservice.errors import NotReady
from geoservice.operations import indexing
from geoservice.operations.setup import Storage
from geoservice.web.dependencies import NoParameters
from geoservice.web.responses import JSON, to_json
from geoservice.web.service import service_of

LEAST_FREE_MB = 200

router = APIRouter(dependencies=[NoParameters])


@router.get("/health/live")
def live() -> Response:
    """The process answers."""
    return _plain({"status": "ok"})


@router.get("/health/ready")
def ready(request: Request) -> Response:
    """The database answers, every organisation has an index, the disk has room."""
    storage = service_of(request).opened()
    for sentence, fine in _CHECKS:
        if not _holds(fine, storage):
            raise NotReady(sentence)
    return _plain({"status": "ok", "database": "ok", "index": "ok", "disk": "ok"})


@router.get("/api/openapi.json", include_in_schema=False)
def openapi(request: Request) -> Response:
    """The description of the API."""
    return _plain(request.app.openapi())


def _plain(value: object) -> Response:
    return Response(to_json(value), 200, {"Cache-Control": "no-store"}, JSON)


def _holds(check: Callable[[Storage], bool], storage: Storage) -> bool:
    try:
        return check(storage)
    except Exception:  # whatever is wrong with the database or the disk, the answer is « not ready »
        return False


def _database(storage: Storage) -> bool:
    return bool(storage.health())


def _index(storage: Storage) -> bool:
    return all(storage.indexes.get(number) is not None for number in indexing.dirty(storage))


def _disk(storage: Storage) -> bool:
    return shutil.disk_usage(storage.settings.data).free >= LEAST_FREE_MB << 20


_CHECKS = (
    ("La base de données ne répond pas. Lancez « geoservice doctor ».", _database),
    ("Un index de faits manque encore ; il se construit. Réessayez dans un instant.", _index),
    (f"Le disque a moins de {LEAST_FREE_MB} Mo libres. Libérez de la place.", _disk),
)
