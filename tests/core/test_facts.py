"""FactIndex against a slow, obvious count of the same facts."""

from __future__ import annotations

import contextlib
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoservice.core import factfile, facts, grid
from geoservice.core.facts import Area, Units
from geoservice.core.query import FactQuery, day_number, parse
from geoservice.errors import BadInput, KindRequired, UnknownParameter
from geoservice.types import Box, Category, Kind, Nature, Place, code_of


def columns(n: int = 3_000, seed: int = 0, kinds: int = 1, unplaced: int = 100) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    lon, lat = rng.normal(2.35, 0.03, n), rng.normal(48.86, 0.02, n)
    cell = grid.index(lon, lat)
    cell[:unplaced] = 0
    minute, duration = rng.integers(-1, 1440, n), rng.choice([0, 0, 30, 90, 300, 2000], n)
    hour, span = facts.hours_of(minute, duration)
    return {"cell": cell, "lon": np.round(lon * facts.DEGREE), "lat": np.round(lat * facts.DEGREE),
            "unit": rng.integers(0, 3, n), "day": rng.integers(19_000, 19_800, n), "hour": hour, "span": span,
            "category": rng.integers(1, 13, n), "kind": rng.integers(1, kinds + 1, n), "nature": rng.integers(0, 11, n),
            "gravity": rng.integers(0, 5, n), "place": rng.integers(0, 18, n), "placement": np.ones(n)}


UNITS = Units(("", "residence", "commune"), ("", "R1", "75056"), ("", "R1", ""), ("", "", "75056"))


def touched_hours(hour: int, span: int) -> list[int]:
    return [(hour + more) % 24 for more in range(span + 1)]


def slow(data: dict[str, np.ndarray], query: FactQuery, box: Box | None) -> tuple[dict[int, int], dict[str, int]]:
    """Cell → count and the unknowns, one fact at a time."""
    found: dict[int, int] = {}
    unknown = dict.fromkeys(facts.UNCERTAIN, 0)
    for row in range(len(data["cell"])):
        states = fact_states(data, row, query, box)
        if states is None:
            continue
        bad = [name for name, state in states.items() if state != "yes"]
        if not bad:
            cell = int(grid.parents(data["cell"][row:row + 1], query.resolution)[0])
            found[cell] = found.get(cell, 0) + 1
        elif len(bad) == 1 and states[bad[0]] == "unknown":
            unknown[bad[0]] += 1
    return found, unknown


def fact_states(data: dict[str, np.ndarray], row: int, query: FactQuery, box: Box | None) -> dict[str, str] | None:
    value = {name: int(data[name][row]) for name in data}
    certain = [
        value["cell"] != 0,
        query.since is None or value["day"] >= day_number(query.since),
        query.until is None or value["day"] < day_number(query.until),
        not query.categories or value["category"] in [code_of(c) for c in query.categories],
        query.kind is None or value["kind"] == code_of(query.kind),
        not query.weekdays or date.fromordinal(date(1970, 1, 1).toordinal() + value["day"]).isoweekday() in query.weekdays,
        box is None or (box.west <= value["lon"] / 1e7 < box.east and box.south <= value["lat"] / 1e7 < box.north),
    ]
    return uncertain_states(value, query) if all(certain) else None


def uncertain_states(value: dict[str, int], query: FactQuery) -> dict[str, str]:
    states: dict[str, str] = {}
    for name, wanted in (("nature", [code_of(n) for n in query.natures]), ("place", [code_of(p) for p in query.places]),
                         ("gravity", range(query.gravity_min, 5) if query.gravity_min else None)):
        if wanted:
            states[name] = "unknown" if value[name] == 0 else "yes" if value[name] in wanted else "no"
    if query.hours:
        first, last = query.hours
        window = set(range(first, last)) if first < last else {*range(first, 24), *range(last)}
        inside = [hour in window for hour in touched_hours(value["hour"], min(value["span"], 23))]
        states["hour"] = ("unknown" if value["hour"] == 255 else "yes" if all(inside) else "unknown" if any(inside) else "no")
    return states


queries = st.builds(
    FactQuery, kind=st.sampled_from([Kind.BAILLEUR, Kind.VILLE]), since=st.sampled_from([None, date(2022, 6, 1)]),
    until=st.sampled_from([None, date(2023, 9, 1)]),
    categories=st.lists(st.sampled_from(list(Category)), max_size=4).map(tuple),
    natures=st.lists(st.sampled_from(list(Nature)), max_size=3).map(tuple),
    places=st.lists(st.sampled_from(list(Place)), max_size=9).map(tuple), gravity_min=st.sampled_from([None, 1, 3]),
    hours=st.sampled_from([None, (20, 6), (8, 18), (0, 24)]), weekdays=st.sampled_from([(), (1, 2, 3, 4, 5), (7,)]),
    resolution=st.integers(5, 12))
BOXES = (None, Box(2.33, 48.85, 2.36, 48.88), Box(2.0, 48.0, 2.3499999, 48.86))
DATA = columns(kinds=2)
INDEX = facts.build(DATA, UNITS)


@settings(max_examples=40, deadline=None)
@given(query=queries, box=st.sampled_from(BOXES))
def test_count_equals_the_slow_count(query: FactQuery, box: Box | None) -> None:
    found = facts.count(INDEX, query.resolution, Area(box=box), query)
    expected, unknown = slow(DATA, query, box)
    assert dict(zip(found.cells.tolist(), found.counts.tolist(), strict=True)) == expected
    assert found.unknown == unknown
    assert (np.diff(found.cells.astype(np.float64)) > 0).all()


