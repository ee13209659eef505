"""Requests made from the API's own description: 2,000 here, 20,000 by `make fuzz`. No server error, whatever is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hostile import fuzz


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # schemathesis and hypothesis warn about their own ways
def test_two_thousand_requests_make_no_server_error(tmp_path: Path) -> None:
    tally = fuzz.run(tmp_path, 2_000, seed=2)
    assert tally.cases >= 2_000
    assert tally.server_errors == 0, (tally.statuses, tally.examples)
    assert tally.statuses[200] > 50
    assert "ServerError" not in tally.failures


@pytest.mark.filterwarnings("ignore")
def test_a_server_error_is_counted(tmp_path: Path) -> None:
    from fastapi import FastAPI

    app = FastAPI(openapi_url="/api/openapi.json")

    @app.get("/api/breaks")
    def breaks(number: int = 0) -> dict[str, float]:
        return {"half": 1 / number}

    from starlette.middleware.base import BaseHTTPMiddleware
    from starlette.responses import Response

    async def guard(request: object, call_next: object) -> Response:
        try:
            return await call_next(request)  # type: ignore[operator]
        except ZeroDivisionError:
            return Response(status_code=500)

    app.add_middleware(BaseHTTPMiddleware, dispatch=guard)
    tally = fuzz.fuzz(app, "", 20, seed=1)
    assert tally.server_errors > 0
    assert "ServerError" in tally.failures
