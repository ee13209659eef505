"""The gap between complaints and facts of one's own register, by residence and category, and where people stop complaining.

A complaint is what the landlord's own column says of a fact. Police statistics stand beside, and are never added.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from geoservice.core.observatory import complaints as core
from geoservice.core.observatory.complaints import ALARM, TOLERANCE, Lassitude, Period, Prior, Ratios
from geoservice.core.observatory.register import FILED, UNKNOWN, Register, rows_of
from geoservice.core.query import EPOCH, FactQuery, day_number
from geoservice.core.stats.given import NotEnough
from geoservice.core.stats.words import number, percent
from geoservice.operations.analyse import Reason
from geoservice.operations.comparison import Span
from geoservice.operations.reader import Reader
from geoservice.operations.register import Own, key_of, own
from geoservice.operations.reuse import Shelf
from geoservice.types import Category, Kind, code_of

_CODES = len(Category) + 1


@dataclass(frozen=True, eq=False)
class Tally:
    """Facts by residence and category, (residences, categories + 1) int64: all, `asked` about (yes or no), `filed` (yes)."""

    facts: np.ndarray
    asked: np.ndarray
    filed: np.ndarray


@dataclass(frozen=True, eq=False)
class Gap:
    """Complaints per fact seen. Rows are `codes` (n,), residences with facts; `usual` are ratios by category of the landlord.

    `whole` is of the period; `before`, `after` of the two that are compared, with `spans` (first day, day after the last).
    `attached` facts of the period lie near their residence and do not name it. `ratios`, `cells` (a category's prior, by category
    code) and `lassitude` are None where a `reason` says why.
    """

    kind: Kind | None
    span: Span
    codes: list[str]
    names: list[str]
    whole: Tally
    usual: dict[Category, tuple[int, int, int]]
    ratios: Ratios | None
    cells: dict[Category, Ratios]
    reason: Reason | None
    spans: tuple[Span, Span]
    before: Tally
    after: Tally
    lassitude: Lassitude | None
    lassitude_reason: Reason | None
    police: list[dict[str, Any]]
    attached: int


_kept: Shelf[Gap] = Shelf(32)


def gap(reader: Reader, query: FactQuery, other: Span | None = None) -> Gap:
    """The gap over the query's period, and the alert between `other` and it (without dates, the two halves of what is known)."""
    published = reader.version("aggregates") if "aggregates" in reader.catalog.layers else ""
    return _kept.get(key_of(reader, query, other, published), lambda: _gap(reader, query, other))


def _gap(reader: Reader, query: FactQuery, other: Span | None) -> Gap:
    mine = own(reader, query)
    spans = _spans(mine, other)
    register = mine.register
    chosen = [_chosen(mine, span) for span in (_span(mine.period), *spans)]
    tallies = [_tally(register, rows) for rows in chosen]
    rows = np.flatnonzero(sum(tally.facts.sum(axis=1) for tally in tallies))
    rows = rows[[bool(register.residences[row]) for row in rows.tolist()]] if len(rows) else rows
    whole, before, after = (Tally(tally.facts[rows], tally.asked[rows], tally.filed[rows]) for tally in tallies)
    everything = tallies[0]
    codes = [register.residences[row] for row in rows.tolist()]
    found, reason = _fitted(whole)
    tired, why = _tired(before, after, (_days(spans[0]), _days(spans[1])))
    names = [mine.known[code].name if code in mine.known else code for code in codes]
    return Gap(mine.query.kind, _span(mine.period), codes, names, whole, _usual(everything), found, _cells(whole), reason,
               spans, before, after, tired, why, _police(reader), int(register["attached"][chosen[0]].sum()))


_TOLD = ("zone_name", "level", "period", "indicator", "unit", "count", "rate")


def _police(reader: Reader) -> list[dict[str, Any]]:
    """Published counts of the latest period of each zone and indicator; `count` None where it is withheld."""
    latest: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in reader.aggregates():
        place = str(row["zone"]), str(row["indicator"]), str(row["unit"])
        if place not in latest or str(row["period"]) >= str(latest[place]["period"]):
            latest[place] = {name: row[name] for name in _TOLD}
    return [latest[place] for place in sorted(latest)]


def _chosen(mine: Own, span: Span) -> np.ndarray:
    return rows_of(mine.register, mine.query.with_(since=span[0], until=span[1]))


def _tally(register: Register, rows: np.ndarray) -> Tally:
    place = register["residence"][rows].astype(np.int64) * _CODES + register["category"][rows]
    flag, shape = register["complaint"][rows], (len(register.residences), _CODES)

    def count(keep: np.ndarray) -> np.ndarray:
        return np.bincount(place[keep], minlength=shape[0] * shape[1]).reshape(shape)

    return Tally(count(np.ones(len(rows), dtype=bool)), count(flag != UNKNOWN), count(flag == FILED))


