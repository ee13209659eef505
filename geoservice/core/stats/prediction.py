"""Would a map of yesterday have found the facts of tomorrow? PAI, PEI and RRI on a later period, beside the naive count map.

The product observes and helps prevent; these numbers judge a map, never a person or a place.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoservice.core.stats.given import NotEnough, Values, counts_of, exposure_of, same_length, share_of
from geoservice.core.stats.intervals import wilson_limits

SHARES = (0.01, 0.05, 0.1)


@dataclass(frozen=True, eq=False)
class Curve:
    """Quality of a map as more and more of its places are taken, from the highest predicted; (n,) each.

    `area`: share of the area taken; `hits`: share of later facts in it; `pai` = hits / area; `pei` = hits / the most that any map
    could hold in so much area; `rri` = predicted / observed facts so far, None where none was observed.
    """

    area: np.ndarray
    hits: np.ndarray
    pai: np.ndarray
    pei: np.ndarray
    rri: tuple[float | None, ...]


@dataclass(frozen=True)
class At:
    """The places that fill at most `share` of the area: how many, and what they held of the later facts, with an interval."""

    share: float
    units: int
    area: float
    hits: float
    hits_low: float
    hits_high: float
    pai: float
    pei: float
    rri: float | None


@dataclass(frozen=True)
class Compared:
    """A map and the naive one at the same share of the area. `p`: two-sided exact test on the facts that only one of them held.

    Facts are taken as independent, which they are not quite: p is a lower bound. `better`: hits of ours minus those of the other.
    """

    ours: At
    naive: At
    only_ours: float
    only_naive: float
    p: float
    better: float


def curve(observed: Values, predicted: Values, area: Values | None = None) -> Curve:
    """Quality over all shares. observed: later facts (n,); predicted: any score or expected facts (n,); area (n,), else equal.

    PAI: Chainey, Tompson and Uhlig (Security Journal 21, 2008); PEI: Hunt (2016); RRI: Levine (2008). Places with equal
    predictions are taken from the fewest later facts, so that ties never flatter. `rri` needs `predicted` in facts. NotEnough
    without places or later facts.
    """
    facts, scores, areas = _given(observed, predicted, area)
    order = np.lexsort((facts, -scores))
    best = np.lexsort((areas, -facts / areas))
    taken = _whole(np.cumsum(areas[order]))
    hits = np.cumsum(facts[order]) / facts.sum()
    ideal = np.interp(taken, np.concatenate([[0.0], _whole(np.cumsum(areas[best]))]),
                      np.concatenate([[0.0], np.cumsum(facts[best]) / facts.sum()]))
    ratio = zip(np.cumsum(scores[order]).tolist(), np.cumsum(facts[order]).tolist(), strict=True)
    pei = np.divide(hits, ideal, out=np.zeros(len(hits)), where=ideal > 0)
    return Curve(taken, hits, hits / taken, np.minimum(pei, 1.0), tuple(a / b if b else None for a, b in ratio))


def at(observed: Values, predicted: Values, share: float, area: Values | None = None) -> At:
    """Quality of the places that fill at most `share` of the area; NotEnough when not even one does."""
    facts, scores, areas = _given(observed, predicted, area)
    return _at(curve(facts, scores, areas), share_of(share, "share"), float(facts.sum()))


def compare(observed: Values, predicted: Values, naive: Values, share: float, area: Values | None = None) -> Compared:
    """A map beside the naive one (`naive`: counts of the earlier period) at one share of the area; arguments as for `curve`."""
    from scipy.special import bdtr

    facts, scores, areas = _given(observed, predicted, area)
    counts = counts_of(naive, "comptages de référence")
    same_length("comptages et prédictions", facts, counts)
    ours, theirs = (at(facts, some, share, areas) for some in (scores, counts))
    first, second = _taken(facts, scores, ours.units), _taken(facts, counts, theirs.units)
    only_ours, only_naive = float(facts[first & ~second].sum()), float(facts[second & ~first].sum())
    total = only_ours + only_naive
    p = min(1.0, 2 * float(bdtr(min(only_ours, only_naive), int(total), 0.5))) if total else 1.0
    return Compared(ours, theirs, only_ours, only_naive, p, ours.hits - theirs.hits)


def _given(observed: Values, predicted: Values, area: Values | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    facts, scores = counts_of(observed, "comptages observés"), counts_of(predicted, "valeurs prédites")
    same_length("comptages et prédictions", facts, scores)
    if not len(facts) or facts.sum() <= 0:
        raise NotEnough("aucun_fait", "Aucun fait dans la période suivante : on ne peut pas juger la carte.")
    areas = exposure_of(np.ones(len(facts)) if area is None else area, len(facts), "surfaces")
    return facts, scores, areas / areas.sum()


def _whole(cumulated: np.ndarray) -> np.ndarray:
    """Cumulated shares that end at 1 exactly."""
    return cumulated / cumulated[-1]


def _taken(facts: np.ndarray, scores: np.ndarray, units: int) -> np.ndarray:
    out = np.zeros(len(facts), dtype=bool)
    out[np.lexsort((facts, -scores))[:units]] = True
    return out


def _at(found: Curve, share: float, facts: float) -> At:
    units = int(np.searchsorted(found.area, share + 1e-9, side="right"))
    if not units:
        raise NotEnough("part_trop_petite", "Aucun lieu ne tient dans cette part de la surface : choisissez-en une plus grande.")
    last = units - 1
    hits = float(found.hits[last])
    return At(share, units, float(found.area[last]), hits, *wilson_limits(hits * facts, facts), float(found.pai[last]),
              float(found.pei[last]), found.rri[last])
