"""Where fewer reports came than dwellings, the past and places alike lead to expect: residences, or halls."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from geoservice.core.observatory import silence
from geoservice.core.observatory.silence import Watch
from geoservice.core.query import EPOCH, day_number
from geoservice.core.stats.given import NotEnough
from geoservice.core.stats.words import number
from geoservice.errors import BadInput
from geoservice.operations.analyse import index_version
from geoservice.operations.reader import Reader
from geoservice.operations.reuse import Shelf
from geoservice.operations.stock import Stock, stock
from geoservice.types import UNMAPPED_CATEGORIES, Kind, code_of

LEVELS = ("residence", "hall")
RECENT_DAYS, PAST_DAYS, STRETCHES = 90, 364, 4
SHORTEST, LONGEST = 14, 365
_STAFF = [code_of(category) for category in UNMAPPED_CATEGORIES]
_kept: Shelf[Silences] = Shelf(16)


@dataclass(frozen=True)
class Wanted:
    """Of what (residence or hall), of which kind, over how many recent days before `until` (the last day known, without)."""

    today: date
    kind: Kind = Kind.BAILLEUR
    level: str = "residence"
    days: int = RECENT_DAYS
    until: date | None = None
    alarm: float = silence.LEVEL


@dataclass(frozen=True, eq=False)
class Silences:
    """Every place with what was seen and expected. `rows` (n,) of the stock; `since` (n,) days from the last report to the end,
    -1 for none in reach; `end` the day after the last one looked at; `attached` of the reports lie near their place and do not
    name it."""

    wanted: Wanted
    stock: Stock
    rows: np.ndarray
    seen: np.ndarray
    past: np.ndarray
    since: np.ndarray
    watch: Watch
    end: date
    attached: int

    @property
    def order(self) -> np.ndarray:
        """Places, the surest silence first: by corrected chance, then by how much was expected."""
        return np.lexsort((-self.watch.expected.mean, self.watch.q))

    def sentence(self, place: int) -> str:
        """« aucun signalement depuis 90 j, attendu 7 »."""
        seen, days = int(self.seen[place]), self.wanted.days
        expected = number(float(self.watch.expected.mean[place]))
        if seen == 0 and self.watch.against[place] and self.past[place] == 0:
            alike = number(float(self.watch.expected.alike[place]))
            return f"aucun signalement depuis plus de {days + PAST_DAYS} j, attendu {alike} d’après les résidences semblables"
        told = "aucun signalement" if seen == 0 else f"{seen} signalement{'s' if seen > 1 else ''}"
        return f"{told} depuis {max(days, int(self.since[place])) if seen == 0 else days} j, attendu {expected} en {days} j"


def silences(reader: Reader, wanted: Wanted) -> Silences:
    """Every place judged; NotEnough when there are too few of them, or no past."""
    if wanted.level not in LEVELS:
        raise BadInput(f"« level » attend l’une de ces valeurs : {', '.join(LEVELS)}.")
    if not SHORTEST <= wanted.days <= LONGEST:
        raise BadInput(f"« days » attend un nombre de jours de {SHORTEST} à {LONGEST}.")
    key = (str(reader.shelf.storage.settings.data), reader.shelf.organisations, index_version(reader), wanted)
    return _kept.get(key, lambda: _look(reader, wanted))


def _look(reader: Reader, wanted: Wanted) -> Silences:
    found = stock(reader)
    size = len(found.residences) if wanted.level == "residence" else len(found)
    place, day, near = _reports(reader, found, wanted)
    if not len(day):
        raise NotEnough("aucun_fait", "Aucun fait de cette origine à portée\u202f: rien ne dit qui signale d’ordinaire.")
    end = int(day.max()) + 1
    edges = end - wanted.days - np.arange(STRETCHES, -1, -1) * (PAST_DAYS // STRETCHES)
    cell = np.searchsorted(np.append(edges, end), day, side="right") - 1
    inside = cell >= 0
    counts = np.bincount(place[inside] * (STRETCHES + 1) + cell[inside], minlength=size * (STRETCHES + 1)).reshape(size, -1)
    rows = np.flatnonzero(_real(found, wanted.level))
    last = np.full(size, -1, np.int64)
    np.maximum.at(last, place, day)
    since = np.where(last >= 0, end - last - 1, -1)
    seen, past = counts[rows, STRETCHES], counts[rows, :STRETCHES]
    watch = silence.watch(seen, past, _exposure(found, wanted.level)[rows], wanted.alarm)
    attached = int((near & inside).sum())
    return Silences(wanted, found, rows, seen, past.sum(axis=1), since[rows], watch, EPOCH + timedelta(end), attached)


def _reports(reader: Reader, found: Stock, wanted: Wanted) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Place and day of every report of the kind before the end, and whether it lies near that place alone; `AGP` left out."""
    places, days, near = [], [], []
    until = day_number(wanted.until) if wanted.until else day_number(wanted.today) + 1
    for each, index in reader.indexes.items():
        if wanted.kind not in index.kinds:
            continue
        rows = np.flatnonzero((index["kind"] == code_of(wanted.kind)) & (index["day"] < until)
                              & ~np.isin(index["category"], _STAFF))
        unit = index["unit"].take(rows)
        place = (found.home_of if wanted.level == "residence" else found.hall_of)[each].take(unit)
        places.append(place[place >= 0])
        days.append(index["day"].take(rows[place >= 0]).astype(np.int64))
        near.append(unit[place >= 0] >= index.units.attached_from)
    empty = np.empty(0, np.int64)
    if not places:
        return empty, empty, empty.astype(bool)
    return np.concatenate(places), np.concatenate(days), np.concatenate(near)


def _real(found: Stock, level: str) -> np.ndarray:
    """Places that have a name of their own: not the rows that stand for a hall without a residence."""
    return np.array([bool(code) for code in found.residences]) if level == "residence" else np.ones(len(found), bool)


def _exposure(found: Stock, level: str) -> np.ndarray:
    exposure = found.exposure()
    return exposure if level == "residence" else (exposure / np.maximum(found.halls, 1))[found.home]
