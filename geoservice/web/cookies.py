"""The one cookie: `__Host-geoservice` where the visitor's connection is encrypted, which no other host can set or read."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

COOKIE = "geoservice"
HOST_COOKIE = "__Host-geoservice"


def is_https(request: Request) -> bool:
    """Whether the visitor's own connection is encrypted, as far as a proxy says so."""
    return request.url.scheme == "https" or request.headers.get("x-forwarded-proto") == "https"


def name_of(request: Request) -> str:
    """What the cookie is called on this connection."""
    return HOST_COOKIE if is_https(request) else COOKIE


def secret_of(request: Request) -> str:
    """What the visitor's cookie says, '' without one."""
    return request.cookies.get(name_of(request), "")


def give(request: Request, response: Response, secret: str, seconds: int) -> None:
    """Send the cookie: no script reads it, no other site sends it."""
    response.set_cookie(name_of(request), secret, max_age=seconds, path="/", httponly=True, samesite="lax",
                        secure=is_https(request))


def take_back(request: Request, response: Response) -> None:
    """Forget the cookie."""
    response.delete_cookie(name_of(request), path="/", httponly=True, samesite="lax", secure=is_https(request))
