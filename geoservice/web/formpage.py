"""How pages of plain forms are made: what they show, what a form asks, and a refusal as a sentence on the page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from geoservice.core.query import EPOCH
from geoservice.errors import GeoserviceError, NotSignedIn
from geoservice.types import LABELS, Viewer
from geoservice.web import bar
from geoservice.web.actions import allow
from geoservice.web.dependencies import viewer_of
from geoservice.web.routes.page import HTML_HEADERS, TEMPLATES

Data = Callable[[Request, Viewer], dict[str, Any]]


def page(request: Request, data: Data) -> Response:
    """A page for whoever is signed in and may see it; others are led to the form."""
    try:
        who = viewer_of(request)
    except NotSignedIn:
        return RedirectResponse("/connexion", 303, {"Cache-Control": "no-store"})
    allow(request, who)
    return render(request, who, data)


def tried(request: Request, who: Viewer, data: Data, act: Callable[[], Response | None]) -> Response:
    """Do what a form asks, then show the page; a refusal is a sentence on it."""
    try:
        answer = act()
    except GeoserviceError as error:
        return render(request, who, data, error=str(error), status=error.status)
    address = "/" + str(data(request, who)["page"])
    return answer or RedirectResponse(address, 303, {"Cache-Control": "no-store"})


def render(request: Request, who: Viewer, data: Data, status: int = 200, **more: Any) -> Response:
    """The page whose template `data` names, with what else is to be said on it."""
    values = {"error": "", "told": "", "joined": "", **data(request, who), **more}
    html = TEMPLATES.get_template(f"{values['page']}.html").render(
        **bar.of(who, values.get("within", f"/{values['page']}")), labels=LABELS, moment=_moment, day=_day, **values)
    return Response(html, status, {**HTML_HEADERS, "Cache-Control": "no-store"}, "text/html")


def _moment(value: Any) -> str:
    """A moment of the database or of the audit, in UTC as people write it."""
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return (found if found.tzinfo is None else found.astimezone(UTC)).strftime("%d/%m/%Y %H:%M")


def _day(number: int) -> str:
    """Days since 1970-01-01 as people write them."""
    return (EPOCH + timedelta(days=number)).strftime("%d/%m/%Y")
