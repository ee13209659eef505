"""Who may open what of the shared folder: reading keys for the shared surface, organisations and liaisons of the main one."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from geoservice.errors import BadInput, NotFound
from geoservice.operations import agreements
from geoservice.operations.permissions import Action, can
from geoservice.operations.reach import scope_of
from geoservice.operations.shared import Folder, Opened, unknown
from geoservice.storage import access as stored
from geoservice.storage import agreements as stored_agreements
from geoservice.storage.access import Access
from geoservice.storage.store import Storage
from geoservice.types import Role, Viewer

KEY_PREFIX = "gsk_"
LONGEST_KEY_DAYS = 366
_LONGEST = 100


@dataclass(frozen=True, eq=False)
class Shared:
    """The shared folder in use: releases, and the database of who may open them."""

    folder: Folder
    access: Access

    def close(self) -> None:
        self.access.close()


@dataclass(frozen=True)
class Guest:
    """Somebody who may open releases. zones: where the page begins, by territory; answers: may answer patrol requests."""

    territories: frozenset[str]
    zones: dict[str, str] = field(default_factory=dict)
    answers: bool = False
    asks: bool = False
    organisation: str | None = None
    name: str = ""


def open_shared(folder: Any) -> Shared:
    """The shared folder; nothing is opened before it is asked."""
    return Shared(Folder(folder), Access(folder))


def opened(shared: Shared, guest: Guest, territory: str) -> Opened:
    """A release that this guest may open; the same NotFound for one that is not theirs and one that does not exist."""
    if territory not in guest.territories:
        raise unknown()
    return shared.folder.open(territory)


# --- the shared surface: reading keys

@dataclass(frozen=True)
class KeyWish:
    """A key to be made. zone: where the page opens; liaison: may answer patrol requests."""

    territory: str
    label: str
    days: int = 90
    zone: str | None = None
    liaison: bool = False
    organisation: str | None = None


def make_key(shared: Shared, wish: KeyWish) -> str:
    """A key that opens one territory until it expires; told once, kept as a hash."""
    found = shared.folder.open(wish.territory)
    if not 1 <= wish.days <= LONGEST_KEY_DAYS:
        raise BadInput(f"Une clé de lecture dure de 1 à {LONGEST_KEY_DAYS} jours.")
    if not re.fullmatch(r"[^\x00-\x1f\x7f]{1,60}", wish.label):
        raise BadInput("Donnez à la clé un nom de 60 caractères au plus : celui du service qui la reçoit, pas d’une personne.")
    if wish.zone is not None and wish.zone not in zones_of(found):
        raise BadInput("Cette zone n’est pas dans la diffusion : donnez un QPV ou une commune qu’elle contient.")
    secret = KEY_PREFIX + secrets.token_urlsafe(32)
    made = stored.now()
    with shared.access.write() as connection:
        stored.add(connection, stored.KEYS, {
            "sha256": hashed(secret), "label": wish.label, "organisation": wish.organisation, "territory": wish.territory,
            "zone": wish.zone, "liaison": int(wish.liaison), "created": made, "expires": made + timedelta(days=wish.days)})
    return secret


def keys(shared: Shared) -> list[Any]:
    """All keys, newest first; no secret is among them."""
    with shared.access.read() as connection:
        return [] if connection is None else list(stored.listing(connection, stored.KEYS))


def revoke_key(shared: Shared, number: int, organisation: str | None = None) -> None:
    """A key (one that `organisation` made, if it is given) opens nothing any more, at once."""
    found = next((key for key in keys(shared) if key.id == number), None)
    if found is None or not alive(found) or organisation not in (None, found.organisation):
        raise NotFound("Cette clé n’existe pas ou n’ouvre plus rien.")
    with shared.access.write() as connection:
        stored.change(connection, stored.KEYS, number, revoked=stored.now())


def guest_of_key(shared: Shared, secret: str) -> Guest | None:
    """Whom a key lets in; None when it is unknown, expired or revoked."""
    if not secret.startswith(KEY_PREFIX) or len(secret) > _LONGEST:
        return None
    with shared.access.read() as connection:
        found = None if connection is None else stored.find(connection, stored.KEYS, hashed(secret))
    if found is None or not alive(found):
        return None
    zones = {found.territory: found.zone} if found.zone else {}
    return Guest(frozenset([found.territory]), zones, bool(found.liaison), name=found.label)


def alive(row: Any) -> bool:
    """Whether a key or link still opens something."""
    return row.revoked is None and stored.now() < row.expires


def hashed(secret: str) -> str:
    """What is kept of a secret: 256 random bits need no salt."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


# --- the main surface: people who are signed in

def guest_of_viewer(shared: Shared, storage: Storage, viewer: Viewer) -> Guest:
    """What a signed-in viewer may open: a liaison the releases that hold their territory, a member those that an agreement of
    their organisation, given or received and in force today, opens."""
    if not can(viewer, Action.READ_RELEASE, viewer.organisation_id):
        return Guest(frozenset())
    if viewer.role is Role.POLICE_LIAISON:
        zones = {found.territory: viewer.territory for found in shared.folder.readable()
                 if viewer.territory is not None and viewer.territory in zones_of(found)}
        return Guest(frozenset(zones), zones, can(viewer, Action.ANSWER_PATROL), False, viewer.organisation, viewer.name)
    today = _today()
    with storage.read(scope_of(viewer)) as connection:
        rows = stored_agreements.listing(connection, viewer.organisation_id)
    agreed = {row.zone for row in rows if agreements.is_open(row, today)}
    mine = frozenset(found.territory for found in shared.folder.readable() if agreed & zones_of(found))
    return Guest(mine, {}, False, can(viewer, Action.ASK_PATROL), viewer.organisation, viewer.name)


def _today() -> date:
    return datetime.now(UTC).date()


def zones_of(found: Opened) -> frozenset[str]:
    """References of the QPV and communes of a release."""
    return frozenset(name for level in ("qpv", "commune") if level in found.release.places
                     for name in found.release.places[level].names)
