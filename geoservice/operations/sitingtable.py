"""The plan among the other answers, in one table: the facts each is for, cost, evidence and its strength, people filmed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from geoservice.catalog import levers, supports
from geoservice.catalog.levers import Lever
from geoservice.core.stats.words import number
from geoservice.operations.chosen import Chosen
from geoservice.types import LABELS, Category, Place, member_of

_PLACES = 32  # more than there are
STRENGTHS = {"forte": "forte", "moyenne": "moyenne", "faible": "faible", "pratique": "usage, sans évaluation"}


@dataclass(frozen=True)
class Answer:
    """One thing that can be done. share: of the facts of the area; low, high: euros of one `per`, of all cameras for the plan;
    basis: what these rest on."""

    code: str
    label: str
    plan: bool
    share: float
    low: float
    high: float
    per: str
    films: bool
    strength: str
    evidence: tuple[str, ...]
    effects: str
    warnings: tuple[str, ...]
    basis: str


def beside(found: Chosen, cameras: int, covered: int, cost: tuple[float, float]) -> Iterator[Answer]:
    """The plan first, of so many cameras for so many euros, then every lever for some of the same facts: the catalogue's own
    camera is the plan."""
    catalogue, counts = levers.load(), pattern(found)
    matches = levers.matched(catalogue, counts)
    meant = {match.lever.code for match in matches}
    for lever in catalogue.lever:
        if lever.films and cameras:
            unfit = () if lever.code in meant else (
                "Aucun de ces faits n’est d’une catégorie et d’un lieu pour lesquels la vidéo a montré un effet.",)
            share = covered / len(found) if len(found) else 0.0
            per = f"{cameras} caméra{'s' if cameras > 1 else ''}, pose comprise"
            yield _answer(lever, share, unfit + _warnings(lever, counts), cost, per)
    yield from (_answer(match.lever, match.share, _warnings(match.lever, counts)) for match in matches if not match.lever.films)


def pattern(found: Chosen) -> dict[tuple[Category, Place | None], int]:
    """Facts by category and place; facts against staff have no point and are not here."""
    codes = found.column("category").astype(np.int64) * _PLACES + found.column("place").astype(np.int64)
    pairs, numbers = np.unique(codes, return_counts=True)
    return {(category, member_of(Place, int(pair) % _PLACES)): int(many)
            for pair, many in zip(pairs.tolist(), numbers.tolist(), strict=True)
            if (category := member_of(Category, int(pair) // _PLACES)) is not None}


def _warnings(lever: Lever, counts: dict[tuple[Category, Place | None], int]) -> tuple[str, ...]:
    """Where the evidence says that it does little: which of these facts, in words and not in codes, why and who says it."""
    found, total = [], sum(counts.values())
    for weak in lever.weak_for:
        many = {each: sum(some for (category, _), some in counts.items() if category is each) for each in weak.categories}
        if any(many.values()):
            named = " ; ".join(LABELS[each] for each, some in many.items() if some)
            found.append(f"{named} ({number(sum(many.values()))} de ces {number(total)} faits) : {weak.why} ({weak.source})")
    return tuple(found)


def _answer(lever: Lever, share: float, warnings: tuple[str, ...], cost: tuple[float, float] | None = None,
            per: str = "") -> Answer:
    best, (low, high) = lever.evidence[0], cost or (lever.cost.low, lever.cost.high)
    basis = f"selon le support, {supports.load().as_of.year}" if cost else lever.cost.basis
    return Answer(lever.code, "Ce plan de caméras" if per else lever.label, bool(per), share, low, high, per or lever.cost.per,
                  lever.films, best.strength, tuple(f"{each.finding} ({each.source})" for each in lever.evidence), lever.effects,
                  warnings, basis)
