"""The six Dans Ma Rue extracts, read and validated: the counts of PROVENANCE.md."""

from __future__ import annotations

from collections import Counter
from itertools import permutations

import pytest

from geoservice.catalog.intake.facts import FactIntake, snapshot_of
from geoservice.catalog.layers import load
from geoservice.catalog.readers import open_table
from geoservice.catalog.rows import FACT
from tests.catalog.tables import SHARED, TODAY

KEY, CONTENT, SEEN, NATURE = (FACT.index(n) for n in ("key", "content", "seen", "nature"))


@pytest.fixture(scope="module")
def files():
    folder = SHARED / "incidents" / "dansmarue_raw"
    if not folder.is_dir():
        pytest.skip("les extraits Dans Ma Rue (../shared/data) ne sont pas à côté du projet")
    return {path.name: rows_of(path) for path in sorted(folder.glob("*.csv.gz"))}


def rows_of(path):
    catalog = load()
    with open_table(path, None) as table:
        source = catalog.recognise("incidents", table.columns)
        assert source is catalog.source("incidents", "dans-ma-rue")
        intake = FactIntake(source, TODAY, snapshot_of(table, source, TODAY))
        taken = [intake.take(b) for b in table.batches()]
    assert [t.rejects for t in taken if t.rejects] == []
    return [row for t in taken for row in t.rows]


def current(rows_by_file):
    """The state after importing these files in this order: for each key the version with the greatest (seen, content)."""
    best = {}
    for rows in rows_by_file:
        for row in rows:
            known = best.get(row[KEY])
            if known is None or (row[SEEN], row[CONTENT]) > (known[SEEN], known[CONTENT]):
                best[row[KEY]] = row
    return best


def test_lines_facts_duplicates_and_later_snapshots(files):
    assert sum(map(len, files.values())) == 60_000
    assert len({row[KEY] for rows in files.values() for row in rows}) == 39_515
    repeated = {name: len(rows) - len({(row[KEY], row[CONTENT]) for row in rows}) for name, rows in files.items()}
    assert {name: n for name, n in repeated.items() if n} == {"raw_246108c.csv.gz": 896}
    assert 60_000 - 896 - 39_515 == 19_589


def test_a_line_reads_the_same_whatever_the_delimiter_and_date_style(files):
    old = {row[KEY]: row[CONTENT] for row in files["raw_23df326.csv.gz"]}  # `;` and DD/MM/YYYY; the others `,` and ISO
    new = {row[KEY]: row[CONTENT] for name, rows in files.items() if name != "raw_23df326.csv.gz" for row in rows}
    shared = old.keys() & new.keys()
    assert len(shared) > 1_000
    assert sum(old[key] == new[key] for key in shared) > 0.98 * len(shared)


def test_patrols_and_categories_of_the_newest_versions(files):
    facts = current(files.values())
    assert Counter(row[NATURE] for row in facts.values()) == {"signalement": 34_159, "patrouille": 5_356}
    categories = Counter((row[FACT.index("category")], row[FACT.index("subcategory")]) for row in facts.values())
    assert categories["DEG", "tag"] > 10_000
    assert categories["VEH", "epave"] > 600
    assert categories["SAL", "encombrants"] > 10_000
    assert all(row[FACT.index("minute")] is None and row[FACT.index("utc")] is None for row in facts.values())


def test_the_state_does_not_depend_on_the_order_of_the_files(files):
    names = list(files)
    expected = {key: row[CONTENT] for key, row in current(files.values()).items()}
    for order in [names[::-1], names[3:] + names[:3], *list(permutations(names))[100:700:200]]:
        assert {key: row[CONTENT] for key, row in current([files[n] for n in order]).items()} == expected
