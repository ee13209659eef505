"""Every table says whose its rows are, and the rules are of tables and columns that exist."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlmodel import SQLModel

from geoservice.settings import Settings
from geoservice.storage import scope as rules
from geoservice.storage import tables  # noqa: F401  (declares the tables)
from geoservice.storage.scope import OWN, PERSON, SEES, RowScope, Rule
from geoservice.storage.store import create

HOW = """{}: whose are the rows? Say so in RULES of geoservice/storage/scope.py:
_of("organisation_id", why) for data of an organisation or open data; _account(why) for accounts and traces;
_through(column, table, why) where a row belongs to a row of another table; Rule(why) for maintenance alone;
Rule(why, seen_by_all=True) for what everybody may read. A table without a rule is seen by maintenance alone."""


def unclassified(metadata_tables: set[str]) -> set[str]:
    return metadata_tables - rules.RULES.keys()


def test_every_table_is_classified() -> None:
    fresh = unclassified(set(SQLModel.metadata.tables))
    assert not fresh, HOW.format(", ".join(sorted(fresh)))
    assert rules.RULES.keys() <= set(SQLModel.metadata.tables)
    assert unclassified({*SQLModel.metadata.tables, "nouveau"}) == {"nouveau"}


@pytest.mark.parametrize("table", sorted(rules.RULES))
def test_a_rule_is_of_columns_that_exist(table: str) -> None:
    for name, columns in rules.columns_of(table).items():
        assert columns <= set(SQLModel.metadata.tables[name].columns.keys())
    assert rules.RULES[table].why


def test_a_table_with_an_organisation_is_not_for_everybody() -> None:
    """What has an owner is hidden from others: the names of columns say which tables have one."""
    owned = {table.name for table in SQLModel.metadata.tables.values()
             if {"organisation_id", "giver_id", "person_id", "import_id", "fact_id"} & set(table.columns.keys())}
    free = {name for name, rule in rules.RULES.items() if rule.seen_by_all}
    assert owned & free == {"address"}  # which keeps the import that brought it


def test_a_table_nobody_classified_is_seen_by_nobody() -> None:
    dialect = rules.Dialect(lambda column, name: f"{column} in {name}", str)
    assert rules.condition("nouveau", "t", False, dialect).startswith("(1 = 0)")
    assert 't."organisation_id" in sees' in rules.condition("fact", "t", False, dialect)
    assert 't."organisation_id" in own' in rules.condition("fact", "t", True, dialect)
    assert "EXISTS" in rules.condition("fact_version", "t", False, dialect)


def test_open_data_are_nobodys_account() -> None:
    assert RowScope.of_organisation(0).numbers() == {SEES: (0,), OWN: (), PERSON: ()}
    assert RowScope((0, 3), 3, 7).numbers() == {SEES: (0, 3), OWN: (3,), PERSON: (7,)}
    assert RowScope().numbers() == {SEES: (), OWN: (), PERSON: ()}


def test_other_rules_are_another_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    before = rules.digest()
    monkeypatch.setattr(rules, "RULES", {**rules.RULES, "fact": Rule("free", seen_by_all=True)})
    assert rules.digest() != before


def test_no_table_shows_a_row_to_an_empty_scope_but_those_for_everybody(tmp_path) -> None:
    storage = create(Settings(data=tmp_path / "data"))
    with storage.write() as connection:
        connection.execute(text("INSERT INTO organisation (code, created) VALUES ('ici', '2024-01-01')"))
        connection.execute(text("INSERT INTO source (layer, name) VALUES ('a', 'b')"))
    with storage.read(RowScope()) as connection:
        counts = {name: connection.execute(text(f'SELECT count(*) FROM "{name}"')).scalar() for name in SQLModel.metadata.tables}
    assert {name for name, number in counts.items() if number} == {"organisation", "source"}
    storage.close()
