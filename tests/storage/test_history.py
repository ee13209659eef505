"""The state that facts reach does not depend on the order in which their versions come."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from geoservice.catalog.rows import FACT
from geoservice.settings import Settings
from geoservice.storage import engine, facts, sqlite
from geoservice.storage.facts import Owner
from geoservice.storage.store import Storage, create
from geoservice.storage.tables import Fact, FactVersion
from tests.conftest import ON_POSTGRESQL

OWNER = Owner(0, 1, 1)
MANY = 30 if ON_POSTGRESQL else 60  # a server is opened anew for each


def row(key: str, version: int, seen: int) -> tuple:
    values = dict.fromkeys(FACT)
    values |= {"key": key, "content": bytes([version]) * 16, "seen": seen, "line": 2, "day": 19_000, "category": "SAL",
               "kind": "ville", "placement": "coordonnees", "cell": 0, "complaint": 0, "cost_cents": version}
    return tuple(values[name] for name in FACT)


def state(storage: Storage) -> tuple[list, list]:
    """Current versions and histories, as what they say and nothing of when they came."""
    with storage.read() as connection:
        current = connection.execute(select(Fact.key, Fact.content, Fact.seen, Fact.cost_cents).order_by(Fact.key)).all()
        older = connection.execute(select(Fact.key, FactVersion.content, FactVersion.seen, FactVersion.cost_cents)
                                   .join(Fact, Fact.id == FactVersion.fact_id)
                                   .order_by(Fact.key, FactVersion.content)).all()
    return [tuple(r) for r in current], [tuple(r) for r in older]


def play(tmp: Settings, batches: list[list[tuple]]) -> tuple[tuple[list, list], list[facts.Outcome]]:
    if engine.exists(tmp):
        storage = Storage(tmp)
        with storage.write() as connection:
            connection.exec_driver_sql("DELETE FROM fact_version")
            connection.exec_driver_sql("DELETE FROM fact")
    else:
        storage = create(tmp)
    outcomes = []
    for batch in batches:
        with storage.write() as connection:
            outcomes.append(facts.write(connection, OWNER, batch, None))
    found = state(storage)
    storage.close()
    return found, outcomes


# a file is a snapshot: every row of it was seen on one day, and a key may stand in it in several versions
files = st.lists(st.tuples(st.integers(1, 4), st.lists(st.tuples(st.sampled_from("ABC"), st.integers(1, 4)), min_size=1,
                                                        max_size=5, unique=True)), min_size=1, max_size=5)


@settings(max_examples=MANY, deadline=None)
@given(files=files, order=st.randoms(use_true_random=False))
def test_any_order_of_files_and_lines_reaches_one_state(tmp_path_factory, files, order) -> None:
    tmp = Settings(data=tmp_path_factory.getbasetemp() / "history")
    batches = [[row(key, version, seen) for key, version in lines] for seen, lines in files]
    first, outcomes = play(tmp, batches)
    shuffled = [order.sample(batch, len(batch)) for batch in order.sample(batches, len(batches))]
    second, _ = play(tmp, shuffled)
    assert first == second
    again, repeated = play(tmp, batches + shuffled)
    assert again == first
    assert all(outcome.accepted == outcome.updated == 0 for outcome in repeated[len(batches):])
    pairs = {(key, version) for _, lines in files for key, version in lines}
    assert sum(o.accepted for o in outcomes) == len({key for key, _ in pairs}) == len(first[0])
    assert sum(o.accepted + o.updated for o in outcomes) == len(pairs) == len(first[0]) + len(first[1])
    for key, content, seen, _ in first[0]:
        newest = max((day, bytes([version]) * 16) for day, lines in files for k, version in lines if k == key)
        assert (seen, content) == newest


@pytest.mark.sqlite_file
def test_the_database_is_durable(tmp_path) -> None:
    storage = create(Settings(data=tmp_path / "d"))
    health = storage.health()
    assert health.durable
    assert health.durability == "journal wal, synchronisation FULL"
    assert sqlite.sqlite_module().sqlite_version_info >= sqlite.SAFE_SQLITE
    assert storage.integrity() == "ok"
