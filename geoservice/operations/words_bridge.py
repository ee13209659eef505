"""The bridge of words: what a landlord's register, the State's statistics and penal law call things, from `words_bridge.toml`.

No two words mean the same: a row says which published indicator overlaps in part, or that none does.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from geoservice.types import LABELS, SUBCATEGORIES, Category

FILE = Path(__file__).resolve().parents[1] / "words_bridge.toml"
PARTLY, OUTSIDE = "en partie", "hors statistique"


class Row(BaseModel):
    """One category, or one of its subcategories; see the head of words_bridge.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    category: Category
    subcategory: str = ""
    plain: str
    ssmsi: tuple[str, ...] = ()
    penal: str = ""
    natinf: Mapping[Annotated[str, StringConstraints(pattern="^[0-9]{1,6}$")], str] = {}
    note: str

    @property
    def label(self) -> str:
        """The landlord's word."""
        return SUBCATEGORIES[self.category][self.subcategory] if self.subcategory else LABELS[self.category]

    @property
    def relation(self) -> str:
        """How far published counts overlap: `en partie` or `hors statistique`; never the same."""
        return PARTLY if self.ssmsi else OUTSIDE


@dataclass(frozen=True)
class Bridge:
    """Every row, in the order of the closed lists; where they come from, and as of when."""

    as_of: date
    sources: tuple[str, ...]
    rows: tuple[Row, ...]

    def of(self, category: Category, subcategory: str = "") -> Row:
        """The row of a category, or of one of its subcategories."""
        return next(row for row in self.rows if (row.category, row.subcategory) == (category, subcategory))

    def indicators(self) -> tuple[str, ...]:
        """Names of published indicators that a row speaks of."""
        return tuple(dict.fromkeys(name for row in self.rows for name in row.ssmsi))


@cache
def bridge() -> Bridge:
    """The file as it stands."""
    read = tomllib.loads(FILE.read_text(encoding="utf-8"))
    rows = tuple(Row.model_validate(row) for row in read["row"])
    order = [(category, name) for category in Category for name in ("", *SUBCATEGORIES[category])]
    return Bridge(date.fromisoformat(read["as_of"]), tuple(read["sources"]),
                  tuple(sorted(rows, key=lambda row: order.index((row.category, row.subcategory)))))
