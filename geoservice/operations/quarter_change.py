"""How much of a quarter's change is time's and how much its redrawn boundary's, from the facts' own positions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from geoservice.core.observatory.boundary import Decomposition, decompose, tabulate
from geoservice.core.query import EPOCH, FactQuery
from geoservice.core.stats.words import number
from geoservice.errors import BadInput
from geoservice.operations.analyse import Reason
from geoservice.operations.comparison import Span, spans
from geoservice.operations.profiles import span_of
from geoservice.operations.quarter_ground import Ground, membership, rows_of
from geoservice.operations.reader import Reader

_TWO_MONTHS = 60  # days: less is not two periods to compare


@dataclass(frozen=True, eq=False)
class Redrawn:
    """The account of two periods, or the reason why there is none."""

    before: Span | None
    after: Span | None
    found: Decomposition | None
    reason: Reason | None


def redrawn(reader: Reader, ground: Ground, query: FactQuery, other: Span | None) -> Redrawn:
    """The 2015 outline before against the 2024 outline after; BadInput where the given periods share a day."""
    if not any(ground.zones.values()) or not (ground.of_commune or all(ground.zones.values())):
        missing = "2024" if not ground.zones["2024"] else "2015"
        return _none("une_generation", f"Aucun quartier de {missing} n’est sur ce terrain : pas deux contours à comparer.")
    first, last = span_of(reader, query.with_(since=None, until=None))
    if last - first < _TWO_MONTHS:
        return _none("periode_courte", f"Il faut au moins {_TWO_MONTHS} jours de faits pour deux périodes.")
    before, after = _known(reader, query, other)
    counts = sum((_counted(reader, ground, query, span, late) for span, late in ((before, False), (after, True))),
                 np.zeros((3, 2), np.int64))
    return Redrawn(before, after, decompose(counts), None)


def _none(code: str, sentence: str) -> Redrawn:
    return Redrawn(None, None, None, Reason(code, sentence))


def _counted(reader: Reader, ground: Ground, query: FactQuery, span: Span, late: bool) -> np.ndarray:
    old, new = membership(rows_of(reader, ground, query.with_(since=span[0], until=span[1]), ("2024", "2015")))
    return tabulate(old, new, np.full(len(old), late))


def _known(reader: Reader, query: FactQuery, other: Span | None) -> tuple[Span, Span]:
    """The two periods; where the one before would begin before anything is known, the halves of the query's own."""
    first, last = span_of(reader, query.with_(since=None, until=None))
    start, end = EPOCH + timedelta(first), EPOCH + timedelta(last + 1)
    before, after = spans(reader, query, other)
    if other is not None or before[0] >= start:
        return before, after
    begin, stop = max(after[0], start), min(after[1], end)
    if (stop - begin).days < 2:
        raise BadInput("La période à comparer est vide : choisissez « from » et « to » là où il y a des données.")
    middle = begin + timedelta((stop - begin).days // 2)
    return (begin, middle), (middle, stop)


def halves(value: int) -> str:
    """A count of halves in words: 7 is « 3,5 »; signed."""
    sign = "+" if value > 0 else "−" if value < 0 else ""
    return f"{sign}{number(abs(value) // 2)}{',5' if value % 2 else ''}"


def sentence(told: Redrawn) -> str:
    """The account in words."""
    if told.found is None:
        return "" if told.reason is None else told.reason.sentence
    found = told.found
    return (f"De {number(found.old)} faits dans le contour de 2015 avant à {number(found.new)} dans celui de 2024 après : "
            f"{halves(2 * found.change)}, dont {halves(found.time_halves)} par le temps et {halves(found.boundary_halves)} par "
            "le seul contour.")
