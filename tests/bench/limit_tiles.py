"""Tiles of many facts: ours, PostGIS behind the same framework, and tipg; compared feature by feature, then loaded in turns."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from geoservice.core import crs, grid
from geoservice.core.facts import DEGREE, FactIndex
from geoservice.export.tile import Tile
from geoservice.operations import tiles
from tests.bench import limit_cluster, limit_load, limit_world
from tests.bench.limit_load import Loaded, Served
from tests.bench.limit_world import World
from tests.bench.measure import ROOT

TILES, FILTERS, ZOOMS = 200, 60, range(10, 16)
WARM = 20 * TILES  # answers before the clock starts
TIPG = "tipg==1.6.1"
_CLOSE = 1  # tile units: each rounds a web-mercator coordinate in its own way


@dataclass(frozen=True)
class Pair:
    """Ours and a rival under the same requests; features that were compared before."""

    ours: Loaded
    rival: Loaded
    features: int


def wanted_tiles(index: FactIndex) -> list[Tile]:
    """Distinct tiles around randomly chosen facts, as many of each zoom."""
    rng, found = np.random.default_rng(7), dict[Tile, None]()
    while len(found) < TILES:
        row = int(rng.integers(index.placed_from, len(index)))
        zoom = ZOOMS[len(found) % len(ZOOMS)]
        x, y = crs.world(index["lon"][row:row + 1] / DEGREE, index["lat"][row:row + 1] / DEGREE)
        found[Tile(zoom, int(x[0] * 2**zoom), int(y[0] * 2**zoom))] = None
    return list(found)


def live_paths(wanted: list[Tile]) -> list[str]:
    """Each tile under many filters: a year from a day of its own, five categories.

    Three times as many as the service keeps tiles, asked for in a circle: no answer is one kept from before.
    """
    rng = np.random.default_rng(8)
    paths = []
    for _ in range(FILTERS):
        for tile in wanted:
            first = date(2021, 11, 1) + timedelta(int(rng.integers(1_400)))
            paths.append(f"/tiles/incidents/{tile.z}/{tile.x}/{tile.y}.mvt?from={first}&to={first + timedelta(365)}"
                         "&category=OCC,TRF,VEH,VOL,TEC")
    return [paths[at] for at in rng.permutation(len(paths)).tolist()]


def compare(folder: Path, index: FactIndex, seconds: float, rounds: int) -> dict[str, Pair]:
    """`live` filtered tiles against PostGIS, static ones against `tipg`; Unavailable where there is no PostgreSQL."""
    world, wanted = limit_world.build(folder / "served", index), wanted_tiles(index)
    with limit_cluster.running() as cluster:
        limit_load.fill(cluster, index, world.token, wanted)
        rival = limit_load.served("tests.bench.limit_rival:factory", "/", GEOSERVICE_RIVAL=json.dumps(cluster.options()))
        with _ours(world) as ours, rival as theirs:
            _warm(ours, wanted, world.token)
            found: dict[str, Pair] = {}
            paths = live_paths(wanted)
            features = sum(_same(ours.get(path, world.token), theirs.get(path, world.token), path) for path in paths[:TILES])
            sides = [(ours, paths, ours.cpu_s), (theirs, paths, lambda: theirs.cpu_s() + cluster.cpu_s())]
            found["live"] = Pair(*_in_turns(sides, world.token, seconds, rounds), features)
            found["tipg"] = _against_tipg(folder, cluster, ours, wanted, world.token, seconds, rounds)
    return found


def _ours(world: World) -> Any:
    return limit_load.served("geoservice.web.asgi:factory", "/health/live", GEOSERVICE_DATA=str(world.settings.data))


def _warm(ours: Served, wanted: list[Tile], token: str) -> None:
    """Every tile once, and the time to load compiled loops; the rival's stored outlines were made beforehand too."""
    import time

    for path in live_paths(wanted)[:TILES]:
        ours.get(path, token)
    time.sleep(15)
    for path in live_paths(wanted)[:WARM]:
        ours.get(path, token)


_Side = tuple[Served, list[str], Callable[[], float]]


def _in_turns(sides: list[_Side], token: str, seconds: float, rounds: int) -> list[Loaded]:
    found: list[list[Loaded]] = [[] for _ in sides]
    for _ in range(rounds + 1):
        for (service, paths, cpu), seen in zip(sides, found, strict=True):
            seen.append(limit_load.load(service, paths, token, seconds, cpu))
    return [_median(seen[1:]) for seen in found]


