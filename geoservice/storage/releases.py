"""Territories, the private state of releases, and the facts of several organisations at once: for the publisher alone.

`facts_of` is the only question of the service that reads facts of more than one organisation. No Reader imports this module
(`tests/operations/test_publishing_door.py`).
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from geoservice.storage import mergers
from geoservice.storage.engine import bulk_insert, bulk_select, chunks, plain_errors
from geoservice.storage.release_tables import Disclosure, RecordKey, ReleaseState, SharedTerritory, TerritorySignature
from geoservice.storage.tables import Agreement, Fact, Organisation, now

_T, _S = SharedTerritory.__table__, ReleaseState.__table__  # type: ignore[attr-defined]
_G, _D = TerritorySignature.__table__, Disclosure.__table__  # type: ignore[attr-defined]
_K, _A = RecordKey.__table__, Agreement.__table__  # type: ignore[attr-defined]
_O = Organisation.__table__  # type: ignore[attr-defined]
_HALF = 1 << 63


def add_territory(connection: Connection, values: dict[str, Any]) -> int:
    """A new territory; its number."""
    return int(connection.execute(insert(_T).values(created=now(), **values).returning(_T.c.id)).scalar_one())


def set_terms(connection: Connection, number: int, terms: str) -> None:
    """What a territory asks for from its next revision on."""
    connection.execute(update(_T).where(_T.c.id == number).values(terms=terms))


def territories(connection: Connection) -> Sequence[Row]:
    """Every territory without its places, by code."""
    names = ("id", "code", "name", "communes", "terms", "digest", "created")
    return connection.execute(select(*(_T.c[name] for name in names)).order_by(_T.c.code)).all()


def territory(connection: Connection, code: str) -> Row | None:
    """One territory with its places."""
    return connection.execute(select(_T).where(_T.c.code == code)).first()


def signatures(connection: Connection, territory_id: int) -> Sequence[Row]:
    """Who signed for which kind, with the organisation's code."""
    query = select(_G, _O.c.code.label("organisation")).join(_O, _O.c.id == _G.c.organisation_id)
    return connection.execute(query.where(_G.c.territory_id == territory_id).order_by(_G.c.kind)).all()


def sign(connection: Connection, values: dict[str, Any]) -> None:
    """A signature."""
    connection.execute(insert(_G).values(signed=now(), **values))


def agreements(connection: Connection) -> Sequence[Row]:
    """All agreements, whoever gives, with both codes."""
    opener = _O.alias()
    query = (select(_A, _O.c.code.label("giver"), opener.c.code.label("opener")).join(_O, _O.c.id == _A.c.giver_id)
             .join(opener, opener.c.id == _A.c.opener_id))
    return connection.execute(query.order_by(_A.c.id)).all()


def states(connection: Connection, territory_id: int) -> Sequence[Row]:
    """The last release of each revision, oldest revision first, with everything private."""
    return connection.execute(select(_S).where(_S.c.territory_id == territory_id).order_by(_S.c.revision)).all()


def latest(connection: Connection) -> Sequence[Row]:
    """What has to lie in the shared folder: code, name and number of each territory, its current release and its revision's
    secret (which seals it here)."""
    query = select(_T.c.id, _T.c.code, _T.c.name, _S.c.revision, _S.c.secret, _S.c.packed).join(_S, _S.c.territory_id == _T.c.id)
    found = {row.code: row for row in connection.execute(query.order_by(_T.c.code, _S.c.revision))}
    return list(found.values())


def keep_state(connection: Connection, values: dict[str, Any]) -> None:
    """A release is decided: it takes the place of the last one of its revision."""
    mine = (_S.c.territory_id == values["territory_id"]) & (_S.c.revision == values["revision"])
    given = {**values, "published": now()}
    if connection.execute(update(_S).where(mine).values(given)).rowcount == 0:
        connection.execute(insert(_S).values(**given))


def add_disclosure(connection: Connection, values: dict[str, Any]) -> int:
    """What an owner told outside."""
    return int(connection.execute(insert(_D).values(**values).returning(_D.c.id)).scalar_one())


def disclosures(connection: Connection, territory_id: int) -> Sequence[Row]:
    """All of a territory, newest first, with the owner's code."""
    query = select(_D, _O.c.code.label("owner")).join(_O, _O.c.id == _D.c.organisation_id)
    return connection.execute(query.where(_D.c.territory_id == territory_id).order_by(_D.c.id.desc())).all()


COLUMNS = ("id", "cell", "day", "minute", "duration", "category", "kind", "organisation_id", "residence", "hall")


def facts_of(connection: Connection, organisations: Sequence[int], kinds: Sequence[str],
             days: tuple[int, int]) -> Iterator[list[tuple]]:
    """Blocks of current facts of SEVERAL organisations as tuples in the order of COLUMNS: with a point, of these kinds, from the
    first day to the one before the second. `AGP` facts are not read, and what was merged is read once."""
    nothing = {"minute": -1, "duration": 0}
    names = ", ".join(f'coalesce(f."{name}", {nothing[name]})' if name in nothing else f'f."{name}"' for name in COLUMNS)
    marks, words = ", ".join("?" * len(organisations)), ", ".join("?" * len(kinds))
    return bulk_select(
        connection, f"SELECT {names} FROM fact f WHERE f.organisation_id IN ({marks}) AND f.kind IN ({words}) AND f.cell <> 0 "
        f"AND f.category <> 'AGP' AND f.day >= ? AND f.day < ? AND f.id NOT IN ({mergers.LEFT_OUT}) "
        "ORDER BY f.id", (*organisations, *kinds, *days), 50_000)


def keys(connection: Connection) -> dict[int, int]:
    """The key of every fact that has one, (0 to 2**64 - 1) by fact."""
    blocks = bulk_select(connection, "SELECT fact_id, key FROM record_key", (), 50_000)
    return {fact: key % (2 * _HALF) for block in blocks for fact, key in block}


def add_keys(connection: Connection, drawn: dict[int, int]) -> None:
    """Keep keys of facts that had none and still are; a fact that went away meanwhile needs none."""
    known = {number for block in chunks(drawn) for (number,) in connection.execute(
        select(Fact.id).where(Fact.id.in_(block)))}  # type: ignore[union-attr]
    held = {number for block in chunks(drawn) for (number,) in connection.execute(
        select(_K.c.fact_id).where(_K.c.fact_id.in_(block)))}
    fresh = known - held
    bulk_insert(connection, _K, ("fact_id", "key"), [
        (fact, key if key < _HALF else key - 2 * _HALF) for fact, key in drawn.items() if fact in fresh])


@contextmanager
def publisher_lock(folder: Path) -> Iterator[None]:
    """Wait to be the one process that publishes; imports and readers go on meanwhile."""
    with plain_errors(folder):
        file = (folder / ".publisher.lock").open("w")
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
