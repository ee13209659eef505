"""The operations behind a snapshot's figures: each from frozen facts and parameters to a JSON value, so that whoever has the file
makes every figure again. Kinds are parameters and never added; spans are [first day, day after the last] since 1970-01-01."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from geoservice.core import profiles
from geoservice.core.observatory import halls as halls_of
from geoservice.core.observatory.halls import WORDS
from geoservice.core.stats import quality
from geoservice.core.stats.change import Periods, changes
from geoservice.core.stats.given import NotEnough
from geoservice.core.stats.trend import trend
from geoservice.core.stats.verdict import ARTEFACT, FRAGILE, SOLID
from geoservice.operations.snapshotview import Erased, View
from geoservice.types import LABELS, UNKNOWN_HOUR, Category, Kind, Nature, code_of

BAND_HOURS = 3
WHOLLY = 0.9  # of the days of a span that have to be known, for it to be compared: a winter is no summer
_WORDS = {SOLID: "solide", FRAGILE: "fragile", ARTEFACT: "artefact"}
_TOLERANCE = 1e-9  # of floats: another processor rounds the last digit otherwise
Value = Any


def facts(view: View, kind: str, spans: list[list[int]], staff: int) -> Value:
    """Facts of a kind in two spans, assaults on staff included and told apart; those without a position."""
    now, before = (len(view.rows(kind, days)) for days in spans)
    told = [view.staff(kind, staff + place) for place in (0, 1)]
    unplaced = int((view.of("placed", kind, spans[0]) == 0).sum())
    return {"now": now + told[0], "before": before + told[1], "staff_now": told[0], "staff_before": told[1], "unplaced": unplaced,
            "known_days": [_known_days(view, kind, days) for days in spans], **_ratio(view, kind, spans,
                                                                                      (now + told[0], before + told[1]))}


def category(view: View, kind: str, spans: list[list[int]], category: str, staff: int) -> Value:
    """Facts of one category in two spans."""
    if Category(category) is Category.AGP:
        now, before = (view.staff(kind, staff + place) for place in (0, 1))
    else:
        now, before = (int((view.of("category", kind, days) == code_of(Category(category))).sum()) for days in spans)
    return {"now": now, "before": before, **_ratio(view, kind, spans, (now, before))}


def _ratio(view: View, kind: str, spans: list[list[int]], counts: tuple[int, int]) -> dict[str, float | None]:
    """After over before by day, with its interval, as wide as facts come in bunches by place; None where a span is not known."""
    lasted = [_known_days(view, kind, days) for days in spans]
    if any(known < WHOLLY * (days[1] - days[0]) for known, days in zip(lasted, spans, strict=True)):
        return {"ratio": None, "low": None, "high": None}
    found = changes([counts[1]], [counts[0]], Periods(float(lasted[1]), float(lasted[0]), dispersion=_dispersion(view, kind,
                                                                                                                 spans)))
    return {name: float(getattr(found, name)[0]) for name in ("ratio", "low", "high")}


def _known_days(view: View, kind: str, days: list[int]) -> int:
    """Days of a span between the first and the last fact of a kind in reach: beyond, nothing is known."""
    first, last = view.header["kinds"][kind]
    return max(0, min(days[1], last + 1) - max(days[0], first))


def _dispersion(view: View, kind: str, spans: list[list[int]]) -> float:
    """Variance / mean of changes by place (residence, else QPV), estimated once for a kind."""
    def made() -> float:
        lasted = [float(max(1, _known_days(view, kind, days))) for days in spans]
        places = [view.of("unit", kind, days).astype(np.int64) for days in spans]
        width = max((int(some.max(initial=0)) for some in places), default=0) + 1
        now, before = (np.bincount(some, minlength=width)[1:] for some in places)
        if (now + before >= 2).sum() < 5:
            return 1.0
        return changes(before, now, Periods(lasted[1], lasted[0])).dispersion

    return view.keep(("dispersion", kind, *spans[0], *spans[1]), made)


def months(view: View, kind: str, days: list[int]) -> Value:
    """Facts (but assaults on staff) of each whole month, from the first that is wholly known to the last."""
    starts, counts = _months(view, kind, days)
    return {"first": starts.tolist(), "counts": counts.tolist()}


def _months(view: View, kind: str, days: list[int]) -> tuple[np.ndarray, np.ndarray]:
    first, last = view.header["kinds"][kind]
    starts = profiles.step_starts("month", days[0], days[1])  # the one that holds the last day ends nothing
    known = (starts[:-1] >= max(days[0], first)) & (starts[1:] <= min(days[1], last + 1))
    which = np.searchsorted(starts, view.of("day", kind, days), side="right") - 1
    counts = np.bincount(which, minlength=len(starts))[:len(starts) - 1]
    return starts[:-1][known], counts[known]


def tendency(view: View, kind: str, days: list[int]) -> Value:
    """Mann–Kendall and Theil–Sen on the facts per day of those months: direction, p, facts a month more or fewer in a year."""
    starts, counts = _months(view, kind, days)
    lasted = np.diff(np.append(starts, profiles.step_starts("month", int(starts[-1]), int(starts[-1]) + 31)[-1])) if len(
        starts) else starts
    found = trend(counts / np.maximum(lasted, 1))
    return {"direction": found.direction, "p": found.p, "yearly": 12 * found.slope * 30.4, "months": found.n}


def hours(view: View, kind: str, days: list[int]) -> Value:
    """Facts whose hour is known by bands of three hours from midnight, and those whose hour is not."""
    hour, lasts = view.of("hour", kind, days), view.of("span", kind, days)
    known = (hour != UNKNOWN_HOUR) & (lasts == 0)
    return {"bands": np.bincount(hour[known] // BAND_HOURS, minlength=24 // BAND_HOURS).tolist(), "unknown": int((~known).sum())}


def hot(view: View, kind: str, days: list[int]) -> Value:
    """How many areas stand out, by verdict."""
    if (reason := view.analysis(kind, days).reason) is not None:
        raise NotEnough(reason.code, reason.sentence)
    told, total = view.areas(kind, days)
    counts = {name: sum(verdict.verdict == word for _, _, verdict in told) for word, name in _WORDS.items()}
    return {**counts, "total": total, "facts": len(view.analysis(kind, days).facts)}


def area(view: View, kind: str, days: list[int], rank: int) -> Value:
    """One area: facts, what was expected, what chance alone shows 95 times in 100, their ratio and its verdict."""
    rows, numbers, verdict = view.areas(kind, days)[0][rank - 1]
    return {"facts": int(view.analysis(kind, days).counts[rows].sum()), "expected": numbers.expected, "low": numbers.low,
            "high": numbers.high, "ratio": numbers.ratio, "ratio_low": numbers.ratio_low, "ratio_high": numbers.ratio_high,
            "verdict": _WORDS.get(verdict.verdict, verdict.verdict)}


def homes(view: View, kind: str, days: list[int], staff: int) -> Value:
    """Residences with a fact of this kind, of those that are known; facts that name none."""
    unit = view.of("unit", kind, days)
    known = view.header["homes"]
    told = np.unique(view.column("staff.unit")[(view.column("staff.span") == staff) & (
        view.column("staff.kind") == code_of(Kind(kind)))])
    named = {view.header["units"][row] for row in np.union1d(np.unique(unit), told).tolist()} - {""}
    return {"concerned": len(named & set(known)), "known": len(known), "elsewhere": int((unit == 0).sum())}


def home(view: View, kind: str, spans: list[list[int]], code: str, staff: int) -> Value:
    """One residence: facts in two spans (assaults on staff included), and per 100 dwellings with the 95 % interval."""
    row = view.home(code)
    now, before = (int((view.of("unit", kind, days) == row).sum()) + view.staff(kind, staff + place, row)
                   for place, days in enumerate(spans))
    dwellings = view.header["homes"].get(code, [code, None])[1]
    found = {"now": now, "before": before, "dwellings": dwellings, "rate": None, "low": None, "high": None}
    if dwellings:
        low, high = profiles.poisson_interval(now)
        found |= {"rate": 100 * now / dwellings, "low": 100 * low / dwellings, "high": 100 * high / dwellings}
    return found


def halls(view: View, kind: str, days: list[int]) -> Value:
    """Halls that a fact names; facts that name one."""
    hall = view.of("hall", kind, days)
    return {"concerned": len(np.unique(hall[hall > 0])), "facts": int((hall > 0).sum())}


def hall_states(view: View) -> Value:
    """Halls of each state of the census now and a year before; those known both times that worsened or improved."""
    now, before = view.column("census.now"), view.column("census.before")
    counts = [halls_of.tally(states) for states in (now, before)]
    moved = halls_of.transitions(before, now)[:-1, :-1]
    return {"now": dict(zip(WORDS, counts[0].tolist(), strict=True)), "before": dict(zip(WORDS, counts[1].tolist(), strict=True)),
            "worse": int(np.triu(moved, 1).sum()), "better": int(np.tril(moved, -1).sum())}


def quarter(view: View, place: int, spans: list[list[int]]) -> Value:
    """Facts with a position in a QPV (its place in the list, from 1), kind by kind: [now, before]."""
    return {kind: [int((view.of("qpv", kind, days) == place).sum()) for days in spans] for kind in view.header["kinds"]}


def since(view: View, kind: str, spans: list[list[int]]) -> Value:
    """Facts since the previous meeting, and on the same days a year before (None where these are not wholly known)."""
    counts = [len(view.rows(kind, days)) for days in spans]
    known = _known_days(view, kind, spans[1]) >= spans[1][1] - spans[1][0] > 0
    return {"now": counts[0], "before": counts[1] if known else None}


def signal(view: View, kind: str, days: list[int], code: str) -> Value:
    """A signal of quality (`core.stats.quality`): what was measured, its level and sentence."""
    whole = view.chosen(kind, days, placed=False)
    if code == "piles":
        rows = whole.parts[0][1]
        rows = rows[view.column("cell")[rows] > 0]
        found = quality.stacks(view.column("point")[rows], np.where(view.column("point")[rows] > 0, 0, np.arange(len(rows))),
                               view.column("placement")[rows]).signal
    elif code == "source_unique":
        found = quality.single_reporter(whole.column("nature"), None, {code_of(word): LABELS[word] for word in Nature})
    elif code == "geocodage":
        found = quality.geocoding(whole.column("placement"))
    else:
        found = quality.heaped_hours(whole.column("hour"))
    return {"value": found.value, "low": found.low, "high": found.high, "level": found.level, "sentence": found.sentence}


def decided(view: View) -> Value:
    """Decisions by what was last said of them, and those whose day has passed."""
    rows = view.header["decisions"]
    states = {state: sum(row["status"] == state for row in rows) for state in ("commence", "fait", "impossible", "abandonne")}
    return {**states, "total": len(rows), "late": sum(row["late"] for row in rows)}


OPERATIONS: dict[str, Callable[..., Value]] = {
    each.__name__: each for each in (facts, category, months, tendency, hours, hot, area, homes, home, halls, hall_states,
                                     quarter, since,
                                     signal,
                                     decided)}


def compute(view: View, how: dict[str, Any]) -> tuple[Value, str | None]:
    """A figure's value, and why there is none where there is none."""
    try:
        return OPERATIONS[how["operation"]](view, **how["parameters"]), None
    except NotEnough as lacking:
        return None, str(lacking)


def same(first: Value, second: Value) -> bool:
    """Whether two values are one: whole numbers and words exactly, floats to the last digits."""
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(same(first[key], second[key]) for key in first)
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(map(same, first, second))
    if isinstance(first, float) or isinstance(second, float):
        numbers = all(isinstance(each, int | float) and not isinstance(each, bool) for each in (first, second))
        return numbers and abs(first - second) <= _TOLERANCE * max(abs(first), abs(second))
    return type(first) is type(second) and first == second


__all__ = ["BAND_HOURS", "OPERATIONS", "Erased", "compute", "same"]
