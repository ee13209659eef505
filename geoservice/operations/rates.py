"""Facts and costs per 100 dwellings by residence: pulled towards the landlord's rate, in a funnel, in an order if any."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoservice.core.observatory.register import NO_COST, per_residence, rows_of
from geoservice.core.query import FactQuery
from geoservice.core.stats import ranks as ranking
from geoservice.core.stats.given import NotEnough
from geoservice.core.stats.ranks import Ranks
from geoservice.core.stats.rates import Funnel, Posterior, funnel, gamma_poisson
from geoservice.core.stats.words import number, percent
from geoservice.operations.analyse import Reason
from geoservice.operations.reader import Reader
from geoservice.operations.register import Own, key_of, own
from geoservice.operations.reuse import Shelf
from geoservice.types import Kind

SEED = 2_026
LEVELS = (0.95, 0.998)
_DRAWN = 400_000  # ranks drawn for all residences together
_FEWEST_DRAWS = 100


@dataclass(frozen=True, eq=False)
class Rates:
    """Residences with a known number of dwellings, (n,) each; `without` have facts and no known number.

    `cents` is what is known of their cost, of `costed` facts; `nowhere` facts are of no residence, `attached` lie near theirs
    and do not name it. What is None has a `reason`.
    """

    kind: Kind | None
    period: tuple[int, int]
    codes: list[str]
    names: list[str]
    dwellings: np.ndarray
    facts: np.ndarray
    costed: np.ndarray
    cents: np.ndarray
    posterior: Posterior | None
    funnel: Funnel | None
    ranks: Ranks | None
    without: list[str]
    nowhere: int
    attached: int
    reason: Reason | None


_kept: Shelf[Rates] = Shelf(32)


def rates(reader: Reader, query: FactQuery) -> Rates:
    """Every residence of one's own, by code."""
    return _kept.get(key_of(reader, query), lambda: _rates(own(reader, query)))


def _rates(mine: Own) -> Rates:
    register, rows = mine.register, rows_of(mine.register, mine.query)
    number_of = {code: row for row, code in enumerate(register.residences)}
    counts, costed, cents = _counted(mine, rows)
    attached = int(register["attached"][rows].sum())
    own_codes = sorted(code for code, each in mine.known.items() if each.dwellings is not None)
    at = np.array([number_of.get(code, 0) for code in own_codes], dtype=np.int64)
    named = at > 0  # row 0 is "no residence": those that no fact names have none

    def of(values: np.ndarray) -> np.ndarray:
        return np.where(named, values[at], 0) if len(at) else np.empty(0)

    dwellings = np.array([mine.known[code].dwellings for code in own_codes], dtype=np.float64)
    without = [code for code, row in number_of.items() if code and counts[row] and (
        code not in mine.known or mine.known[code].dwellings is None)]
    names = [mine.known[code].name for code in own_codes]
    given = (mine.query.kind, mine.period, own_codes, names, dwellings, of(counts), of(costed), of(cents))
    try:
        posterior = gamma_poisson(of(counts), dwellings)
        limits = funnel(of(counts), dwellings, levels=LEVELS)
        order = ranking.ranks(posterior.shape, posterior.rate, SEED, draws=max(_FEWEST_DRAWS, min(
            ranking.DRAWS, _DRAWN // len(own_codes))))
    except NotEnough as why:
        return Rates(*given, None, None, None, without, int(counts[0]), attached, Reason(why.code, str(why)))
    return Rates(*given, posterior, limits, order, without, int(counts[0]), attached, None)


def _counted(mine: Own, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    cost = mine.register["cost"][rows]
    known = rows[cost != NO_COST]
    return (per_residence(mine.register, rows), per_residence(mine.register, known),
            per_residence(mine.register, known, mine.register["cost"][known].astype(np.float64)))


def sentence(found: Rates) -> str:
    """What the funnel says, in words."""
    if found.funnel is None or found.ranks is None:
        return "" if found.reason is None else found.reason.sentence
    above, below = int((found.funnel.outside > 0).sum()), int((found.funnel.outside < 0).sum())
    out = "aucune n’est" if not above + below else f"{above} au-dessus et {below} au-dessous :"
    start = (f"{number(found.facts.sum(), 0)} faits pour {number(found.dwellings.sum(), 0)} logements, soit "
             f"{number(100 * found.funnel.target)} pour 100. Sur {len(found.codes)} résidences, {out} hors de ce que le hasard "
             "et la diversité ordinaire des résidences expliquent.")
    apart = f" {number(found.nowhere, 0)} faits ne sont d’aucune résidence et n’y sont pas." if found.nowhere else ""
    apart += f" {number(found.attached, 0)} n’en nomment aucune et sont rattachés par distance." if found.attached else ""
    return f"{start} {found.ranks.sentence}{apart}"


def method(found: Rates) -> str:
    """How it was made."""
    return ("Faits pour 100 logements sur la période, atteintes au personnel comprises. Taux ramenés vers celui du bailleur "
            "(bayésien empirique gamma–Poisson), intervalles à 95 %. Entonnoir de Poisson à 95 et 99,8 %, élargi de ce que des "
            f"résidences ordinaires diffèrent entre elles{_between(found.funnel)}. Un ordre n’est "
            "montré qu’entre groupes dont les intervalles de rang ne se chevauchent pas.")


def _between(found: Funnel | None) -> str:
    return "" if found is None else f" ({percent(found.between**0.5)} du taux, écart-type)"
