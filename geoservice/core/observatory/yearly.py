"""The yearly table of a register: facts by family and line, with what they cost, and how often a complaint followed.

Lines follow the observatory of the social-housing federation (acts against staff, damage to the stock, occupations) in the words
of `types.py`; the rest of the register follows, so that nothing is left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoservice.core.observatory.register import FILED, NO_COST, SUBCODES, UNKNOWN, Register
from geoservice.types import LABELS, SUBCATEGORIES, Category, code_of

# title of a family, its categories; those whose lines are subcategories come alone
FAMILIES: tuple[tuple[str, tuple[Category, ...]], ...] = (
    ("Atteintes au personnel et aux prestataires", (Category.AGP,)), ("Dégradations du patrimoine", (Category.DEG,)),
    ("Occupations", (Category.OCC,)), ("Deal, économie parallèle", (Category.TRF,)), ("Véhicules", (Category.VEH,)),
    ("Propreté", (Category.SAL,)), ("Atteintes aux habitants", (Category.AGL,)), ("Vols", (Category.VOL,)),
    ("Autres troubles", (Category.BRU, Category.ANI)),
    ("Anomalies techniques et autres signalements", (Category.TEC, Category.AUT)))
UNSAID = "sans précision"


@dataclass(frozen=True, eq=False)
class Line:
    """One line of a family over the years, (years,) each: facts, those with a known cost and their sum in cents, facts of which
    one knows whether a complaint followed, and complaints. `total` marks the sum of a family."""

    family: str
    name: str
    facts: np.ndarray
    costed: np.ndarray
    cents: np.ndarray
    asked: np.ndarray
    filed: np.ndarray
    total: bool = False


def table(register: Register, rows: np.ndarray, years: np.ndarray) -> list[Line]:
    """Lines of every family, each family's sum first. years (y,) ascending int; rows of other years are left out."""
    year = (register["day"][rows].astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64)) + 1970
    keep = np.isin(year, years)
    rows, at = rows[keep], np.searchsorted(years, year[keep])
    sums = {name: _sums(register, rows[mask], at[mask], len(years), weights) for name, mask, weights in _measures(register, rows)}
    lines: list[Line] = []
    for family, categories in FAMILIES:
        parts = [line for category in categories for line in _lines(family, category, sums, len(categories) > 1)]
        lines += [_added(family, parts), *(parts if len(parts) > 1 else [])]
    return lines


def _measures(register: Register, rows: np.ndarray) -> list[tuple[str, np.ndarray, np.ndarray | None]]:
    """Which rows each column counts, and by what weight."""
    cost, flag = register["cost"][rows], register["complaint"][rows]
    costed = cost != NO_COST
    return [("facts", np.ones(len(rows), dtype=bool), None), ("costed", costed, None),
            ("cents", costed, cost[costed].astype(np.float64)), ("asked", flag != UNKNOWN, None), ("filed", flag == FILED, None)]


def _sums(register: Register, rows: np.ndarray, at: np.ndarray, years: int, weights: np.ndarray | None) -> np.ndarray:
    """By category, subcategory and year, (256, subcategories + 1, years) int64."""
    width = len(SUBCODES) + 1
    place = (register["category"][rows].astype(np.int64) * width + register["subcategory"][rows]) * years + at
    found = np.bincount(place, weights, minlength=(len(Category) + 1) * width * years)
    return np.round(found).astype(np.int64).reshape(len(Category) + 1, width, years)


def _lines(family: str, category: Category, sums: dict[str, np.ndarray], short: bool) -> list[Line]:
    """A category's subcategories and what says none; the whole category as one line where several share a family."""
    code, words = code_of(category), SUBCATEGORIES[category]
    if short or not words:
        return [Line(family, LABELS[category], *(table[code].sum(axis=0) for table in sums.values()))]
    named = [Line(family, label, *(table[code, SUBCODES[str(category), word]] for table in sums.values()))
             for word, label in words.items()]
    return [*named, Line(family, UNSAID, *(table[code, 0] for table in sums.values()))]


def _added(family: str, parts: list[Line]) -> Line:
    names = ("facts", "costed", "cents", "asked", "filed")
    return Line(family, family, *(np.sum([getattr(part, name) for part in parts], axis=0) for name in names), total=True)
