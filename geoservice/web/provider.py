"""The provider of identities of a service, and its two cookies: one while somebody is there, one to sign them out there too."""

from __future__ import annotations

import secrets

from fastapi import Request
from starlette.responses import Response

from geoservice.errors import GeoserviceError, NotFound
from geoservice.operations.oidc import Identified, Provider
from geoservice.web.cookies import is_https
from geoservice.web.service import Service, service_of

_MINUTES = 10
_LONGEST_HINT = 3_500  # browsers keep no longer cookie


def provider_of(service: Service) -> Provider:
    """The service's provider; NotFound where there is none."""
    if service.provider is None:
        raise NotFound("Ce service ne connaît pas de fournisseur d’identité.")
    return service.provider


def give_intent(request: Request, response: Response, secret: str) -> None:
    """The browser keeps what its return is checked against."""
    response.set_cookie(_intent(request), secret, max_age=_MINUTES * 60, path="/", httponly=True, samesite="lax",
                        secure=is_https(request))


def intent_of(request: Request) -> str:
    """What this browser left with, '' when it did not."""
    return request.cookies.get(_intent(request), "")[:100]


def take_intent(request: Request, response: Response) -> None:
    """It serves once."""
    response.delete_cookie(_intent(request), path="/", httponly=True, samesite="lax", secure=is_https(request))


def keep_hint(request: Request, response: Response, known: Identified) -> None:
    """The browser keeps the provider's token, and shows it to the one address that signs out: the service keeps none."""
    if len(known.id_token) <= _LONGEST_HINT:
        hours = service_of(request).settings.sign_in_hours
        response.set_cookie(_hint(request), known.id_token, max_age=hours * 3_600, path="/deconnexion", httponly=True,
                            samesite="strict", secure=is_https(request))


def elsewhere(request: Request) -> str | None:
    """Where the provider signs this browser out as well; None when it did not come by one."""
    hint = request.cookies.get(_hint(request))
    if not hint or service_of(request).provider is None:
        return None
    try:
        return provider_of(service_of(request)).sign_out(hint, secrets.token_urlsafe(32))
    except GeoserviceError:
        return None


def take_hint(request: Request, response: Response) -> None:
    """Forget the provider's token."""
    response.delete_cookie(_hint(request), path="/deconnexion", httponly=True, samesite="strict", secure=is_https(request))


def _intent(request: Request) -> str:
    return f"{'__Host-' if is_https(request) else ''}geoservice-depart"


def _hint(request: Request) -> str:
    return f"{'__Secure-' if is_https(request) else ''}geoservice-fournisseur"
