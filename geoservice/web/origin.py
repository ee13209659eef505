"""Did a page of another site send this request? Forms and uploads from elsewhere are refused (CSRF)."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import Request

from geoservice.errors import Forbidden


def refuse_other_sites(request: Request) -> None:
    """Forbidden when a page of another site sent the request; a client that is no browser says nothing and may."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        refused = site not in ("same-origin", "none")
    else:
        refused = origin is not None and _authority(origin) != request.headers.get("host", "").lower()
    if refused:
        raise Forbidden("Cette demande vient d’un autre site. Ouvrez la page de ce service et recommencez.")


def _authority(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None
