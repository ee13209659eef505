"""Every error as an RFC 9457 problem in French, or as a page for whoever opened one in a browser.

Nothing that was sent, and no exception text, is ever in it.
"""

from __future__ import annotations

import json
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from geoservice.errors import GeoserviceError, NotSignedIn

MEDIA_TYPE = "application/problem+json"
TYPE = "urn:geoservice:probleme:"

_HTTP: dict[int, tuple[str, str, str]] = {
    404: ("introuvable", "Introuvable", "Cette adresse n’existe pas. L’API est décrite dans /api/openapi.json."),
    405: ("methode-refusee", "Méthode refusée", "Cette adresse n’accepte pas cette méthode HTTP."),
    413: ("demande-trop-longue", "Demande trop longue", "Le corps de la demande est trop long."),
}
_FOR_SCRIPTS = ("/api/", "/tiles/", "/static/", "/health/", "/metrics")
_UNEXPECTED = ("erreur-interne", "Erreur interne",
               "Le service a rencontré une erreur. Réessayez ; si cela dure, prévenez votre administrateur.")


def problem(status: int, slug: str, title: str, detail: str) -> Response:
    """A problem document that nobody stores."""
    body = {"type": TYPE + slug, "title": title, "status": status, "detail": detail}
    return Response(json.dumps(body, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace"), status,
                    {"Cache-Control": "no-store"}, MEDIA_TYPE)


def told(request: Request, status: int, slug: str, title: str, detail: str) -> Response:
    """The problem, as a page where a person opened an address that is one."""
    if request.method not in ("GET", "HEAD") or "text/html" not in request.headers.get("accept", "") \
            or request.url.path.startswith(_FOR_SCRIPTS):
        return problem(status, slug, title, detail)
    from geoservice.web.routes.page import HTML_HEADERS, TEMPLATES

    html = TEMPLATES.get_template("erreur.html").render(title=title, detail=detail)
    return Response(html, status, {**HTML_HEADERS, "Cache-Control": "no-store"}, "text/html")


def unexpected() -> Response:
    """What an exception nobody foresaw looks like from outside."""
    return problem(500, *_UNEXPECTED)


def install(app: FastAPI) -> None:
    """Map the exception tree, FastAPI's own errors and unknown routes to problems."""
    app.add_exception_handler(GeoserviceError, _of_the_domain)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(HTTPException, _of_http)


async def _of_the_domain(request: Request, error: Any) -> Response:
    response = told(request, error.status, error.slug, error.title, str(error))
    if isinstance(error, NotSignedIn):
        response.headers["WWW-Authenticate"] = 'Bearer realm="geoservice"'
    return response


async def _of_validation(_request: Request, _error: Any) -> Response:
    return problem(422, "demande-invalide", "Demande invalide", "La demande n’a pas la forme attendue : voir /api/openapi.json.")


async def _of_http(request: Request, error: Any) -> Response:
    fallback = ("erreur", "Demande refusée", "Cette demande ne peut pas être servie.")
    response = told(request, error.status_code, *_HTTP.get(error.status_code, fallback))
    for name in ("Allow", "WWW-Authenticate"):
        if error.headers and name in error.headers:
            response.headers[name] = error.headers[name]
    return response
