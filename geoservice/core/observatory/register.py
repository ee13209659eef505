"""The register of ONE organisation: what facts say besides place and time (complaint, cost, subcategory, source), by column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from geoservice.core.query import FactQuery, day_number
from geoservice.types import SUBCATEGORIES, code_of

UNKNOWN, FILED, NOT_FILED = 0, 1, 2  # values of `complaint`
NO_COST = -1
COLUMNS: dict[str, str] = {"day": "<u2", "residence": "<u4", "source": "<u2", "category": "u1", "subcategory": "u1", "kind": "u1",
                           "nature": "u1", "complaint": "u1", "cost": "<i4", "attached": "u1"}
# every subcategory by (category, word): its code is its position + 1, 0 where none is said
SUBCODES: dict[tuple[str, str], int] = {pair: number + 1 for number, pair in enumerate(
    (str(category), word) for category, words in SUBCATEGORIES.items() for word in words)}


@dataclass(frozen=True, eq=False)
class Register:
    """Columns of n facts, named and typed as COLUMNS; `cost` in cents. Row 0 of `residences` and `sources` is "none"; `attached`
    is 1 where a fact lies near its residence and does not name it (`core.observatory.attach`)."""

    columns: Mapping[str, np.ndarray]
    residences: tuple[str, ...] = ("",)
    sources: tuple[str, ...] = ("",)

    def __len__(self) -> int:
        return len(self.columns["day"])

    def __getitem__(self, name: str) -> np.ndarray:
        return self.columns[name]


def rows_of(register: Register, query: FactQuery) -> np.ndarray:
    """Rows of the query's kind, days, categories and natures, (n,) int64; what has no known nature is of none that is asked."""
    keep = np.ones(len(register), dtype=bool)
    if query.kind is not None:
        keep &= register["kind"] == code_of(query.kind)
    if query.since is not None:
        keep &= register["day"] >= day_number(query.since)
    if query.until is not None:
        keep &= register["day"] < day_number(query.until)
    for name, words in (("category", query.categories), ("nature", query.natures)):
        if words:
            keep &= np.isin(register[name], [code_of(word) for word in words])
    return np.flatnonzero(keep)


def per_residence(register: Register, rows: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Rows (or their weights) by residence, (residences,) int64 or float64; row 0 names none."""
    found = np.bincount(register["residence"][rows], weights, minlength=len(register.residences))
    return found if weights is not None else found.astype(np.int64)
