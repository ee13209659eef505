"""« Pourquoi ici ? »: what the facts of a place are more often than elsewhere, by category, hours, place and residence."""

from __future__ import annotations

import numpy as np

from geoservice.core.stats.given import NotEnough
from geoservice.core.stats.why import Dimension, Residences, Why, why
from geoservice.operations.analyse import Analysis, Reason
from geoservice.operations.dwellings import dwellings
from geoservice.operations.reader import Reader
from geoservice.types import LABELS, UNKNOWN_HOUR, Category, Place

MOST_RESIDENCES = 12
# parts of the day as people say them, each with its first hour; the last goes on until the first
PARTS = ((6, "le matin"), (12, "l’après-midi"), (18, "en soirée"), (22, "la nuit"))
_WEEK = {0: "en semaine", 1: "le week-end"}


def why_here(reader: Reader, found: Analysis, here: np.ndarray) -> Why | Reason:
    """What distinguishes the facts `here` (m,) bool of an analysis from its others; a Reason where there are too few."""
    try:
        return why(here, dimensions(found), _residences(reader, found, here))
    except NotEnough as lacking:
        return Reason(lacking.code, str(lacking))


def dimensions(found: Analysis) -> list[Dimension]:
    """Closed lists along which facts differ; hours and days are compared within categories, since noise is a matter of nights."""
    category, place = (found.facts.column(name).astype(np.int64) - 1 for name in ("category", "place"))
    hour, span = (found.facts.column(name).astype(np.int64) for name in ("hour", "span"))
    starts = np.array([first for first, _ in PARTS])
    part = (np.searchsorted(starts, hour, side="right") - 1) % len(PARTS)
    part[(hour == UNKNOWN_HOUR) | (span > 0)] = -1
    weekend = ((found.facts.column("day").astype(np.int64) + 3) % 7 >= 5).astype(np.int64)
    words = "La part des faits {label} est {times} celle du reste du territoire"
    return [
        Dimension("categorie", category, {rank: LABELS[word] for rank, word in enumerate(Category)}),
        Dimension("heure", part, {rank: when for rank, (_, when) in enumerate(PARTS)}, words, category),
        Dimension("jour", weekend, _WEEK, words, category),
        Dimension("lieu", place, {rank: LABELS[word] for rank, word in enumerate(Place)}, within=category),
    ]


def _residences(reader: Reader, found: Analysis, here: np.ndarray) -> Residences:
    """Residences that facts of the place name, the busiest first, beside the facts per dwelling of all others."""
    homes = dwellings(reader).homes
    named = found.facts.residences()
    if not homes or found.unit == "residence":
        return Residences()
    codes, numbers = np.unique(named[here & (named != "")], return_counts=True)
    chosen = [(code, number) for code, number in sorted(zip(codes.tolist(), numbers.tolist(), strict=True),
                                                        key=lambda pair: (-pair[1], pair[0])) if code in homes][:MOST_RESIDENCES]
    away = np.array([code not in {code for code, _ in chosen} for code in homes])
    lived = sum(home.dwellings or 0 for home, far in zip(homes.values(), away, strict=True) if far)
    facts = int((~here & np.isin(named, [code for code, far in zip(homes, away, strict=True) if far])).sum())
    if not chosen or not lived or not facts:
        return Residences()
    return Residences([homes[code].name for code, _ in chosen], [number for _, number in chosen],
                      [homes[code].dwellings or 0 for code, _ in chosen], facts / lived)
