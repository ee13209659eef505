"""Numbers, dates and filters in French words, with its typography; the twin of the page's words.js and period-words.js."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta

from geoservice.core.query import FactQuery
from geoservice.types import LABELS

NNBSP = "\u202f"  # narrow no-break space: thousands, units, before ; : ! ?
_MONTHS = ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juill.", "août", "sept.", "oct.", "nov.", "déc.")
_WEEKDAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")


def typeset(text: str) -> str:
    """Narrow no-break spaces where French has them: before ; : ! ? % », after «."""
    return re.sub(r" (?=[;:!?%»])", NNBSP, text).replace("« ", f"«{NNBSP}")


def number(value: int | float, decimals: int = 0) -> str:
    """`1 234,5` with narrow no-break spaces and a decimal comma."""
    return f"{value:,.{decimals}f}".replace(",", NNBSP).replace(".", ",")


def day(value: date) -> str:
    """« 12 sept. 2024 », « 1er janv. 2024 »."""
    return f"{'1er' if value.day == 1 else value.day} {_MONTHS[value.month - 1]} {value.year}"


def counted(value: int, one: str, many: str) -> str:
    """« 1 fait », « 1 234 faits »; zero is singular in French."""
    return f"{number(value)}{NNBSP}{one if value < 2 else many}"


def listed(words: Sequence[str]) -> str:
    """« a, b et c »."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} et {words[-1]}" if words else ""


def period(query: FactQuery, known: tuple[date, date] | None) -> str:
    """« du 1er janv. 2024 au 31 déc. 2024 »; without limits, the period of the data. The last day is included."""
    first = query.since or (known[0] if known else None)
    last = query.until - timedelta(1) if query.until else (known[1] if known else None)
    if first is None or last is None:
        return "toute la période"
    return f"le {day(first)}" if first == last else f"du {day(first)} au {day(last)}"


def filters(query: FactQuery) -> list[str]:
    """The other conditions, one sentence each; place and period are told apart."""
    found = []
    for one, many, members in (("Catégorie", "Catégories", query.categories), ("Nature", "Natures", query.natures),
                               ("Lieu", "Lieux", query.places)):
        if members:
            found.append(f"{many if len(members) > 1 else one}{NNBSP}: {listed([LABELS[member] for member in members])}")
    if query.gravity_min is not None:
        found.append(f"Gravité{NNBSP}: {query.gravity_min} ou plus")
    if query.hours is not None:
        found.append(f"Heures{NNBSP}: de {query.hours[0]}{NNBSP}h à {query.hours[1]}{NNBSP}h")
    if query.weekdays:
        found.append(f"Jours{NNBSP}: {listed([_WEEKDAYS[number - 1] for number in query.weekdays])}")
    return found
