"""Whom an organisation turned to about a fact: since when, until when, and how it ended."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Row, insert, select, update

from geoservice.storage.tables import Fact, now
from geoservice.storage.watch_tables import FollowUp

_F = FollowUp.__table__.c  # type: ignore[attr-defined]
_FACT = Fact.__table__.c  # type: ignore[attr-defined]
_TABLE = FollowUp.__table__  # type: ignore[attr-defined]


def add(connection: Connection, organisation_id: int, fact: int, partner: str, day: int) -> int:
    """A partner is asked; the number of it."""
    return int(connection.execute(insert(FollowUp).values(
        organisation_id=organisation_id, fact_id=fact, partner=partner, opened=day, created=now()).returning(_F.id)).scalar_one())


def close(connection: Connection, organisation_id: int, number: int, outcome: str, day: int) -> bool:
    """It ended; False when there is no such open one."""
    mine = (_F.id == number, _F.organisation_id == organisation_id, _F.closed.is_(None))
    return bool(connection.execute(update(FollowUp).where(*mine).values(outcome=outcome, closed=day)).rowcount)


def open_with(connection: Connection, fact: int, partner: str) -> bool:
    """Whether a partner is already asked about a fact."""
    query = select(_F.id).where(_F.fact_id == fact, _F.partner == partner, _F.closed.is_(None)).limit(1)
    return connection.execute(query).first() is not None


def listing(connection: Connection, organisation_id: int, most: int) -> Sequence[Row]:
    """Open ones first, the oldest first; then the closed ones, the last first. With the fact's category and place."""
    words = (_FACT.category, _FACT.subcategory, _FACT.day, _FACT.residence, _FACT.hall)
    query = select(_TABLE, *words).join(Fact, _FACT.id == _F.fact_id).where(_F.organisation_id == organisation_id)
    return connection.execute(query.order_by(_F.closed.is_not(None), _F.closed.desc(), _F.opened, _F.id).limit(most)).all()


def of_facts(connection: Connection, facts: Sequence[int]) -> dict[int, list[Row]]:
    """Those of some facts, in the order they were opened."""
    found: dict[int, list[Row]] = {}
    for row in connection.execute(select(_TABLE).where(_F.fact_id.in_(facts)).order_by(_F.opened, _F.id)):
        found.setdefault(row.fact_id, []).append(row)
    return found
