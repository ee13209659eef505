"""Signing in with an e-mail and a password; browsers that are signed in.

An unknown account costs the same work and gets the same words as a wrong password. Tries are counted before the password is
looked at, by digests of account and network that are deleted after a quarter of an hour.
"""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from geoservice.errors import NotFound, NotSignedIn, TooManyTries
from geoservice.operations import audit, passwords
from geoservice.operations.accounts import hash_of
from geoservice.operations.reach import scope_of
from geoservice.settings import Settings
from geoservice.storage import people as stored
from geoservice.storage.people import aware
from geoservice.storage.store import Storage
from geoservice.storage.tables import OPEN
from geoservice.types import Role, Viewer

PREFIX, CHOICE = "ses_", "cho_"
CHOICE_S = 600
WINDOW_S = 900
_TOUCH_S = 300
WRONG = "E-mail ou mot de passe incorrect."


@dataclass(frozen=True)
class Credentials:
    """What somebody gives: e-mail, password, and the address of the network they come from."""

    email: str
    password: str
    peer: str


@dataclass(frozen=True)
class Found:
    """Whom a cookie is, the sign-in's number, and whether it is time to note that it was seen."""

    viewer: Viewer
    number: int
    due: bool


def sign_in(storage: Storage, given: Credentials, previous: str = "") -> str:
    """The secret of a new cookie (see `begin`); NotSignedIn or TooManyTries. The browser's former sign-in ends."""
    email = given.email.strip().lower()[:300]
    account = _subject("compte", email)
    _count(storage, account, _subject("reseau", network_of(given.peer)))
    with storage.read() as connection:
        found = stored.find(connection, email)
        places = stored.memberships(connection, found.id if found else 0)  # as much work for nobody
    if not passwords.matches(given.password, found.password if found else None) or not places:
        _refused(storage, found, places)
    return begin(storage, found.id, previous, account)


def begin(storage: Storage, person: int, previous: str = "", account: str = "") -> str:
    """The secret of a new cookie for somebody who proved who they are; NotSignedIn when they are in no organisation.

    Whoever is in several gets a secret that begins with CHOICE: it lasts ten minutes and opens nothing but `choose`.
    """
    moment = datetime.now(UTC)
    with storage.write() as connection:
        places = stored.memberships(connection, person)
        if not places:
            raise NotSignedIn(WRONG)
        stored.forget_tries(connection, 0, account)
        stored.forget_sign_ins(connection, moment - timedelta(days=1))
        former = stored.find_sign_in(connection, hash_of(previous)) if previous else None
        if former is not None:
            stored.revoke(connection, [former["id"]], moment)
        if len(places) == 1:
            return _admit(connection, person, places[0], _end(storage.settings, moment))
        secret = CHOICE + secrets.token_urlsafe(32)
        stored.add_sign_in(connection, places[0].id, hash_of(secret), moment, moment + timedelta(seconds=CHOICE_S))
    return secret


def _end(settings: Settings, moment: datetime) -> datetime:
    return moment + timedelta(hours=settings.sign_in_hours)


def _admit(connection: Any, person: int, place: Any, ends: datetime, action: str = "connexion") -> str:
    """A new secret that opens an organisation."""
    secret = PREFIX + secrets.token_urlsafe(32)
    number = stored.add_sign_in(connection, place.id, hash_of(secret), datetime.now(UTC), ends)
    audit.note(connection, place.organisation_id, f"personne {person}", action, f"connexion {number}")
    return secret


def choices(storage: Storage, secret: str) -> list[Any]:
    """Memberships among which somebody with a secret of `begin` has to choose; none when it is no such secret, or too old."""
    with storage.read() as connection:
        row = _choosing(connection, secret)
        return list(stored.memberships(connection, row["person_id"])) if row else []


def choose(storage: Storage, secret: str, membership: int) -> str:
    """The cookie's secret for one of these; NotSignedIn when there is nothing to choose any more, NotFound for another's."""
    with storage.write() as connection:
        row = _choosing(connection, secret)
        if row is None:
            raise NotSignedIn("Le choix de l’organisation a expiré. Connectez-vous de nouveau.")
        place = _place(connection, row["person_id"], membership)
        moment = datetime.now(UTC)
        stored.revoke(connection, [row["id"]], moment)
        return _admit(connection, row["person_id"], place, _end(storage.settings, moment))


def _choosing(connection: Any, secret: str) -> dict[str, Any] | None:
    row = stored.find_sign_in(connection, hash_of(secret)) if secret.startswith(CHOICE) else None
    return row if row and row["revoked"] is None and datetime.now(UTC) < aware(row["ends"]) else None


def _place(connection: Any, person: int, membership: int) -> Any:
    found = next((one for one in stored.memberships(connection, person) if one.id == membership), None)
    if found is None:
        raise NotFound("Vous n’êtes pas membre de cette organisation.")
    return found


def places(storage: Storage, viewer: Viewer) -> list[Any]:
    """The viewer's own memberships, oldest first."""
    if viewer.person is None:
        return []
    with storage.read(scope_of(viewer)) as connection:
        return list(stored.memberships(connection, viewer.person))


def change_organisation(storage: Storage, viewer: Viewer, secret: str, membership: int) -> str:
    """Another of one's organisations, under a new secret that ends when the old one would have; the old one ends now."""
    with storage.write() as connection:
        row = stored.find_sign_in(connection, hash_of(secret))
        if viewer.person is None or row is None or row["person_id"] != viewer.person or row["revoked"] is not None:
            raise NotFound("Vous n’êtes pas membre de cette organisation.")
        place = _place(connection, viewer.person, membership)
        stored.revoke(connection, [row["id"]], datetime.now(UTC))
        return _admit(connection, viewer.person, place, aware(row["ends"]), "connexion.organisation")


