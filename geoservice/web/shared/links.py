"""What a share link opens: a page without scripts, or JSON. Whoever holds the link may look; nothing else is reached from it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from geoservice.core.disclosure.release import NOT_SHOWN
from geoservice.core.stats.words import number
from geoservice.errors import NotFound
from geoservice.operations import shared_links, shared_picture, shared_read
from geoservice.operations import shared_shapes as shapes
from geoservice.operations.shared_links import Linked
from geoservice.web.dependencies import one_of, only
from geoservice.web.responses import JSON, to_json
from geoservice.web.routes.page import TEMPLATES
from geoservice.web.shared.who import shared_of

router = APIRouter(include_in_schema=False)
HEADERS = {"Cache-Control": "private, no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow, noarchive"}


@router.get("/p/{secret}")
def follow(request: Request, secret: str,
           given: Annotated[dict[str, str], Depends(only("period", "group", "format"))]) -> Response:
    """One layer in one zone of one release."""
    form = one_of(given.get("format"), ("html", "json"), "format")
    try:
        linked = shared_links.follow(shared_of(request), secret)
    except NotFound as error:
        return _gone(form, error)
    if form == "json":
        return Response(to_json(shared_links.told(linked)), 200, HEADERS, JSON)
    return Response(_html(linked, given.get("period"), given.get("group")), 200, HEADERS, "text/html")


def _gone(form: str, error: NotFound) -> Response:
    """The same for every link that opens nothing."""
    if form == "json":
        body = {"type": "urn:geoservice:probleme:introuvable", "title": error.title, "status": 404, "detail": str(error)}
        return Response(to_json(body), 404, HEADERS, "application/problem+json")
    return Response(TEMPLATES.get_template("partage-fini.html").render(error=str(error)), 404, HEADERS, "text/html")


def _html(linked: Linked, period: str | None, group: str | None) -> str:
    found, values = shared_links.column_of(linked, period, group)
    opened, release = linked.opened, linked.opened.release
    picture = shared_picture.draw(opened, found, linked.rows)
    names = shapes.labels(opened, linked.level)
    values_told = [{"name": names[row], "count": None if value == NOT_SHOWN else number(value)}
                   for value, row in zip(values.tolist(), linked.rows.tolist(), strict=True)]
    choices: dict[str, Any] = {
        "periods": shared_read.periods_of(release, linked.kind, linked.level, found.group),
        "groups": [(code, shared_read.group_label(code)) for code in shared_read.groups_of(release, linked.kind, linked.level)]}
    return TEMPLATES.get_template("partage-lien.html").render(
        found=found, svg=picture.svg().decode(), classes=picture.classes, rows=values_told, **choices,
        zone=shapes.name_of(opened, linked.zone), title=opened.title or opened.territory,
        level=shared_read.LEVEL_NAMES[linked.level],
        kind=shared_read.kind_label(linked.kind), group=shared_read.group_label(found.group), masked=shared_read.MASKED,
        period_name=shared_read.period_label, promise=shared_read.promise(release), warnings=shared_read.warnings(release),
        revision=release.revision, expires=linked.expires.strftime("%d/%m/%Y"))
