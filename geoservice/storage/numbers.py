"""Numbers by which the audit names people, members and tokens: one that it names still is given to nobody else."""

from __future__ import annotations

from sqlalchemy import Connection, Table, select, update

from geoservice.storage import engine as db
from geoservice.storage.tables import Audit

_AUDIT = Audit.__table__  # type: ignore[attr-defined]


def settle(connection: Connection, table: Table, number: int, word: str) -> int:
    """The number of a row that was just inserted, another one where the audit says `word NUMBER` of that number or a later one.

    A database may give a number again once its row has gone; whoever reads the audit would take one for the other.
    """
    with db.lifted(connection):
        named = _highest(connection, word)
        if number > named:
            return number
        connection.execute(update(table).where(table.c.id == number).values(id=named + 1))
        db.number_given(connection, table, named + 1)
        return named + 1


def _highest(connection: Connection, word: str) -> int:
    texts = {text for column in (_AUDIT.c.actor, _AUDIT.c.object)
             for (text,) in connection.execute(select(column).where(column.like(f"{word} %")).distinct())}
    return max((int(part) for part in (text.split(" ")[1] for text in texts) if part.isascii() and part.isdigit()), default=0)
