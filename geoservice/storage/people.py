"""People, what they are in an organisation, the browsers they are signed in with, and tries to sign in."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from geoservice.storage import numbers
from geoservice.storage.tables import Attempt, BreakGlass, Identity, Membership, Organisation, Person, SignIn, Token, now

_P, _M, _S, _A, _G, _O, _T, _I = (table.__table__ for table in (  # type: ignore[attr-defined]
    Person, Membership, SignIn, Attempt, BreakGlass, Organisation, Token, Identity))


def aware(moment: datetime) -> datetime:
    """A moment of the database, which keeps UTC without saying so."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def find(connection: Connection, email: str) -> Row | None:
    """id and password (its hash) of a person."""
    return connection.execute(select(_P.c.id, _P.c.password).where(_P.c.email == email)).first()


def add(connection: Connection, email: str, password: str) -> int:
    """A new person; their number."""
    number = int(connection.execute(insert(_P).values(email=email, password=password).returning(_P.c.id)).scalar_one())
    return numbers.settle(connection, _P, number, "personne")


def set_password(connection: Connection, person: int, password: str) -> None:
    """Another hash."""
    connection.execute(update(_P).where(_P.c.id == person).values(password=password))


def remove(connection: Connection, person: int) -> None:
    """The person, their memberships and sign-ins; their tokens no longer work."""
    for membership in memberships(connection, person):
        remove_membership(connection, membership.id)
    connection.execute(update(_T).where(_T.c.person_id == person, _T.c.revoked.is_(None)).values(revoked=now()))
    unlink(connection, person)
    connection.execute(delete(_P).where(_P.c.id == person))


def memberships(connection: Connection, person: int) -> Sequence[Row]:
    """id, organisation_id, organisation, role, territory of a person's memberships, oldest first."""
    return connection.execute(select(_M.c.id, _M.c.organisation_id, _O.c.code.label("organisation"), _M.c.role, _M.c.territory)
                              .join(_O, _O.c.id == _M.c.organisation_id).where(_M.c.person_id == person).order_by(_M.c.id)).all()


def members(connection: Connection, organisation_id: int | None = None) -> Sequence[Row]:
    """id, person_id, email, organisation_id, organisation, role, territory of members, of all organisations without a number."""
    query = (select(_M.c.id, _M.c.person_id, _P.c.email, _M.c.organisation_id, _O.c.code.label("organisation"), _M.c.role,
                    _M.c.territory).join(_P, _P.c.id == _M.c.person_id).join(_O, _O.c.id == _M.c.organisation_id))
    if organisation_id is not None:
        query = query.where(_M.c.organisation_id == organisation_id)
    return connection.execute(query.order_by(_P.c.email, _M.c.id)).all()


def add_membership(connection: Connection, person: int, organisation_id: int, role: str, territory: str | None) -> int:
    """A person in an organisation; the membership's number."""
    values = {"person_id": person, "organisation_id": organisation_id, "role": role, "territory": territory}
    number = int(connection.execute(insert(_M).values(values).returning(_M.c.id)).scalar_one())
    return numbers.settle(connection, _M, number, "membre")


def set_role(connection: Connection, membership: int, role: str, territory: str | None) -> None:
    """Another role; no cookie and no token of the former one works any more."""
    _revoke_tokens(connection, membership)
    connection.execute(update(_S).where(_S.c.membership_id == membership, _S.c.revoked.is_(None)).values(revoked=now()))
    connection.execute(update(_M).where(_M.c.id == membership).values(role=role, territory=territory))


def remove_membership(connection: Connection, membership: int) -> None:
    """A person leaves an organisation: their browsers are signed out, the tokens they made for it no longer work."""
    _revoke_tokens(connection, membership)
    connection.execute(delete(_S).where(_S.c.membership_id == membership))
    connection.execute(delete(_M).where(_M.c.id == membership))


def _revoke_tokens(connection: Connection, membership: int) -> None:
    of = connection.execute(select(_M.c.person_id, _M.c.organisation_id).where(_M.c.id == membership)).one()
    connection.execute(update(_T).where(_T.c.person_id == of.person_id, _T.c.organisation_id == of.organisation_id,
                                        _T.c.revoked.is_(None)).values(revoked=now()))


# --- whom a provider knows them as

def linked(connection: Connection, sha256: str) -> int | None:
    """The person behind a provider's name."""
    return connection.execute(select(_I.c.person_id).where(_I.c.sha256 == sha256)).scalar()


def issuers(connection: Connection, person: int) -> list[str]:
    """Addresses of the providers that know a person."""
    return list(connection.execute(select(_I.c.issuer).where(_I.c.person_id == person)).scalars())


