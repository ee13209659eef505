"""Facts in time under a filter: the hour × weekday profile, the monthly series with its trend, and how hot a place has been."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from geoservice.core import crs, profiles
from geoservice.core.profiles import step_starts
from geoservice.core.query import EPOCH, FactQuery, day_number
from geoservice.core.stats import aoristic
from geoservice.core.stats.aoristic import Period, Profile
from geoservice.core.stats.emerging import DEFINITIONS, LEAST, Definition, emerging
from geoservice.core.stats.given import NotEnough
from geoservice.core.stats.intervals import poisson_limits
from geoservice.core.stats.trend import Trend, trend
from geoservice.core.stats.words import number
from geoservice.operations.analyse import DEFAULT, Analysis, Reason, Wanted, analyse
from geoservice.operations.chosen import chosen, position
from geoservice.operations.profiles import span_of
from geoservice.operations.reader import Reader
from geoservice.operations.said import Said, of_data
from geoservice.types import Kind

MOST_PERIODS = 12
_PARIS = "Europe/Paris"


@dataclass(frozen=True, eq=False)
class Rhythm:
    """Profile of a week, or the reason why there is none; `period`: first and last local day, both included."""

    kind: Kind | None
    period: tuple[date, date] | None
    profile: Profile | None
    reason: Reason | None
    said: Said


def week(reader: Reader, query: FactQuery, within: np.ndarray | None = None) -> Rhythm:
    """Aoristic profile: a fact known to an interval weighs on each of its hours; hours are those that really were."""
    query, _ = reader.resolved(query, within)
    first, last = span_of(reader, query)
    said = Said("profil aoristique jour × heure", "Un fait connu à un intervalle près pèse à parts égales sur les heures de cet "
                "intervalle ; les taux sont par heure réellement écoulée, changements d’heure compris.", of_data(reader),
                exposure="heures")
    if last < first:
        return Rhythm(query.kind, None, None, Reason("aucun_fait", "Aucun fait dans cette période."), said)
    facts = chosen(reader, query, within)
    try:
        columns = (facts.column(name) for name in ("day", "hour", "span"))
        found = aoristic.profile(*columns, Period(first, last + 1, clock(reader)))
    except NotEnough as lacking:
        return Rhythm(query.kind, (_date(first), _date(last)), None, Reason(lacking.code, str(lacking)), said)
    return Rhythm(query.kind, (_date(first), _date(last)), found, None, said)


def clock(reader: Reader) -> str:
    """The time zone of the territory where the facts in reach lie."""
    box = reader.bounds()
    territory = None if box is None else crs.territory_of((box.west + box.east) / 2, (box.south + box.north) / 2)
    return _PARIS if territory is None else territory.timezone


def _date(day: int) -> date:
    return EPOCH + timedelta(day)


@dataclass(frozen=True, eq=False)
class Months:
    """Facts of each month: first days (n,) of the months, counts, days observed in each, limits of the counts (95 %).

    `trend` is of facts per day; `line` its fitted counts. Where there is none, `reason` says why. `history`: how hot the asked
    cell has been, None without a cell.
    """

    kind: Kind | None
    days: tuple[date, ...]
    counts: np.ndarray
    observed_days: np.ndarray
    low: np.ndarray
    high: np.ndarray
    dispersion: float
    unplaced: int
    trend: Trend | None
    line: np.ndarray
    reason: Reason | None
    said: Said


def months(reader: Reader, query: FactQuery, within: np.ndarray | None = None) -> Months:
    """Monthly series with its uncertainty and Mann–Kendall's test; months that are partly known count for their days."""
    query, _ = reader.resolved(query, within)
    facts = chosen(reader, query, within)
    first, last = span_of(reader, query)
    counts = sum((profiles.series(index, rows, "month", (first, last)).counts for index, rows in facts.parts),
                 np.zeros(len(step_starts("month", first, last)), np.int64))
    lasted = days_of_months(first, last)
    found, line, reason = trend_of(counts, lasted)
    spread = _around(counts, line)
    low, high = (spread * some for some in poisson_limits(counts / spread))
    said = Said("Mann–Kendall, pente de Theil–Sen", "Faits par jour, mois par mois ; les intervalles tiennent compte de la "
                f"dispersion des mois autour de la tendance ({number(spread)} fois celle du hasard seul).", of_data(reader),
                null="aucune tendance, mois indépendants", dispersion=spread, level=0.05, exposure="jours")
    return Months(query.kind, profiles.days_of("month", first, last), counts, lasted, low, high, spread, facts.unplaced, found,
                  line, reason, said)


