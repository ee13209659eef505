"""One cell of a file → one typed property of a feature, by the words of the source's `formats`.

    formats.FIELD = "text" | "identifier" | "postcode" | "integer" | "count" | "number" | "positive" | "boolean" | "list" | "year"
    formats.FIELD = ["date", "%d/%m/%Y", "excel", …]

`count` cannot be negative and rejects its line; every other unreadable value becomes null and is noted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from geoservice.catalog.intake import common
from geoservice.catalog.recognise import fold_value
from geoservice.catalog.schema import ValueMap

LONGEST = 300  # characters of a text property: what is longer is prose, and there is no free text
_YES = frozenset({"oui", "o", "vrai", "true", "t", "1", "x", "yes"})
_NO = frozenset({"non", "n", "faux", "false", "f", "0", "no"})
_EXCEL_ZERO = date(1899, 12, 30)  # Excel's day 0, its 1900 leap-year error included


class Unreadable(ValueError):
    """A value that its format cannot read."""


class Refused(ValueError):
    """A value that makes its line unusable; the text is a French sentence."""


@dataclass(frozen=True, slots=True)
class Day:
    """A date and how precisely the file gives it: `jour`, `mois` or `année`."""

    day: date
    precision: str


def text_of(value: Any) -> str | None:
    """A cell as text with single spaces, None when it says nothing; 12.0 is "12", True is "oui"."""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, float) and not np.isfinite(value):
        return None
    found = common.text(value)
    return None if found is None else " ".join(found.split())


def number_of(value: Any) -> float | None:
    """A finite number, decimal comma and spaces allowed; None when the cell is empty; Unreadable otherwise."""
    try:
        number = common.number(value)
    except (ValueError, OverflowError) as error:
        raise Unreadable(str(value)) from error
    if number is not None and not np.isfinite(number):
        if isinstance(value, float) and np.isnan(value):  # how tables say "nothing"
            return None
        raise Unreadable(str(value))
    return number


def mapped(values: ValueMap, text: str, row: Mapping[str, str | None]) -> str | None:
    """The target of a value: exact map, rules in order, then the default when there is one, else the value itself."""
    folded = fold_value(text)
    for given, target in values.map.items():
        if fold_value(given) == folded:
            return target or None
    for rule in values.rules:
        seen = row.get(rule.field) if rule.field else text
        if seen is not None and rule.fits(fold_value(seen)):
            return rule.to or None
    return text if values.default is None else (values.default or None)


def read(value: Any, words: tuple[str, ...], today: date) -> Any:
    """A property: str, int, float, bool, list, Day or None. Raises Unreadable or Refused."""
    kind = words[0] if words else "text"
    if kind == "date":
        return _date(value, words[1:], today)
    reader = _READERS.get(kind)
    if reader is None:
        raise Refused(f"Le format « {kind} » n’existe pas ; corrigez la source.")
    return reader(value)


def _text(value: Any) -> str | None:
    text = text_of(value)
    return None if text is None else text[:LONGEST]


def _identifier(value: Any) -> str | None:
    """An id written with or without leading zeros: 01058, 1058 → 1058; letters stay (29297B)."""
    text = text_of(value)
    return None if text is None else (text.upper().lstrip("0") or "0")


def _postcode(value: Any) -> str | None:
    text = text_of(value)
    if text is None:
        return None
    found = re.search(r"(?<!\d)(\d{4,5}|2[ABab]\d{3})(?!\d)", text)
    if not found:
        raise Unreadable(text)
    return found[1].upper().zfill(5)


def _number(value: Any) -> float | None:
    number = number_of(value)
    return None if number is None else round(number, 6)


def _integer(value: Any) -> int | None:
    number = number_of(value)
    if number is not None and not number.is_integer():
        raise Unreadable(str(value))
    return None if number is None else int(number)


def _count(value: Any) -> int | None:
    try:
        number = _integer(value)
    except Unreadable as error:
        raise Refused("Ce nombre n’est pas un entier ; corrigez-le dans le fichier.") from error
    if number is not None and number < 0:
        raise Refused("Ce nombre est négatif ; corrigez-le dans le fichier, ou retirez la ligne.")
    return number


def _positive(value: Any) -> float | None:
    """A measure for which 0 means that nobody measured (heights)."""
    number = _number(value)
    return number if number is not None and number > 0 else None


def _year(value: Any) -> int | None:
    number = _integer(value)
    if number is None or number == 0:
        return None
    if not 1000 <= number <= 2200:
        raise Unreadable(str(value))
    return number


def _boolean(value: Any) -> bool | None:
    text = text_of(value)
    if text is None:
        return None
    folded = fold_value(text)
    if folded in _YES or folded in _NO:
        return folded in _YES
    raise Unreadable(text)


def _list(value: Any) -> list[str] | None:
    text = text_of(value)
    if text is None:
        return None
    return [part for part in (p.strip() for p in re.split(r"[,;|]", text)) if part]


_READERS = {"text": _text, "identifier": _identifier, "postcode": _postcode, "integer": _integer, "count": _count,
            "number": _number, "positive": _positive, "year": _year, "boolean": _boolean, "list": _list}


def _date(value: Any, formats: tuple[str, ...], today: date) -> Day | None:
    if isinstance(value, datetime):
        return Day(value.date(), "jour")
    if isinstance(value, date):
        return Day(value, "jour")
    text = text_of(value)
    if text is None:
        return None
    for form in formats:
        found = _serial(text) if form == "excel" else _parsed(text, form, today)
        if found:
            return found
    raise Unreadable(text)


def _serial(text: str) -> Day | None:
    """An Excel day number of the years 1950 to 2100."""
    if not re.fullmatch(r"\d{5}(\.0+)?", text):
        return None
    days = int(float(text))
    return Day(_EXCEL_ZERO + timedelta(days=days), "jour") if 18_264 <= days <= 73_415 else None


def _parsed(text: str, form: str, today: date) -> Day | None:
    try:
        found = datetime.strptime(text, form).date()  # noqa: DTZ007 (a date has no zone)
    except ValueError:
        return None
    if "%y" in form and found.year > today.year + 1:  # two digits: 68 is 1968 and not 2068
        found = found.replace(year=found.year - 100)
    return Day(found, "jour" if "%d" in form else "mois" if "%m" in form else "année")