def link(connection: Connection, person: int, issuer: str, sha256: str) -> None:
    """A provider's name is this person from now on."""
    values = {"person_id": person, "issuer": issuer, "sha256": sha256, "created": now()}
    connection.execute(insert(_I).values(values))


def unlink(connection: Connection, person: int) -> int:
    """No provider knows a person any more; how many did."""
    return connection.execute(delete(_I).where(_I.c.person_id == person)).rowcount


# --- browsers

def add_sign_in(connection: Connection, membership: int, sha256: str, moment: datetime, ends: datetime) -> int:
    """A browser that is signed in from a moment to its end; its number."""
    values = {"membership_id": membership, "sha256": sha256, "created": moment, "seen": moment, "ends": ends}
    return int(connection.execute(insert(_S).values(values).returning(_S.c.id)).scalar_one())


def find_sign_in(connection: Connection, sha256: str) -> dict[str, Any] | None:
    """Everything a request needs to know of whom a cookie is: sign-in, person, organisation, role."""
    found = connection.execute(
        select(_S.c.id, _S.c.seen, _S.c.ends, _S.c.revoked, _M.c.person_id, _M.c.role, _M.c.territory, _M.c.organisation_id,
               _O.c.code.label("organisation"), _P.c.email)
        .join(_M, _M.c.id == _S.c.membership_id).join(_P, _P.c.id == _M.c.person_id)
        .join(_O, _O.c.id == _M.c.organisation_id).where(_S.c.sha256 == sha256)).mappings().first()
    return None if found is None else dict(found)


def sign_ins(connection: Connection, person: int) -> Sequence[Row]:
    """id, created, seen, ends, organisation of a person's browsers that nobody signed out, newest first."""
    return connection.execute(select(_S.c.id, _S.c.created, _S.c.seen, _S.c.ends, _O.c.code.label("organisation"), _S.c.sha256)
                              .join(_M, _M.c.id == _S.c.membership_id).join(_O, _O.c.id == _M.c.organisation_id)
                              .where(_M.c.person_id == person, _S.c.revoked.is_(None)).order_by(_S.c.id.desc())).all()


def touch(connection: Connection, number: int, moment: datetime) -> None:
    """A browser was seen."""
    connection.execute(update(_S).where(_S.c.id == number).values(seen=moment))


def revoke(connection: Connection, numbers: Sequence[int], moment: datetime) -> None:
    """These browsers are signed out."""
    connection.execute(update(_S).where(_S.c.id.in_(numbers), _S.c.revoked.is_(None)).values(revoked=moment))


def forget_sign_ins(connection: Connection, before: datetime) -> None:
    """Delete sign-ins that ended before a moment."""
    connection.execute(delete(_S).where(_S.c.ends < before))


# --- tries

def tries(connection: Connection, subject: str, since: int) -> int:
    """How many there were of a subject."""
    return int(connection.execute(select(func.count()).select_from(_A)
                                  .where(_A.c.subject == subject, _A.c.moment >= since)).scalar_one())


def add_try(connection: Connection, subjects: Sequence[str], moment: int) -> None:
    """One more of each."""
    connection.execute(insert(_A), [{"subject": subject, "moment": moment} for subject in subjects])


def forget_tries(connection: Connection, before: int, subject: str | None = None) -> None:
    """Delete the old ones, and all of a subject."""
    connection.execute(delete(_A).where((_A.c.moment < before) | (_A.c.subject == subject)))


# --- the exceptional look of a platform administrator

def ask_glass(connection: Connection, values: dict[str, Any]) -> int:
    """Note a wish; its number."""
    return int(connection.execute(insert(_G).values(values).returning(_G.c.id)).scalar_one())


def approve_glass(connection: Connection, number: int, person: int) -> None:
    """A second person agrees."""
    connection.execute(update(_G).where(_G.c.id == number).values(approved_by=person))


def glasses(connection: Connection, since: datetime) -> Sequence[Row]:
    """Wishes that have not ended, with the organisation's code, newest first."""
    return connection.execute(select(_G, _O.c.code.label("organisation")).join(_O, _O.c.id == _G.c.organisation_id)
                              .where(_G.c.ends > since).order_by(_G.c.id.desc())).all()


def glass_of(connection: Connection, person: int) -> dict[str, Any] | None:
    """The last approved look of a person: organisation_id, organisation, ends."""
    found = connection.execute(select(_G.c.organisation_id, _O.c.code.label("organisation"), _G.c.ends)
                               .join(_O, _O.c.id == _G.c.organisation_id)
                               .where(_G.c.asked_by == person, _G.c.approved_by.is_not(None))
                               .order_by(_G.c.ends.desc()).limit(1)).mappings().first()
    return None if found is None else dict(found)
