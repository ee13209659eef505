"""From a request to a guest: a reading key on the shared surface, somebody signed in on the main one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from starlette.responses import Response

from geoservice.errors import NotSignedIn
from geoservice.operations import shared_access
from geoservice.operations.shared import Opened
from geoservice.operations.shared_access import Guest, Shared
from geoservice.types import Viewer
from geoservice.web.cookies import is_https
from geoservice.web.dependencies import CurrentViewer, signed_in
from geoservice.web.service import service_of

COOKIE, HOST_COOKIE = "geoservice-partage", "__Host-geoservice-partage"
COOKIE_S = 12 * 3_600


@dataclass(frozen=True)
class Door:
    """How people come in. `main`: beside the map, for people who are signed in; else by reading keys alone.

    viewer: who asks (`dependencies.viewer` goes through it), NotSignedIn or Forbidden for whoever may not; guest: what they may
    open.
    """

    shared: Shared
    viewer: Callable[[Request], Viewer]
    guest: Callable[[Request, Viewer], Guest]
    main: bool


def door_of(request: Request) -> Door:
    """The door of the surface that answers."""
    return request.app.state.door


def shared_of(request: Request) -> Shared:
    """The shared folder of the surface that answers."""
    return door_of(request).shared


def by_key(shared: Shared) -> Door:
    """The door of the shared surface."""
    return Door(shared, key_viewer, lambda request, _viewer: _guest(request), main=False)


def by_sign_in(shared: Shared) -> Door:
    """The door of the main surface: whoever is signed in and whose role may do what the route asks."""
    return Door(shared, signed_in, lambda request, who: shared_access.guest_of_viewer(shared, service_of(request).opened(), who),
                main=True)


def key_viewer(request: Request) -> Viewer:
    """Whoever shows a reading key; NotSignedIn without one. They belong to no organisation."""
    return Viewer(0, "", _guest(request).name, "clé")


def _guest(request: Request) -> Guest:
    """Whom a key lets in, looked up once a request: as a bearer token, else in its cookie."""
    if not hasattr(request.state, "guest"):
        request.state.guest = _known(request)
    return request.state.guest


def _known(request: Request) -> Guest:
    bearer = request.headers.get("authorization")
    if bearer is None:
        secret = request.cookies.get(cookie_name(request), "")
    else:
        scheme, _, secret = bearer.partition(" ")
        secret = secret.strip() if scheme.lower() == "bearer" else ""
    found = shared_access.guest_of_key(shared_of(request), secret)
    if found is None:
        raise NotSignedIn("Ouvrez /partage avec votre clé de lecture, ou envoyez-la dans l’en-tête « Authorization: Bearer ».")
    return found


def guest_of(request: Request, who: CurrentViewer) -> Guest:
    """The guest, as a dependency; NotSignedIn without one."""
    return door_of(request).guest(request, who)


CurrentGuest = Annotated[Guest, Depends(guest_of)]


def opened_of(request: Request, territory: str, guest: CurrentGuest) -> Opened:
    """The release that the path names, for this guest; the same NotFound for any that they may not open."""
    return shared_access.opened(shared_of(request), guest, territory)


CurrentRelease = Annotated[Opened, Depends(opened_of)]


def cookie_name(request: Request) -> str:
    return HOST_COOKIE if is_https(request) else COOKIE


def give(request: Request, response: Response, secret: str) -> None:
    """Keep a key in a cookie that no script reads and no other site sends."""
    response.set_cookie(cookie_name(request), secret, max_age=COOKIE_S, path="/", httponly=True, samesite="lax",
                        secure=is_https(request))


def take_back(request: Request, response: Response) -> None:
    """Forget the key."""
    response.delete_cookie(cookie_name(request), path="/", httponly=True, samesite="lax", secure=is_https(request))
