"""The glossary: the register's words beside those of published statistics and of penal law."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from geoservice.operations.words_bridge import bridge
from geoservice.types import Viewer
from geoservice.web.dependencies import NoParameters
from geoservice.web.formpage import page

router = APIRouter(include_in_schema=False)


@router.get("/glossaire", dependencies=[NoParameters])
def glossary(request: Request) -> Response:
    """Every word of the register, for people who are signed in."""
    return page(request, _words)


def _words(_request: Request, _who: Viewer) -> dict[str, Any]:
    found = bridge()
    groups = [(category, list(rows)) for category, rows in groupby(found.rows, key=lambda row: row.category)]
    return {"page": "glossaire", "groups": groups, "sources": found.sources, "as_of": found.as_of.strftime("%d/%m/%Y")}
