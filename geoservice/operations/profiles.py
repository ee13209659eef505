"""Facts of a Reader in time and by word: series, calendar, facets. One kind; sums over the index files in reach."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoservice.core import facts, profiles
from geoservice.core.profiles import Calendar, Series
from geoservice.core.query import FactQuery, day_number
from geoservice.operations.reader import Reader
from geoservice.types import Kind


@dataclass(frozen=True)
class Timeline:
    """A series of one kind. `series.counts` are of facts with a point; `unplaced` match and have none."""

    kind: Kind | None
    series: Series
    unplaced: int

    @property
    def total(self) -> int:
        return int(self.series.counts.sum())


def series(reader: Reader, query: FactQuery, step: str, within: np.ndarray | None = None) -> Timeline:
    """Counts per day, week or month; the days go from the first to the last in reach, cut by the query's own period.

    `within`: only descendants of these cells, (n,) uint64.
    """
    query, area = reader.resolved(query, within)
    period = span_of(reader, query)
    found = [(index, facts.select(index, area, query)) for index in reader.indexes.values()]
    parts = [profiles.series(index, selection.rows, step, period) for index, selection in found]
    return Timeline(query.kind, summed(parts, step, period), sum(selection.unplaced for _, selection in found))


def summed(parts: list[Series], step: str, period: tuple[int, int]) -> Series:
    """Series of the same days, added; zeros where there is no part."""
    days = profiles.days_of(step, *period)
    return Series(step, days, sum((part.counts for part in parts), np.zeros(len(days), np.int64)))


def span_of(reader: Reader, query: FactQuery) -> tuple[int, int]:
    """First and last day number that a series of the query shows, both included; (0, -1) when there is none.

    Days outside what is in reach are not zeros but unknown, so they are not shown.
    """
    reach = reader.period()
    if reach is None:
        return 0, -1
    first, last = day_number(reach[0]), day_number(reach[1])
    first = first if query.since is None else max(first, day_number(query.since))
    last = last if query.until is None else min(last, day_number(query.until) - 1)
    return (first, last) if first <= last else (0, -1)


def calendar(reader: Reader, query: FactQuery, within: np.ndarray | None = None) -> tuple[Kind | None, Calendar]:
    """Facts with a point by weekday and hour, and how many have no hour or a longer interval; `within` as for `series`."""
    query, area = reader.resolved(query, within)
    parts = [profiles.calendar(index, facts.select(index, area, query).rows) for index in reader.indexes.values()]
    counts = sum((part.counts for part in parts), np.zeros((7, 24), np.int64))
    return query.kind, Calendar(counts, sum(part.unknown for part in parts))


def facets(reader: Reader, query: FactQuery) -> tuple[Kind | None, dict[str, np.ndarray]]:
    """Facts with a point per code of each facet, that facet's own condition lifted; (256,) each, position 0 unknown."""
    query, area = reader.resolved(query)
    return query.kind, profiles.added([profiles.facets(index, area, query) for index in reader.indexes.values()])
