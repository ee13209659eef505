"""What an owner tells outside about its own facts: a hall's state, an exact figure. Asked first, noted, and known to all later
audits; nothing here is sent anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from geoservice.core.disclosure import release as core
from geoservice.core.query import EPOCH
from geoservice.errors import BadInput, NotFound
from geoservice.operations import audit, publishing, publishing_facts, publishing_files, territories
from geoservice.operations.features import FeatureShelf
from geoservice.operations.permissions import Action, require
from geoservice.operations.publishing_facts import first_day
from geoservice.operations.territories import Territory
from geoservice.storage import releases as stored
from geoservice.storage.store import Storage
from geoservice.types import Viewer

STATES = ("vert", "jaune", "orange", "rouge", "inconnu")


@dataclass(frozen=True)
class Telling:
    """What is told outside: of a place (`hall:CODE`, `residence:CODE`, `commune:CODE`, `qpv2024:CODE`) and months (first, last).
    state: of a hall, then shown to readers; None: an exact figure, which is not."""

    territory: str
    place: str
    months: tuple[int, int]
    state: str | None
    today: date


@dataclass(frozen=True)
class Told:
    """What a disclosure would give away: facts it speaks of; small counts that could be proven before it and with it."""

    facts: int
    before: int
    after: int
    noted: bool

    def lines(self) -> Iterator[str]:
        """In French, for the owner who is about to tell."""
        yield f"{self.facts} de vos faits sont concernés."
        if self.after:
            yield (f"Attention : petits nombres de la diffusion en place qui pourraient être prouvés avec cela : {self.after} "
                   f"(sans cela : {self.before}). Une diffusion déjà faite ne se reprend pas.")
        else:
            yield "La diffusion en place n’en livrerait aucun petit nombre."
        yield "Noté : les audits suivants en tiendront compte." if self.noted else "Rien n’est noté sans --yes."


def disclose(storage: Storage, viewer: Viewer, telling: Telling, sure: bool) -> Told:
    """Say what telling this outside would give away, and note it when the owner is sure."""
    require(viewer, Action.DISCLOSE, viewer.organisation_id)
    if telling.state is not None and (telling.state not in STATES or not telling.place.startswith("hall:")):
        raise BadInput(f"L’état est celui d’un hall (hall:CODE) : {', '.join(STATES)}.")
    with stored.publisher_lock(storage.settings.data):
        publishing_files.settle(storage)
        territory = territories.load(storage, telling.territory)
        spot = _spot(storage, viewer, telling.place)
        numbers, keys, drawn = _own(storage, viewer, territory, (telling, spot))
        before, after = _given_away(storage, territory, keys)
        if sure:
            values = {"territory_id": territory.number, "organisation_id": viewer.organisation_id, "place": telling.place,
                      "residence": spot.residence[:120], "hall": spot.hall[:120],
                      "state": telling.state or publishing_files.FIGURE, "first": telling.months[0], "last": telling.months[1],
                      "day": (telling.today - EPOCH).days,
                      "keys": keys.astype("<u8").tobytes()}
            with storage.write() as connection:
                stored.add_keys(connection, drawn)
                number = stored.add_disclosure(connection, values)
                audit.note(connection, viewer.organisation_id, audit.actor_of(viewer), "divulgation",
                           f"territoire {territory.number} divulgation {number}")
            publishing_files.settle(storage)
        return Told(len(numbers), before, after, sure)


@dataclass(frozen=True)
class _Spot:
    """A place of the owner's as people call it, and the codes its facts bear (None: any)."""

    residence: str = ""
    hall: str = ""
    codes: tuple[str | None, str | None] = (None, None)  # residence, hall


