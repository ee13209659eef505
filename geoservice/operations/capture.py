"""How much is never reported: two sources in reach that overlap, matched, or the reason why they say nothing.

Pairs stay inside one Reader: two natures of one's own facts, or one's own facts beside open ones. What comes out is an estimate
of one set of facts seen twice, never a sum of two origins.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np

from geoservice.core import crs, facts
from geoservice.core.factindex import DEGREE
from geoservice.core.observatory.capture import ODDS, Captured, Sighted, Window, captured
from geoservice.core.observatory.matching import FAMILY
from geoservice.core.query import EPOCH, FactQuery, day_number
from geoservice.core.stats.given import NotEnough
from geoservice.core.stats.words import between, number, percent
from geoservice.operations import register
from geoservice.operations.analyse import Reason
from geoservice.operations.comparison import Span
from geoservice.operations.reader import Reader
from geoservice.operations.reuse import Shelf
from geoservice.storage.tables import OPEN
from geoservice.types import Category, Kind, Nature, code_of

WINDOW = Window()
NEAR_M = 100.0  # open facts farther from every place of one's own are about other ground
MOST = 20_000  # facts of a list
DAYS = 365  # looked at when no period is asked
STAFF = (Nature.GARDIEN, Nature.AGENT_SECURITE, Nature.MEDIATEUR)
RESIDENTS = (Nature.RECLAMATION, Nature.SIGNALEMENT)
PAIRS = {"equipes-habitants": ("vos équipes", "les habitants"), "propres-habitant": ("vous", "les habitants (données ouvertes)"),
         "propres-ville": ("vous", "la ville (données ouvertes)")}
_OPEN = {"propres-habitant": Kind.HABITANT, "propres-ville": Kind.VILLE}


@dataclass(frozen=True, eq=False)
class Overlap:
    """What two sources say together over `span` (first day, day after the last), or the `reason` why nothing."""

    pair: str
    span: Span | None
    first: int
    second: int
    found: Captured | None
    reason: Reason | None


Columns = tuple[np.ndarray, ...]  # longitude, latitude, day, category
_kept: Shelf[tuple[Overlap, ...]] = Shelf(32)


def overlaps(reader: Reader, query: FactQuery) -> tuple[Overlap, ...]:
    """Every pair, in the order of PAIRS."""
    return _kept.get(register.key_of(reader, query), lambda: tuple(_overlap(reader, query, pair) for pair in PAIRS))


def _overlap(reader: Reader, query: FactQuery, pair: str) -> Overlap:
    first, second = _lists(reader, query, pair)
    days = _common(first, second, query)
    if days is None:
        return Overlap(pair, None, len(first), len(second), None, Reason(
            "pas_ensemble", "Les deux sources n’ont pas de faits situés aux mêmes dates : on ne peut pas les recouper."))
    days = _recent(first, second, days)
    first, second = _within(first, days), _within(second, days)
    span = EPOCH + timedelta(days[0]), EPOCH + timedelta(days[1] + 1)
    if pair in _OPEN:
        second = _nearby(first, second)
    try:
        return Overlap(pair, span, len(first), len(second), captured(first, second, days, WINDOW), None)
    except NotEnough as why:
        return Overlap(pair, span, len(first), len(second), None, Reason(why.code, str(why)))


def _lists(reader: Reader, query: FactQuery, pair: str) -> tuple[Sighted, Sighted]:
    """The two lists, on one plane."""
    mine, kind = reader.viewer.organisation_id, query.kind or Kind.BAILLEUR
    if pair in _OPEN:
        wanted: list[tuple[int, dict[str, Any]]] = [(mine, {"kind": kind}), (OPEN, {"kind": _OPEN[pair], "natures": ()})]
    else:
        wanted = [(mine, {"kind": kind, "natures": STAFF}), (mine, {"kind": kind, "natures": RESIDENTS})]
    found = [_columns(reader, query.with_(**also), number) for number, also in wanted]
    if pair not in _OPEN:
        found = [_with_reports(reader, query.with_(kind=kind, natures=natures), columns)
                 for columns, natures in zip(found, (STAFF, RESIDENTS), strict=True)]
    some = next((columns for columns in found if len(columns[0])), None)
    territory = None if some is None else crs.territory_of(float(some[0][0]), float(some[1][0]))
    return tuple(Sighted(_plane(lon, lat, territory), day, category) for lon, lat, day, category in found)  # type: ignore[return-value]  # two


def _plane(lon: np.ndarray, lat: np.ndarray, territory: crs.Territory | None) -> np.ndarray:
    if territory is None or not len(lon):
        return np.empty((len(lon), 2))
    return np.column_stack(crs.project(lon, lat, territory.epsg))


def _columns(reader: Reader, query: FactQuery, organisation: int) -> Columns:
    """Longitude, latitude, day and category of placed facts that can be matched at all."""
    index = reader.indexes.get(organisation)
    if index is None:
        return (np.empty(0), np.empty(0), np.empty(0, np.int64), np.empty(0, np.uint8))
    query, area = reader.resolved(query)
    rows = facts.select(index, area, query).rows
    rows = np.sort(rows[FAMILY[index["category"][rows]] > 0])
    placed = index["lon"][rows] / DEGREE, index["lat"][rows] / DEGREE
    return *placed, index["day"][rows].astype(np.int64), index["category"][rows]


def _with_reports(reader: Reader, query: FactQuery, columns: Columns) -> Columns:
    """With reports of these natures that were merged into a fact of another: it was seen by both."""
    once: dict[int, tuple[float, float, int, int]] = {}
    for each in register.reports_of(reader, reader.viewer.organisation_id):
        code, asked = code_of(Category(each.category)), not query.categories or each.category in query.categories
        mixed = each.nature in query.natures and each.head_nature not in query.natures
        if mixed and asked and each.kind == query.kind and FAMILY[code]:
            once.setdefault(each.head, (each.lon, each.lat, each.day, code))
    if not once:
        return columns
    return tuple(np.append(column, values) for column, values in zip(columns, zip(*once.values(), strict=True), strict=True))


def _common(first: Sighted, second: Sighted, query: FactQuery) -> tuple[int, int] | None:
    """Days on which both sources are at work, the last year of them unless a period is asked."""
    if not len(first) or not len(second):
        return None
    low, high = max(int(first.day.min()), int(second.day.min())), min(int(first.day.max()), int(second.day.max()))
    low = max(low, high - DAYS + 1) if query.since is None else max(low, day_number(query.since))
    return (low, high) if low <= high else None


def _recent(first: Sighted, second: Sighted, days: tuple[int, int]) -> tuple[int, int]:
    """The latest of these days that hold MOST facts of each list: more would take longer and tell little more."""
    for some in (first, second):
        inside = np.sort(some.day[(some.day >= days[0]) & (some.day <= days[1])])
        if len(inside) > MOST:
            days = (int(inside[-MOST]), days[1])
    return days


def _within(some: Sighted, days: tuple[int, int]) -> Sighted:
    keep = (some.day >= days[0]) & (some.day <= days[1])
    return Sighted(some.xy[keep], some.day[keep], some.category[keep])


def _nearby(own: Sighted, others: Sighted) -> Sighted:
    from scipy.spatial import cKDTree

    if not len(own) or not len(others):
        return others
    distance, _ = cKDTree(np.unique(own.xy.round(0), axis=0)).query(others.xy, distance_upper_bound=NEAR_M)
    keep = np.isfinite(distance)
    return Sighted(others.xy[keep], others.day[keep], others.category[keep])


def sentence(found: Overlap) -> str:
    """What two sources say together, in words."""
    one, other = PAIRS[found.pair]
    if found.found is None:
        return "" if found.reason is None else found.reason.sentence
    each = found.found.estimate
    lowest, highest = (next(row for row in found.found.odds if row.value == odds).rate for odds in (ODDS[-1], ODDS[0]))
    seen = (f"{number(each.first, 0)} faits signalés par {one}, {number(each.second, 0)} par {other}, dont {number(each.both, 0)}"
            f" par les deux : il y en aurait {number(each.total, 0)} ({between(round(each.total_low), round(each.total_high))}).")
    rate = f"{percent(each.rate)} ({between(round(100 * each.rate_low), round(100 * each.rate_high))}{_PERCENT})"
    return (f"{seen} Une part de {rate} serait signalée si les deux sources ne s’influencent pas ; de {percent(lowest or 0)} à "
            f"{percent(highest or 0)} selon qu’elles voient plutôt les mêmes faits ou plutôt d’autres.")


_PERCENT = "\u00a0%"


def method() -> str:
    """How it was made."""
    return (f"Deux signalements sont un même fait à {number(WINDOW.metres)} m et {WINDOW.days} jours près, dans une même famille "
            "de catégories, chacun n’étant recoupé qu’une fois, les plus proches d’abord ; les recoupements que le hasard donne, "
            "mesurés en décalant une source de plusieurs semaines, sont retirés. Estimation de Chapman, intervalle à 95 % de "
            "Sadinle. Des doublons non fusionnés dans une source gonflent le total.")
