"""How long there was to observe: days of a period, and its real hours by weekday and clock hour over changes of the clock.

Days are local day numbers since 1970-01-01; periods include `since` and exclude `until`. Zones are IANA names, those of
`crs.TERRITORIES`, which all differ from UTC by whole hours.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from geoservice.core.query import EPOCH
from geoservice.errors import BadInput

LONGEST = 36_525  # days: a century
_HOUR = 3600


@dataclass(frozen=True, eq=False)
class Hours:
    """The real hours of a period, in order, (h,) each: local day number and clock hour (0 to 23), UTC seconds of their start.

    In autumn one clock hour comes twice, in spring one is missing.
    """

    day: np.ndarray
    hour: np.ndarray
    utc: np.ndarray

    @property
    def weekday(self) -> np.ndarray:
        """0 for Monday."""
        return (self.day + 3) % 7


def days(since: int, until: int) -> int:
    """Days of a period; BadInput when it is empty or longer than a century."""
    if not 0 < until - since <= LONGEST:
        raise BadInput("Une période va d’un jour à un jour postérieur, sur un siècle au plus.")
    return int(until - since)


def hours(since: int, until: int, zone: str = "Europe/Paris") -> Hours:
    """The real hours of the local days [since, until): 24 a day, 23 or 25 when the clock changes."""
    days(since, until)
    clock = _clock(zone)
    first, last = (_midnight(day, clock) for day in (since, until))
    utc = np.arange(first, last, _HOUR)
    offsets = _offsets(utc, clock)
    local = utc + offsets
    return Hours(local // 86_400, local % 86_400 // _HOUR, utc)


def week(since: int, until: int, zone: str = "Europe/Paris") -> np.ndarray:
    """Real hours by weekday (row 0 Monday) and clock hour, (7, 24) int64; their sum is the length of the period."""
    period = hours(since, until, zone)
    return np.bincount(period.weekday * 24 + period.hour, minlength=7 * 24).reshape(7, 24)


def _clock(zone: str) -> ZoneInfo:
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadInput("Ce fuseau horaire n’existe pas ; écrivez-le comme « Europe/Paris » ou « Indian/Reunion ».") from None


def _midnight(day: int, clock: ZoneInfo) -> int:
    """UTC seconds at which a local day begins."""
    start = datetime.combine(EPOCH + timedelta(int(day)), datetime.min.time(), clock)
    return int(start.astimezone(UTC).timestamp())


def _offsets(utc: np.ndarray, clock: ZoneInfo) -> np.ndarray:
    """Seconds from UTC to the local clock at each of some increasing moments: looked up by day, by hour only where it changes."""
    edges = np.append(np.arange(0, len(utc), 24), len(utc) - 1)
    known = np.array([_offset(int(utc[edge]), clock) for edge in edges])
    out = np.repeat(known[:-1], np.diff(np.append(edges[:-1], len(utc))))
    for place in np.flatnonzero(known[1:] != known[:-1]).tolist():
        for row in range(int(edges[place]), int(edges[place + 1]) + 1):
            out[row] = _offset(int(utc[row]), clock)
    return out


def _offset(moment: int, clock: ZoneInfo) -> int:
    found = datetime.fromtimestamp(moment, clock).utcoffset()
    return int(found.total_seconds()) if found else 0
