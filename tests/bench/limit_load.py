"""Filling PostGIS with the facts of an index, and loading a service with wrk."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import shapely

from geoservice.core import crs, grid
from geoservice.core.facts import FactIndex
from geoservice.export.tile import Tile
from geoservice.operations import tiles
from tests.bench import limit_cluster
from tests.bench.limit_cluster import Cluster
from tests.bench.measure import ROOT

RESOLUTIONS = (8, 9, 10, 11)  # of the cells drawn from zoom 10 to 15
BLOCK = 200_000
_COPY_HEAD, _COPY_END = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"
_HALF_WORLD_M = 20_037_508.342789244


def fill(cluster: Cluster, index: FactIndex, token: str, wanted: list[Tile]) -> None:
    """Facts with their cell at each drawn resolution, cells of the wanted tiles with their outlines, static counts, the token."""
    asyncio.run(_fill(cluster, index, token, wanted))


async def _fill(cluster: Cluster, index: FactIndex, token: str, wanted: list[Tile]) -> None:
    import asyncpg

    connection = await asyncpg.connect(**cluster.options())
    run = connection.execute
    await run("CREATE UNLOGGED TABLE fact (organisation int4, " + ", ".join(f"r{r} int8" for r in RESOLUTIONS)
              + ", category int2, day int2)")
    await run("CREATE UNLOGGED TABLE cell (resolution int2, cell int8, h3 text, geom geometry(Polygon, 3857))")
    await run("CREATE TABLE token (sha256 text PRIMARY KEY, organisation int4 NOT NULL)")
    await run("INSERT INTO token VALUES ($1, 1)".replace("$1", f"'{hashlib.sha256(token.encode()).hexdigest()}'"))
    await connection.copy_to_table("fact", source=_facts(index), format="binary")
    for resolution in RESOLUTIONS:
        cells = [tiles.touching_cells(tile, resolution) for tile in wanted if tiles.resolution_of_zoom(tile.z) == resolution]
        if cells:
            await connection.copy_to_table("cell", source=_cells(np.unique(np.concatenate(cells)), resolution), format="binary")
        await run(f"CREATE INDEX ON fact (r{resolution}, organisation, category, day)")
    await run("CREATE INDEX ON cell USING gist (geom)")
    await run("VACUUM ANALYZE fact")
    await run("VACUUM ANALYZE cell")
    for resolution in RESOLUTIONS:
        await run(f"CREATE UNLOGGED TABLE static_r{resolution} AS SELECT c.h3, f.n::int AS n, c.geom FROM cell c JOIN "
                  f"(SELECT r{resolution}, count(*) AS n FROM fact GROUP BY 1) f ON f.r{resolution} = c.cell "
                  f"WHERE c.resolution = {resolution}")
        await run(f"ALTER TABLE static_r{resolution} ADD COLUMN id serial PRIMARY KEY")
        await run(f"CREATE INDEX ON static_r{resolution} USING gist (geom)")
        await run(f"VACUUM ANALYZE static_r{resolution}")
    await connection.close()


async def _facts(index: FactIndex) -> AsyncIterator[bytes]:
    """Rows in order of cells, as COPY's binary format: every field behind its length, big-endian."""
    names = ["organisation", *(f"r{r}" for r in RESOLUTIONS), "category", "day"]
    kinds = dict(zip(names, [">i4", *[">i8"] * len(RESOLUTIONS), ">i2", ">i2"], strict=True))
    row = np.dtype([("fields", ">i2"), *(pair for name in names for pair in ((f"_{name}", ">i4"), (name, kinds[name])))])
    yield _COPY_HEAD
    for start in range(index.placed_from, len(index), BLOCK):
        some = slice(start, min(start + BLOCK, len(index)))
        rows = np.zeros(some.stop - some.start, row)
        rows["fields"] = len(names)
        for name in names:
            rows[f"_{name}"] = np.dtype(kinds[name]).itemsize
        rows["organisation"], rows["category"], rows["day"] = 1, index["category"][some], index["day"][some]
        for resolution in RESOLUTIONS:
            rows[f"r{resolution}"] = grid.parents(index["cell"][some], resolution)
        yield rows.tobytes()
    yield _COPY_END


