"""Plans of levers, and when one was opened again. Callers open scoped transactions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from geoservice.storage.lever_tables import Lever, LeverUnlock
from geoservice.storage.tables import now

_L, _U = (each.__table__ for each in (Lever, LeverUnlock))  # type: ignore[attr-defined]


def add(connection: Connection, values: dict[str, Any]) -> int:
    """A new plan; its number."""
    return int(connection.execute(insert(_L).values(created=now(), **values).returning(_L.c.id)).scalar_one())


def listing(connection: Connection, organisation_id: int) -> Sequence[Row]:
    """Plans of an organisation, the latest start first."""
    query = select(_L).where(_L.c.organisation_id == organisation_id)
    return connection.execute(query.order_by(_L.c.since.desc(), _L.c.id.desc())).all()


def one(connection: Connection, organisation_id: int, number: int) -> Row | None:
    """One plan of an organisation."""
    return connection.execute(select(_L).where(_L.c.organisation_id == organisation_id, _L.c.id == number)).first()


def change(connection: Connection, number: int, values: dict[str, Any]) -> bool:
    """Other values of a plan that is not locked; False when it is."""
    return connection.execute(update(_L).where(_L.c.id == number, _L.c.locked.is_(None)).values(**values)).rowcount > 0


def seal(connection: Connection, number: int, digest: str) -> None:
    """What was just locked, under its digest."""
    connection.execute(update(_L).where(_L.c.id == number).values(sha256=digest))


def withdraw(connection: Connection, number: int) -> None:
    """It will not be done, or not judged; the row stays."""
    connection.execute(update(_L).where(_L.c.id == number).values(withdrawn=now()))


def unlock(connection: Connection, number: int, values: dict[str, Any]) -> None:
    """A locked plan is open again, with the day and the reason."""
    connection.execute(insert(_U).values(lever_id=number, **values))
    connection.execute(update(_L).where(_L.c.id == number).values(locked=None, sha256=None))


def unlocks(connection: Connection, number: int) -> Sequence[Row]:
    """When a plan was opened again, in order."""
    return connection.execute(select(_U).where(_U.c.lever_id == number).order_by(_U.c.id)).all()
