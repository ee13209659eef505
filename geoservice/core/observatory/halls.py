"""The state of every hall, month after month: nature × recurrence of the acts, hysteresis, « inconnu » where nobody reports.

Halls are rows 0 … n-1, months columns; states are int8: 0 vert, 1 jaune, 2 orange, 3 rouge, -1 inconnu. What is green or yellow
is data (`Rules`, geoservice/census.toml); the grid is that of landlords in Nantes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoservice.types import Category, code_of

STATES = ("vert", "jaune", "orange", "rouge")
UNKNOWN = -1
WORDS = (*STATES, "inconnu")  # WORDS[state]: the last one is that of -1


@dataclass(frozen=True)
class Act:
    """A nature of acts: its categories from `gravity_min` on (or of unknown gravity), or any counted one from `or_gravity`."""

    name: str
    label: str
    categories: tuple[Category, ...]
    gravity_min: int = 0
    or_gravity: int | None = None


@dataclass(frozen=True)
class Rules:
    """What makes a state; see geoservice/census.toml.

    `grid` (states above vert, acts): days of a window with that act or a graver one, 0 for no such rule.
    """

    months: int
    window: int
    up: int
    down: int
    present: int
    remembered: int
    believed: float
    neighbour_m: float
    acts: tuple[Act, ...]
    grid: tuple[tuple[int, ...], ...]

    def natures(self) -> np.ndarray:
        """Nature of an act by (category code, gravity): (256, 256) uint8, 0 for what counts for no hall, else its rank from 1."""
        table = np.zeros((256, 256), np.uint8)
        gravities = np.arange(256)
        counted = [code_of(category) for category in dict.fromkeys(c for act in self.acts for c in act.categories)]
        for rank, act in enumerate(self.acts, 1):
            codes = [code_of(category) for category in act.categories]
            enough = (gravities >= act.gravity_min) | (gravities == 0)
            table[np.ix_(codes, np.flatnonzero(enough))] = rank
            if act.or_gravity is not None:
                table[np.ix_(counted, np.flatnonzero(gravities >= act.or_gravity))] = rank
        return table


@dataclass(frozen=True, eq=False)
class Seen:
    """Facts as the census looks at them: hall (n,) row or -1, day (n,) day number, nature (n,) from 0."""

    hall: np.ndarray
    day: np.ndarray
    nature: np.ndarray


def days_with(seen: Seen, starts: np.ndarray, halls: int, natures: int) -> np.ndarray:
    """Days of each month with an act of at least each nature: (natures, halls, months) int16. `starts` (months + 1,) day numbers.

    Several reports of one day are one day: what is told five times did not happen five times.
    """
    months = len(starts) - 1
    first, span = int(starts[0]), int(starts[-1] - starts[0])
    keep = (seen.hall >= 0) & (seen.nature > 0) & (seen.day >= starts[0]) & (seen.day < starts[-1])
    small = np.int32 if halls * span * (natures + 1) < 2**31 else np.int64  # sorted twice as fast
    place = seen.hall[keep].astype(small) * small(span) + (seen.day[keep].astype(np.int64) - first).astype(small)
    # one sort: the gravest act of a hall and day comes first of its run
    order = np.sort(place * small(natures + 1) + (natures - seen.nature[keep].astype(small)))
    place, mild = np.divmod(order, natures + 1)
    fresh = np.ones(len(place), bool)
    fresh[1:] = place[1:] != place[:-1]
    place, rank = place[fresh], natures - 1 - mild[fresh]
    month = np.repeat(np.arange(months), np.diff(starts))[place % span]
    where = (rank * halls + place // span) * months + month
    exact = np.bincount(where, minlength=natures * halls * months).reshape(natures, halls, months)
    return np.cumsum(exact[::-1], axis=0, dtype=np.int16)[::-1]


def raw(days: np.ndarray, grid: tuple[tuple[int, ...], ...]) -> np.ndarray:
    """The state that each look alone would give: (halls, looks) int8 from 0; days (natures, halls, looks) of its window."""
    state = np.zeros(days.shape[1:], np.int8)
    for level, line in enumerate(grid, 1):
        for nature, least in enumerate(line):
            if least:
                state[days[nature] >= least] = level
    return state


def settled(state: np.ndarray, known: np.ndarray, up: int, down: int) -> np.ndarray:
    """States that rise after `up` known looks at least as high, fall after `down` at most as high; (halls, months) int8.

    Months in which nobody reports are left out of both counts and shown as inconnu; after `down` of them in a row what was
    known is forgotten. A hall has no state before its first `up` known months.
    """
    halls, months = state.shape
    state, known = np.ascontiguousarray(state.T), np.ascontiguousarray(known.T)
    out = np.full((months, halls), UNKNOWN, np.int8)
    recent = np.zeros((max(up, down), halls), np.int8)  # last known looks, newest first
    counted, gap = np.zeros(halls, np.int16), np.zeros(halls, np.int16)
    now = np.full(halls, UNKNOWN, np.int8)
    for month, here in enumerate(known):
        recent[1:, here] = recent[:-1, here]
        recent[0, here] = state[month, here]
        gap = np.where(here, 0, gap + 1)
        counted = np.where(gap >= down, 0, counted + here)
        before = np.where(counted < up, UNKNOWN, np.maximum(now, recent[:up].min(axis=0)))
        now = np.where(counted >= down, np.minimum(before, recent[:down].max(axis=0)), before).astype(np.int8)
        out[month, here] = now[here]
    return np.ascontiguousarray(out.T)


def reported(reports: np.ndarray, months: int) -> np.ndarray:
    """Whether a place has a report in each month or the `months` - 1 before it; (places, months) bool."""
    return rolling(reports, months) > 0


def rolling(counts: np.ndarray, months: int) -> np.ndarray:
    """Sums over each month and the `months` - 1 before it; (…, months)."""
    total = np.cumsum(counts, axis=-1, dtype=counts.dtype)
    out = total.copy()
    out[..., months:] -= total[..., :-months]
    return out


def transitions(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Halls by state before (rows) and after (columns), in the order of WORDS; (5, 5) int64."""
    return np.bincount((before.astype(int) % 5) * 5 + after.astype(int) % 5, minlength=25).reshape(5, 5)


def tally(states: np.ndarray) -> np.ndarray:
    """Halls of each state in the order of WORDS; (5,) int64."""
    return np.bincount(states.astype(int) % 5, minlength=5)
