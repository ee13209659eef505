"""Who belongs to an organisation, and as what."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from geoservice.errors import BadInput, Conflict, NotFound
from geoservice.operations import audit, passwords
from geoservice.operations.reach import scope_of
from geoservice.storage import people as stored
from geoservice.storage.scope import RowScope
from geoservice.storage.store import Storage
from geoservice.types import Role

_EMAIL = re.compile(r"[^\s@<>\"',;:\\()\[\]]{1,64}@[a-z0-9-]+(\.[a-z0-9-]+)+", re.ASCII)


@dataclass(frozen=True)
class Place:
    """What somebody is to be in an organisation; `territory` (QPV, commune …) for a police liaison."""

    organisation_id: int
    role: Role
    territory: str | None = None


@dataclass(frozen=True)
class Joined:
    """A new member; `password` is told once, None for somebody who had an account."""

    person: int
    password: str | None


def clean_email(text: str) -> str:
    """An e-mail as it is kept: lower case. BadInput when it is none."""
    email = text.strip().lower()
    if len(email) > 254 or not _EMAIL.fullmatch(email):
        raise BadInput("Cette adresse e-mail n’a pas la forme attendue : nom@exemple.fr.")
    return email


def _territory(place: Place) -> str | None:
    if place.role is not Role.POLICE_LIAISON:
        return None
    if not place.territory or not re.fullmatch(r"(qpv2024|qpv2015|commune):[0-9A-Za-z]{1,20}", place.territory, re.ASCII):
        raise BadInput("Un référent police a un territoire : par exemple commune:93066 ou qpv2024:QN09301M.")
    return place.territory


def join(storage: Storage, email: str, place: Place, password: str | None = None, actor: str = audit.COMMAND) -> Joined:
    """Make somebody a member; a person who has no account gets one, with a password that is told once unless it is given."""
    address, territory = clean_email(email), _territory(place)
    with storage.read() as connection:
        known = stored.find(connection, address) is not None
    told = None if known or password is not None else passwords.generated()
    kept = None if known else passwords.hashed(told or passwords.check(password or "", address))
    with storage.write() as connection:
        found = stored.find(connection, address)
        if found is None and kept is None:
            raise Conflict("Ce compte vient de disparaître ; recommencez.")
        person = found.id if found else stored.add(connection, address, kept or "")
        if any(one.organisation_id == place.organisation_id for one in stored.memberships(connection, person)):
            raise Conflict("Cette personne est déjà membre de l’organisation.")
        number = stored.add_membership(connection, person, place.organisation_id, place.role, territory)
        audit.note(connection, place.organisation_id, actor, "membre.ajoute", f"membre {number} {place.role}")
    return Joined(person, None if found else told)


def members(storage: Storage, organisation_id: int | None = None) -> list[Any]:
    """Members of an organisation (of all, for the command line), by e-mail."""
    with storage.read(None if organisation_id is None else RowScope.of_organisation(organisation_id)) as connection:
        return list(stored.members(connection, organisation_id))


def change_role(storage: Storage, membership: int, place: Place, actor: str) -> None:
    """Another role for a member of the organisation, who signs in again: no cookie and no token outlives a role."""
    territory = _territory(place)
    with storage.write(RowScope.of_organisation(place.organisation_id)) as connection:
        _own(connection, membership, place.organisation_id, leaving=place.role is not Role.ORG_ADMIN)
        stored.set_role(connection, membership, place.role, territory)
        audit.note(connection, place.organisation_id, actor, "membre.role", f"membre {membership} {place.role}")


def leave(storage: Storage, membership: int, organisation_id: int, actor: str = audit.COMMAND) -> None:
    """Somebody is no longer a member: signed out at once. A person who is in no organisation any more is deleted."""
    with storage.write() as connection:
        member = _own(connection, membership, organisation_id, leaving=True)
        stored.remove_membership(connection, membership)
        audit.note(connection, organisation_id, actor, "membre.retire", f"membre {membership}")
        if not stored.memberships(connection, member.person_id):
            stored.remove(connection, member.person_id)
            audit.note(connection, organisation_id, actor, "personne.supprimee", f"personne {member.person_id}")


def _own(connection: Any, membership: int, organisation_id: int, leaving: bool) -> Any:
    """A member of this organisation; Conflict when nobody would be left to administer it."""
    all_of_them = stored.members(connection, organisation_id)
    found = next((member for member in all_of_them if member.id == membership), None)
    if found is None:
        raise NotFound("Ce membre n’existe pas.")
    admins = [member for member in all_of_them if member.role == Role.ORG_ADMIN]
    if leaving and admins == [found]:
        raise Conflict("Une organisation garde au moins un administrateur : nommez-en un autre d’abord.")
    return found


def set_password(storage: Storage, email: str, password: str | None = None) -> str | None:
    """Another password (told once when it is not given), which signs the person out everywhere; for the command line."""
    address = clean_email(email)
    told = passwords.generated() if password is None else None
    kept = passwords.hashed(told or passwords.check(password or "", address))
    with storage.write() as connection:
        found = stored.find(connection, address)
        if found is None:
            raise NotFound("Aucun compte n’a cette adresse.")
        stored.set_password(connection, found.id, kept)
        _sign_out_everywhere(connection, found.id)
        for member in stored.memberships(connection, found.id):
            audit.note(connection, member.organisation_id, audit.COMMAND, "mot-de-passe", f"personne {found.id}")
    return told


def change_own_password(storage: Storage, viewer: Any, old: str, new: str) -> None:
    """A person's own new password; BadInput when the old one is wrong. Their other browsers are signed out, and this one too."""
    with storage.read(scope_of(viewer)) as connection:
        found = stored.find(connection, viewer.name)
    if not passwords.matches(old, found.password if found else None):
        raise BadInput("Le mot de passe actuel n’est pas le bon.")
    kept = passwords.hashed(passwords.check(new, viewer.name))
    with storage.write(scope_of(viewer)) as connection:
        stored.set_password(connection, viewer.person, kept)
        _sign_out_everywhere(connection, viewer.person)
        audit.note(connection, viewer.organisation_id, audit.actor_of(viewer), "mot-de-passe", f"personne {viewer.person}")


def _sign_out_everywhere(connection: Any, person: int) -> None:
    stored.revoke(connection, [one.id for one in stored.sign_ins(connection, person)], stored.now())
