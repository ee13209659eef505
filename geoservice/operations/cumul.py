"""Sites where troubles cumulate: residences, or halls, by a score whose parts stand beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from geoservice.core.observatory import cumul
from geoservice.core.observatory.cumul import Cumul
from geoservice.core.query import day_number
from geoservice.core.stats.given import NotEnough
from geoservice.core.stats.words import number
from geoservice.errors import BadInput
from geoservice.operations.analyse import index_version
from geoservice.operations.census import months_ending
from geoservice.operations.reader import Reader
from geoservice.operations.reuse import Shelf
from geoservice.operations.silence import LEVELS
from geoservice.operations.stock import Stock, stock
from geoservice.types import UNMAPPED_CATEGORIES, Category, Kind, code_of

MONTHS = 12
SHOWN = 100
SEED = 1
NO_FAMILY = (Category.TEC, Category.AUT)  # an anomaly is no incivility; « other » is no family
FAMILIES = tuple(category for category in Category if category not in NO_FAMILY)
_kept: Shelf[Sites] = Shelf(16)


@dataclass(frozen=True)
class Wanted:
    """Of what (residence or hall), of which kind, over the 12 whole months before `until` (the last day known, without)."""

    today: date
    kind: Kind = Kind.BAILLEUR
    level: str = "residence"
    until: date | None = None


@dataclass(frozen=True, eq=False)
class Sites:
    """Places with a score, highest first, at most 100 of `places`. `rows` of the stock; `facts` (n, families) over the months;
    `low`, `high` (n,) of the score; `starts` first days of the months and the day after; `attached` of all these facts lie near
    their place and do not name it."""

    wanted: Wanted
    stock: Stock
    rows: np.ndarray
    parts: Cumul
    facts: np.ndarray
    low: np.ndarray
    high: np.ndarray
    starts: np.ndarray
    places: int
    attached: int

    def sentence(self, row: int) -> str:
        """« 4 familles × 9 mois sur 12 × 3,2 jours touchés par mois »."""
        families, months = int(self.parts.families[row]), int(self.parts.months[row])
        return (f"{families} famille{'s' if families > 1 else ''} × {months} mois sur {MONTHS} × "
                f"{number(float(self.parts.days[row]))} jours touchés par mois")


def sites(reader: Reader, wanted: Wanted) -> Sites:
    """The sites; NotEnough without facts of the kind."""
    if wanted.level not in LEVELS:
        raise BadInput(f"« level » attend l’une de ces valeurs : {', '.join(LEVELS)}.")
    key = (str(reader.shelf.storage.settings.data), reader.shelf.organisations, index_version(reader), wanted)
    return _kept.get(key, lambda: _score(reader, wanted))


def _score(reader: Reader, wanted: Wanted) -> Sites:
    found = stock(reader)
    place, day, family, near = _facts(reader, found, wanted)
    if not len(day):
        raise NotEnough("aucun_fait", "Aucun fait de cette origine à portée\u202f: aucun site à comparer.")
    starts = months_ending(int(day.max()), MONTHS)
    keep = (day >= starts[0]) & (day < starts[-1])
    place, day, family, attached = place[keep], day[keep] - starts[0], family[keep], int(near[keep].sum())
    month = np.repeat(np.arange(MONTHS), np.diff(starts))[day]
    size = len(found.residences) if wanted.level == "residence" else len(found)
    counts = np.bincount((place * len(FAMILIES) + family) * MONTHS + month, minlength=size * len(FAMILIES) * MONTHS)
    facts = counts.reshape(size, len(FAMILIES), MONTHS)
    span = int(starts[-1] - starts[0])
    once = np.unique(place * span + day)
    months = np.repeat(np.arange(MONTHS), np.diff(starts))[once % span]
    days = np.bincount(once // span * MONTHS + months, minlength=size * MONTHS).reshape(size, MONTHS)
    every = cumul.score(facts, days)
    rows = np.argsort(-every.score, kind="stable")[:SHOWN]
    rows = rows[every.score[rows] > 0]
    parts = Cumul(*(part[rows] for part in (every.families, every.months, every.days, every.score)))
    low, high = cumul.interval(facts[rows], days[rows], SEED)
    return Sites(wanted, found, rows, parts, facts[rows].sum(axis=2), low, high, starts, int((every.score > 0).sum()), attached)


def _facts(reader: Reader, found: Stock, wanted: Wanted) -> np.ndarray:
    """Place, day and family of facts, and 1 for those that lie near the place alone, (4, n); `AGP` at residences alone."""
    family_of = np.full(256, -1)
    for rank, category in enumerate(FAMILIES):
        if wanted.level == "residence" or category not in UNMAPPED_CATEGORIES:
            family_of[code_of(category)] = rank
    until = day_number(wanted.until) if wanted.until else day_number(wanted.today) + 1
    parts = [np.empty((4, 0), np.int64)]
    for each, index in reader.indexes.items():
        if wanted.kind not in index.kinds:
            continue
        rows = np.flatnonzero((index["kind"] == code_of(wanted.kind)) & (index["day"] < until))
        family = family_of.take(index["category"].take(rows))
        unit = index["unit"].take(rows)
        place = (found.home_of if wanted.level == "residence" else found.hall_of)[each].take(unit)
        keep = (family >= 0) & (place >= 0)
        parts.append(np.stack([place[keep], index["day"].take(rows[keep]).astype(np.int64), family[keep],
                               (unit >= index.units.attached_from)[keep]]))
    return np.concatenate(parts, axis=1)
