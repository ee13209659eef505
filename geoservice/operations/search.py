"""What a person types into the search box: residences, QPV, communes and addresses within the viewer's reach.

Every word typed must begin a word of what is found, whatever the case, accents and punctuation.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from geoservice.catalog.streets import Address, Parts, normalise_street, parse, plain
from geoservice.operations.reader import Reader
from geoservice.storage import addresses
from geoservice.types import Box

MOST = 20
LONGEST = 200  # characters that are read
_PADDING = 0.0015  # degrees around a point, so that a map can be fitted to it
_NUMBERS = 300  # addresses of a street that are looked at
_STREETS = 30
_STREET, _CITYCODE, _CITY, _LON, _LAT = 2, 3, 4, 5, 6  # in rows of storage.addresses
# words that begin the names of streets, for people who leave them out
_TYPES = ("rue", "avenue", "boulevard", "place", "allee", "impasse", "chemin", "square", "cours", "quai", "passage", "route")
_ZONES = (("residence", "patrimoine"), ("qpv", "qpv"), ("commune", "limites"))
_KEPT = 16
_cache: OrderedDict[tuple, list[_Named]] = OrderedDict()


@dataclass(frozen=True)
class Hit:
    """Something found. `type`: residence, qpv, commune or adresse; `zone`: what the filter `zone` takes, if it is a zone."""

    type: str
    label: str
    detail: str
    lon: float
    lat: float
    box: Box
    zone: str | None


@dataclass(frozen=True)
class _Named:
    words: tuple[str, ...]
    hit: Hit


def find(reader: Reader, text: str) -> list[Hit]:
    """At most MOST hits: zones whose name begins like the text first, then other zones, then addresses."""
    words = _words(text[:LONGEST])
    if not words:
        return []
    ranked = [(rank, named.hit) for named in _zones(reader) if (rank := _rank(words, named.words)) is not None]
    zones = [hit for _, hit in sorted(ranked, key=lambda pair: (pair[0], pair[1].label, pair[1].zone))]
    streets = _addresses(reader, text[:LONGEST])
    # neither kind of answer may push the other one out
    kept = max(MOST // 2, MOST - len(streets))
    return [*zones[:kept], *streets][:MOST]


def _words(text: str) -> list[str]:
    return re.sub(r"[^a-z0-9]+", " ", plain(text)).split()


def _rank(typed: list[str], words: tuple[str, ...]) -> int | None:
    """0 when the name begins with what is typed, 1 when each word typed begins one of its words, None otherwise."""
    if all(any(word.startswith(part) for word in words) for part in typed):
        return 0 if " ".join(words).startswith(" ".join(typed)) else 1
    return None


def _zones(reader: Reader) -> list[_Named]:
    """Residences and zones in reach by their words, made once per version of the layers."""
    layers = [layer for _, layer in _ZONES if layer in reader.catalog.layers]
    key = (str(reader.shelf.storage.settings.data), reader.shelf.organisations, *(reader.version(layer) for layer in layers))
    found = _cache.get(key)
    if found is None:
        found = _cache[key] = [*_residences(reader), *_areas(reader)]
        while len(_cache) > _KEPT:
            _cache.popitem(last=False)
    return found


def _residences(reader: Reader) -> Iterable[_Named]:
    if "patrimoine" not in reader.catalog.layers:
        return
    found = reader.shelf.features("patrimoine")
    for row, key in enumerate(found.keys):
        known, shape = found.properties[row], found.geometry[row]
        if known.get("level", "residence") != "residence" or shape is None:
            continue
        address = known.get("address") or ""
        label = found.names[row] or address or key
        detail = ", ".join(dict.fromkeys(part for part in (address, known.get("city") or known.get("postcode")) if part))
        hit = Hit("residence", label, detail, *_middle(Box(*shape.bounds)), _padded(Box(*shape.bounds)), f"residence:{key}")
        yield _Named(tuple(_words(f"{label} {key} {detail}")), hit)


def _areas(reader: Reader) -> Iterable[_Named]:
    for kind, layer in _ZONES[1:]:
        for zone in reader.zones(layer) if layer in reader.catalog.layers else ():
            point = zone.geometry.representative_point()
            detail = f"QPV {zone.generation}, {zone.reference.code}" if kind == "qpv" else f"Commune {zone.reference.code}"
            hit = Hit(kind, zone.name, detail, point.x, point.y, zone.box, str(zone.reference))
            yield _Named(tuple(_words(f"{zone.name} {zone.reference.code}")), hit)


def _addresses(reader: Reader, text: str) -> list[Hit]:
    """Streets whose name begins as typed, at the number typed where there is one; the last words may name the town."""
    parts = parse(Address(text))
    name, town = parts.street.split(), parts.city.split()
    with reader.shelf.storage.read(reader.shelf.scope) as connection:
        for words in range(len(name), max(0, len(name) - 4), -1):
            beginning, place = " ".join(name[:words]), [*name[words:], *town]
            for start in (beginning, *_with_type(beginning)):
                found = addresses.streets(connection, start, _STREETS, parts.postcode)
                hits = [hit for street in found for hit in _of_street(connection, street, parts, place)]
                if hits:
                    return _ordered(hits, start)[:MOST]
    return []


def _with_type(beginning: str) -> list[str]:
    """The same with each usual first word of a street, when the text has none of its own."""
    return [] if beginning.split()[0] in _TYPES else [f"{kind} {beginning}" for kind in _TYPES]


def _of_street(connection: Any, street: tuple[str, str], parts: Parts, town: list[str]) -> list[Hit]:
    """The number asked for, else the middle of the street, in each commune that fits."""
    postcode = street[1]
    rows = addresses.of_street(connection, street, parts.number, _NUMBERS) if parts.number is not None else []
    exact = bool(rows)
    communes: dict[tuple[str, str], list[tuple]] = {}
    for row in rows or addresses.of_street(connection, street, None, _NUMBERS):
        communes.setdefault((row[_CITYCODE], row[_STREET]), []).append(row)
    return [_address(group, postcode, exact) for group in communes.values() if _in_town(town, group[0][_CITY], postcode)]


def _in_town(town: list[str], city: str, postcode: str) -> bool:
    words = [*_words(city), postcode]
    return all(any(word.startswith(part) for word in words) for part in town)


def _address(rows: list[tuple], postcode: str, exact: bool) -> Hit:
    lons, lats = [row[_LON] for row in rows], [row[_LAT] for row in rows]
    middle = (sum(lons) / len(rows), sum(lats) / len(rows))
    # a number that exists, near the middle: the mean of a bent street lies beside it
    row = rows[0] if exact else min(rows, key=lambda row: (row[_LON] - middle[0]) ** 2 + (row[_LAT] - middle[1]) ** 2)
    number = f"{row[0]}{f' {row[1]}' if row[1] else ''} " if exact else ""
    box = Box(row[_LON], row[_LAT], row[_LON], row[_LAT]) if exact else Box(min(lons), min(lats), max(lons), max(lats))
    return Hit("adresse", f"{number}{row[_STREET]}", f"{postcode} {row[_CITY]}", row[_LON], row[_LAT], _padded(box), None)


def _ordered(hits: list[Hit], start: str) -> list[Hit]:
    """Streets that are named just so before those that only begin so."""
    return sorted(hits, key=lambda hit: normalise_street(re.sub(r"^\d+ (bis |ter |[a-z] )?", "", hit.label)) != start)


def _middle(box: Box) -> tuple[float, float]:
    return (box.west + box.east) / 2, (box.south + box.north) / 2


def _padded(box: Box) -> Box:
    """A box with some room around, so that a point is a place to look at."""
    return Box(box.west - _PADDING, box.south - _PADDING, box.east + _PADDING, box.north + _PADDING)
