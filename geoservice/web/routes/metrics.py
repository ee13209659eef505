"""Counts of requests, where they are switched on: for this machine, or for whoever has a token."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from geoservice.web.dependencies import NoParameters, viewer_of
from geoservice.web.loopback import is_local

router = APIRouter(dependencies=[NoParameters], include_in_schema=False)


@router.get("/metrics")
def metrics(request: Request) -> Response:
    """Requests by route, method and status, and their times."""
    if not is_local(request):
        viewer_of(request)
    body, kind = request.app.state.metrics.text()
    return Response(body, 200, {"Cache-Control": "no-store"}, kind)
