"""What can be done about a pattern of facts: `geoservice/levers.toml`, with costs, evidence and its strength, side effects."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from geoservice.catalog.schema import parse, read_toml
from geoservice.types import Category, Place

FILE = Path(__file__).resolve().parents[1] / "levers.toml"
Strength = Literal["forte", "moyenne", "faible", "pratique"]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Cost(_Closed):
    """Euros of a year for one of `per`; without a source an order of magnitude, and said to be one."""

    low: float = Field(ge=0)
    high: float = Field(gt=0)
    per: str
    year: int = Field(ge=2000, le=2100)
    source: str = ""

    @property
    def basis(self) -> str:
        """What these euros rest on."""
        return f"{self.year}, {self.source}" if self.source else f"ordre de grandeur {self.year}, à remplacer"

    @model_validator(mode="after")
    def _in_order(self) -> Cost:
        if self.low > self.high:
            raise ValueError("low is above high")
        return self


class Evidence(_Closed):
    """What is known of an effect, how well, and where to read it."""

    strength: Strength
    finding: str
    source: str


class Weak(_Closed):
    """Categories for which the evidence says that it does little."""

    categories: tuple[Category, ...]
    why: str
    source: str


class Lever(_Closed):
    """One thing that can be done. `hours` "18-7" or empty for the whole day; `films`: people are filmed."""

    code: str
    label: str
    categories: tuple[Category, ...] = Field(min_length=1)
    places: tuple[Place, ...] = Field(min_length=1)
    hours: str = Field(pattern=r"^$|^([01]?\d|2[0-3])-([01]?\d|2[0-4])$")
    cost: Cost
    films: bool
    effects: str
    evidence: tuple[Evidence, ...] = Field(min_length=1)
    weak_for: tuple[Weak, ...] = ()


class Catalogue(_Closed):
    """Every lever, and the day the catalogue was read over."""

    as_of: date
    lever: tuple[Lever, ...] = Field(min_length=1)


class Match(_Closed):
    """A lever beside a pattern: the share of the pattern's facts that it is for, and a warning where evidence says little."""

    lever: Lever
    share: float
    warnings: tuple[str, ...]


@cache
def load(path: Path = FILE) -> Catalogue:
    """The catalogue; BadInput names the key that is wrong."""
    return parse(Catalogue, read_toml(path), path)


def matched(catalogue: Catalogue, counts: Mapping[tuple[Category, Place | None], int]) -> list[Match]:
    """Levers for a pattern of facts by category and place (None: unknown), the greatest share first, none that is for no fact.

    A fact counts for a lever when its category is one of the lever's and its place too, or is unknown.
    """
    total = sum(counts.values())
    if not total:
        return []
    found = [Match(lever=lever, share=sum(number for (category, place), number in counts.items() if category in lever.categories
                                          and (place is None or place in lever.places)) / total,
                   warnings=_warnings(lever, counts)) for lever in catalogue.lever]
    return sorted((each for each in found if each.share > 0), key=lambda each: (-each.share, each.lever.films, each.lever.code))


def _warnings(lever: Lever, counts: Mapping[tuple[Category, Place | None], int]) -> tuple[str, ...]:
    present = {category for (category, _), number in counts.items() if number}
    return tuple(f"{', '.join(sorted(present & set(weak.categories)))} : {weak.why} ({weak.source})"
                 for weak in lever.weak_for if present & set(weak.categories))
