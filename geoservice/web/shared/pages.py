"""The page of released maps, and on the shared surface the form that takes a reading key."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from geoservice.errors import NotSignedIn
from geoservice.operations import shared_access
from geoservice.web.dependencies import NoParameters
from geoservice.web.forms import read_form
from geoservice.web.origin import refuse_other_sites
from geoservice.web.routes.files import PAGE
from geoservice.web.routes.page import HTML_HEADERS, TEMPLATES
from geoservice.web.shared.who import door_of, give, shared_of, take_back

FRESH = {**HTML_HEADERS, "Cache-Control": "no-store"}
page = APIRouter(include_in_schema=False, dependencies=[NoParameters])
keys = APIRouter(include_in_schema=False, dependencies=[NoParameters])


@page.get("/partage")
def shared_page(request: Request) -> Response:
    """Released maps, for whoever may open some; others are led to the form."""
    try:
        door_of(request).viewer(request)
    except NotSignedIn:
        return RedirectResponse("/connexion" if door_of(request).main else "/partage/cle", 303, {"Cache-Control": "no-store"})
    return Response((PAGE / "partage.html").read_bytes(), 200, HTML_HEADERS, "text/html")


@keys.get("/")
def home() -> Response:
    """There is one page here."""
    return RedirectResponse("/partage", 303, {"Cache-Control": "no-store"})


@keys.get("/partage/cle")
def key_form() -> Response:
    """The form that takes a key."""
    return _form()


@keys.post("/partage/cle", dependencies=[Depends(refuse_other_sites)])
async def enter(request: Request) -> Response:
    """Keep a key in a cookie, if it opens something."""
    secret = (await read_form(request, "key"))["key"].strip()
    if await run_in_threadpool(shared_access.guest_of_key, shared_of(request), secret) is None:
        return _form("Cette clé n’ouvre rien. Vérifiez qu’elle est complète, ou demandez-en une nouvelle.", 401)
    response = RedirectResponse("/partage", 303, {"Cache-Control": "no-store"})
    give(request, response, secret)
    return response


@keys.post("/deconnexion", dependencies=[Depends(refuse_other_sites)])
def leave(request: Request) -> Response:
    """Forget the key."""
    response = RedirectResponse("/partage/cle", 303, {"Cache-Control": "no-store"})
    take_back(request, response)
    return response


def _form(error: str = "", status: int = 200) -> Response:
    return Response(TEMPLATES.get_template("partage-cle.html").render(error=error), status, FRESH, "text/html")