async def _cells(cells: np.ndarray, resolution: int) -> AsyncIterator[bytes]:
    yield _COPY_HEAD
    for start in range(0, len(cells), BLOCK):
        some = cells[start:start + BLOCK]
        lonlat, _ = grid.boundaries(some)
        x, y = crs.world(lonlat[..., 0], lonlat[..., 1])
        metres = np.stack([(2 * x - 1) * _HALF_WORLD_M, (1 - 2 * y) * _HALF_WORLD_M], axis=-1)
        shapes = shapely.to_wkb(shapely.set_srid(shapely.polygons(metres), 3857), include_srid=True)
        texts = grid.to_text(some)
        yield b"".join(_row(resolution.to_bytes(2, "big"), cell.to_bytes(8, "big"), text.encode(), shape)
                       for cell, text, shape in zip(some.tolist(), texts, shapes, strict=True))
    yield _COPY_END


def _row(*fields: bytes) -> bytes:
    return len(fields).to_bytes(2, "big") + b"".join(len(field).to_bytes(4, "big") + field for field in fields)


@dataclass(frozen=True)
class Served:
    """A running service: its address and its process."""

    address: str
    process: subprocess.Popen

    def get(self, path: str, token: str) -> bytes:
        """The body of an answer; b"" for none (204)."""
        request = urllib.request.Request(self.address + path, headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read()

    def cpu_s(self) -> float:
        """Processor seconds that it has taken."""
        return sum(psutil.Process(self.process.pid).cpu_times()[:2])


@contextmanager
def served(factory: str, ready: str, python: str = sys.executable, **environment: str) -> Iterator[Served]:
    """One uvicorn worker on a free port of this machine, stopped at the end.

    A session of its own, as PostgreSQL has: Linux shares processors out by sessions first, and that of the bench is not alone.
    """
    port = limit_cluster.free_port()
    command = [python, "-m", "uvicorn", *(["--factory"] if "factory" in factory else []), factory, "--port", str(port), "--host",
               "127.0.0.1", "--no-access-log", "--log-level", "error"]
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "OPENBLAS_NUM_THREADS": "1", **environment},
                               stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        _wait(f"http://127.0.0.1:{port}{ready}", process)
        yield Served(f"http://127.0.0.1:{port}", process)
    finally:
        process.terminate()
        process.wait(30)


def _wait(address: str, process: subprocess.Popen) -> None:
    for _ in range(600):
        if process.poll() is not None:
            raise RuntimeError(f"the service ended with {process.returncode}")
        try:
            urllib.request.urlopen(address, timeout=5).read()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the service did not answer within a minute")


@dataclass(frozen=True)
class Loaded:
    """What wrk saw: requests a second, milliseconds, answers that were no tile, and processor milliseconds a request."""

    per_s: float
    p50_ms: float
    p99_ms: float
    errors: int
    cpu_ms: float


_SCRIPT = """
local urls, at = {}, 0
for line in io.lines(os.getenv("BENCH_URLS")) do urls[#urls + 1] = line end
local headers = {["Authorization"] = "Bearer " .. os.getenv("BENCH_TOKEN")}
request = function() at = at % #urls + 1; return wrk.format("GET", urls[at], headers) end
done = function(summary, latency, requests)
  io.stderr:write(string.format('{"requests":%d,"us":%d,"p50":%f,"p99":%f,"errors":%d}\\n', summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), summary.errors.status + summary.errors.timeout + summary.errors.read))
end
"""


def load(service: Served, paths: list[str], token: str, seconds: float, cpu: Any) -> Loaded:
    """Four clients ask for the paths, one after the other and round again, from another process."""
    with tempfile.TemporaryDirectory() as name:
        script, addresses = Path(name) / "bench.lua", Path(name) / "urls"
        script.write_text(_SCRIPT)
        addresses.write_text("\n".join(paths))
        before = cpu()
        command = ["wrk", "-t1", "-c4", f"-d{seconds:.0f}s", "-s", str(script), service.address]
        environment = {**os.environ, "BENCH_URLS": str(addresses), "BENCH_TOKEN": token}
        done = subprocess.run(command, text=True, check=True, capture_output=True, env=environment)
        spent = cpu() - before
    seen = json.loads(done.stderr.strip().splitlines()[-1])
    return Loaded(seen["requests"] / seen["us"] * 1e6, seen["p50"] / 1e3, seen["p99"] / 1e3, seen["errors"],
                  spent * 1e3 / max(1, seen["requests"]))
