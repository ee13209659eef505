"""Viewport, whole extent, size, hexagon tile and heat tile, each against its rivals in the same run."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from geoservice.core import compiled, crs, factfile, grid, scanning
from geoservice.core import facts as core
from geoservice.core.facts import EVERYWHERE, Area, FactIndex
from geoservice.export import heat, mvt
from geoservice.export.heat import HeatStyle
from geoservice.export.tile import Tile, loops
from geoservice.operations import tiles
from geoservice.types import code_of
from tests.bench import measure, viewport
from tests.bench.measure import Cost

COARSE = 8
HEXAGONS, POINTS = 3_000, 300_000
TILE = Tile(12, 2074, 1409)  # Paris


@dataclass(frozen=True)
class Rival:
    """One comparison: what, ours, the rival's name and cost, and how many times faster ours was to be."""

    what: str
    ours: Cost
    rival: str
    theirs: Cost
    times: float


def load_loops() -> None:
    """Compiled loops are loaded as a server has them; AssertionError where they cannot be."""
    assert compiled.load(scanning.loops)
    assert compiled.load(loops)


def counted(index: FactIndex, rounds: int) -> Iterator[Rival]:
    """The filtered viewport and the filtered whole extent."""
    import duckdb

    load_loops()
    database = _duckdb(duckdb.connect(":memory:"), index)
    lite = _sqlite(index)
    view = partial(core.count, index, viewport.RESOLUTION, Area(box=viewport.BOX), viewport.QUERY)
    whole = partial(core.count, index, COARSE, EVERYWHERE, viewport.QUERY)
    duck_view, duck_whole = partial(viewport._ask, database), partial(_whole, database)
    lite_view = partial(_lite_view, lite)
    for ours, rivals in ((view(), (duck_view(), lite_view())), (whole(), (duck_whole(),))):
        for cells, counts in rivals:
            order = np.argsort(cells)
            np.testing.assert_array_equal(np.asarray(cells, np.uint64)[order], ours.cells)
            np.testing.assert_array_equal(np.asarray(counts)[order], ours.counts)
    found = view()
    name = (f"filtered viewport of {len(found.cells):,} cells of res {viewport.RESOLUTION} ({found.total:,} facts) "
            f"on {len(index):,} facts")
    costs = measure.in_turns([view, duck_view, lite_view], rounds)
    yield Rival(name, costs[0], "DuckDB in memory, sorted by cell, positions tested", costs[1], 10)
    yield Rival(name, costs[0], "SQLite in memory, covering index (cell, category, day), a range a cell", costs[2], 20)
    found = whole()
    name = f"whole extent at res {COARSE} ({len(found.cells):,} cells, {found.total:,} facts), filtered, on {len(index):,} facts"
    costs = measure.in_turns([whole, duck_whole], max(5, rounds // 3))
    yield Rival(name, costs[0], "DuckDB in memory, parent as a column", costs[1], 4)


def _duckdb(connection: Any, index: FactIndex) -> Any:
    import pyarrow as pa

    columns = {name: np.asarray(index[name]) for name in ("lon", "lat", "day", "category")}
    parents = {name: grid.parents(index["cell"], r) for name, r in (("parent", viewport.RESOLUTION), ("coarse", COARSE))}
    connection.register("given", pa.table({**columns, **parents}))
    connection.execute("CREATE TABLE fact AS SELECT * FROM given")
    connection.unregister("given")
    return connection


def _conditions() -> tuple[str, list[int]]:
    first, days = core.days_of(viewport.QUERY) or (0, 65_535)
    categories = ", ".join(str(code_of(category)) for category in viewport.QUERY.categories)
    return f"category IN ({categories}) AND day >= ? AND day < ?", [first, first + days]


def _whole(connection: Any) -> tuple[np.ndarray, np.ndarray]:
    where, values = _conditions()
    found = connection.execute(f"SELECT coarse, count(*) AS facts FROM fact WHERE {where} GROUP BY coarse", values).fetchnumpy()
    return found["coarse"], found["facts"]


def _sqlite(index: FactIndex) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE fact (cell INTEGER, category INTEGER, day INTEGER, lon INTEGER, lat INTEGER)")
    cells = grid.parents(index["cell"], viewport.RESOLUTION).astype(np.int64)
    for start in range(0, len(index), 1_000_000):
        some = slice(start, start + 1_000_000)
        rows = zip(cells[some].tolist(), *(index[name][some].tolist() for name in ("category", "day", "lon", "lat")), strict=True)
        connection.executemany("INSERT INTO fact VALUES (?, ?, ?, ?, ?)", rows)
    connection.execute("CREATE INDEX covering ON fact (cell, category, day, lon, lat)")
    connection.execute("ANALYZE")
    connection.execute("CREATE TABLE asked (cell INTEGER PRIMARY KEY)")
    asked = grid.cover(viewport.BOX, viewport.RESOLUTION).astype(np.int64).tolist()
    connection.executemany("INSERT INTO asked VALUES (?)", [(cell,) for cell in asked])
    return connection


def _lite_view(connection: sqlite3.Connection) -> tuple[list[int], list[int]]:
    """Its strongest plan: the viewport's cells are known, each is a search in the covering index."""
    where, values = _conditions()
    west, south, east, north = core.rounded(viewport.BOX)
    rows = connection.execute(f"SELECT asked.cell, count(*) FROM asked CROSS JOIN fact USING (cell) WHERE {where} "
                              "AND lon >= ? AND lon < ? AND lat >= ? AND lat < ? GROUP BY asked.cell",
                              [*values, west, east, south, north]).fetchall()
    return [row[0] for row in rows], [row[1] for row in rows]


@dataclass(frozen=True)
class Sizes:
    """Bytes a fact: on the disk, resident once everything has been read, and what of both is no column."""

    disk: float
    resident: float
    offsets: float


def bytes_a_fact(index: FactIndex, path: Path) -> Sizes:
    """What a file of an index takes."""
    import psutil

    mapped = factfile.open_index(path)
    process = psutil.Process()
    before = process.memory_info().rss
    arrays = [*mapped.columns.values(), mapped.blocks, *mapped.starts.values()]
    touched = sum(int(np.asarray(array).reshape(-1).view(np.uint8)[::4096].sum()) for array in arrays)
    assert touched >= 0
    _ = mapped.groups
    resident = process.memory_info().rss - before
    number, disk = len(index), os.path.getsize(path)
    return Sizes(disk / number, resident / number, disk / number - core.BYTES_A_FACT)


def hexagon_tile(rounds: int) -> Rival:
    """Cells of one tile from their outlines and counts, against mapbox_vector_tile, which is given finished shapes."""
    import mapbox_vector_tile
    import shapely

    load_loops()
    cells = tiles.touching_cells(TILE, 10)[:HEXAGONS]
    lonlat, _ = grid.boundaries(cells)
    rings = np.stack(crs.world(lonlat[..., 0], lonlat[..., 1]), axis=-1)
    counts = np.random.default_rng(1).geometric(0.02, len(cells))
    shapes, numbers = shapely.polygons(np.rint(TILE.units(rings))), counts.tolist()

    def theirs() -> bytes:
        features = [{"geometry": shape, "properties": {"n": number}} for shape, number in zip(shapes, numbers, strict=True)]
        return mapbox_vector_tile.encode([{"name": "incidents", "features": features}], default_options={"y_coord_down": True})

    ours = partial(mvt.hexagons, TILE, "incidents", rings, None, {"n": counts})
    same_hexagons(ours(), theirs())
    costs = measure.in_turns([ours, theirs], rounds)
    return Rival(f"hexagon tile of {len(cells):,} cells, encoded", costs[0], "mapbox_vector_tile.encode", costs[1], 50)


def same_hexagons(ours: bytes, theirs: bytes) -> int:
    """How many features both tiles have; AssertionError unless the peer's decoder reads the same from both."""
    import mapbox_vector_tile

    options = {"y_coord_down": True}
    read = [mapbox_vector_tile.decode(body, default_options=options)["incidents"]["features"] for body in (ours, theirs)]
    assert len(read[0]) == len(read[1]) > 0
    for mine, other in zip(*read, strict=True):
        assert mine["properties"] == other["properties"]
        assert {tuple(p) for p in mine["geometry"]["coordinates"][0]} == {tuple(p) for p in other["geometry"]["coordinates"][0]}
    return len(read[0])


def heat_tile(rounds: int) -> Rival:
    """Points in view to PNG; datashader does not blur, ours does. Both see the same points: their totals are compared."""
    import datashader
    import pandas as pd
    from datashader import transfer_functions

    load_loops()
    west, north, east, south = TILE.bounds()
    rng = np.random.default_rng(2)
    spots = rng.uniform((west, north), (east, south), (400, 2))
    points = spots[rng.integers(0, 400, POINTS)] + rng.normal(0, (east - west) / 60, (POINTS, 2))
    points = points.clip((west, north), (np.nextafter(east, 0), np.nextafter(south, 0)))
    frame = pd.DataFrame({"x": points[:, 0], "y": points[:, 1]})
    canvas = datashader.Canvas(256, 256, x_range=(west, east), y_range=(north, south))

    def theirs() -> bytes:
        picture = transfer_functions.shade(canvas.points(frame, "x", "y", datashader.count()), how="linear")
        return picture.to_bytesio("PNG").getvalue()

    style = HeatStyle()
    assert int(canvas.points(frame, "x", "y", datashader.count()).values.sum()) == POINTS
    margin = heat._margin(style.radius_px)
    binned = heat._counted(loops(), TILE, points, style)[margin:-margin, margin:-margin]
    assert int(binned.sum()) == POINTS
    costs = measure.in_turns([partial(heat.heat_png, TILE, points, None, style), theirs], rounds)
    name = f"heat tile 256 px out of {POINTS:,} facts in view, blurred, to PNG"
    return Rival(name, costs[0], "datashader, not blurred, to PNG", costs[1], 10)
