"""Reports of one and the same fact, and entries taken back: which facts count, and for how many reports.

A living row of `fact_merger` says that a fact is a report of its head; heads are never reports. A row whose head is the fact
itself says that the entry was taken back. Both keep every row of `fact` as it is and leave it out of every count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.sql.elements import ColumnElement

from geoservice.storage.engine import chunks
from geoservice.storage.tables import Fact, now
from geoservice.storage.watch_tables import FactMerger

_M = FactMerger.__table__.c  # type: ignore[attr-defined]
_ALIVE = _M.revoked.is_(None)
LEFT_OUT = "SELECT fact_id FROM fact_merger WHERE revoked IS NULL"  # for statements that are text
# for those that read what the reports of a fact say together: whether one was a complaint (1), and the largest cost
SAID = (
    "LEFT JOIN (SELECT m.head_id AS head, max(CASE WHEN r.complaint = 1 THEN 1 ELSE 0 END) AS filed, max(r.cost_cents) AS cost "
    "FROM fact_merger m JOIN fact r ON r.id = m.fact_id WHERE m.revoked IS NULL AND m.fact_id <> m.head_id "
    "GROUP BY m.head_id) said ON said.head = fact.id")


def counted() -> ColumnElement[bool]:
    """The condition that a row of `fact` counts for itself."""
    return Fact.__table__.c.id.not_in(select(_M.fact_id).where(_ALIVE))  # type: ignore[attr-defined]


def heads(connection: Connection, facts: Iterable[int]) -> dict[int, int]:
    """The head of each fact that is left out; its own number where the entry was taken back."""
    return {fact: head for block in chunks(facts) for fact, head in connection.execute(
        select(_M.fact_id, _M.head_id).where(_ALIVE, _M.fact_id.in_(block)))}


def reports(connection: Connection, facts: Iterable[int]) -> dict[int, list[int]]:
    """The reports that were merged into each of these facts."""
    found: dict[int, list[int]] = {}
    for block in chunks(facts):
        query = select(_M.head_id, _M.fact_id).where(_ALIVE, _M.head_id.in_(block), _M.fact_id != _M.head_id).order_by(_M.fact_id)
        for head, fact in connection.execute(query):
            found.setdefault(head, []).append(fact)
    return found


def merge(connection: Connection, organisation_id: int, head: int, facts: Sequence[int]) -> None:
    """Make facts reports of a head that is none itself; reports of theirs become reports of it."""
    for fact in facts:
        connection.execute(update(FactMerger).where(_M.head_id == fact, _ALIVE).values(head_id=head))
        _add(connection, organisation_id, fact, head)


def withdraw(connection: Connection, organisation_id: int, fact: int) -> None:
    """Take an entry back; where it is a head, the first of its reports takes its place."""
    promote(connection, [fact])
    _add(connection, organisation_id, fact, fact)


def _add(connection: Connection, organisation_id: int, fact: int, head: int) -> None:
    connection.execute(insert(FactMerger).values(organisation_id=organisation_id, fact_id=fact, head_id=head, created=now()))


def release(connection: Connection, fact: int) -> bool:
    """Let a fact count for itself again; False when it did."""
    return bool(connection.execute(update(FactMerger).where(_M.fact_id == fact, _ALIVE).values(revoked=now())).rowcount)


def promote(connection: Connection, gone: Sequence[int]) -> None:
    """Facts are about to go: among the reports of each that is a head, the first becomes the head of the others."""
    going = set(gone)
    for head, facts in reports(connection, gone).items():
        left = [fact for fact in facts if fact not in going]
        if left:
            release(connection, left[0])
            others = (_M.head_id == head, _M.fact_id.in_(left[1:]), _ALIVE)
            connection.execute(update(FactMerger).where(*others).values(head_id=left[0]))


def sizes(connection: Connection, organisation_id: int) -> Counter[int]:
    """How many reports each merged fact of an organisation stands for, itself included."""
    query = select(_M.head_id).where(_ALIVE, _M.organisation_id == organisation_id, _M.fact_id != _M.head_id)
    found = Counter(head for (head,) in connection.execute(query))
    return Counter({head: number + 1 for head, number in found.items()})
