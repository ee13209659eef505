"""States of halls as people say them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from geoservice.storage.tables import now
from geoservice.storage.watch_tables import HallOverride

_H = HallOverride.__table__  # type: ignore[attr-defined]


def add(connection: Connection, values: dict[str, Any]) -> int:
    """A new one; its number."""
    return int(connection.execute(insert(_H).values(created=now(), **values).returning(_H.c.id)).scalar_one())


def listing(connection: Connection, organisation_id: int) -> Sequence[Row]:
    """Those of an organisation, oldest first; a later one stands above an earlier one."""
    return connection.execute(select(_H).where(_H.c.organisation_id == organisation_id).order_by(_H.c.id)).all()


def revoke(connection: Connection, organisation_id: int, number: int) -> bool:
    """It no longer counts; False when there was none in force."""
    wanted = (_H.c.id == number, _H.c.organisation_id == organisation_id, _H.c.revoked.is_(None))
    return connection.execute(update(_H).where(*wanted).values(revoked=now())).rowcount > 0
