"""The shared surface as a process of its own: the folder of releases in, ASGI out. It knows no database of facts and no index."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import Response

from geoservice import __version__
from geoservice.errors import NotReady
from geoservice.operations import shared_access
from geoservice.web import problems
from geoservice.web.dependencies import NoParameters
from geoservice.web.headers import Guard, security_headers
from geoservice.web.observe import Observer
from geoservice.web.responses import JSON, to_json
from geoservice.web.routes import files
from geoservice.web.schemas import PROBLEM
from geoservice.web.shared import links, pages, patrols, routes
from geoservice.web.shared.who import by_key, shared_of

FOLDER = "GEOSERVICE_SHARED"
ROUTERS = (routes.router, patrols.router, links.router, pages.page, pages.keys)
health = APIRouter(dependencies=[NoParameters])


def create_shared_app(folder: Path) -> FastAPI:
    """The service over a folder of releases, which is all that it opens."""
    app = FastAPI(title="geoservice : partage", version=__version__, lifespan=_lifespan, openapi_url=None, docs_url=None,
                  redoc_url=None, redirect_slashes=False, responses={"default": PROBLEM})
    app.state.door = by_key(shared_access.open_shared(folder))
    app.add_middleware(Guard, headers=security_headers(basemap=False))
    app.add_middleware(Observer, metrics=None, told=False)
    problems.install(app)
    for router in (*ROUTERS, health, files.router):
        app.include_router(router)
    return app


def factory() -> FastAPI:
    """An application per process; the folder comes from GEOSERVICE_SHARED."""
    from geoservice.settings import Settings
    from geoservice.web import logs

    settings = Settings()
    logs.configure(settings.log_format)
    return create_shared_app(Path(os.environ[FOLDER]))


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    try:
        yield
    finally:
        app.state.door.shared.close()


@health.get("/health/live")
def live() -> Response:
    """The process answers."""
    return Response(to_json({"status": "ok"}), 200, {"Cache-Control": "no-store"}, JSON)


@health.get("/health/ready")
def ready(request: Request) -> Response:
    """There is a release that can be opened."""
    if not shared_of(request).folder.readable():
        raise NotReady("Aucune diffusion ne peut être ouverte dans le dossier partagé.")
    return Response(to_json({"status": "ok"}), 200, {"Cache-Control": "no-store"}, JSON)


@health.get("/api/openapi.json", include_in_schema=False)
def openapi(request: Request) -> Response:
    """The description of the API."""
    return Response(to_json(request.app.openapi()), 200, {"Cache-Control": "no-store"}, JSON)
