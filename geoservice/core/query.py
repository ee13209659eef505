"""The one typed filter of facts, and its reading from the names and texts of a request.

A closed list of parameters instead of a query language: known parsers crash or inject.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import TypeVar

from geoservice.core.grid import COARSEST, FINEST
from geoservice.errors import BadInput, UnknownParameter
from geoservice.types import Box, Category, Kind, Nature, Place

W = TypeVar("W", bound=StrEnum)

PARAMETERS = ("kind", "from", "to", "category", "nature", "place", "gravity_min", "hours", "weekdays", "zone", "bbox",
              "resolution", "format")
ZONE_LAYERS = ("qpv2024", "qpv2015", "commune", "residence")
EPOCH = date(1970, 1, 1)
_ZONE = re.compile(r"(qpv2024|qpv2015|commune|residence):([0-9A-Za-z_.~ \-/]{1,64})")


@dataclass(frozen=True, slots=True)
class ZoneRef:
    """A zone by layer (`qpv2024`, `qpv2015`, `commune`, `residence`) and code."""

    layer: str
    code: str

    def __str__(self) -> str:
        return f"{self.layer}:{self.code}"


@dataclass(frozen=True, slots=True)
class FactQuery:
    """Which facts: every condition must hold. Days are local; `since` is included, `until` excluded.

    `hours` (20, 6) covers 20:00 to 05:59; `weekdays` are ISO numbers, 1 for Monday.
    """

    kind: Kind | None = None
    since: date | None = None
    until: date | None = None
    categories: tuple[Category, ...] = ()
    natures: tuple[Nature, ...] = ()
    places: tuple[Place, ...] = ()
    gravity_min: int | None = None
    hours: tuple[int, int] | None = None
    weekdays: tuple[int, ...] = ()
    zone: ZoneRef | None = None
    bbox: Box | None = None
    resolution: int = field(default=9)

    def with_(self, **changes: object) -> FactQuery:
        """The same query with some conditions changed."""
        return replace(self, **changes)  # type: ignore[arg-type]  # names are checked by replace itself

    def canonical(self) -> str:
        """One text for one meaning, fit for cache keys."""
        return repr(replace(self, categories=tuple(sorted(self.categories)), natures=tuple(sorted(self.natures)),
                            places=tuple(sorted(self.places)), weekdays=tuple(sorted(self.weekdays))))


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


def parse(params: Mapping[str, str]) -> FactQuery:
    """A FactQuery from request texts; BadInput or UnknownParameter say in French what to write instead."""
    unknown = sorted(set(params) - set(PARAMETERS))
    if unknown:
        raise UnknownParameter(f"Le paramètre « {_shown(unknown[0])} » n’existe pas. "
                               f"Paramètres possibles : {', '.join(PARAMETERS)}.")
    given = {name: text for name, text in params.items() if text != ""}
    query = FactQuery(
        kind=_one_word(Kind, given.get("kind"), "kind"),
        since=_day(given.get("from"), "from"),
        until=_day(given.get("to"), "to"),
        categories=_words(Category, given.get("category"), "category"),
        natures=_words(Nature, given.get("nature"), "nature"),
        places=_words(Place, given.get("place"), "place"),
        gravity_min=_number(given.get("gravity_min"), "gravity_min", 1, 4),
        hours=_hours(given.get("hours")),
        weekdays=_weekdays(given.get("weekdays")),
        zone=_zone(given.get("zone")),
        bbox=parse_box(given.get("bbox")),
    )
    if query.since and query.until and query.since >= query.until:
        raise BadInput("La date « to » doit suivre la date « from » : « from » est comprise, « to » ne l’est pas.")
    resolution = _number(given.get("resolution"), "resolution", COARSEST, FINEST)
    return query if resolution is None else replace(query, resolution=resolution)


def parse_box(text: str | None) -> Box | None:
    """`west,south,east,north` in degrees; BadInput when it is not a box."""
    if text is None:
        return None
    parts = text.split(",")
    try:
        west, south, east, north = (float(part) for part in parts)
    except ValueError:
        raise BadInput("« bbox » attend quatre nombres : ouest,sud,est,nord en degrés, "
                       "par exemple 2.2,48.8,2.5,48.9.") from None
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise BadInput("« bbox » attend ouest < est (de −180 à 180) et sud < nord (de −90 à 90), longitude d’abord.")
    return Box(west, south, east, north)


def _shown(text: str) -> str:
    return "".join(c for c in text[:40] if c.isprintable())


def _one_word(words: type[W], text: str | None, name: str) -> W | None:
    found = _words(words, text, name)
    if len(found) > 1:
        raise BadInput(f"« {name} » n’attend qu’une valeur : des faits d’origines différentes ne s’additionnent pas.")
    return found[0] if found else None


def _words(words: type[W], text: str | None, name: str) -> tuple[W, ...]:
    if text is None:
        return ()
    try:
        return tuple(dict.fromkeys(words(part.strip()) for part in text.split(",")))
    except ValueError:
        raise BadInput(f"Une valeur de « {name} » n’existe pas. Valeurs possibles : {', '.join(words)}.") from None


def _day(text: str | None, name: str) -> date | None:
    if text is None:
        return None
    try:
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
            raise ValueError
        day = date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"« {name} » attend une date comme 2026-01-31.") from None
    if not 1970 <= day.year <= 2148:
        raise BadInput(f"« {name} » attend une date entre 1970 et 2148.")
    return day


def _number(text: str | None, name: str, least: int, most: int) -> int | None:
    if text is None:
        return None
    if not re.fullmatch(r"\d{1,3}", text, re.ASCII) or not least <= int(text) <= most:
        raise BadInput(f"« {name} » attend un nombre entier de {least} à {most}.")
    return int(text)


def _hours(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    match = re.fullmatch(r"(\d{1,2})-(\d{1,2})", text, re.ASCII)
    if not match or not (0 <= int(match[1]) <= 23 and 0 <= int(match[2]) <= 24) or int(match[1]) == int(match[2]):
        raise BadInput("« hours » attend deux heures différentes comme 20-6 (de 20 h à 6 h) ou 8-18.")
    return int(match[1]), int(match[2])


def _weekdays(text: str | None) -> tuple[int, ...]:
    if text is None:
        return ()
    days: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"([1-7])(?:-([1-7]))?", part.strip(), re.ASCII)
        if not match:
            raise BadInput("« weekdays » attend des jours de 1 (lundi) à 7 (dimanche), comme 1-5 ou 6,7.")
        first, last = int(match[1]), int(match[2] or match[1])
        days += range(first, last + 1) if first <= last else [*range(first, 8), *range(1, last + 1)]
    return tuple(sorted(set(days)))


def _zone(text: str | None) -> ZoneRef | None:
    if text is None:
        return None
    match = _ZONE.fullmatch(text)
    if not match:
        raise BadInput("« zone » attend qpv2024:CODE, qpv2015:CODE, commune:CODE ou residence:CODE.")
    return ZoneRef(match[1], match[2])
