"""Plans of cameras that a team keeps. Callers open scoped transactions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from geoservice.storage.siting_tables import SitingPlan
from geoservice.storage.tables import now

_P = SitingPlan.__table__  # type: ignore[attr-defined]


def add(connection: Connection, values: dict[str, Any]) -> int:
    """A new plan; its number."""
    return int(connection.execute(insert(_P).values(created=now(), **values).returning(_P.c.id)).scalar_one())


def listing(connection: Connection, organisation_id: int) -> Sequence[Row]:
    """Plans of an organisation that are not withdrawn, the latest first."""
    query = select(_P).where(_P.c.organisation_id == organisation_id, _P.c.withdrawn.is_(None))
    return connection.execute(query.order_by(_P.c.id.desc())).all()


def one(connection: Connection, organisation_id: int, number: int) -> Row | None:
    """One plan of an organisation, withdrawn or not."""
    return connection.execute(select(_P).where(_P.c.organisation_id == organisation_id, _P.c.id == number)).first()


def withdraw(connection: Connection, number: int) -> bool:
    """It is not in the list any more; the row stays. False when it was gone already."""
    query = update(_P).where(_P.c.id == number, _P.c.withdrawn.is_(None))
    return connection.execute(query.values(withdrawn=now())).rowcount > 0
