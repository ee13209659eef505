"""When facts happened: date, time and end columns of a batch → local day and minute, duration, UTC."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from geoservice.catalog.dates import DAY, DOUBLE, GAP, ORIGIN, DateReader, Moment, clock, read_time
from geoservice.catalog.intake.common import Collector, Memo, text
from geoservice.catalog.schema import SourceSpec
from geoservice.core import crs

FIRST_DAY = date(1990, 1, 1).toordinal() - ORIGIN
LONGEST = 366 * DAY
NONE = -1  # no minute, no duration
UNREAD = -2  # a time cell that says something we cannot read
NO_UTC = np.iinfo(np.int64).min
_FORMATS = "JJ/MM/AAAA, JJ/MM/AA, AAAA-MM-JJ, avec ou sans heure (22:30 ou 22h30)"


@dataclass
class Moments:
    """Local days, minutes and durations (NONE where absent), seconds UTC (NO_UTC where absent); each (n,) int64."""

    day: np.ndarray
    minute: np.ndarray
    duration: np.ndarray
    utc: np.ndarray


class MomentReader:
    """Reads the moments of one file."""

    def __init__(self, source: SourceSpec, today: date) -> None:
        self._dates = DateReader(source.formats.get("date", ()))
        self._ends = DateReader(source.formats.get("end_date", source.formats.get("date", ())))
        self._times = Memo(read_time)
        self._clock_times = Memo(_clock_time)
        self._last = today.toordinal() - ORIGIN

    def read(self, collector: Collector, columns: dict[str, Sequence[Any]], names: dict[str, str]) -> Moments:
        """columns: field → cells; names: field → the file's column. UTC is filled by `to_utc`, once the places are known."""
        cells = columns["date"]
        found, where = self._distinct(cells)
        day = np.array([NONE if m is None else m.day for m in found], dtype=np.int64)[where]
        for row in np.flatnonzero((day < FIRST_DAY) | (day > self._last)).tolist():
            _reject(collector, (row, names.get("date", "date")), cells[row], found[where[row]])
        usable = [Moment(0) if m is None else m for m in found]
        self._note(collector, usable, where)
        moments = Moments(np.maximum(day, 0), *(np.array(c, dtype=np.int64)[where] for c in (
            [NONE if m.minute is None else m.minute for m in usable],
            [NONE if m.duration is None else m.duration for m in usable],
            [NO_UTC if m.offset is None or m.minute is None else m.day * 86_400 + m.minute * 60 - m.offset for m in usable])))
        if "time" in columns:
            self._add_times(collector, moments, columns["time"], names)
        if "end_date" in columns or "end_time" in columns:
            self._add_ends(collector, moments, columns, names)
        return moments

    def latest(self, cells: Sequence[Any]) -> int | None:
        """The latest usable day of a date column."""
        days = [m.day for m in self._dates.column(cells) if m is not None and FIRST_DAY <= m.day <= self._last]
        return max(days, default=None)

    def _distinct(self, cells: Sequence[Any]) -> tuple[list[Moment | None], np.ndarray]:
        """The Moments of the distinct cells, and for each cell the position of its own."""
        positions = {cell: at for at, cell in enumerate(dict.fromkeys(cells))}
        return self._dates.column(list(positions)), np.array([positions[cell] for cell in cells], dtype=np.int64)

    def _note(self, collector: Collector, found: list[Moment], where: np.ndarray) -> None:
        for flag, code, sentence in (
                ("midnight", "minuit", "Date à 00:00 exactement : lue comme une date sans heure."),
                ("vague", "heure-illisible", "Heure illisible : la date est gardée, l’heure est inconnue.")):
            rows = np.flatnonzero(np.array([getattr(m, flag) for m in found], dtype=bool)[where])
            if len(rows):
                collector.note(code, sentence, int(rows[0]), len(rows))

    def _add_times(self, collector: Collector, moments: Moments, cells: Sequence[Any], names: dict[str, str]) -> None:
        found = np.array(self._clock_times.column(cells), dtype=np.int64).reshape(-1, 2)
        free = moments.utc == NO_UTC  # a date cell that gives its offset from UTC has said it all
        unread = np.flatnonzero(free & (found[:, 0] == UNREAD))
        if len(unread):
            collector.note("heure-illisible", f"Colonne « {names.get('time', 'heure')} » : heure illisible ; la date est "
                           "gardée, l’heure est inconnue.", int(unread[0]), len(unread))
        told = free & (found[:, 0] >= 0)
        moments.minute[told], moments.duration[told] = found[told, 0], found[told, 1]

    def _add_ends(self, collector: Collector, moments: Moments, columns: dict[str, Sequence[Any]], names: dict[str, str]) -> None:
        rows = len(moments.day)
        days = self._ends.column(columns["end_date"]) if "end_date" in columns else [None] * rows
        times = columns.get("end_time", [None] * rows)
        for row, (end, cell) in enumerate(zip(days, times, strict=True)):
            if end is None and "end_date" in columns and text(columns["end_date"][row]) is not None:
                collector.reject(row, names.get("end_date", "date de fin"), columns["end_date"][row], "date",
                                 f"La date de fin n’est pas lisible. Formats acceptés : {_FORMATS}.")
            known = None if text(cell) is None else self._times[cell]
            minute = known[0] if known is not None else (end.minute if end is not None else None)
            length = _length(moments, row, end, minute)
            if length is None:
                continue
            if 0 <= length <= LONGEST:
                moments.duration[row] = length or NONE
            else:
                collector.reject(row, names.get("end_date", names.get("end_time", "fin")), columns.get("end_date", times)[row],
                                 "intervalle", "La fin précède le début, ou l’intervalle dépasse un an. Corrigez les deux dates.")


