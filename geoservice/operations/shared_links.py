"""Share links: one layer, one zone, one release, for a time, taken back at once, counted. Shown once and kept as hashes."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np

from geoservice.core.disclosure.release import NOT_SHOWN
from geoservice.errors import BadInput, NotFound, NotReady
from geoservice.operations import shared_read
from geoservice.operations import shared_shapes as shapes
from geoservice.operations.shared import Opened
from geoservice.operations.shared_access import Guest, Shared, alive, hashed, opened
from geoservice.storage import access as stored

LONGEST_DAYS = 90
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


@dataclass(frozen=True)
class LinkWish:
    """A link to be made: a layer (kind and level) of the current release of a territory, in one QPV or commune."""

    territory: str
    kind: str
    level: str
    zone: str
    days: int


@dataclass(frozen=True, eq=False)
class Linked:
    """What a link opens: rows (m,) of a level's places, of that release and no other."""

    opened: Opened
    kind: str
    level: str
    zone: str
    expires: Any
    rows: np.ndarray


def gone() -> NotFound:
    """The one answer for a link that never was, is over or was taken back."""
    return NotFound("Ce lien n’ouvre rien. Il a peut-être expiré : demandez-en un nouveau à la personne qui vous l’a envoyé.")


def make(shared: Shared, guest: Guest, wish: LinkWish) -> str:
    """A link's secret, told once; the release it shows is kept beside, whatever is published later."""
    found = opened(shared, guest, wish.territory)
    if guest.organisation is None:
        raise BadInput("Un lien est fait par une organisation.")
    kind, level = shared_read.kind_of(found.release, wish.kind), shared_read.level_of(found.release, wish.level)
    if not 1 <= wish.days <= LONGEST_DAYS:
        raise BadInput(f"Un lien dure de 1 à {LONGEST_DAYS} jours.")
    if not len(rows_in(found, level, wish.zone)):
        raise BadInput("Cette zone n’a pas de lieu à ce niveau : choisissez un niveau plus fin ou une zone plus grande.")
    secret, made = secrets.token_urlsafe(32), stored.now()
    shared.folder.pin(found)
    with shared.access.write() as connection:
        stored.add(connection, stored.LINKS, {
            "sha256": hashed(secret), "organisation": guest.organisation, "territory": found.territory, "release": found.id,
            "kind": kind, "level": level, "zone": wish.zone, "created": made, "expires": made + timedelta(days=wish.days),
            "opens": 0})
    _tidy(shared)
    return secret


def rows_in(found: Opened, level: str, zone: str) -> np.ndarray:
    """Places of a level that lie in a zone with most of their ground; the zone itself at its own level. (m,) int64."""
    release = found.release
    for zones in ("qpv", "commune"):
        names = release.places[zones].names if zones in release.places else ()
        if zone in names:
            at = names.index(zone)
            return np.array([at]) if level == zones else np.flatnonzero(shapes.zone_of(release, level, zones) == at)
    raise BadInput("Cette zone n’est pas dans la diffusion : donnez un QPV ou une commune qu’elle contient.")


def listing(shared: Shared, organisation: str) -> list[Any]:
    """Links of an organisation, newest first, without their secret."""
    with shared.access.read() as connection:
        return [] if connection is None else list(stored.listing(connection, stored.LINKS, organisation=organisation))


def revoke(shared: Shared, organisation: str, number: int) -> None:
    """A link of one's organisation opens nothing any more, at once."""
    found = next((link for link in listing(shared, organisation) if link.id == number), None)
    if found is None or not alive(found):
        raise NotFound("Ce lien n’existe pas ou n’ouvre plus rien.")
    with shared.access.write() as connection:
        stored.change(connection, stored.LINKS, number, revoked=stored.now())
    _tidy(shared)


def follow(shared: Shared, secret: str) -> Linked:
    """What a link opens, counted; NotFound for any that opens nothing."""
    sha256 = hashed(secret)  # asked whatever it looks like: one way for all
    with shared.access.read() as connection:
        row = None if connection is None else stored.find(connection, stored.LINKS, sha256)
    if row is None or not _SECRET.fullmatch(secret) or not alive(row):
        raise gone()
    try:
        found = shared.folder.pinned(row.territory, row.release)
    except (NotFound, NotReady):
        raise gone() from None
    try:
        with shared.access.write() as connection:
            stored.count_open(connection, row.id)
    except NotReady:
        pass  # a folder that is only read counts nothing
    return Linked(found, row.kind, row.level, row.zone, row.expires, rows_in(found, row.level, row.zone))


def told(linked: Linked) -> dict[str, Any]:
    """All that a link opens, as JSON: places of the zone and every published column of the layer."""
    release, level = linked.opened.release, linked.level
    public = shapes.columns(linked.opened, level)
    rows = linked.rows.tolist()
    places = [{"place": public["place"][row], "name": public["name"][row], "dwellings": int(public["dwellings"][row])}
              for row in rows]
    columns = [{"period": period, "group": group, "values": shared_read.plain(table.values[linked.rows, at, which])}
               for table in shared_read.tables_of(release, linked.kind, level)
               for at, period in enumerate(table.periods) for which, group in enumerate(table.groups)]
    return {"release": linked.opened.id, "revision": release.revision, "kind": linked.kind, "level": level, "zone": linked.zone,
            "zone_name": shapes.name_of(linked.opened, linked.zone), "places": places, "columns": columns,
            "masked": shared_read.MASKED, "promise": shared_read.promise(release), "warnings": shared_read.warnings(release)}


def column_of(linked: Linked, period: str | None, group: str | None) -> tuple[shared_read.Column, np.ndarray]:
    """One column of the layer and its values in the zone (m,), NOT_SHOWN where it is not shown."""
    wish = shared_read.Wish(linked.kind, linked.level, period, group)
    found = shared_read.column(linked.opened, wish)
    return found, np.where(found.shown, found.values, NOT_SHOWN)[linked.rows]


def _tidy(shared: Shared) -> None:
    """Releases that no living link shows any more are not kept."""
    with shared.access.read() as connection:
        rows = [] if connection is None else stored.listing(connection, stored.LINKS)
    shared.folder.unpin({row.release for row in rows if alive(row)})
