"""The register filtered and added up; the yearly table against a loop; months of silence."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from geoservice.core.observatory import completeness, yearly
from geoservice.core.observatory.register import COLUMNS, FILED, NO_COST, SUBCODES, Register, per_residence, rows_of
from geoservice.core.query import FactQuery, day_number
from geoservice.types import Category, Kind, Nature, code_of


def register(facts: int = 500, seed: int = 2) -> Register:
    random = np.random.default_rng(seed)
    pairs = [*SUBCODES, *((str(category), "") for category in Category)]
    drawn = [pairs[k] for k in random.integers(0, len(pairs), facts)]
    columns = {
        "day": random.integers(day_number(date(2023, 6, 1)), day_number(date(2025, 3, 1)), facts),
        "residence": random.integers(0, 4, facts), "source": random.integers(1, 3, facts),
        "category": [code_of(Category(category)) for category, _ in drawn],
        "subcategory": [SUBCODES.get(pair, 0) for pair in drawn], "kind": np.full(facts, code_of(Kind.BAILLEUR)),
        "nature": random.integers(0, 4, facts), "complaint": random.integers(0, 3, facts),
        "cost": np.where(random.random(facts) < 0.5, NO_COST, random.integers(0, 50_000, facts)),
        "attached": np.zeros(facts)}
    return Register({name: np.asarray(columns[name]).astype(kind) for name, kind in COLUMNS.items()},
                    ("", "A", "B", "C"), ("", "un", "deux"))


def test_the_filter() -> None:
    some = register()
    query = FactQuery(Kind.BAILLEUR, date(2024, 1, 1), date(2025, 1, 1), (Category.DEG, Category.AGP), (Nature.GARDIEN,))
    rows = rows_of(some, query)
    year = some["day"].astype("datetime64[D]").astype("datetime64[Y]").astype(int) + 1970
    wanted = (year == 2024) & np.isin(some["category"], [code_of(Category.DEG), code_of(Category.AGP)]) & (some["nature"] == 1)
    assert rows.tolist() == np.flatnonzero(wanted).tolist() != []
    assert len(rows_of(some, FactQuery(Kind.VILLE))) == 0
    assert per_residence(some, rows).sum() == len(rows)


def test_the_yearly_table_is_what_a_loop_counts() -> None:
    some = register()
    rows, years = rows_of(some, FactQuery(Kind.BAILLEUR)), np.array([2023, 2024, 2025])
    lines = yearly.table(some, rows, years)
    names = {code: pair for pair, code in SUBCODES.items()}
    for line in lines:
        for part, whole in ((line.filed, line.asked), (line.asked, line.facts), (line.costed, line.facts)):
            assert (part <= whole).all()
    tag = next(line for line in lines if line.name == "tag")
    mine = [row for row in rows if names.get(int(some["subcategory"][row])) == ("DEG", "tag")]
    by_year = [[row for row in mine if date.fromordinal(date(1970, 1, 1).toordinal() + int(some["day"][row])).year == year]
               for year in years]
    assert tag.facts.tolist() == [len(found) for found in by_year]
    assert tag.cents.tolist() == [sum(max(0, int(some["cost"][row])) for row in found) for found in by_year]
    assert tag.filed.tolist() == [sum(int(some["complaint"][row]) == FILED for row in found) for found in by_year]


def test_families_hold_every_fact_once() -> None:
    some = register()
    lines = yearly.table(some, rows_of(some, FactQuery()), np.array([2023, 2024, 2025]))
    assert sum(line.facts.sum() for line in lines if line.total) == len(some)
    for family, _ in yearly.FAMILIES:
        whole = next(line for line in lines if line.total and line.family == family)
        parts = [line for line in lines if line.family == family and not line.total]
        assert not parts or np.array_equal(sum(part.facts for part in parts), whole.facts)
    assert sorted(each for _, some in yearly.FAMILIES for each in some) == sorted(Category)


def test_no_year_is_an_empty_table() -> None:
    some = register(5)
    assert all(len(line.facts) == 0 for line in yearly.table(some, rows_of(some, FactQuery()), np.empty(0, np.int64)))


def test_months_of_sources() -> None:
    day = np.array([day_number(date(2024, 1, 31)), day_number(date(2024, 2, 1)), day_number(date(2024, 2, 29))])
    starts, counts = completeness.months(day, np.array([0, 1, 1]), 2, (int(day[0]), int(day[-1])))
    assert len(starts) == 2
    assert counts.tolist() == [[1, 0], [0, 2]]


@pytest.mark.parametrize(("line", "quiet"), [
    ([0, 5, 6, 0, 4, 5], [3]), ([5, 5, 5, 5, 0, 0], [4, 5]), ([1, 0, 1, 0, 2, 1], []), ([0, 0, 0], []), ([9, 9, 9], [])])
def test_a_source_that_usually_speaks_is_missed(line: list[int], quiet: list[int]) -> None:
    assert np.flatnonzero(completeness.silent(np.array([line]))[0]).tolist() == quiet
