"""Organisations and tokens: who may come in."""

from __future__ import annotations

import hashlib
import re
import secrets

from geoservice.errors import BadInput, NotFound
from geoservice.storage import accounts
from geoservice.storage.store import Storage
from geoservice.types import Viewer

PREFIX = "geo_"  # lets people and secret scanners recognise a token


def create_organisation(storage: Storage, code: str) -> int:
    """A new organisation by its code (letters, digits, dash); BadInput when it exists or is no code."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}", code, re.ASCII):
        raise BadInput("Le code d’une organisation s’écrit avec des lettres sans accent, des chiffres et des tirets "
                       "(40 au plus), par exemple « habitat-rives ».")
    with storage.write() as connection:
        if code in accounts.organisations(connection):
            raise BadInput(f"L’organisation « {code} » existe déjà.")
        return accounts.add_organisation(connection, code)


def organisations(storage: Storage) -> dict[str, int]:
    """Numbers of organisations by code."""
    with storage.read() as connection:
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


def create_token(storage: Storage, name: str, code: str | None) -> str:
    """A new token of an organisation, told once: only its hash is kept."""
    number, _ = organisation(storage, code)
    if not 1 <= len(name) <= 80 or not name.isprintable():
        raise BadInput("Le nom d’un jeton compte de 1 à 80 caractères visibles.")
    token = PREFIX + secrets.token_urlsafe(32)
    with storage.write() as connection:
        accounts.add_token(connection, number, name, _hash(token))
    return token


def viewer_of_token(storage: Storage, token: str) -> Viewer | None:
    """The viewer behind a token; None when it is not one of ours."""
    digest = _hash(token)

    def find() -> tuple[int, str, str] | None:
        with storage.read() as connection:
            return accounts.find_token(connection, digest)

    found = storage.memory.get(("token", digest), find)
    return None if found is None else Viewer(found[0], found[1], found[2], "token")


def viewer_of_organisation(storage: Storage, code: str | None, via: str) -> Viewer:
    """A viewer for someone already trusted on this machine: the demo's visitor, the command line."""
    number, name = organisation(storage, code)
    return Viewer(number, name, via, via)


def _hash(token: str) -> str:
    # A token has 256 random bits, so a plain digest is enough: there is nothing to guess.
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