def _usual(everything: Tally) -> dict[Category, tuple[int, int, int]]:
    """Facts, asked and filed of each category that there is."""
    sums = [table.sum(axis=0) for table in (everything.facts, everything.asked, everything.filed)]
    return {category: (int(sums[0][code]), int(sums[1][code]), int(sums[2][code])) for category in Category
            if sums[0][code := code_of(category)]}


def _fitted(whole: Tally) -> tuple[Ratios | None, Reason | None]:
    try:
        return core.ratios(whole.filed.sum(axis=1), whole.asked.sum(axis=1)), None
    except NotEnough as why:
        return None, Reason(why.code, str(why))


def _cells(whole: Tally) -> dict[Category, Ratios]:
    """Ratios by residence of each category for which a prior can be had."""
    out = {}
    for category in Category:
        code = code_of(category)
        try:
            out[category] = core.ratios(whole.filed[:, code], whole.asked[:, code])
        except NotEnough:
            continue
    return out


def _tired(before: Tally, after: Tally, days: tuple[int, int]) -> tuple[Lassitude | None, Reason | None]:
    if min(days) <= 0:
        return None, Reason("periodes", "Il faut deux périodes d’au moins un jour chacune pour voir un changement.")
    asked = [tally.asked.sum(axis=1) for tally in (before, after)]
    filed = [tally.filed.sum(axis=1) for tally in (before, after)]
    try:
        prior: Prior = core.fit(filed[0] + filed[1], asked[0] + asked[1])
    except NotEnough as why:
        return None, Reason(why.code, str(why))
    both = (before.asked + after.asked).sum(axis=0)
    usual = np.divide((before.filed + after.filed).sum(axis=0), both, out=np.zeros(_CODES), where=both > 0)
    mixed = core.at_the_mix_of(filed[0], before.asked, after.asked, usual)
    facts = [tally.facts.sum(axis=1) for tally in (before, after)]
    return core.lassitude(Period(mixed, asked[0], facts[0], days[0]), Period(filed[1], asked[1], facts[1], days[1]), prior), None


def _span(period: tuple[int, int]) -> Span:
    return EPOCH + timedelta(period[0]), EPOCH + timedelta(period[1] + 1)


def _days(span: Span) -> int:
    return (span[1] - span[0]).days


def _spans(mine: Own, other: Span | None) -> tuple[Span, Span]:
    """What is compared: the given period before the query's, else as long a one just before, else two halves of what is known."""
    first, after = _span(mine.period)
    if other is not None:
        return other, (max(first, other[1]), max(after, other[1])) if mine.query.since is None else (first, after)
    if mine.query.since is not None or mine.query.until is not None:
        return (first - (after - first), first), (first, after)
    middle: date = EPOCH + timedelta((day_number(first) + day_number(after)) // 2)
    return (first, middle), (middle, after)


def sentence(found: Gap) -> str:
    """What is known of complaints, in words."""
    facts, asked, filed = (sum(line[place] for line in found.usual.values()) for place in range(3))
    if not facts:
        return "Aucun fait dans cette sélection."
    if not asked:
        return (f"{number(facts)} faits, et pour aucun on ne sait s’il y a eu plainte : remplissez la colonne « plainte » de vos "
                "imports pour mesurer l’écart.")
    return (f"Une plainte pour {percent(filed / asked)} des faits dont on le sait ({number(filed)} sur {number(asked)}) ; pour "
            f"{percent((facts - asked) / facts)} des {number(facts)} faits on ne le sait pas.")


def alert_sentence(found: Gap, row: int) -> str:
    """One residence in which complaints fell and facts did not."""
    before, after = ((int(t.filed[row].sum()), int(t.asked[row].sum()), int(t.facts[row].sum()), _days(span))
                     for t, span in zip((found.before, found.after), found.spans, strict=True))
    now, then = (f"une plainte pour {percent(filed / max(asked, 1))} des faits ({filed} sur {asked})"
                 for filed, asked in (after[:2], before[:2]))
    still = "n’ont pas" if after[2] * before[3] >= before[2] * after[3] else "ont peu"
    return (f"{found.names[row]} : {now}, contre {then} avant, alors que les faits {still} baissé ({number(after[2])} en "
            f"{number(after[3])} jours contre {number(before[2])} en {number(before[3])}).")


def method(found: Gap) -> str:
    """How it was made."""
    prior = "" if found.ratios is None else f" (moyenne {percent(found.ratios.prior.mean)}, qui compte comme " \
        f"{number(found.ratios.prior.strength)} faits)"
    return (f"Bêta-binomiale : chaque résidence est ramenée vers la moyenne du bailleur{prior}, avec la plus petite force que "
            "les données permettent ; intervalles à 95 %. Seuls comptent les faits dont on sait s’il y a eu plainte. L’alerte "
            f"demande une probabilité de plus de {percent(ALARM)} que la part ait baissé, à catégories égales, et que les faits "
            f"soient restés à {percent(TOLERANCE)} au moins de leur niveau.")
