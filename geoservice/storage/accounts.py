"""Organisations and tokens."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select

from geoservice.storage.tables import Organisation, Token, now


def add_organisation(connection: Connection, code: str) -> int:
    """A new organisation; its number."""
    return int(connection.execute(insert(Organisation).values(code=code, created=now()).returning(Organisation.id)).scalar_one())


def organisations(connection: Connection) -> dict[str, int]:
    """Numbers by code."""
    return dict(connection.execute(select(Organisation.code, Organisation.id)).all())


def add_token(connection: Connection, organisation_id: int, name: str, sha256: str) -> None:
    """Keep the hash of a token."""
    connection.execute(insert(Token).values(organisation_id=organisation_id, name=name, sha256=sha256, created=now()))


def find_token(connection: Connection, sha256: str) -> tuple[int, str, str] | None:
    """Organisation number and code, and the token's name."""
    found = connection.execute(select(Organisation.id, Organisation.code, Token.name)
                               .join(Token, Token.organisation_id == Organisation.id).where(Token.sha256 == sha256)).first()
    return None if found is None else (found[0], found[1], found[2])

