"""The rival service: FastAPI and asyncpg over PostGIS, one statement a tile, the viewer checked by token. `uvicorn --factory`."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, HTTPException, Request
from starlette.responses import Response

from geoservice.core.query import FactQuery, day_number, parse
from geoservice.operations.tiles import resolution_of_zoom
from geoservice.types import code_of

# Geometries are stored ready in web mercator; counting is an index-only scan by cell, category and day: its strongest plan here.
LIVE = """
SELECT ST_AsMVT(tile, 'incidents', 4096, 'geom') FROM (
  SELECT c.h3, f.n::int AS n, ST_AsMVTGeom(c.geom, ST_TileEnvelope($1, $2, $3), 4096, 64, false) AS geom
  FROM cell c CROSS JOIN LATERAL (
    SELECT count(*) AS n FROM fact
    WHERE fact.r{r} = c.cell AND organisation = $4 AND category = ANY($5) AND day >= $6 AND day < $7) f
  WHERE c.resolution = {r} AND c.geom && ST_TileEnvelope($1, $2, $3, margin => 64.0 / 4096) AND f.n > 0) tile"""
TOKEN = "SELECT organisation FROM token WHERE sha256 = $1"


def factory() -> FastAPI:
    """The application; GEOSERVICE_RIVAL says as JSON how to connect."""
    app = FastAPI(lifespan=_lifespan, openapi_url=None)

    @app.get("/tiles/incidents/{z}/{x}/{y}.mvt")
    async def tile(request: Request, z: int, x: int, y: int) -> Response:
        async with app.state.pool.acquire() as connection:
            digest = hashlib.sha256(request.headers.get("authorization", "").removeprefix("Bearer ").encode()).hexdigest()
            organisation = await connection.fetchval(TOKEN, digest)
            if organisation is None:
                raise HTTPException(401)
            r = resolution_of_zoom(z)
            filters = _filters(parse(dict(request.query_params)))
            body = await connection.fetchval(LIVE.format(r=r), z, x, y, organisation, *filters)
        return Response(body, media_type="application/vnd.mapbox-vector-tile") if body else Response(status_code=204)

    return app


def _filters(query: FactQuery) -> tuple[list[int], int, int]:
    if query.since is None or query.until is None or not query.categories:
        raise HTTPException(400)
    return [code_of(category) for category in query.categories], day_number(query.since), day_number(query.until)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    import asyncpg

    options = json.loads(os.environ["GEOSERVICE_RIVAL"])
    async with asyncpg.create_pool(**options, min_size=4, max_size=4) as pool:
        app.state.pool = pool
        yield
