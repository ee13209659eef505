"""The census of halls: every hall of a viewer has a state, « inconnu » where nobody reports; people who know better may say so.

One kind of facts, the landlord's own by default: others are never added. Whole months only, the last one that the facts cover.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np

from geoservice.core.observatory import halls, silence, spillover
from geoservice.core.observatory.halls import UNKNOWN, WORDS, Rules, Seen
from geoservice.core.observatory.spillover import Report
from geoservice.core.profiles import step_starts
from geoservice.core.query import day_number
from geoservice.core.stats.given import NotEnough
from geoservice.operations import overrides
from geoservice.operations.analyse import index_version
from geoservice.operations.census_rules import rules
from geoservice.operations.reader import Reader
from geoservice.operations.reuse import Shelf
from geoservice.operations.stock import Stock, stock
from geoservice.types import UNMAPPED_CATEGORIES, Kind, code_of

SEED = 1
COMPARED = 3  # months between the two states that are compared, by default
_STAFF = [code_of(category) for category in UNMAPPED_CATEGORIES]
_kept: Shelf[Computed] = Shelf(16)
_spills: Shelf[Report] = Shelf(16)


@dataclass(frozen=True)
class Wanted:
    """Which census: kind of facts, the day it speaks of (excluded: facts before it), and months back to compare with."""

    today: date
    kind: Kind = Kind.BAILLEUR
    until: date | None = None
    months_back: int = COMPARED


@dataclass(frozen=True, eq=False)
class Computed:
    """What the rules alone say. `starts` (months + 1,) day numbers; `states` (h, months) int8; `days` (acts, h, months) int32;
    `reports` (r, months) of the residence; of the facts of these months, `elsewhere` are of no hall, `attached` lie near a hall
    and do not name it."""

    stock: Stock
    starts: np.ndarray
    states: np.ndarray
    days: np.ndarray
    reports: np.ndarray
    elsewhere: int
    attached: int


@dataclass(frozen=True, eq=False)
class Census:
    """States as shown, `shown` (h, months) with what people said, `said` the rows of overrides in force on the day; see Computed.

    `now`, `before` (h,): states at the end and `months_back` months before.
    """

    wanted: Wanted
    rules: Rules
    computed: Computed
    shown: np.ndarray
    now: np.ndarray
    before: np.ndarray
    said: dict[int, Any]
    last_fact: date | None

    @property
    def stock(self) -> Stock:
        return self.computed.stock

    @property
    def tally(self) -> np.ndarray:
        """Halls of each state, in the order of WORDS."""
        return halls.tally(self.now)

    @property
    def transitions(self) -> np.ndarray:
        """States before (rows) and now (columns)."""
        return halls.transitions(self.before, self.now)

    @cached_property
    def spill(self) -> Report:
        """Improved halls beside worsened ones, with what chance gives."""
        ground = self.stock.ground
        return _spills.get((ground, self.before.tobytes(), self.now.tobytes()), lambda: spillover.observe(
            self.before, self.now, ground.pairs(self.rules.neighbour_m), SEED))

    @property
    def sentence(self) -> str:
        """« 14 halls concernés sur 120, 9 inconnus »; never that there is no problem where nobody reports."""
        found = self.tally
        total, unknown, concerned = int(found.sum()), int(found[UNKNOWN]), int(found[1:4].sum())
        if not total:
            return "Aucun hall dans votre patrimoine\u202f: importez la couche halls."
        if unknown == total:
            return f"État inconnu pour {_halls(total)}\u202f: personne n’y a rien signalé, ou les faits manquent."
        many = "s" if concerned > 1 else ""
        told = f"{concerned} hall{many} concerné{many} sur {total - unknown} connu{'s' if total - unknown > 1 else ''}"
        return f"{told}, {unknown} inconnu{'s' if unknown > 1 else ''} sur {total}."


def _halls(number: int) -> str:
    return f"{number} hall{'s' if number > 1 else ''}"


def census(reader: Reader, wanted: Wanted) -> Census:
    """The census; NotEnough when no facts of the kind cover a whole month."""
    last = _last_day(reader, wanted)
    if last is None:
        raise NotEnough("aucun_fait", "Aucun fait de cette origine à portée\u202f: l’état des halls est inconnu.")
    key = (str(reader.shelf.storage.settings.data), reader.shelf.organisations, index_version(reader), wanted.kind, last)
    computed = _kept.get(key, lambda: _compute(reader, wanted.kind, last))
    rows = overrides.listing(reader.shelf.storage, reader.viewer)
    shown, now, said = _with_said(computed, rows, day_number(wanted.until or wanted.today) - (wanted.until is not None))
    back = max(0, shown.shape[1] - 1 - wanted.months_back)
    return Census(wanted, rules(), computed, shown, now, shown[:, back], said, _date(last))


def _last_day(reader: Reader, wanted: Wanted) -> int | None:
    """The last day that facts of the kind cover, of the organisation's own; not after the day that is asked for."""
    own = reader.indexes.get(reader.viewer.organisation_id)
    if own is None or wanted.kind not in own.kinds:
        return None
    days = own["day"][own["kind"] == code_of(wanted.kind)]
    days = days[days < day_number(wanted.until or wanted.today) + (wanted.until is None)]
    return int(days.max()) if len(days) else None


