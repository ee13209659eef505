"""From an address to a place, offline, over the addresses of an imported BAN file.

Exact street within the postcode or commune, then the number. Doubt is an answer: several communes or several streets
that fit give no place and a reason, never a guess. A `rue` or `commune` answer is a table's, not a map's: its
coordinates are the middle of the street (or none), and facts keep no point from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from geoservice.catalog.streets import Address, Parts, normalise_city, normalise_street, parse
from geoservice.types import Placement

__all__ = ["Address", "AddressBook", "Geocoder", "Match", "OfflineGeocoder", "normalise_street", "parse"]

# ADDRESS rows: (key, number, suffix, street, street_norm, postcode, citycode, city, lon, lat)
_NUMBER, _SUFFIX, _STREET, _CITYCODE, _CITY, _LON, _LAT = 1, 2, 3, 6, 7, 8, 9
_SUFFIXES = {"b": "bis", "t": "ter", "q": "quater"}
SAME_PLACE = 0.0005  # degrees (about 50 m): entries of one number closer than this are one place


@dataclass(frozen=True, slots=True)
class Match:
    """What an address led to. `placement` None: nothing, and `reason` says why in French, without the address.

    lon, lat: EPSG:4326 degrees or None; score in [0, 1].
    """

    placement: Placement | None
    lon: float | None = None
    lat: float | None = None
    citycode: str | None = None
    score: float = 0.0
    reason: str = ""


class AddressBook(Protocol):
    """What storage offers to the geocoder: imported addresses by normalised street, and the communes of a code."""

    def lookup(self, street: str, postcode: str | None = None, citycode: str | None = None) -> Sequence[tuple]:
        """ADDRESS rows whose `street_norm` is `street`, within a postcode or an INSEE citycode (at least one is given)."""
        ...

    def communes(self, postcode: str | None = None, citycode: str | None = None) -> Sequence[tuple[str, str]]:
        """(citycode, city) of the communes that have addresses under a code."""
        ...


class Geocoder(Protocol):
    """Anything that places addresses: the imported BAN offline, or the Géoplateforme when it is switched on."""

    def locate(self, addresses: Sequence[Address]) -> list[Match]: ...


class OfflineGeocoder:
    """Places addresses with an AddressBook; nothing leaves the machine."""

    def __init__(self, book: AddressBook) -> None:
        self._book = book
        self._known: dict[Address, Match] = {}

    def locate(self, addresses: Sequence[Address]) -> list[Match]:
        """One Match per address, in order; a repeated address is looked up once."""
        for address in set(addresses) - self._known.keys():
            self._known[address] = self._find(parse(address))
        found = [self._known[address] for address in addresses]
        if len(self._known) > 100_000:  # bounded memory in a long import
            self._known.clear()
        return found

    def _find(self, parts: Parts) -> Match:
        if not (parts.postcode or parts.citycode):
            return Match(None, reason="L’adresse n’a ni code postal ni code INSEE de commune ; ajoutez-en un.")
        if not parts.street:
            return self._commune(parts)
        rows = list(self._book.lookup(parts.street, postcode=parts.postcode, citycode=parts.citycode))
        if not rows and parts.citycode and parts.postcode:  # Paris 75056 in one file, 75112 in the other
            rows = list(self._book.lookup(parts.street, postcode=parts.postcode))
        if not rows:
            return self._commune(parts)
        return _choose(parts, rows)

    def _commune(self, parts: Parts) -> Match:
        found = list(self._book.communes(postcode=parts.postcode, citycode=parts.citycode))
        if len(found) > 1 and parts.city:
            found = [pair for pair in found if normalise_city(pair[1]) == parts.city]
        codes = {code for code, _ in found}
        if len(codes) == 1:
            return Match(Placement.COMMUNE, citycode=codes.pop(), score=0.4)
        if codes:
            return Match(None, reason="La rue est inconnue et plusieurs communes ont ce code postal ; ajoutez le code INSEE.")
        return Match(None, reason="Aucune adresse de ce code postal n’est importée ; importez le fichier BAN du département.")


def _choose(parts: Parts, rows: list[tuple]) -> Match:
    """Pick a number or a street among rows that share a normalised street name."""
    rows = _in_town(parts, rows)
    towns = {row[_CITYCODE] for row in rows}
    if len(towns) > 1:
        return Match(None, reason="Plusieurs communes de ce code postal ont cette rue ; ajoutez le code INSEE de la commune.")
    numbered, score = _with_number(parts, rows)
    if numbered:
        return _numbered(numbered, score)
    streets = {row[_STREET] for row in rows}
    if len(streets) > 1 and not _near(rows, 20 * SAME_PLACE):
        return Match(None, reason="Plusieurs voies de la commune ont presque ce nom ; corrigez l’adresse.")
    lon, lat = _middle(rows)
    return Match(Placement.RUE, lon, lat, rows[0][_CITYCODE], 0.6)


def _in_town(parts: Parts, rows: list[tuple]) -> list[tuple]:
    if parts.citycode and any(row[_CITYCODE] == parts.citycode for row in rows):
        return [row for row in rows if row[_CITYCODE] == parts.citycode]
    named = [row for row in rows if parts.city and normalise_city(row[_CITY]) == parts.city]
    return named or rows


def _with_number(parts: Parts, rows: list[tuple]) -> tuple[list[tuple], float]:
    """Rows of the number asked for, and a score: 1 with the suffix asked for, 0.9 when only the bare number is known."""
    same = [row for row in rows if parts.number is not None and row[_NUMBER] == parts.number]
    wanted = _SUFFIXES.get(parts.suffix, parts.suffix)
    exact = [row for row in same if _SUFFIXES.get(row[_SUFFIX] or "", row[_SUFFIX] or "") == wanted]
    if exact:
        return exact, 1.0
    return [row for row in same if not row[_SUFFIX]], 0.9


def _numbered(rows: list[tuple], score: float) -> Match:
    if not _near(rows, SAME_PLACE):
        return Match(None, reason="Ce numéro existe à plusieurs endroits de la commune ; corrigez l’adresse.")
    row = min(rows)  # entries of one place: any will do, but always the same one
    return Match(Placement.NUMERO, row[_LON], row[_LAT], row[_CITYCODE], score)


def _near(rows: Iterable[tuple], degrees: float) -> bool:
    lons, lats = zip(*((row[_LON], row[_LAT]) for row in rows), strict=True)
    return max(lons) - min(lons) <= degrees and max(lats) - min(lats) <= degrees


def _middle(rows: list[tuple]) -> tuple[float, float]:
    """The entry nearest the mean of a street: a place that exists on it."""
    lon = sum(row[_LON] for row in rows) / len(rows)
    lat = sum(row[_LAT] for row in rows) / len(rows)
    best = min(rows, key=lambda row: ((row[_LON] - lon) ** 2 + (row[_LAT] - lat) ** 2, row[0]))
    return best[_LON], best[_LAT]
