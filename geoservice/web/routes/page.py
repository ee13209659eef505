"""The page and the form that signs a person in."""

from __future__ import annotations

from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from geoservice.errors import BadInput, NotSignedIn
from geoservice.web.dependencies import COOKIE, NoParameters, token_viewer, viewer_of
from geoservice.web.origin import refuse_other_sites
from geoservice.web.routes.files import PAGE
from geoservice.web.service import service_of

router = APIRouter(dependencies=[NoParameters], include_in_schema=False)

_LONGEST_FORM = 4_096
_SIGNED_IN_S = 12 * 3_600
# no-referrer would make browsers send « Origin: null » with the form, and the form's origin is checked
_HTML_HEADERS = {"Cache-Control": "private, no-store", "Vary": "Cookie, Authorization", "Referrer-Policy": "same-origin"}
_templates = Environment(loader=FileSystemLoader(PAGE), autoescape=select_autoescape(default=True))


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
    """The form for the token."""
    return _form()


@router.post("/connexion")
async def sign_in(request: Request) -> Response:
    """Keep the token in a cookie that no script can read."""
    refuse_other_sites(request)
    token = await _token(request)
    if await run_in_threadpool(token_viewer, service_of(request).opened(), token) is None:
        return _form("Ce jeton n’est pas reconnu. Vérifiez qu’il est complet, ou demandez-en un nouveau à votre administrateur.",
                     401)
    response = RedirectResponse("/", 303, {"Cache-Control": "no-store"})
    response.set_cookie(COOKIE, token, max_age=_SIGNED_IN_S, path="/", httponly=True, samesite="lax", secure=is_https(request))
    return response


@router.post("/deconnexion")
def sign_out(request: Request) -> Response:
    """Forget the cookie."""
    refuse_other_sites(request)
    response = RedirectResponse("/connexion", 303, {"Cache-Control": "no-store"})
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax", secure=is_https(request))
    return response


def is_https(request: Request) -> bool:
    """Whether the visitor's own connection is encrypted, as far as a proxy says so."""
    return request.url.scheme == "https" or request.headers.get("x-forwarded-proto") == "https"


def _page(request: Request, name: str) -> Response:
    try:
        viewer_of(request)
    except NotSignedIn:
        return RedirectResponse("/connexion", 303, {"Cache-Control": "no-store"})
    return Response((PAGE / name).read_bytes(), 200, _HTML_HEADERS, "text/html")


def _form(error: str = "", status: int = 200) -> Response:
    html = _templates.get_template("connexion.html").render(error=error)
    return Response(html, status, {**_HTML_HEADERS, "Cache-Control": "no-store"}, "text/html")


async def _token(request: Request) -> str:
    """The form's one field, from a body of bounded length."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise BadInput("Envoyez le formulaire de connexion : un champ « token » en application/x-www-form-urlencoded.")
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _LONGEST_FORM:
            raise BadInput("Ce formulaire est trop long : il n’a qu’un champ, « token ».")
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=2)
    except ValueError:
        raise BadInput("Ce formulaire n’a qu’un champ, « token ».") from None
    return fields.get("token", [""])[0].strip()
