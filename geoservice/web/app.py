"""The application: settings in, ASGI out. Importing this module opens nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from geoservice import __version__
from geoservice.catalog.layers import Catalog, load
from geoservice.errors import NotReady
from geoservice.operations import setup, shared_access
from geoservice.operations.oidc import Provider
from geoservice.settings import Settings
from geoservice.web import heavy, problems
from geoservice.web.aside import Aside
from geoservice.web.background import Refresher
from geoservice.web.computing import Desk
from geoservice.web.computingboard import Board
from geoservice.web.headers import Guard, security_headers
from geoservice.web.importer import Importer
from geoservice.web.metrics import Metrics
from geoservice.web.observe import Observer
from geoservice.web.routes import (
    account,
    cells,
    decidepage,
    entry,
    estate,
    exports,
    files,
    follow,
    glossary,
    halls,
    hallspage,
    health,
    hexagons,
    hotspots,
    imports,
    landing,
    levers,
    leverspage,
    measures,
    measurespage,
    meetings,
    metrics,
    oidc,
    page,
    picture,
    places,
    planspage,
    profiles,
    quarters,
    search,
    sharing,
    silences,
    siting,
    sitingjobs,
    sitingpapers,
    statistics,
    tiles,
    units,
    words,
)
from geoservice.web.schemas import PROBLEM
from geoservice.web.service import Service
from geoservice.web.shared import desk, links, pages, patrols
from geoservice.web.shared import routes as shared_routes
from geoservice.web.shared.who import by_sign_in

ROUTERS = (  # in the order they are tried: tiles first, they are asked for by the dozen
    hotspots.tiles, tiles.router, page.router, oidc.router, account.router, sharing.router, meetings.router, words.router,
           cells.router,
    hotspots.router, statistics.router, units.router, profiles.router, hexagons.router, search.router, places.router,
    measures.router, measurespage.router, levers.router, leverspage.router, landing.router,
    hallspage.router, halls.router, silences.router,
    siting.router, sitingjobs.router, decidepage.router, planspage.router, sitingpapers.router, estate.router, follow.router,
    quarters.router, picture.router, imports.router, entry.router, exports.router, shared_routes.router, patrols.router,
    links.router, glossary.router, pages.page, desk.router, health.router, files.router,
)


def create_app(settings: Settings, catalog: Catalog | None = None, demo: bool = False, board: Board | None = None) -> FastAPI:
    """The service over a data folder, which is opened when the application starts.

    `board`: where several processes of one service tell each other of long computations. `demo` signs visitors from this machine
    in without a token and refuses a folder that the demo did not make.
    """
    app = FastAPI(title="geoservice", version=__version__, lifespan=_lifespan, openapi_url=None, docs_url=None, redoc_url=None,
                  redirect_slashes=False, responses={"default": PROBLEM})
    app.state.service = Service(settings, load(settings.layers) if catalog is None else catalog, demo)
    app.state.board = board
    app.state.door = by_sign_in(shared_access.open_shared(settings.shared_folder))
    app.add_middleware(Guard, headers=security_headers(settings.basemap))
    app.state.metrics = Metrics() if settings.metrics else None
    app.add_middleware(Observer, metrics=app.state.metrics)
    problems.install(app)
    for router in ROUTERS:
        app.include_router(router)
    if settings.metrics:
        app.include_router(metrics.router)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    service: Service = app.state.service
    if service.demo and setup.demo_state(service.settings) not in ("begun", "ready"):
        raise NotReady(f"« {service.settings.data} » n’a pas été créé par « geoservice demo », qui connecte sans jeton et refuse "
                       "donc de l’ouvrir. Choisissez un autre dossier avec --data.")
    service.provider = Provider(service.settings) if service.settings.oidc_issuer else None
    service.storage = setup.open_storage(service.settings)
    refresher = Refresher(service)
    refresher.start()
    service.aside = Aside(service.storage)
    service.computing = Desk(app.state.board)
    service.importer = Importer(service.storage)
    service.importer.start()
    try:
        yield
    finally:
        service.computing.stop()
        service.computing = None
        heavy.stop()
        service.importer.stop()
        service.importer = None
        refresher.stop()
        service.aside.stop()
        service.aside = None
        service.storage.close()
        service.storage = None
        app.state.door.shared.close()