def test_kinds_are_never_added() -> None:
    with pytest.raises(KindRequired, match="bailleur"):
        facts.count(INDEX, 9)
    parts = [facts.count(INDEX, 9, query=FactQuery(kind=kind)).total for kind in (Kind.BAILLEUR, Kind.VILLE)]
    assert sum(parts) == len(INDEX) - INDEX.placed_from
    assert facts.count(INDEX, 9, query=FactQuery(kind=Kind.HABITANT)).total == 0


def test_totals_are_the_same_at_every_resolution_and_by_cells() -> None:
    query = FactQuery(kind=Kind.VILLE)
    totals = {facts.count(INDEX, resolution, query=query).total for resolution in range(4, 13)}
    assert len(totals) == 1
    coarse = facts.count(INDEX, 6, query=query)
    split = [facts.count(INDEX, 10, Area(cells=coarse.cells[i:i + 1]), query).total for i in range(len(coarse.cells))]
    assert split == coarse.counts.tolist()


def test_a_polygon_is_tested_on_positions() -> None:
    import shapely

    triangle = shapely.Polygon([(2.33, 48.84), (2.38, 48.84), (2.35, 48.88)])
    query = FactQuery(kind=Kind.BAILLEUR)
    keep = (DATA["kind"] == 1) & (DATA["cell"] > 0)
    expected = shapely.contains_xy(triangle, DATA["lon"][keep] / 1e7, DATA["lat"][keep] / 1e7).sum()
    assert facts.count(INDEX, 9, Area(polygon=triangle), query).total == expected > 100


def test_facts_without_a_point_count_beside_the_map_and_by_unit() -> None:
    query = FactQuery(kind=Kind.VILLE)
    rows = (DATA["kind"] == 2) & (DATA["cell"] == 0)
    assert facts.count(INDEX, 9, query=query).unplaced == rows.sum() > 10
    assert facts.count(INDEX, 9, Area(residence="R1"), query).unplaced == (rows & (DATA["unit"] == 1)).sum()
    assert facts.count(INDEX, 9, Area(box=BOXES[1]), query).unplaced == 0
    everyone = facts.unit_counts(INDEX, query, "residence")
    assert everyone == {"R1": int(((DATA["kind"] == 2) & (DATA["unit"] == 1)).sum())}


def test_the_file_gives_the_same_index_and_is_replaced_whole(tmp_path) -> None:
    path = tmp_path / "0.facts"
    factfile.write(INDEX, path)
    before = factfile.open_index(path)
    factfile.write(facts.build(columns(50, seed=9, unplaced=0), UNITS, "2"), path)
    after = factfile.open_index(path)
    assert (len(before), before.version, len(after), after.version) == (3_000, "0", 50, "2")
    query = FactQuery(kind=Kind.VILLE, hours=(20, 6))
    assert facts.count(before, 9, query=query).total == facts.count(INDEX, 9, query=query).total
    assert before.units == UNITS
    assert before.kinds == INDEX.kinds
    assert [file.name for file in tmp_path.iterdir()] == ["0.facts"]


def test_a_fact_is_at_most_32_bytes() -> None:
    assert facts.BYTES_A_FACT <= 32
    assert sum(column.nbytes for column in INDEX.columns.values()) == facts.BYTES_A_FACT * len(INDEX)


def test_an_empty_index_counts_nothing(tmp_path) -> None:
    empty = facts.build({name: np.empty(0) for name in facts.COLUMNS})
    factfile.write(empty, tmp_path / "e")
    assert facts.count(factfile.open_index(tmp_path / "e"), 9, Area(box=BOXES[1])).total == 0


@pytest.mark.parametrize(("text", "expected"), [
    ({"kind": "ville", "from": "2024-01-01", "to": "2024-02-01"}, FactQuery(Kind.VILLE, date(2024, 1, 1), date(2024, 2, 1))),
    ({"hours": "20-6", "weekdays": "6-1"}, FactQuery(hours=(20, 6), weekdays=(1, 6, 7))),
    ({"category": "SAL,DEG", "resolution": "12"}, FactQuery(categories=(Category.SAL, Category.DEG), resolution=12)),
])
def test_parse(text: dict[str, str], expected: FactQuery) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize("text", [
    {"kind": "police"}, {"kind": "ville,bailleur"}, {"from": "01/02/2024"}, {"from": "2024-02-01", "to": "2024-02-01"},
    {"hours": "25-3"}, {"hours": "3-3"}, {"weekdays": "0"}, {"gravity_min": "9"}, {"resolution": "13"}, {"bbox": "1,2,3"},
    {"bbox": "nan,48,3,49"}, {"bbox": "3,48,2,49"}, {"zone": "iris:1"}, {"from": "９９９９-01-01"}, {"gravity_min": "１"},
])
def test_what_cannot_be_is_refused_in_words(text: dict[str, str]) -> None:
    with pytest.raises(BadInput) as refused:
        parse(text)
    assert len(str(refused.value)) > 20


def test_unknown_parameters_are_errors() -> None:
    with pytest.raises(UnknownParameter, match="catgeory"):
        parse({"catgeory": "SAL"})


NAMES = st.sampled_from(["kind", "from", "hours", "bbox", "zone", "weekdays", "resolution"])


@given(st.dictionaries(NAMES, st.text(max_size=30)))
def test_parse_never_crashes(params: dict[str, str]) -> None:
    with contextlib.suppress(BadInput):
        parse(params)
