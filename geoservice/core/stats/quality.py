"""What the way of recording does to a map: stacks, a single reporter, poor geocoding, rounded hours, sources that come and go.

Each signal says what was measured and a level: "correct", "attention" or "alerte". None of them is about what happened.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from geoservice.core.stats.given import NotEnough, Values, same_length, whole_counts_of
from geoservice.core.stats.intervals import wilson_limits
from geoservice.core.stats.words import number, percent
from geoservice.errors import BadInput
from geoservice.types import POINT_PLACEMENTS, UNKNOWN_HOUR, Placement, code_of

FINE, WATCH, ALARM = "correct", "attention", "alerte"
# Points that stand for more than themselves. A hall or a building is where its facts happen; a house number is an address.
STANDS_FOR_MORE = (Placement.RESIDENCE, Placement.COORDONNEES)
LEAST_STACKED = 5  # facts on one point
LEAST_GEOCODED = 0.85  # Ratcliffe, International Journal of Geographical Information Science 18, 2004
LEAST_FACTS = 20
_THIN = "\u202f"
HEAPED = 1.5  # times what the neighbouring hours lead to expect


@dataclass(frozen=True)
class Signal:
    """A finding: `code`, what was measured (`value`, `low`, `high`), p where there is a test, a level and a French sentence.

    `details`: further numbers by name, fit for JSON.
    """

    code: str
    value: float
    low: float
    high: float
    p: float | None
    level: str
    sentence: str
    details: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Stacks:
    """Facts on points that hold at least `LEAST_STACKED` and stand for more: `stacked` (n,) bool; `points`: how many such points.

    `largest`: facts of the greatest. `signal.value` is the share of all n facts that are stacked.
    """

    stacked: np.ndarray
    points: int
    largest: int
    signal: Signal


def stacks(lon: np.ndarray, lat: np.ndarray, placement: np.ndarray, least: int = LEAST_STACKED) -> Stacks:
    """Stacked facts, by placement. lon, lat (n,) as stored (equal is equal); placement (n,) codes of the closed list.

    The middle of a residence is a stack: its facts happened somewhere in it. Coordinates that repeat to the centimetre are one
    too: somebody's default point. A hall, a building, an address are not. NotEnough without facts.
    """
    x, y, how = np.asarray(lon), np.asarray(lat), np.asarray(placement)
    same_length("positions et placements", x, y, how)
    if not len(x):
        raise NotEnough("aucun_fait", "Aucun fait dans cette sélection.")
    suspect = np.isin(how, [code_of(word) for word in STANDS_FOR_MORE])
    _, where, sizes = np.unique(np.column_stack([x, y, how]), axis=0, return_inverse=True, return_counts=True)
    stacked = suspect & (sizes[where.reshape(-1)] >= least)
    heaps = np.unique(where.reshape(-1)[stacked])
    largest = int(sizes[heaps].max(initial=0))
    share = float(stacked.mean())
    sentence = (f"{percent(share)} des faits sont empilés sur {number(len(heaps))} point{'s' if len(heaps) > 1 else ''} qui "
                "représentent une résidence entière ou une position par défaut." if len(heaps)
                else "Aucun point n’accumule des faits à la place d’autres.")
    signal = Signal("piles", share, *wilson_limits(stacked.sum(), len(x)), None, _level(share, 0.5, 0.8), sentence,
                    {"points": float(len(heaps)), "largest": float(largest)})
    return Stacks(stacked, len(heaps), largest, signal)


def single_reporter(codes: np.ndarray, here: np.ndarray | None = None, labels: Mapping[int, str] | None = None) -> Signal:
    """Share of the most frequent source or nature of report among facts; with `here` (n,) bool, among those, and elsewhere.

    codes (n,) int, 0 unknown (counted in the total, never the most frequent). Without `here` a great share is stated, not judged:
    one register may well hold everything. p: two-sided, same share here and elsewhere, normal with pooled variance. NotEnough
    when no fact here has a code.
    """
    known = np.asarray(codes).astype(np.int64)
    inside = np.ones(len(known), dtype=bool) if here is None else np.asarray(here)
    same_length("codes", known, inside)
    if inside.dtype != bool or (len(known) and known.min() < 0):
        raise BadInput("Il faut des codes positifs et, pour chaque fait, vrai ou faux.")
    counts = np.bincount(known[inside], minlength=1)
    counts[0] = 0
    if not counts.any():
        raise NotEnough("source_inconnue", "Aucun fait d’ici ne dit qui l’a signalé.")
    top, total = int(counts.argmax()), int(inside.sum())
    part, other, outside = int(counts[top]), int((known[~inside] == top).sum()), int((~inside).sum())
    share, elsewhere = part / total, other / outside if outside else None
    named = (labels or {}).get(top)
    sentence = (f"{percent(share)} des faits viennent d’une même source{f' (« {named} »)' if named else ''}"
                + (f", contre {percent(elsewhere)} ailleurs." if elsewhere is not None else "."))
    judged = elsewhere is not None and share >= 2 * elsewhere
    return Signal("source_unique", share, *wilson_limits(part, total), _same_share(part, total, other, outside),
                  _level(share, 0.75, 0.9) if judged else FINE, sentence,
                  {"code": float(top), "facts": float(part)} | ({} if elsewhere is None else {"elsewhere": elsewhere}))


def geocoding(placement: np.ndarray) -> Signal:
    """Share of facts that have a point, with an interval; placement (n,) codes, those without a point included.

    Below 85 % a map of facts is commonly held not to be fit for use. `details`: share by placement. NotEnough without facts.
    """
    codes = np.asarray(placement).astype(np.int64)
    if not len(codes):
        raise NotEnough("aucun_fait", "Aucun fait dans cette sélection.")
    counts = np.bincount(codes, minlength=len(Placement) + 1)
    placed = int(sum(counts[code_of(word)] for word in POINT_PLACEMENTS))
    share = placed / len(codes)
    low, high = wilson_limits(placed, len(codes))
    level = FINE if share >= LEAST_GEOCODED else WATCH if high >= LEAST_GEOCODED else ALARM
    fit = "assez pour une carte" if level == FINE else "trop peu pour lire la carte sans réserve"
    details = {str(word): counts[code_of(word)] / len(codes) for word in Placement} | {"inconnu": counts[0] / len(codes)}
    return Signal("geocodage", share, low, high, None, level, f"{percent(share)} des faits sont placés sur un point : {fit}.",
                  {name: float(value) for name, value in details.items()})


def heaped_hours(hour: np.ndarray) -> Signal:
    """Clock hours that hold far more than the two beside them lead to expect; hour (n,) 0 to 23, 255 unknown.

    Hypothesis: an hour holds a third of it and its neighbours, when the day rises and falls smoothly; one-sided binomial, Holm
    over 24. An hour is heaped at 5 % and 1.5 times the mean of its neighbours. `value`: share of facts in excess on heaped hours;
    `details`: the excess by hour. NotEnough below 20 facts with an hour.
    """
    known = np.asarray(hour).astype(np.int64)
    known = known[known != UNKNOWN_HOUR]
    if len(known) and not 0 <= known.min() <= known.max() <= 23:
        raise BadInput("Les heures vont de 0 à 23, 255 pour une heure inconnue.")
    if len(known) < LEAST_FACTS:
        raise NotEnough("peu_d_heures", f"Il faut au moins {LEAST_FACTS} faits dont l’heure est connue ; il y en a {len(known)}.")
    counts = np.bincount(known, minlength=24).astype(np.float64)
    beside = np.roll(counts, 1) + np.roll(counts, -1)
    p = _binomial_above(counts, counts + beside, 1 / 3)
    heaped = (_holm(p) <= 0.05) & (counts >= HEAPED * beside / 2)
    return _heaps("heures_rondes", counts, np.where(heaped, counts - beside / 2, 0.0), float(_holm(p).min()),
                  lambda place: f"{place}{_THIN}h", "heures")


def heaped_minutes(minute: np.ndarray) -> Signal:
    """Minutes of the hour (n,), 0 to 59, on which facts pile up: clerks write 10:00 for 9:52.

    Hypothesis: all sixty are alike; one-sided binomial, Holm over 60; a minute is heaped at 5 % and twice its due. Other fields
    as for `heaped_hours`. NotEnough below 20 facts.
    """
    values = np.asarray(minute).astype(np.int64)
    if len(values) and not 0 <= values.min() <= values.max() <= 59:
        raise BadInput("Les minutes vont de 0 à 59.")
    if len(values) < LEAST_FACTS:
        raise NotEnough("peu_d_heures",
                        f"Il faut au moins {LEAST_FACTS} faits dont la minute est connue ; il y en a {len(values)}.")
    counts = np.bincount(values, minlength=60).astype(np.float64)
    adjusted = _holm(_binomial_above(counts, np.full(60, float(len(values))), 1 / 60))
    due = len(values) / 60
    heaped = (adjusted <= 0.05) & (counts >= 2 * due)
    return _heaps("minutes_rondes", counts, np.where(heaped, counts - due, 0.0), float(adjusted.min()),
                  lambda place: f":{place:02d}", "minutes")


def drift(table: Values, labels: tuple[str, ...] = ()) -> Signal:
    """Does the mix of sources change over time? table: (periods, sources) whole counts; labels: names of the sources.

    Hypothesis: every period has the same shares; Pearson's chi-square, sources expected fewer than 5 times in some period put
    together. `value`: half the sum of the changes of share between the first and the second half of the periods, 0 to 1, with no
    interval of its own (low and high repeat it); `details`: Cramér's V, degrees of freedom and, by source, its change of share.
    NotEnough below 2 periods, 2 sources or 20 facts.
    """
    from scipy.special import chdtrc

    counts = whole_counts_of(table, "comptages par source", 2)
    counts, names = _with_facts(counts, labels)
    if min(counts.shape) < 2 or counts.sum() < LEAST_FACTS:
        raise NotEnough("peu_de_sources",
                        f"Il faut au moins 2 périodes, 2 sources et {LEAST_FACTS} faits pour suivre les sources.")
    shares = [part.sum(axis=0) / max(part.sum(), 1) for part in np.array_split(counts, 2)]
    moved = shares[1] - shares[0]
    square, freedom, cramer = _chi_square(_pooled(counts))
    p = float(chdtrc(freedom, square)) if freedom else 1.0
    value = float(np.abs(moved).sum() / 2)
    level = FINE if p > 0.01 or value < 0.1 else WATCH if value < 0.3 else ALARM
    most = int(np.abs(moved).argmax())
    sentence = "Les sources gardent leur part d’une période à l’autre." if level == FINE else (
        f"La part des sources change : « {names[most]} » passe de {percent(shares[0][most])} à {percent(shares[1][most])}. "
        "Une hausse peut n’être qu’un signalement qui commence.")
    details = {"cramer_v": cramer, "degrees_of_freedom": float(freedom)} | {
        f"moved:{name}": float(change) for name, change in zip(names, moved, strict=True)}
    return Signal("derive_sources", value, value, value, p, level, sentence, details)


def _level(share: float, watch: float, alarm: float) -> str:
    return ALARM if share >= alarm else WATCH if share >= watch else FINE


def _heaps(code: str, counts: np.ndarray, excess: np.ndarray, p: float, name: Callable[[int], str], words: str) -> Signal:
    share = float(excess.sum() / counts.sum())
    places = np.flatnonzero(excess).tolist()
    told = ", ".join(name(place) for place in places)
    sentence = (f"Des {words} rondes reviennent trop souvent ({told}) : {percent(share)} des faits y sont sans doute arrondis."
                if places else f"Les {words} ne montrent pas d’arrondi.")
    return Signal(code, share, *wilson_limits(share * counts.sum(), float(counts.sum())), min(p, 1.0),
                  _level(share, 0.02, 0.15) if places else FINE, sentence, {str(place): float(excess[place]) for place in places})


def _binomial_above(counts: np.ndarray, totals: np.ndarray, share: float) -> np.ndarray:
    """P(X >= count) of binomials, (n,)."""
    from scipy.special import betainc

    return np.where(counts > 0, betainc(np.maximum(counts, 1), totals - np.maximum(counts, 1) + 1, share), 1.0)


def _holm(p: np.ndarray) -> np.ndarray:
    """Holm's adjusted p-values: the chance of even one false finding is bounded."""
    order = np.argsort(p)
    out = np.empty(len(p))
    out[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)), 1.0)
    return out