def _date(number: int) -> date:
    return date.fromordinal(number + date(1970, 1, 1).toordinal())


def months_ending(last: int, count: int) -> np.ndarray:
    """First days of the last `count` whole months up to a day, and of the month after: (count + 1,) day numbers."""
    starts = step_starts("month", last + 1 - 31 * (count + 2), last + 1)
    return starts[-(count + 1):]


def _compute(reader: Reader, kind: Kind, last: int) -> Computed:
    known, found = rules(), stock(reader)
    earlier = known.remembered + known.present
    looks = known.months + known.down  # the first ones only settle what the others begin with
    starts = months_ending(last, looks + earlier)
    seen, home, month, near = _seen(reader, found, kind, starts, known.natures())
    reports = np.bincount(home * (len(starts) - 1) + month, minlength=len(found.residences) * (len(starts) - 1)
                          ).reshape(len(found.residences), -1)
    within = starts[-known.months - 1:]
    days = halls.days_with(seen, starts[earlier - known.window + 1:], len(found), len(known.acts))
    windows = halls.rolling(days, known.window)[..., known.window - 1:]
    here = told(reports, found.exposure(), known)[found.home]
    states = halls.settled(halls.raw(windows, known.grid), here, known.up, known.down)
    late = seen.day >= within[0]
    elsewhere, attached = int(((seen.hall < 0) & late).sum()), int(((seen.hall >= 0) & near & late).sum())
    return Computed(found, within, *(each[..., -known.months:] for each in (states, days, reports)), elsewhere, attached)


def _seen(reader: Reader, found: Stock, kind: Kind, starts: np.ndarray,
          natures: np.ndarray) -> tuple[Seen, np.ndarray, np.ndarray, np.ndarray]:
    """Facts of the kind in the months: as the census sees them, residence and month of each that has one, and which lie near a
    place that they do not name; AGP left out."""
    parts, homes, months = [], [], []
    month_of = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    for number, index in reader.indexes.items():
        if kind not in index.kinds:
            continue
        rows = np.flatnonzero((index["kind"] == code_of(kind)) & (index["day"] >= starts[0]) & (index["day"] < starts[-1])
                              & ~np.isin(index["category"], _STAFF))
        unit, day = index["unit"].take(rows), index["day"].take(rows).astype(np.int64)
        hall, home = found.hall_of[number].take(unit), found.home_of[number].take(unit)
        near = unit >= index.units.attached_from
        parts.append((hall, day, natures[index["category"].take(rows), index["gravity"].take(rows)], near))
        homes.append(home[home >= 0])
        months.append(month_of[day[home >= 0] - starts[0]])
    empty = (*(np.empty(0, np.int64),) * 3, np.empty(0, bool))
    hall, day, nature, near = (np.concatenate(some) for some in zip(*parts, strict=True)) if parts else empty
    joined = [np.concatenate(some) if some else np.empty(0, np.int64) for some in (homes, months)]
    return Seen(hall, day, nature), joined[0], joined[1], near


def told(reports: np.ndarray, exposure: np.ndarray, known: Rules) -> np.ndarray:
    """In which of the last months somebody demonstrably reports in each residence; (r, months) bool, `reports` from further back.

    A report within `present` months; or one within `remembered` months whose silence since has a fair chance where people report.
    """
    earlier = known.remembered + known.present
    present = halls.reported(reports, known.present)[:, earlier:]
    remembered = halls.reported(reports, known.remembered)[:, earlier:]
    believed = np.zeros(present.shape, bool)
    for month in range(present.shape[1]):
        past = reports[:, month + 1:month + 1 + known.remembered]
        quarters = past.reshape(len(past), -1, 3).sum(axis=2) if known.remembered % 3 == 0 else past
        fair = silence.chance_of_none(quarters, exposure, known.present / known.remembered) >= known.believed
        believed[:, month] = remembered[:, month] & fair
    return present | believed


def _with_said(computed: Computed, rows: Sequence[Any], day: int) -> tuple[np.ndarray, np.ndarray, dict[int, Any]]:
    """States with what people said: by month (at its last day), on the day itself, and the rows in force by hall."""
    at = {key: row for row, key in enumerate(computed.stock.keys)}
    shown, ends = computed.states.copy(), computed.starts[1:] - 1
    now, said = shown[:, -1].copy(), {}
    for row in rows:
        hall = at.get(row.hall)
        if hall is None or row.revoked is not None:
            continue
        state = WORDS.index(row.state) if row.state in WORDS[:4] else UNKNOWN
        shown[hall, (ends >= row.since) & (ends < (row.until or np.inf))] = state
        if row.since <= day < (row.until or np.inf):
            now[hall], said[hall] = state, row
    return shown, now, said