def days_of_months(first: int, last: int) -> np.ndarray:
    """Days of each month that lie between two day numbers, both included."""
    starts = step_starts("month", first, last)
    if not len(starts):
        return starts
    return np.diff(np.append(np.maximum(starts, first), last + 1))


def trend_of(counts: np.ndarray, lasted: np.ndarray) -> tuple[Trend | None, np.ndarray, Reason | None]:
    """Trend of facts per day, its fitted counts, and the reason where there is none; counts and days of each step, (n,)."""
    rates = counts / np.maximum(lasted, 1)
    try:
        found = trend(rates)
    except NotEnough as lacking:
        return None, np.full(len(counts), counts.mean() if len(counts) else 0.0), Reason(lacking.code, str(lacking))
    steps = np.arange(len(rates))
    middle = float(np.median(rates - found.slope * steps))
    return found, np.maximum(middle + found.slope * steps, 0.0) * lasted, None


def _around(counts: np.ndarray, line: np.ndarray) -> float:
    """Variance / mean of counts around their line, at least 1."""
    known = line > 0
    return max(1.0, float(((counts - line)[known] ** 2 / line[known]).sum() / (known.sum() - 2))) if known.sum() > 2 else 1.0


def trend_sentence(found: Months) -> str:
    """The trend in words."""
    if found.trend is None:
        return "" if found.reason is None else found.reason.sentence
    p = "moins de 0,001" if found.trend.p < 0.001 else number(found.trend.p, 3)
    words = {"hausse": "en hausse", "baisse": "en baisse", "aucune": "sans tendance nette"}[found.trend.direction]
    change = 12 * found.trend.slope * 30.4
    more = f", d’environ {number(abs(change))} faits par mois en un an" if found.trend.direction != "aucune" else ""
    return f"Le nombre de faits est {words}{more} (Mann–Kendall, p = {p}, {found.trend.n} mois)."


@dataclass(frozen=True, eq=False)
class History:
    """How hot a place has been: class by `core.stats.emerging`, periods from the earliest with their hot flags."""

    definition: Definition | None
    periods: tuple[tuple[date, date], ...]
    hot: tuple[bool, ...]
    p: float | None
    reason: Reason | None


def history(reader: Reader, query: FactQuery, cell: int, wanted: Wanted = DEFAULT) -> History:
    """The class of one cell over at most twelve equal runs of whole months; the hot-spot test is made for each."""
    query, _ = reader.resolved(query)
    spans = _runs(*span_of(reader, query))
    if len(spans) < LEAST:
        return History(None, (), (), None, Reason("peu_de_periodes", f"Il faut au moins {LEAST} périodes d’un mois entier."))
    flags, ratios = np.zeros(len(spans), dtype=bool), np.zeros(len(spans))
    for place, (first, last) in enumerate(spans):
        found = analyse(reader, query.with_(since=_date(first), until=_date(last + 1)), wanted)
        flags[place], ratios[place] = _seen(found, cell)
    told = emerging(flags[None, :], ratios[None, :])
    return History(DEFINITIONS[int(told.classes[0])], tuple((_date(a), _date(b)) for a, b in spans), tuple(flags.tolist()),
                   float(told.p[0]), None)


def _runs(first: int, last: int) -> list[tuple[int, int]]:
    """At most MOST_PERIODS runs of as many whole months each, the latest complete; (first, last) day numbers."""
    if last < first:
        return []
    starts = step_starts("month", first, last)
    ends = np.append(starts[1:], day_number(_next_month(_date(int(starts[-1])))))
    whole = (starts >= first) & (ends <= last + 1)
    starts, ends = starts[whole], ends[whole]
    each = max(1, -(-len(starts) // MOST_PERIODS))
    many = len(starts) // each
    if not many:
        return []
    starts, ends = starts[-many * each:], ends[-many * each:]
    return [(int(starts[place * each]), int(ends[place * each + each - 1]) - 1) for place in range(many)]


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(32)).replace(day=1)


def _seen(found: Analysis, cell: int) -> tuple[bool, float]:
    """Whether a cell is hot in an analysis and its observed / expected; (False, 0) where nothing can be said."""
    if found.found is None or found.area is None or found.unit != "cell":
        return False, 0.0
    row = int(position(found.area.cells, np.array([cell], dtype=np.uint64))[0])
    return (False, 0.0) if row < 0 else (bool(found.found.hot[row]), float(found.found.ratio[row]))


