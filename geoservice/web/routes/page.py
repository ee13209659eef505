"""The page and the form that signs a person in."""

from __future__ import annotations

from fastapi import APIRouter, Request
from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from geoservice.errors import NotSignedIn, TooManyTries
from geoservice.operations import signin
from geoservice.operations.permissions import Action, can
from geoservice.web.cookies import give, secret_of, take_back
from geoservice.web.dependencies import NoParameters, token_viewer, viewer_of
from geoservice.web.forms import read_form
from geoservice.web.origin import refuse_other_sites
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


@router.get("/connexion")
def sign_in_form() -> Response:
    """The form for e-mail and password, and the one for a token."""
    return _form()


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
            return _form(str(error), error.status, "email")
    else:
        secret = given["token"].strip()
        if secret.startswith(signin.PREFIX) or await run_in_threadpool(token_viewer, storage, secret) is None:
            return _form("Ce jeton n’est pas reconnu. Vérifiez qu’il est complet, ou demandez-en un nouveau à votre "
                         "administrateur.", 401)
    response = RedirectResponse("/", 303, {"Cache-Control": "no-store"})
    give(request, response, secret, service.settings.sign_in_hours * 3_600)
    return response


@router.post("/deconnexion")
async def sign_out(request: Request) -> Response:
    """Forget the cookie, and end what it stood for."""
    refuse_other_sites(request)
    secret = secret_of(request)
    if secret.startswith(signin.PREFIX):
        await run_in_threadpool(signin.sign_out, service_of(request).opened(), secret)
    response = RedirectResponse("/connexion", 303, {"Cache-Control": "no-store"})
    take_back(request, response)
    return response


def peer_of(request: Request) -> str:
    """The address of the visitor's network: as one's own proxies say, where the settings count them."""
    proxies = service_of(request).settings.trusted_proxies
    told = [part.strip() for part in ",".join(request.headers.getlist("x-forwarded-for")).split(",") if part.strip()]
    if proxies and len(told) >= proxies:
        return told[-proxies]
    return request.client.host if request.client else ""


def _page(request: Request, name: str) -> Response:
    try:
        who = viewer_of(request)
    except NotSignedIn:
        return RedirectResponse("/connexion", 303, {"Cache-Control": "no-store"})
    if not can(who, Action.READ_FACTS, who.organisation_id):
        return RedirectResponse("/compte", 303, {"Cache-Control": "no-store"})
    return Response((PAGE / name).read_bytes(), 200, HTML_HEADERS, "text/html")


def _form(error: str = "", status: int = 200, field: str = "token") -> Response:
    html = TEMPLATES.get_template("connexion.html").render(error=error, field=field)
    return Response(html, status, {**HTML_HEADERS, "Cache-Control": "no-store"}, "text/html")
