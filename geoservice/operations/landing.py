"""« Mes résidences »: what changed since the last meeting, or over three months, against as many days just before.

Counts are of one kind, those of `AGP` included (a residence is their finest level).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from geoservice.core.query import EPOCH, FactQuery
from geoservice.core.stats.change import Changes, Periods, changes
from geoservice.operations import residences
from geoservice.operations.analyse import index_version
from geoservice.operations.reader import Reader
from geoservice.operations.residences import Residence
from geoservice.operations.reuse import Shelf
from geoservice.types import Kind, code_of

_kept: Shelf[Changed] = Shelf(16)
WITHOUT_MEETING_DAYS = 90
LEAST_DAYS = 14  # a shorter time since the meeting says nothing yet: the look goes back this far


@dataclass(frozen=True)
class Span:
    """A period and the equally long one before it; `until` is excluded."""

    before: date
    since: date
    until: date

    @property
    def days(self) -> int:
        return (self.until - self.since).days


@dataclass(frozen=True)
class Moved:
    """Facts of a residence before and since; `direction` is +1 or -1 beyond chance, else 0; `ratio` with its 95 % interval."""

    residence: Residence
    before: int
    since: int
    direction: int
    ratio: float
    low: float
    high: float


@dataclass(frozen=True)
class Changed:
    """Every residence with facts in either period: those that changed beyond chance first, then most facts first.

    `quiet`: residences in reach without a fact in both periods, of which this says nothing; `attached` of the facts counted lie
    near their residence and do not name it.
    """

    kind: Kind | None
    span: Span
    moved: list[Moved]
    quiet: int
    method: str
    attached: int = 0

    @property
    def beyond_chance(self) -> list[Moved]:
        return [each for each in self.moved if each.direction]


def span_of(reader: Reader, kind: Kind | None, meeting: date | None, today: date) -> Span | None:
    """From the last meeting to the last day that the kind is known for, at least LEAST_DAYS; None without a fact in reach."""
    code = 0 if kind is None else code_of(kind)
    last = max((int(index["day"][index["kind"] == code].max()) for index in reader.indexes.values() if kind in index.kinds),
               default=None)
    if last is None:
        return None
    until = min(today, EPOCH + timedelta(last)) + timedelta(1)
    since = meeting if meeting is not None else until - timedelta(WITHOUT_MEETING_DAYS)
    since = min(since, until - timedelta(LEAST_DAYS))
    return Span(since - (until - since), since, until)


def changed(reader: Reader, kind: Kind | None, span: Span) -> Changed:
    """The change of every residence between the two periods; KindRequired where several kinds are in reach and none is named."""
    query, _ = reader.resolved(FactQuery(kind=kind))
    key = (str(reader.shelf.storage.settings.data), reader.shelf.organisations, index_version(reader), query.kind, span)
    return _kept.get(key, lambda: _changed(reader, query, span))


def _changed(reader: Reader, query: FactQuery, span: Span) -> Changed:
    known = residences.residences(reader)
    asked = [query.with_(since=first, until=after) for first, after in ((span.since, span.until), (span.before, span.since))]
    since, before = (reader.unit_totals(each, "residence") for each in asked)
    codes = sorted({*since, *before})
    if not codes:
        return Changed(query.kind, span, [], len(known), "")
    first, second = (np.array([counts.get(code, 0) for code in codes]) for counts in (before, since))
    found = changes(first, second, Periods(float(span.days), float(span.days)))
    rows = [_moved(known, code, row, (first, second), found) for row, code in enumerate(codes)]
    rows.sort(key=lambda each: (-abs(each.direction), -abs(each.since - each.before) if each.direction else 0, -each.since,
                                each.residence.name))
    return Changed(query.kind, span, rows, len(set(known) - set(codes)), found.method,
                   sum(sum(reader.attached(each).values()) for each in asked))


def _moved(known: Mapping[str, Residence], code: str, row: int, counts: tuple[np.ndarray, np.ndarray], found: Changes) -> Moved:
    return Moved(known.get(code) or Residence(code, code, None, {}), int(counts[0][row]), int(counts[1][row]),
                 int(found.direction[row]), float(found.ratio[row]), float(found.low[row]), float(found.high[row]))