def _same_share(part: int, total: int, other: int, outside: int) -> float | None:
    """Two-sided p that two shares are equal; None without anything to compare."""
    from scipy.special import ndtr

    if not outside:
        return None
    pooled = (part + other) / (total + outside)
    spread = (pooled * (1 - pooled) * (1 / total + 1 / outside)) ** 0.5
    return float(2 * ndtr(-abs(part / total - other / outside) / spread)) if spread > 0 else 1.0


def _with_facts(counts: np.ndarray, labels: tuple[str, ...]) -> tuple[np.ndarray, list[str]]:
    """Periods and sources that have any fact, and the names of those sources."""
    names = list(labels) if labels else [str(place) for place in range(counts.shape[1])]
    if len(names) != counts.shape[1]:
        raise BadInput(f"Il faut un nom par source : {counts.shape[1]} attendus, {len(names)} reçus.")
    columns = np.flatnonzero(counts.sum(axis=0))
    return counts[counts.sum(axis=1) > 0][:, columns], [names[place] for place in columns.tolist()]


def _pooled(counts: np.ndarray) -> np.ndarray:
    """Sources expected fewer than 5 times in some period, put together."""
    smallest = counts.sum(axis=1).min() * counts.sum(axis=0) / counts.sum()
    rare = smallest < 5
    if rare.sum() < 2:
        return counts
    return np.column_stack([counts[:, ~rare], counts[:, rare].sum(axis=1)])


def _chi_square(counts: np.ndarray) -> tuple[float, int, float]:
    """Pearson's statistic, its degrees of freedom, Cramér's V."""
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / counts.sum()
    square = float(((counts - expected) ** 2 / expected).sum())
    rows, columns = counts.shape
    freedom = (rows - 1) * (columns - 1)
    least = min(rows, columns) - 1
    return square, freedom, (square / (counts.sum() * least)) ** 0.5 if least else 0.0
