"""What the two landlords of the matrix share: a release each that the other may not open; links, keys, patrol requests.

Both releases are the synthetic small town’s; its QPV and commune are named after the landlord: each release says a canary.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geoservice.core.disclosure.release import Release
from geoservice.operations import shared_access, shared_links, shared_patrol
from geoservice.operations.shared_access import Guest, KeyWish, Shared
from geoservice.storage import access as stored
from tests.web import shared_world

if TYPE_CHECKING:
    from tests.attack.tenants import Tenant


def plant(folder: Path, tenant: Tenant) -> None:
    """A release of a landlord's territory, and one of everything that hangs on it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "seal").write_bytes(shared_world.SEAL)
    made = _named(shared_world.release(), tenant.word)
    territory = f"territoire-{tenant.code}"
    shared_world.put(folder, territory, replace(made, territory=territory))
    shared = shared_access.open_shared(folder)
    guest = guest_of(tenant)
    tenant.names |= {"territory": territory, "qpv": f"qpv2024:{tenant.word}0", "commune": f"commune:{tenant.word}0",
                     "group": next(iter(shared_patrol.groups(shared.folder.open(territory)))), "wished": _soon()}
    for what in ("link", "key", "patrol"):
        tenant.names[what] = fresh(shared, tenant, what)
    for state, given in tenant.secrets.items():
        given |= {"share_link": shared_links.make(shared, guest, _link(tenant)),
                  "reading_key": shared_access.make_key(shared, _key(tenant))}
        _end(shared, tenant, state)
    tenant.names["secret"] = tenant.secrets["active"]["share_link"]
    shared.close()


def _end(shared: Shared, tenant: Tenant, state: str) -> None:
    """The newest link and key of a landlord are revoked, or past their time by a minute."""
    link = max(link.id for link in shared_links.listing(shared, tenant.code))
    key = max(key.id for key in shared_access.keys(shared) if key.organisation == tenant.code)
    if state == "revoked":
        shared_links.revoke(shared, tenant.code, link)
        shared_access.revoke_key(shared, key, tenant.code)
    if state == "expired":
        with shared.access.write() as connection:
            for table, number in ((stored.LINKS, link), (stored.KEYS, key)):
                stored.change(connection, table, number, expires=stored.now() - timedelta(minutes=1))


def _named(release: Release, word: str) -> Release:
    """The release with the canary in the names of its zones."""
    places = dict(release.places)
    for level, sort in (("qpv", "qpv2024"), ("commune", "commune")):
        names = tuple(f"{sort}:{word}{number}" for number in range(len(places[level].names)))
        places[level] = replace(places[level], names=names)
    return replace(release, places=places)


def guest_of(tenant: Tenant) -> Guest:
    """A member of a landlord, as the shared surface sees them."""
    return Guest(frozenset({f"territoire-{tenant.code}"}), asks=True, organisation=tenant.code)


def _link(tenant: Tenant) -> shared_links.LinkWish:
    return shared_links.LinkWish(tenant.names["territory"], "bailleur", "qpv", tenant.names["qpv"], 7)


def _key(tenant: Tenant) -> KeyWish:
    return KeyWish(tenant.names["territory"], f"service {tenant.word}", organisation=tenant.code)


def _soon() -> str:
    return str((datetime.now(UTC) + timedelta(days=3)).date())


def fresh(shared: Shared, tenant: Tenant, what: str) -> str:
    """The number of a new link, key or patrol request of a landlord."""
    if what == "link":
        shared_links.make(shared, guest_of(tenant), _link(tenant))
        return str(max(link.id for link in shared_links.listing(shared, tenant.code)))
    if what == "key":
        shared_access.make_key(shared, _key(tenant))
        return str(max(key.id for key in shared_access.keys(shared)))
    reason = next(iter(shared_patrol.REASONS))
    return str(shared_patrol.ask(shared, guest_of(tenant), shared_patrol.PatrolWish(
        tenant.names["territory"], "qpv", tenant.names["qpv"], tenant.names["group"], reason, _soon())))


def state_of(shared: Shared, tenant: Tenant) -> list[Any]:
    """What only a landlord's own people, or whom they let in, may change: but for how often a link was opened."""
    links = [(link.id, link.revoked, link.expires) for link in shared_links.listing(shared, tenant.code)]
    keys = [(key.id, key.revoked) for key in shared_access.keys(shared) if key.organisation == tenant.code]
    return [links, keys, shared_patrol.listing(shared, guest_of(tenant), tenant.names["territory"])]