def _median(seen: list[Loaded]) -> Loaded:
    errors = sum(one.errors for one in seen)
    if errors:
        raise RuntimeError(f"{errors} answers were no tile")
    return Loaded(*(statistics.median(getattr(one, name) for one in seen) for name in ("per_s", "p50_ms", "p99_ms")), 0,
                  statistics.median(one.cpu_ms for one in seen))


def _read(body: bytes) -> dict[str, tuple[int, np.ndarray]]:
    """Count and vertices of every cell of a tile, by a decoder of neither side."""
    import mapbox_vector_tile

    if not body:
        return {}
    layer = next(iter(mapbox_vector_tile.decode(body, default_options={"y_coord_down": True}).values()))
    return {feature["properties"]["h3"]: (feature["properties"]["n"], np.unique(feature["geometry"]["coordinates"][0], axis=0))
            for feature in layer["features"]}


def _same(ours: bytes, rival: bytes, path: str) -> int:
    """How many features both tiles have; AssertionError when they differ.

    The rival takes cells whose bounding box meets the tile; ours also ask whether the cell does. What it has beyond ours must be
    such a cell.
    """
    mine, theirs = _read(ours), _read(rival)
    z, x, y = (int(part) for part in path.partition(".mvt")[0].split("/")[-3:])
    tile = Tile(z, x, y)
    touching = set(grid.to_text(tiles.touching_cells(tile, tiles.resolution_of_zoom(z))))
    assert set(mine) <= set(theirs), path
    assert not (set(theirs) - set(mine)) & touching, path
    for name, (number, shape) in mine.items():
        other, outline = theirs[name]
        assert number == other, (path, name)
        assert shape.shape == outline.shape, (path, name)
        assert np.abs(shape - outline).max() <= _CLOSE, (path, name)
    return len(mine)


def _same_counts(ours: bytes, rival: bytes, path: str) -> int:
    """As `_same` for tipg, which clips outlines and leaves out cells that touch the margin alone: cells and counts."""
    mine, theirs = _read(ours), _read(rival)
    z, x, y = (int(part) for part in path.partition(".mvt")[0].split("/")[-3:])
    within = set(grid.to_text(tiles.touching_cells(Tile(z, x, y, buffer=0), tiles.resolution_of_zoom(z))))
    common = set(mine) & set(theirs)
    assert set(mine) & within <= common, path
    assert not (set(theirs) - common) & within, path
    assert all(mine[name][0] == theirs[name][0] for name in common), path
    return len(common)


def _against_tipg(folder: Path, cluster: limit_cluster.Cluster, ours: Served, wanted: list[Tile], token: str, seconds: float,
                  rounds: int) -> Pair:
    """Static tiles; tipg clips the outlines, so cells and counts are compared, and it may send as many rows as there are."""
    python = _tipg(folder / "tipg")
    order = np.random.default_rng(9).permutation(len(wanted)).tolist()
    mine = [f"/tiles/incidents/{tile.z}/{tile.x}/{tile.y}.mvt" for tile in wanted]
    theirs = [f"/collections/public.static_r{tiles.resolution_of_zoom(tile.z)}/tiles/WebMercatorQuad/{tile.z}/{tile.x}/{tile.y}"
              "?properties=h3,n" for tile in wanted]
    environment = {"DATABASE_URL": cluster.address(), "TIPG_MAX_FEATURES_PER_TILE": "100000", "TIPG_TILE_BUFFER": "64",
                   "DB_MIN_CONN_SIZE": "4", "DB_MAX_CONN_SIZE": "4"}
    with limit_load.served("tipg.main:app", "/healthz", python=str(python), **environment) as rival:
        features = sum(_same_counts(ours.get(one, token), rival.get(other, token), one)
                       for one, other in zip(mine, theirs, strict=True))
        seen = _in_turns([(ours, [mine[at] for at in order], ours.cpu_s),
                          (rival, [theirs[at] for at in order], lambda: rival.cpu_s() + cluster.cpu_s())], token, seconds, rounds)
    return Pair(*seen, features)


def _tipg(folder: Path) -> Path:
    """The interpreter of an environment of its own: tipg's pins are not ours."""
    uv = ROOT / ".venv" / "bin" / "uv"
    program = str(uv) if uv.exists() else "uv"
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    for words in (["venv", "--quiet", str(folder)], ["pip", "install", "--quiet", "--python", str(folder), TIPG, "uvicorn"]):
        done = subprocess.run([program, *words], env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise limit_cluster.Unavailable(f"tipg cannot be installed: {done.stderr[-300:]}")
    return folder / "bin" / "python"
