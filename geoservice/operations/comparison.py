"""Two periods of the same places under one filter: what changed by more than chance, given how long each was."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from geoservice.core.query import EPOCH, FactQuery
from geoservice.core.stats.change import Changes, Periods, changes
from geoservice.core.stats.words import number
from geoservice.errors import BadInput
from geoservice.operations.analyse import Analysis, Reason, Wanted, analyse
from geoservice.operations.profiles import span_of
from geoservice.operations.reader import Reader
from geoservice.operations.said import Said, of_data
from geoservice.types import Kind

_PLACED_OTHERWISE = Reason("lieux_differents", "Les faits de ces deux périodes ne sont pas placés de la même façon : ils ne se "
                           "comparent pas lieu par lieu.")
Span = tuple[date, date]  # first day and the day after the last


@dataclass(frozen=True, eq=False)
class Compared:
    """Facts of each unit before and after; `rows` (m,) are the units of `analysis.area` with any, in which order all columns are.

    `found` has one row a unit, `whole` one for the territory; without them there is a `reason`.
    """

    kind: Kind | None
    analysis: Analysis
    before_span: Span
    after_span: Span
    rows: np.ndarray
    before: np.ndarray
    after: np.ndarray
    found: Changes | None
    whole: Changes | None
    reason: Reason | None
    said: Said


def compared(reader: Reader, query: FactQuery, other: Span | None, wanted: Wanted) -> Compared:
    """The query's own period against another: the one given, else as long a one just before; without dates, the second half of
    what is known against the first. BadInput where two periods share a day."""
    query, _ = reader.resolved(query)
    before_span, after_span = spans(reader, query, other)
    after = analyse(reader, query.with_(since=after_span[0], until=after_span[1]), wanted)
    before = analyse(reader, query.with_(since=before_span[0], until=before_span[1]), wanted)
    lengths = _days(before_span), _days(after_span)
    said = Said("e-test de deux comptages de Poisson", "Chaque lieu : le même nombre de faits par jour avant et après, ou non ; "
                "les intervalles tiennent compte de ce que les faits viennent par paquets.", of_data(reader),
                null="même taux par jour", correction="bh", level=0.05, exposure="jours")
    if before.area is None or after.area is None or before.unit != after.unit:
        reason = after.reason or before.reason or _PLACED_OTHERWISE
        none = np.empty(0, np.int64)
        return Compared(query.kind, after, before_span, after_span, none, none, none, None, None, reason, said)
    rows = np.flatnonzero(before.counts + after.counts)
    first, second = before.counts[rows], after.counts[rows]
    if not len(rows):
        return Compared(query.kind, after, before_span, after_span, rows, first, second, None, None,
                        Reason("aucun_fait", "Aucun fait dans ces deux périodes."), said)
    found = changes(first, second, Periods(*lengths))
    whole = changes([first.sum()], [second.sum()], Periods(*lengths, dispersion=found.dispersion))
    return Compared(query.kind, after, before_span, after_span, rows, first, second, found, whole, None, said)


def span(text: str, name: str) -> Span:
    """`2024-01-01..2024-07-01` as two dates, the second excluded; BadInput."""
    match = re.fullmatch(r"(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})", text, re.ASCII)
    try:
        first, after = (date.fromisoformat(part) for part in match.groups()) if match else (None, None)
    except ValueError:
        first = after = None
    if first is None or after is None or first >= after:
        raise BadInput(f"« {name} » attend deux dates comme 2024-01-01..2024-07-01, la seconde non comprise.")
    return first, after


def _days(period: Span) -> float:
    return float((period[1] - period[0]).days)


def spans(reader: Reader, query: FactQuery, other: Span | None) -> tuple[Span, Span]:
    """The two periods that a query and the one it is compared with mean; BadInput where they share a day or are empty."""
    first, last = span_of(reader, query if query.since and query.until else query.with_(since=None, until=None))
    if query.since is not None or query.until is not None:
        own = (query.since or EPOCH + timedelta(first), query.until or EPOCH + timedelta(last + 1))
    elif other is not None:
        own = (max(other[1], EPOCH + timedelta(first)), EPOCH + timedelta(last + 1))
    else:
        own = (EPOCH + timedelta(first + (last + 1 - first) // 2), EPOCH + timedelta(last + 1))
    if own[0] >= own[1]:
        raise BadInput("La période à comparer est vide : choisissez « from » et « to » là où il y a des données.")
    before = other or (own[0] - (own[1] - own[0]), own[0])
    if before[0] < own[1] and own[0] < before[1]:
        raise BadInput("Les deux périodes se chevauchent : un même fait ne se compare pas à lui-même.")
    return before, own


def change_sentence(found: Compared) -> str:
    """The whole territory in words, then how many places changed."""
    if found.whole is None or found.found is None:
        return "" if found.reason is None else found.reason.sentence
    ratio, low, high = (float(some[0]) for some in (found.whole.ratio, found.whole.low, found.whole.high))
    risen, fallen = int((found.found.direction > 0).sum()), int((found.found.direction < 0).sum())
    return (f"{number(int(found.after.sum()))} faits en {number(_days(found.after_span))} jours contre "
            f"{number(int(found.before.sum()))} en {number(_days(found.before_span))} : {number(ratio, 2)} fois autant par jour "
            f"(entre {number(low, 2)} et {number(high, 2)}). Lieu par lieu, {risen} en hausse et {fallen} en baisse de façon "
            f"nette, sur {number(len(found.rows))}.")


