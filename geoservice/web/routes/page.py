"""The page and the form that signs a person in."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from geoservice.errors import NotFound, NotSignedIn, TooManyTries
from geoservice.operations import signin
from geoservice.operations.permissions import Action, can
from geoservice.types import LABELS, Role
from geoservice.web import bar
from geoservice.web.cookies import give, secret_of, take_back
from geoservice.web.dependencies import NoParameters, token_viewer, viewer_of
from geoservice.web.forms import read_form
from geoservice.web.headers import PERMISSIONS
from geoservice.web.origin import refuse_other_sites
from geoservice.web.provider import elsewhere, take_hint
from geoservice.web.routes.files import PAGE
from geoservice.web.service import service_of

router = APIRouter(dependencies=[NoParameters], include_in_schema=False)

# no-referrer would make browsers send « Origin: null » with the form, and the form's origin is checked
HTML_HEADERS = {"Cache-Control": "private, no-store", "Vary": "Cookie, Authorization", "Referrer-Policy": "same-origin"}
TEMPLATES = Environment(loader=FileSystemLoader(PAGE), autoescape=select_autoescape(default=True))


@router.get("/")
def map_page(request: Request) -> Response:
    """The map, for people who are signed in."""
    return _page(request, "index.html")


@router.get("/donnees")
def import_page(request: Request) -> Response:
    """Imports, for people who are signed in."""
    return _page(request, "import.html")


@router.get("/lieux")
def places_page(request: Request) -> Response:
    """Residences and quarters, for people who are signed in."""
    return _page(request, "lieux.html")


@router.get("/saisie")
def entry_page(request: Request) -> Response:
    """Entering a fact on a phone. The one page that may ask where the device is: to sort places, and nothing is sent of it."""
    found = _page(request, "saisie.html", Action.IMPORT)
    found.headers["Permissions-Policy"] = PERMISSIONS.replace("geolocation=()", "geolocation=(self)")
    return found


@router.get("/connexion")
def sign_in_form(request: Request) -> Response:
    """The form for e-mail and password, and the one for a token."""
    return form(request)


@router.post("/connexion")
async def sign_in(request: Request) -> Response:
    """Sign a person in, or keep a token: in a cookie that no script can read, and never the one from before."""
    refuse_other_sites(request)
    given = await read_form(request, "token", "email", "password")
    service = service_of(request)
    storage = service.opened()
    if given["email"] or given["password"]:
        credentials = signin.Credentials(given["email"], given["password"], peer_of(request))
        try:
            secret = await run_in_threadpool(signin.sign_in, storage, credentials, secret_of(request))
        except (NotSignedIn, TooManyTries) as error:
            return form(request, str(error), error.status, "email")
    else:
        secret = given["token"].strip()
        if secret.startswith(signin.PREFIX) or await run_in_threadpool(token_viewer, storage, secret) is None:
            return form(request, "Ce jeton n’est pas reconnu. Vérifiez qu’il est complet, ou demandez-en un nouveau à "
                        "votre administrateur.", 401)
    return let_in(request, secret)


def let_in(request: Request, secret: str) -> Response:
    """Give the cookie, and lead to the first page of one's role, or to the choice of an organisation."""
    choosing = secret.startswith(signin.CHOICE)
    address = "/connexion/organisation" if choosing else _first_page(request, secret)
    response = RedirectResponse(address, 303, {"Cache-Control": "no-store"})
    give(request, response, secret, signin.CHOICE_S if choosing else service_of(request).settings.sign_in_hours * 3_600)
    return response


def _first_page(request: Request, secret: str) -> str:
    """A team that plans works opens on its residences, others on the map."""
    found = signin.find(service_of(request).opened(), secret) if secret.startswith(signin.PREFIX) else None
    return "/mes-residences" if found is not None and found.viewer.role is Role.DSU_MEMBER else "/"


@router.get("/connexion/organisation")
def organisation_form(request: Request) -> Response:
    """The organisations of somebody who is in several and just showed who they are."""
    places = signin.choices(service_of(request).opened(), secret_of(request))
    if not places:
        return RedirectResponse("/connexion", 303, {"Cache-Control": "no-store"})
    return render("organisation.html", places=places, labels=LABELS, error="")


@router.post("/connexion/organisation")
async def choose_organisation(request: Request) -> Response:
    """Come in as a member of one of them."""
    refuse_other_sites(request)
    given = await read_form(request, "place")
    number = int(given["place"]) if given["place"].isascii() and given["place"].isdigit() and len(given["place"]) < 10 else 0
    storage, secret = service_of(request).opened(), secret_of(request)
    try:
        return let_in(request, await run_in_threadpool(signin.choose, storage, secret, number))
    except NotSignedIn as error:
        return form(request, str(error), error.status, "email")
    except NotFound as error:
        places = await run_in_threadpool(signin.choices, storage, secret)
        return render("organisation.html", error.status, places=places, labels=LABELS, error=str(error))


@router.post("/deconnexion")
async def sign_out(request: Request) -> Response:
    """Forget the cookie, and end what it stood for."""
    refuse_other_sites(request)
    secret = secret_of(request)
    if secret.startswith(signin.PREFIX):
        await run_in_threadpool(signin.sign_out, service_of(request).opened(), secret)
    there = await run_in_threadpool(elsewhere, request)
    # a page and not a redirect: a form of ours may lead to no other host, and the provider's session ends at the provider's
    response = render("deconnexion.html", address=there, provider=service_of(request).settings.oidc_name) if there else \
        RedirectResponse("/connexion", 303, {"Cache-Control": "no-store"})
    take_back(request, response)
    take_hint(request, response)
    return response


def peer_of(request: Request) -> str:
    """The address of the visitor's network: as one's own proxies say, where the settings count them."""
    proxies = service_of(request).settings.trusted_proxies
    told = [part.strip() for part in ",".join(request.headers.getlist("x-forwarded-for")).split(",") if part.strip()]
    if proxies and len(told) >= proxies:
        return told[-proxies]
    return request.client.host if request.client else ""


def _page(request: Request, name: str, action: Action = Action.READ_FACTS) -> Response:
    try:
        who = viewer_of(request)
    except NotSignedIn:
        return RedirectResponse("/connexion", 303, {"Cache-Control": "no-store"})
    if not can(who, action, who.organisation_id):
        places = ((Action.READ_FACTS, "/"), (Action.READ_RELEASE, "/partage"))
        instead = next((place for allowed, place in places if can(who, allowed, who.organisation_id)), "/compte")
        return RedirectResponse(instead, 303, {"Cache-Control": "no-store"})
    html = TEMPLATES.get_template(name).render(bar.of(who, request.url.path))
    return Response(html, 200, HTML_HEADERS, "text/html")


def form(request: Request, error: str = "", status: int = 200, field: str = "token") -> Response:
    """The page that signs people in, with what went wrong."""
    settings = service_of(request).settings
    return render("connexion.html", status, error=error, field=field, provider=settings.oidc_issuer and settings.oidc_name)


def render(name: str, status: int = 200, **values: Any) -> Response:
    """A page for people who are not signed in."""
    html = TEMPLATES.get_template(name).render(**values)
    return Response(html, status, {**HTML_HEADERS, "Cache-Control": "no-store"}, "text/html")
