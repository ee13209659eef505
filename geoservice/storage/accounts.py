"""Organisations and tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from geoservice.storage import numbers
from geoservice.storage.tables import Organisation, Token, now

_T = Token.__table__  # type: ignore[attr-defined]


def add_organisation(connection: Connection, code: str) -> int:
    """A new organisation; its number."""
    return int(connection.execute(insert(Organisation).values(code=code, created=now()).returning(Organisation.id)).scalar_one())


def organisations(connection: Connection) -> dict[str, int]:
    """Numbers by code."""
    return dict(connection.execute(select(Organisation.code, Organisation.id)).all())


def add_token(connection: Connection, values: dict[str, Any]) -> int:
    """Keep the hash of a token and what it is good for; its number."""
    number = int(connection.execute(insert(Token).values(created=now(), **values).returning(Token.id)).scalar_one())
    return numbers.settle(connection, _T, number, "jeton")


def find_token(connection: Connection, sha256: str) -> dict[str, Any] | None:
    """A token's row, with its organisation's code."""
    found = connection.execute(select(_T, Organisation.code.label("organisation"))  # type: ignore[attr-defined]
                               .join(Organisation, Organisation.id == _T.c.organisation_id)
                               .where(_T.c.sha256 == sha256)).mappings().first()
    return None if found is None else dict(found)


def tokens(connection: Connection, organisation_id: int) -> Sequence[Row]:
    """Tokens of an organisation, oldest first: never their hashes."""
    names = ("id", "organisation_id", "name", "created", "scope", "last4", "expires", "revoked", "person_id")
    return connection.execute(select(*(_T.c[name] for name in names)).where(_T.c.organisation_id == organisation_id)
                              .order_by(_T.c.id)).all()


def revoke_token(connection: Connection, number: int) -> None:
    """A token no longer works."""
    connection.execute(update(_T).where(_T.c.id == number, _T.c.revoked.is_(None)).values(revoked=now()))
