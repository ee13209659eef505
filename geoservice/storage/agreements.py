"""Agreements between organisations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select, update

from geoservice.storage.tables import Agreement, Organisation, now

_A = Agreement.__table__  # type: ignore[attr-defined]


def add(connection: Connection, values: dict[str, Any]) -> int:
    """A new agreement; its number."""
    return int(connection.execute(insert(_A).values(created=now(), **values).returning(_A.c.id)).scalar_one())


def listing(connection: Connection, organisation_id: int) -> Sequence[Row]:
    """Agreements that an organisation gives or may open, newest first, with both codes."""
    giver, opener = Organisation.__table__.alias(), Organisation.__table__.alias()  # type: ignore[attr-defined]
    query = (select(_A, giver.c.code.label("giver"), opener.c.code.label("opener"))
             .join(giver, giver.c.id == _A.c.giver_id).join(opener, opener.c.id == _A.c.opener_id))
    mine = or_(_A.c.giver_id == organisation_id, _A.c.opener_id == organisation_id)
    return connection.execute(query.where(mine).order_by(_A.c.id.desc())).all()


def revoke(connection: Connection, number: int) -> None:
    """It no longer counts."""
    connection.execute(update(_A).where(_A.c.id == number, _A.c.revoked.is_(None)).values(revoked=now()))
