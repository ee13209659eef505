"""The audit: rows added to a chain, inside the transaction of what they tell when there is one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select, update

from geoservice.core.chain import SEAL, SEALED_AFTER_DAYS, START, Entry, hash_of, seal_of
from geoservice.storage.engine import lifted
from geoservice.storage.tables import Audit, AuditDay

_TABLE, _DAYS = Audit.__table__, AuditDay.__table__  # type: ignore[attr-defined]
_BLOCK = 5_000


def append(connection: Connection, organisation_id: int, actor: str, what: tuple[str, str, str],
           at: datetime | None = None) -> Entry:
    """Add a row in a writing transaction, which one process at a time has; `what`: action, object, outcome; `at`: else now."""
    with lifted(connection):  # the chain is one, whoever acts
        return _append(connection, organisation_id, actor, what, at)


def _append(connection: Connection, organisation_id: int, actor: str, what: tuple[str, str, str], at: datetime | None) -> Entry:
    last = connection.execute(select(_TABLE.c.seq, _TABLE.c.hash).order_by(_TABLE.c.seq.desc()).limit(1)).first()
    number, previous = (0, START) if last is None else (last.seq, last.hash)
    moment = (at or datetime.now(UTC)).isoformat(timespec="milliseconds")
    entry = Entry(number + 1, moment, organisation_id, actor[:40], what[0][:40], what[1][:120], what[2][:20], previous)
    entry = replace(entry, hash=hash_of(entry))
    connection.execute(insert(_TABLE).values({name: getattr(entry, name) for name in Entry.__slots__}))
    head = {"seq": entry.seq, "hash": entry.hash}
    if connection.execute(update(_DAYS).where(_DAYS.c.day == moment[:10]).values(head)).rowcount == 0:
        connection.execute(insert(_DAYS).values(day=moment[:10], **head))
    return entry


def entries(connection: Connection) -> Iterator[Entry]:
    """Every row, in order."""
    names = [_TABLE.c[name] for name in Entry.__slots__]
    result = connection.execution_options(stream_results=True).execute(select(*names).order_by(_TABLE.c.seq))
    while rows := result.fetchmany(_BLOCK):
        yield from (Entry(*row) for row in rows)


def days(connection: Connection) -> dict[str, tuple[int, str]]:
    """Number and hash of the last row of each day."""
    return {row.day: (row.seq, row.hash) for row in connection.execute(select(_DAYS).order_by(_DAYS.c.day))}


def latest(connection: Connection, organisation_id: int, before: int | None, most: int) -> list[Entry]:
    """Rows of one organisation, newest first, those before a number."""
    query = select(*(_TABLE.c[name] for name in Entry.__slots__)).where(_TABLE.c.organisation_id == organisation_id)
    if before is not None:
        query = query.where(_TABLE.c.seq < before)
    return [Entry(*row) for row in connection.execute(query.order_by(_TABLE.c.seq.desc()).limit(most))]


def due(connection: Connection, before: date) -> tuple[int, int]:
    """The last row that can go when days before one may (0: none), and how many rows that would be."""
    young = select(func.min(_TABLE.c.seq)).where(_TABLE.c.moment >= before.isoformat())
    first_kept = connection.execute(young).scalar()
    heads = select(func.max(_DAYS.c.seq)).where(_DAYS.c.day < before.isoformat())
    last = connection.execute(heads if first_kept is None else heads.where(_DAYS.c.seq < first_kept)).scalar() or 0
    rows = connection.execute(select(func.count()).select_from(_TABLE).where(_TABLE.c.seq <= last)).scalar_one()
    return int(last), int(rows)


def seal(connection: Connection, before: date, actor: str, at: datetime) -> int:
    """Seal the days before one and let their rows go, heads of days excepted; how many went. No younger than SEALED_AFTER_DAYS.

    The database itself refuses to delete rows that the last row of the audit does not seal.
    """
    last, rows = due(connection, min(before, at.date() - timedelta(SEALED_AFTER_DAYS - 1)))
    if rows:
        append(connection, 0, actor, (SEAL, seal_of(days(connection), last), "fait"), at)
        connection.execute(delete(_TABLE).where(_TABLE.c.seq <= last))
    return rows


def last(connection: Connection, action: str = "", begins: str = "") -> str | None:
    """When something was last done (anything, or an action whose object begins with a word); ISO 8601, UTC."""
    query = select(_TABLE.c.moment).order_by(_TABLE.c.seq.desc()).limit(1)
    if action:
        query = query.where(_TABLE.c.action == action, _TABLE.c.object.startswith(begins, autoescape=True))
    return connection.execute(query).scalar()
