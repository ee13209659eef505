"""Looking at an index piece by piece, or across small gaps, finds what looking at it whole finds."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from geoservice.core import factfile, factindex, facts, grid
from geoservice.core.facts import Area
from geoservice.core.query import FactQuery
from geoservice.errors import NotReady
from geoservice.types import Box, Category, Kind, code_of

BOX = Area(box=Box(2.33, 48.85, 2.36, 48.88))
QUERIES = [FactQuery(kind=Kind.VILLE),
           FactQuery(kind=Kind.VILLE, since=date(2022, 6, 1), categories=(Category.SAL, Category.OCC)),
           FactQuery(kind=Kind.VILLE, until=date(2023, 1, 1), weekdays=(1, 7)),
           FactQuery(kind=Kind.VILLE, since=date(2022, 6, 1), until=date(2022, 6, 11)),
           FactQuery(kind=Kind.VILLE, since=date(2148, 1, 1)), FactQuery(kind=Kind.VILLE, until=date(1970, 1, 1))]


def index_of(n: int = 20_000) -> facts.FactIndex:
    rng = np.random.default_rng(3)
    lon, lat = rng.normal(2.35, 0.03, n), rng.normal(48.86, 0.02, n)
    columns = dict.fromkeys(facts.COLUMNS, np.zeros(n))
    return facts.build(columns | {
        "cell": grid.index(lon, lat), "lon": np.round(lon * facts.DEGREE), "lat": np.round(lat * facts.DEGREE),
        "day": rng.integers(19_000, 19_800, n), "category": rng.integers(1, 13, n), "kind": rng.integers(1, 3, n)})


INDEX = index_of()


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("area", [facts.EVERYWHERE, BOX])
def test_pieces_and_gaps_change_nothing(monkeypatch: pytest.MonkeyPatch, query: FactQuery, area: Area) -> None:
    found = []
    for piece, nearby in ((1 << 30, 0), (7, 0), (1_000, 1 << 30), (facts.PIECE, facts.NEARBY)):
        monkeypatch.setattr(facts, "PIECE", piece)
        monkeypatch.setattr(facts, "NEARBY", nearby)
        counted = facts.count(INDEX, 10, area, query)
        found.append((counted.cells.tolist(), counted.counts.tolist(), counted.unknown, counted.unplaced))
    assert found[0] == found[1] == found[2] == found[3]
    keep = (INDEX["kind"] == 2) & np.isin(INDEX["category"], [code_of(c) for c in query.categories or tuple(Category)])
    keep &= (INDEX["day"] >= day(query.since, 0)) & (INDEX["day"] < day(query.until, 1 << 16))
    if query.weekdays:
        keep &= np.isin((INDEX["day"].astype(int) + 3) % 7 + 1, query.weekdays)
    if area is BOX:
        lon, lat = INDEX["lon"] / 1e7, INDEX["lat"] / 1e7
        keep &= (lon >= 2.33) & (lon < 2.36) & (lat >= 48.85) & (lat < 48.88)
    assert sum(found[0][1]) == keep.sum()
    assert keep.sum() > 0 or query in QUERIES[-2:]


def test_starts_and_blocks_are_the_cells_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for together in (1, 7, 1 << 20):
        monkeypatch.setattr(factindex, "_TOGETHER", together)
        small = index_of(500) if together < 20 else INDEX
        factfile.write(small, tmp_path / "1.facts")
        for index in (small, factfile.open_index(tmp_path / "1.facts")):
            for resolution in factindex.STARTED:
                cells = grid.parents(index["cell"], resolution)
                first = np.unique(cells, return_index=True)[1]
                assert index.starts[resolution].tolist() == [*np.sort(first).tolist(), len(index)]
            assert index.blocks[:, 0].tolist() == index.starts[facts.BLOCK_RESOLUTION][:-1].tolist()
            for first, last, west, south, east, north in index.blocks[::97].tolist():
                lon, lat = index["lon"][first:last], index["lat"][first:last]
                assert (lon.min(), lat.min(), lon.max(), lat.max()) == (west, south, east, north)


def day(bound: date | None, otherwise: int) -> int:
    return otherwise if bound is None else (bound - date(1970, 1, 1)).days


def test_an_index_swapped_while_another_process_opens_it_is_old_or_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, loads = tmp_path / "1.facts", factfile.json.loads
    factfile.write(INDEX, path)

    def swap_then_load(text: bytes) -> object:
        factfile.write(index_of(10), path)
        return loads(text)

    monkeypatch.setattr(factfile.json, "loads", swap_then_load)
    assert (factfile.open_index(path)["cell"] == INDEX["cell"]).all()


@pytest.mark.parametrize("kept", [0, 5, 100, 30_000, -8])
def test_a_torn_index_is_refused_in_words(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "1.facts"
    factfile.write(INDEX, path)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(NotReady, match="doctor"):
        factfile.open_index(path)
