"""A filtered viewport of about 3,000 cells on many facts, against DuckDB on the same data in memory and on file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from geoservice.core import compiled, factfile, grid, scanning
from geoservice.core import facts as core
from geoservice.core.facts import DEGREE, Area, FactIndex
from geoservice.core.query import FactQuery, day_number
from geoservice.testing import fact_blocks
from geoservice.types import Box, Category, code_of
from tests.bench import measure
from tests.bench.measure import Cost

BOX = Box(2.3522 - 0.0612, 48.8566 - 0.034, 2.3522 + 0.0612, 48.8566 + 0.034)  # the middle of Paris
RESOLUTION = 10
QUERY = FactQuery(since=date(2023, 1, 1), until=date(2024, 1, 1), resolution=RESOLUTION,
                  categories=(Category.OCC, Category.TRF, Category.VEH, Category.VOL, Category.TEC))


@dataclass(frozen=True)
class Compared:
    """Cells and facts in the answer, and what it cost us, DuckDB in memory and DuckDB on file: (ours, memory, file).

    `bursts`: five calls of each in a row. `alone`: one call of each, so that every call finds the others' data in the caches.
    """

    cells: int
    total: int
    bursts: list[Cost]
    alone: list[Cost]


def compare(folder: Path, facts: int, rounds: int) -> Compared:
    """Answers are asserted equal, cell by cell, before anything is timed. Compiled loops are loaded, as a server has them."""
    import duckdb

    assert compiled.load(scanning.loops)
    path = folder / "bench.facts"
    factfile.write(_index(facts), path)
    index = factfile.open_index(path)
    peers = [_filled(duckdb.connect(where), index) for where in (":memory:", str(folder / "bench.duckdb"))]
    counted = core.count(index, RESOLUTION, Area(box=BOX), QUERY)
    for peer in peers:
        cells, counts = _ask(peer)
        order = np.argsort(cells)
        assert (cells[order] == counted.cells).all()
        assert (counts[order] == counted.counts).all()
    calls = [partial(core.count, index, RESOLUTION, Area(box=BOX), QUERY), *(partial(_ask, peer) for peer in peers)]
    bursts, alone = measure.in_turns(calls, rounds, burst=5), measure.in_turns(calls, rounds)
    for peer in peers:
        peer.close()
    return Compared(len(counted.cells), counted.total, bursts, alone)


def _index(facts: int) -> FactIndex:
    parts = [_columns(block) for block in fact_blocks(facts, seed=1)]
    return core.build({name: np.concatenate([part[name] for part in parts]) for name in parts[0]})


def _columns(block: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    nothing = np.zeros(len(block["day"]), dtype=np.uint8)
    return {**{name: block[name] for name in ("day", "hour", "category", "nature", "gravity", "place")},
            "cell": grid.index(block["lon"], block["lat"]), "lon": np.round(block["lon"] * DEGREE).astype(np.int32),
            "lat": np.round(block["lat"] * DEGREE).astype(np.int32), "unit": nothing, "span": nothing, "kind": nothing + 1,
            "placement": nothing + 1}


def _filled(connection: Any, index: FactIndex) -> Any:
    """DuckDB has what helps it: rows sorted by cell, and the parent at the asked resolution as a column of its own."""
    import pyarrow as pa

    columns = {name: np.asarray(index[name]) for name in ("lon", "lat", "day", "category")}
    table = pa.table({**columns, "parent": grid.parents(index["cell"], RESOLUTION)})
    connection.register("given", table)
    connection.execute("CREATE TABLE fact AS SELECT * FROM given")
    connection.unregister("given")
    connection.execute("CHECKPOINT")
    return connection


def _ask(connection: Any) -> tuple[np.ndarray, np.ndarray]:
    west, south, east, north = (round(side * DEGREE) for side in (BOX.west, BOX.south, BOX.east, BOX.north))
    assert QUERY.since is not None
    assert QUERY.until is not None
    found = connection.execute(
        "SELECT parent, count(*) AS facts FROM fact WHERE lon >= ? AND lon < ? AND lat >= ? AND lat < ? AND day >= ? AND day < ? "
        f"AND category IN ({', '.join(str(code_of(category)) for category in QUERY.categories)}) GROUP BY parent",
        [west, east, south, north, day_number(QUERY.since), day_number(QUERY.until)]).fetchnumpy()
    return found["parent"], found["facts"]