def _clock_time(value: Any) -> tuple[int, int]:
    """Minute and duration of a time cell; NONE where it says nothing, UNREAD where it cannot be read."""
    if text(value) is None:
        return NONE, NONE
    found = read_time(value)
    if found is None or found[0] is None:
        return UNREAD, NONE
    return found[0], NONE if found[1] is None else found[1]


def _length(moments: Moments, row: int, end: Moment | None, end_minute: int | None) -> int | None:
    """Minutes from start to end; None when there is no interval to speak of."""
    day, start = int(moments.day[row]), int(moments.minute[row])
    if end is None:
        return None if start == NONE or end_minute is None else (end_minute - start) % DAY
    days = end.day - day
    if start == NONE or end_minute is None:  # whole days: an interval when they differ
        return None if days == 0 else days * DAY + (DAY if days > 0 else 0) - max(start, 0)
    return days * DAY + end_minute - start


def _reject(collector: Collector, where: tuple[int, str], value: Any, moment: Moment | None) -> None:
    row, name = where
    if text(value) is None:
        collector.reject(row, name, value, "date", "La date manque. Complétez-la à la source.")
    elif moment is None:
        collector.reject(row, name, value, "date", f"La date n’est pas lisible. Formats acceptés : {_FORMATS}.")
    elif moment.day < FIRST_DAY:
        collector.reject(row, name, value, "date", "La date est avant 1990. Corrigez-la à la source.")
    else:
        collector.reject(row, name, value, "date", "La date est dans le futur. Corrigez-la à la source.")


def to_utc(collector: Collector, moments: Moments, territory: np.ndarray) -> None:
    """Fill `moments.utc` by the clock of each row's territory; said: hours that do not exist and hours that exist twice.

    territory: (n,) positions in TERRITORIES.
    """
    for position in np.unique(territory).tolist():
        here = clock(crs.TERRITORIES[position].timezone)
        for row in np.flatnonzero((territory == position) & (moments.utc != NO_UTC)).tolist():  # the text gave an offset
            moments.day[row], moments.minute[row] = here.local(int(moments.utc[row]))
        rows = np.flatnonzero((territory == position) & (moments.minute != NONE) & (moments.utc == NO_UTC))
        if not len(rows):
            continue
        seconds, odd = here.utc(moments.day[rows], moments.minute[rows])
        moments.utc[rows] = seconds
        for at, flag in odd.items():
            _odd(collector, moments, int(rows[at]), flag)


def _odd(collector: Collector, moments: Moments, row: int, flag: str) -> None:
    if flag == GAP:
        collector.note("heure-inexistante", "Heure qui n’existe pas (passage à l’heure d’été) : la date est gardée, l’heure est "
                       "inconnue.", row)
        moments.minute[row], moments.duration[row], moments.utc[row] = NONE, NONE, NO_UTC
    elif flag == DOUBLE:
        collector.note("heure-double", "Heure qui existe deux fois (passage à l’heure d’hiver) : la première est prise.", row)
