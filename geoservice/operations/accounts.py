"""Organisations and tokens: who may come in."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from geoservice.errors import BadInput, NotFound
from geoservice.operations import audit
from geoservice.storage import accounts
from geoservice.storage.people import aware
from geoservice.storage.scope import RowScope
from geoservice.storage.store import Storage
from geoservice.types import Scope, Viewer

PREFIX = "geo_"  # lets people and secret scanners recognise a token
LONGEST_DAYS = 366


@dataclass(frozen=True)
class TokenWish:
    """What a token is to be good for; without `days` it does not expire. `person`: who makes it."""

    name: str
    scope: Scope = Scope.WRITE
    days: int | None = None
    person: int | None = None
    actor: str = audit.COMMAND


def create_organisation(storage: Storage, code: str) -> int:
    """A new organisation by its code (letters, digits, dash); BadInput when it exists or is no code."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}", code, re.ASCII):
        raise BadInput("Le code d’une organisation s’écrit avec des lettres sans accent, des chiffres et des tirets "
                       "(40 au plus), par exemple « habitat-rives ».")
    with storage.write() as connection:
        if code in accounts.organisations(connection):
            raise BadInput(f"L’organisation « {code} » existe déjà.")
        number = accounts.add_organisation(connection, code)
        audit.note(connection, number, audit.COMMAND, "organisation.creee", f"organisation {number}")
    return number


def organisations(storage: Storage) -> dict[str, int]:
    """Numbers of organisations by code."""
    with storage.read(RowScope()) as connection:
        return accounts.organisations(connection)


def organisation(storage: Storage, code: str | None) -> tuple[int, str]:
    """Number and code of an organisation; without a code, of the only one there is."""
    known = organisations(storage)
    if code is None and len(known) == 1:
        return next((number, name) for name, number in known.items())
    if code is None:
        raise BadInput(f"Précisez --organisation : {', '.join(sorted(known)) or 'aucune n’existe encore'}.")
    if code not in known:
        raise NotFound(f"L’organisation « {code} » n’existe pas. Créez-la avec « geoservice organisation create {code} ».")
    return known[code], code


def create_token(storage: Storage, name: str, code: str | None, wish: TokenWish | None = None) -> str:
    """A new token of an organisation, told once: only its hash is kept."""
    number, _ = organisation(storage, code)
    return make_token(storage, number, wish or TokenWish(name))


def make_token(storage: Storage, organisation_id: int, wish: TokenWish) -> str:
    """A new token, told once."""
    if not 1 <= len(wish.name) <= 80 or not wish.name.isprintable():
        raise BadInput("Le nom d’un jeton compte de 1 à 80 caractères visibles.")
    if wish.days is not None and not 1 <= wish.days <= LONGEST_DAYS:
        raise BadInput(f"Un jeton vaut de 1 à {LONGEST_DAYS} jours.")
    token = PREFIX + secrets.token_urlsafe(32)
    expires = None if wish.days is None else datetime.now(UTC) + timedelta(days=wish.days)
    values = {"organisation_id": organisation_id, "name": wish.name, "sha256": hash_of(token), "scope": str(wish.scope),
              "last4": token[-4:], "expires": expires, "person_id": wish.person}
    with storage.write(RowScope.of_organisation(organisation_id)) as connection:
        number = accounts.add_token(connection, values)
        audit.note(connection, organisation_id, wish.actor, "jeton.cree", f"jeton {number}")
    return token


def tokens(storage: Storage, organisation_id: int, person: int | None = None) -> list[Any]:
    """Tokens of an organisation, or those that one person made in it."""
    with storage.read(RowScope.of_organisation(organisation_id)) as connection:
        found: Sequence[Any] = accounts.tokens(connection, organisation_id)
    return [token for token in found if person is None or token.person_id == person]


def is_alive(token: Any, moment: datetime | None = None) -> bool:
    """Whether a token still opens: neither revoked nor expired."""
    return token.revoked is None and (token.expires is None or aware(token.expires) > (moment or datetime.now(UTC)))


def revoke_token(storage: Storage, organisation_id: int, number: int, by: tuple[str, int | None] = (audit.COMMAND, None)) -> None:
    """A token no longer opens, from the next request on; `by`: who asks, and the one person whose tokens these may be."""
    with storage.write(RowScope.of_organisation(organisation_id)) as connection:
        mine = [token for token in accounts.tokens(connection, organisation_id) if by[1] in (None, token.person_id)]
        if number not in {token.id for token in mine}:
            raise NotFound("Ce jeton n’existe pas.")
        accounts.revoke_token(connection, number)
        audit.note(connection, organisation_id, by[0], "jeton.revoque", f"jeton {number}")


def viewer_of_token(storage: Storage, token: str) -> Viewer | None:
    """The viewer behind a token; None when it is not one of ours, revoked or expired."""
    digest = hash_of(token)

    def find() -> dict[str, Any] | None:
        with storage.read() as connection:
            return accounts.find_token(connection, digest)

    found = storage.memory.get(("token", digest), find)
    if found is None or found["revoked"] is not None:
        return None
    if found["expires"] is not None and aware(found["expires"]) <= datetime.now(UTC):
        return None
    return Viewer(found["organisation_id"], found["organisation"], found["name"], "token", scope=Scope(found["scope"]),
                  mark=f"jeton {found['id']}")


def viewer_of_organisation(storage: Storage, code: str | None, via: str) -> Viewer:
    """A viewer for someone already trusted on this machine: the demo's visitor, the command line."""
    number, name = organisation(storage, code)
    return Viewer(number, name, via, via)


def hash_of(token: str) -> str:
    """What is kept of a secret of 256 random bits: a plain digest is enough, there is nothing to guess."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
