"""Control residences for a lever: those of the landlord that together went most like the treated places before it, with the
balance shown.

Level (square root of facts a place and month), trend (slope over level) and season (first yearly harmonic over level, from twelve
months on), each over its spread between residences, the level twice: a place with few facts cannot lose many. They are taken one
by one, whichever brings the whole group closest. Those around the treated places are left out, for facts may go there; those
linked to them by a through-route or a street too, as long as others are on the same level.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geoservice.core.stats.given import NotEnough
from geoservice.operations.levermonths import HOME, Months

WANTED = 4  # residences
_LEVEL = 4.0  # weight of the level in a squared distance
_SEASON_FROM = 12  # months
BALANCED = 0.25  # standardised difference above which groups are told to be unlike [Stuart 2010]


@dataclass(frozen=True)
class Balance:
    """One trait: standardised difference of the treated places to all residences (`before`) and to the controls (`after`)."""

    label: str
    before: float
    after: float


@dataclass(frozen=True)
class Proposal:
    """Codes of controls, the most alike first, and how alike they are together."""

    codes: list[str]
    balance: list[Balance]


def propose(found: Months, treated: Sequence[str], taken: Sequence[str] = ()) -> Proposal:
    """Controls for treated places, none of `taken` (other levers); NotEnough when there is no residence left with a fact."""
    free = _free(found, treated, taken)
    apart = np.setdiff1d(free, found.links(treated).rows)
    codes = _chosen(found, treated, apart) if len(apart) >= WANTED else []
    told = balance(found, treated, codes, taken) if codes else []
    if not told or abs(told[0].after) > BALANCED:  # away from where facts may go, unless none there is on the same level
        codes = _chosen(found, treated, free)
        told = balance(found, treated, codes, taken)
    return Proposal(codes, told)


def _chosen(found: Months, treated: Sequence[str], free: np.ndarray) -> list[str]:
    """Codes of the residences among `free` that together are most alike."""
    facts, places = found.by_home[free], found.places_of_homes()[free]
    ours = _traits(found.counts[found.rows(treated)].mean(axis=0)[None])
    spread = _spread(_traits(facts / places[:, None]))
    weights = np.array([_LEVEL, 1.0, 1.0, 1.0])[:ours.shape[1]]
    order: list[int] = []
    while len(order) < min(WANTED, len(free)):
        together = (facts + facts[order].sum(axis=0)) / (places + places[order].sum())[:, None]
        apart = (((_traits(together) - ours) / spread) ** 2) @ weights
        apart[order] = np.inf
        order.append(int(apart.argmin()))
    return [HOME + found.stock.residences[row] for row in free[order].tolist()]


def balance(found: Months, treated: Sequence[str], controls: Sequence[str], taken: Sequence[str] = ()) -> list[Balance]:
    """How alike treated places are to all that could be controls, and to those that are."""
    free = _free(found, treated, taken)
    everything = found.by_home[free].sum(axis=0) / found.places_of_homes()[free].sum()
    rates = [found.counts[found.rows(treated)].mean(axis=0), everything, found.counts[found.rows(controls)].mean(axis=0)]
    ours, every, chosen = _traits(np.array(rates))
    spread = _spread(_traits(found.by_home[free] / found.places_of_homes()[free, None]))
    labels = ("niveau", "tendance", "saison (hiver-été)", "saison (printemps-automne)")
    return [Balance(label, float(before), float(after)) for label, before, after in
            zip(labels, (ours - every) / spread, (ours - chosen) / spread, strict=False)]


def _free(found: Months, treated: Sequence[str], taken: Sequence[str]) -> np.ndarray:
    """Rows of residences that may be controls: named, with a fact, away from the treated places and from other levers."""
    facts = found.by_home.sum(axis=1) > 0
    named = np.array([bool(code) for code in found.stock.residences])
    near = found.homes(treated)
    ring = found.around(treated, ())
    away = np.union1d(near, np.where(ring < len(found.stock), np.append(found.stock.home, 0)[
        np.minimum(ring, len(found.stock))], ring - len(found.stock)))
    others = found.homes([code for code in taken if code.removeprefix(HOME) in found.stock.residences])
    free = np.setdiff1d(np.flatnonzero(facts & named), np.union1d(away, others))
    if not len(free):
        raise NotEnough("aucun-temoin", "Aucune résidence ne peut servir de témoin : il en faut une avec des faits, loin des "
                                        "lieux traités et sans autre levier.")
    return free


def _traits(rates: np.ndarray) -> np.ndarray:
    """Level, trend, and season where a year is known; rates (n, months) to (n, traits)."""
    size = rates.shape[1]
    when = np.arange(size) - (size - 1) / 2
    mean = rates.mean(axis=1)
    shape = np.divide(rates, mean[:, None], out=np.zeros(rates.shape), where=mean[:, None] > 0)
    traits = [np.sqrt(mean), shape @ when / max(float(when @ when), 1.0)]
    if size >= _SEASON_FROM:
        turn = 2 * np.pi * np.arange(size) / 12
        traits += [shape @ wave * 2 / size for wave in (np.cos(turn), np.sin(turn))]
    return np.column_stack(traits)


def _spread(traits: np.ndarray) -> np.ndarray:
    """Standard deviation of each trait, 1 where there is none."""
    found = traits.std(axis=0, ddof=1) if len(traits) > 1 else np.ones(traits.shape[1])
    return np.where(found > 0, found, 1.0)