def _refused(storage: Storage, found: Any, of: Any) -> None:
    organisation = of[0].organisation_id if of else OPEN
    actor = f"personne {found.id}" if found else audit.NOBODY
    audit.note_alone(storage, organisation, actor, "connexion", outcome=audit.REFUSED)
    raise NotSignedIn(WRONG)


def _count(storage: Storage, account: str, network: str) -> None:
    """One more try of an account and of a network; TooManyTries when it is one too many of either."""
    settings, moment = storage.settings, int(time.time())
    since = moment - WINDOW_S
    with storage.write() as connection:
        stored.forget_tries(connection, since)
        of_account, of_network = (stored.tries(connection, subject, since) for subject in (account, network))
        blocked = of_account >= settings.sign_in_tries or of_network >= settings.sign_in_network_tries
        if not blocked:
            stored.add_try(connection, [account, network], moment)
            if of_account + 1 == settings.sign_in_tries or of_network + 1 == settings.sign_in_network_tries:
                audit.note(connection, OPEN, audit.NOBODY, "connexion.limite", outcome=audit.REFUSED)
    if blocked:
        raise TooManyTries("Trop d’essais de connexion. Attendez un quart d’heure, puis recommencez.")


def count_account(storage: Storage, email: str, peer: str) -> None:
    """One more try of somebody's own password where they are signed in already; TooManyTries when it is one too many."""
    _count(storage, _subject("compte", email), _subject("reseau", network_of(peer)))


def count_network(storage: Storage, peer: str) -> None:
    """One more try of a network by a provider; TooManyTries when it is one too many."""
    network = network_of(peer)
    _count(storage, _subject("fournisseur", network + secrets.token_hex(8)), _subject("reseau", network))


def subject_of(email: str) -> str:
    """The digest under which tries of an account are counted."""
    return _subject("compte", email)


def _subject(sort: str, text: str) -> str:
    return hashlib.sha256(f"{sort}\0{text}".encode("utf-8", "replace")).hexdigest()


def network_of(peer: str) -> str:
    """The /24 (IPv4) or /64 (IPv6) of an address; the text itself when it is none."""
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return peer[:64]
    address = getattr(address, "ipv4_mapped", None) or address
    return str(ipaddress.ip_network(f"{address}/{24 if address.version == 4 else 64}", strict=False))


def find(storage: Storage, secret: str) -> Found | None:
    """Whom a cookie is now; None when it is none of ours, signed out, idle for too long or at its end."""
    if not secret.startswith(PREFIX):
        return None
    digest = hash_of(secret)

    def look() -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
        with storage.read() as connection:
            row = stored.find_sign_in(connection, digest)
            admin = row is not None and row["role"] == Role.PLATFORM_ADMIN
            return row, stored.glass_of(connection, row["person_id"]) if row and admin else None

    row, glass = storage.memory.get(("sign-in", digest), look)
    moment = datetime.now(UTC)
    if row is None or row["revoked"] is not None or not _lasts(row, storage.settings, moment):
        return None
    if glass is not None and aware(glass["ends"]) <= moment:
        glass = None
    due = (moment - aware(row["seen"])).total_seconds() > _TOUCH_S
    return Found(_viewer(row, glass), row["id"], due)


def _lasts(row: dict[str, Any], settings: Settings, moment: datetime) -> bool:
    idle = timedelta(minutes=settings.sign_in_idle_minutes)
    return moment < aware(row["ends"]) and moment < aware(row["seen"]) + idle


def _viewer(row: dict[str, Any], glass: dict[str, Any] | None) -> Viewer:
    of = row if glass is None else glass
    return Viewer(of["organisation_id"], of["organisation"], row["email"], "connexion", Role(row["role"]), row["person_id"],
                  mark=f"personne {row['person_id']}", territory=row["territory"], glass=glass is not None)


def touch(storage: Storage, number: int) -> None:
    """Note that a browser was seen."""
    with storage.write() as connection:
        stored.touch(connection, number, datetime.now(UTC))


def sign_out(storage: Storage, secret: str) -> None:
    """The browser with this cookie is signed out."""
    with storage.write() as connection:
        row = stored.find_sign_in(connection, hash_of(secret))
        if row is not None and row["revoked"] is None:
            stored.revoke(connection, [row["id"]], datetime.now(UTC))
            who = f"personne {row['person_id']}"
            audit.note(connection, row["organisation_id"], who, "deconnexion", f"connexion {row['id']}")


def listing(storage: Storage, viewer: Viewer, secret: str) -> list[tuple[Any, bool]]:
    """The viewer's browsers that are signed in, newest first, and which is this one."""
    if viewer.person is None:
        return []
    with storage.read(scope_of(viewer)) as connection:
        rows = stored.sign_ins(connection, viewer.person)
    moment, mine = datetime.now(UTC), hash_of(secret)
    return [(row, row.sha256 == mine) for row in rows if _lasts(row._asdict(), storage.settings, moment)]


def close(storage: Storage, viewer: Viewer, number: int) -> None:
    """Sign one of the viewer's own browsers out, from its next request on."""
    if viewer.person is None:
        raise NotFound("Cette connexion n’existe pas.")
    with storage.write(scope_of(viewer)) as connection:
        if number not in {row.id for row in stored.sign_ins(connection, viewer.person)}:
            raise NotFound("Cette connexion n’existe pas.")
        stored.revoke(connection, [number], datetime.now(UTC))
        audit.note(connection, viewer.organisation_id, audit.actor_of(viewer), "connexion.revoquee", f"connexion {number}")