def _spot(storage: Storage, viewer: Viewer, place: str) -> _Spot:
    """The place; NotFound when it is none of the owner's. A hall whose code serves twice is written hall:RESIDENCE/CODE."""
    level, _, code = place.partition(":")
    if level in ("commune", "qpv2024") and code:
        return _Spot()
    if level not in ("hall", "residence") or not code:
        raise BadInput("Un lieu s’écrit hall:CODE, residence:CODE, commune:CODE ou qpv2024:CODE.")
    shelf = FeatureShelf(storage, (viewer.organisation_id,))
    homes = shelf.names("patrimoine")
    if level == "residence":
        if code not in homes:
            raise NotFound(f"La résidence « {code} » n’est pas dans votre patrimoine.")
        return _Spot(homes[code], "", (code, None))
    halls = shelf.features("halls")
    inside, _, hall = code.rpartition("/")
    found = [(str(known.get("residence") or ""), name) for known, name in zip(halls.properties, halls.names, strict=True)
             if known.get("hall") == hall and inside in ("", known.get("residence"))]
    if not found:
        raise NotFound(f"Le hall « {code} » n’est pas dans vos halls.")
    if len(found) > 1:
        raise BadInput(f"Le code « {hall} » sert dans {len(found)} résidences : écrivez hall:RÉSIDENCE/{hall}.")
    residence, name = found[0]
    return _Spot(homes.get(residence, residence), name or hall, (residence, hall))


def _own(storage: Storage, viewer: Viewer, territory: Territory,
         about: tuple[Telling, _Spot]) -> tuple[list[int], np.ndarray, dict[int, int]]:
    """Numbers and keys of the owner's facts that the telling is about, and the keys that are new."""
    telling, spot = about
    days = (first_day(telling.months[0]), first_day(telling.months[1] + 1))
    with storage.read() as connection:
        rows = [row for block in stored.facts_of(connection, (viewer.organisation_id,), tuple(territory.terms.volumes), days)
                for row in block]
        keys = stored.keys(connection)
    numbers = [row[0] for row, chosen in zip(rows, _about(territory, telling.place, spot, rows), strict=True) if chosen]
    drawn = publishing_facts.draw([number for number in numbers if number not in keys])
    known = keys | drawn
    return numbers, np.array([known[number] for number in numbers], dtype=np.uint64), drawn


def _about(territory: Territory, place: str, spot: _Spot, rows: list[tuple]) -> list[bool]:
    """Which facts (`releases.COLUMNS`) are of the place; zones are whole atoms here too."""
    level, _, _ = place.partition(":")
    if level in ("hall", "residence"):
        columns = [stored.COLUMNS.index(name) for name in ("residence", "hall")]
        return [all(code in (None, row[column]) for code, column in zip(spot.codes, columns, strict=True)) for row in rows]
    ground = territory.ground
    zones = ground.communes if level == "commune" else ground.qpv
    if place not in zones.names:
        raise NotFound(f"« {place} » n’est pas une zone de ce territoire.")
    cells = np.array([row[stored.COLUMNS.index("cell")] for row in rows], dtype=np.int64).astype(np.uint64)
    atom = ground.atoms.of(cells)
    return ((atom >= 0) & (zones.of_atom[atom] == zones.names.index(place))).tolist()


def _given_away(storage: Storage, territory: Territory, keys: np.ndarray) -> tuple[int, int]:
    """Small counts of the release in place that could be proven, before and with this, in the kinds and years it speaks of."""
    past = publishing.states(storage, territory)
    if not past:
        return 0, 0
    state = past[-1]
    published = publishing.with_told(state.published, publishing.disclosed(storage, territory))
    ledger = published.ledger.take(np.isin(published.ledger.key, keys))
    years = {1970 + month // 12 for month in np.unique(ledger.month).tolist()}
    months = tuple(month for month in published.release.months if 1970 + month // 12 in years)
    if not months:
        return 0, 0
    order = publishing.order_of(territory, state, months, published.ledger)
    order = replace(order, terms=tuple(terms for terms in order.terms if terms.kind in set(ledger.kind.tolist())))
    return core.exposed(order, published, np.empty(0, np.uint64)), core.exposed(order, published, keys)
