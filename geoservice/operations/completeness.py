"""How complete the register is: facts per source and month, months in which a source fell silent, columns that are filled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from geoservice.core.observatory import completeness as core
from geoservice.core.observatory.register import NO_COST, UNKNOWN, Register, rows_of
from geoservice.core.query import EPOCH, FactQuery
from geoservice.core.stats.words import number
from geoservice.operations import register
from geoservice.operations.reader import Reader
from geoservice.operations.register import Own
from geoservice.operations.reuse import Shelf
from geoservice.types import LABELS, Kind, Nature

_FILLED = ("nature", "residence", "complaint", "cost")
FILLED_LABELS = {"nature": "nature du signalement", "residence": "résidence", "complaint": "plainte oui ou non", "cost": "coût"}


@dataclass(frozen=True, eq=False)
class Source:
    """A source over the months: facts, months in which it fell silent (bool), the share of facts that fill each column."""

    by: str
    code: str
    label: str
    counts: np.ndarray
    silent: np.ndarray
    filled: dict[str, float]

    @property
    def facts(self) -> int:
        return int(self.counts.sum())


@dataclass(frozen=True, eq=False)
class Completeness:
    """Sources by nature, then by import source, over the months that begin on `months`."""

    kind: Kind | None
    months: list[date]
    sources: list[Source]


_kept: Shelf[Completeness] = Shelf(32)


def completeness(reader: Reader, query: FactQuery) -> Completeness:
    """One's own register under a filter."""
    return _kept.get(register.key_of(reader, query), lambda: _completeness(register.own(reader, query)))


def _completeness(mine: Own) -> Completeness:
    rows = rows_of(mine.register, mine.query)
    natures = [(None, "Nature non renseignée"), *((str(nature), LABELS[nature]) for nature in Nature)]
    imports = [(name or None, name) for name in mine.register.sources]
    found = [source for by, words in (("nature", natures), ("source", imports))
             for source in _sources(mine.register, rows, mine.period, (by, words))]
    starts = core.months(np.empty(0, np.int64), np.empty(0, np.int64), 1, mine.period)[0]
    return Completeness(mine.query.kind, [EPOCH + timedelta(int(day)) for day in starts], found)


def _sources(register: Register, rows: np.ndarray, period: tuple[int, int], told: tuple[str, list]) -> list[Source]:
    by, words = told
    column = register[by][rows]
    counts = core.months(register["day"][rows], column, len(words), period)[1]
    quiet = core.silent(counts)
    total = np.maximum(np.bincount(column, minlength=len(words)), 1)
    filled = {name: np.bincount(column[_is_filled(register, rows, name)], minlength=len(words)) / total for name in _FILLED}
    return [Source(by, code or "", label, counts[row], quiet[row], {name: float(some[row]) for name, some in filled.items()})
            for row, (code, label) in enumerate(words) if counts[row].any()]


def _is_filled(register: Register, rows: np.ndarray, name: str) -> np.ndarray:
    values = register[name][rows]
    return values != NO_COST if name == "cost" else values != UNKNOWN


def sentences(found: Completeness) -> list[str]:
    """Which sources fell silent, and when."""
    out = []
    for each in found.sources:
        quiet = [found.months[at].strftime("%m/%Y") for at in np.flatnonzero(each.silent).tolist()]
        if quiet:
            shown = ", ".join(quiet[:6]) + (" et d’autres" if len(quiet) > 6 else "")
            out.append(f"{each.label} : aucun fait en {shown}, alors que cette source en donne d’habitude "
                       f"{number(float(np.median(each.counts[each.counts > 0])), 0)} par mois.")
    return out
