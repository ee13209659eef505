"""The yearly table of one's register, as the federation's observatory asks for it: whole organisation, or one residence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoservice.core.observatory import yearly as core
from geoservice.core.observatory.register import rows_of
from geoservice.core.observatory.yearly import Line
from geoservice.core.query import EPOCH, FactQuery
from geoservice.errors import NotFound
from geoservice.operations.reader import Reader
from geoservice.operations.register import Own, key_of, own
from geoservice.operations.reuse import Shelf
from geoservice.types import Kind


@dataclass(frozen=True, eq=False)
class Yearly:
    """Lines over `years`; `observed` (years,) are days of each year within the register, `dwellings` those that are known, of
    `residences` residences, `unknown` of which have no known number. `attached` facts lie near their residence and
    do not name it."""

    kind: Kind | None
    residence: str | None
    years: list[int]
    observed: list[int]
    lines: list[Line]
    dwellings: int
    residences: int
    unknown: int
    attached: int


_kept: Shelf[Yearly] = Shelf(32)


def yearly(reader: Reader, query: FactQuery, residence: str | None = None) -> Yearly:
    """One's own facts by year; NotFound for a residence that is not one's own."""
    return _kept.get(key_of(reader, query, residence), lambda: _yearly(own(reader, query), residence))


def _yearly(mine: Own, residence: str | None) -> Yearly:
    register, rows = mine.register, rows_of(mine.register, mine.query)
    chosen = set(mine.known) | {code for code in register.residences if code}
    if residence is not None:
        if residence not in chosen:
            raise NotFound("Cette résidence n’est pas dans votre patrimoine.")
        code = register.residences.index(residence) if residence in register.residences else -1
        rows, chosen = rows[register["residence"][rows] == code], {residence}
    first, last = mine.period
    years = list(range(_year(first), _year(last) + 1)) if last >= first else []
    homes = [mine.known[code].dwellings if code in mine.known else None for code in sorted(chosen)]
    return Yearly(mine.query.kind, residence, years, [_observed(mine, year) for year in years],
                  core.table(register, rows, np.array(years, dtype=np.int64)), sum(each or 0 for each in homes), len(homes),
                  sum(each is None for each in homes), int(register["attached"][rows].sum()))


def _year(day: int) -> int:
    return int(np.datetime64(day, "D").astype("datetime64[Y]").astype(np.int64)) + 1970


def _observed(mine: Own, year: int) -> int:
    """Days of a year within the register's period."""
    first, after = (int((np.datetime64(f"{each}-01-01") - np.datetime64(EPOCH)).astype(np.int64)) for each in (year, year + 1))
    return max(0, min(after - 1, mine.period[1]) - max(first, mine.period[0]) + 1)
