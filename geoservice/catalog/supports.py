"""What a camera costs by what it hangs on: `geoservice/supports.toml`, ranges with their day and source."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from geoservice.catalog.schema import parse, read_toml

FILE = Path(__file__).resolve().parents[1] / "supports.toml"
Code = Literal["facade", "existing_pole", "new_pole"]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Support(_Closed):
    """What a camera hangs on, and the euros of one on it, laid and connected."""

    code: Code
    label: str
    low: float = Field(gt=0)
    high: float = Field(gt=0)

    @model_validator(mode="after")
    def _in_order(self) -> Support:
        if self.low > self.high:
            raise ValueError("low is above high")
        return self


class Catalogue(_Closed):
    """Every support once, the day they were read over and where the ranges come from; upkeep: shares of the price a year."""

    as_of: date
    source: str
    upkeep: tuple[float, float]
    support: tuple[Support, ...]

    @model_validator(mode="after")
    def _whole(self) -> Catalogue:
        if sorted(each.code for each in self.support) != ["existing_pole", "facade", "new_pole"]:
            raise ValueError("every support once")
        return self

    def of(self, code: str) -> Support:
        """The support of a code."""
        return next(each for each in self.support if each.code == code)


@cache
def load(path: Path = FILE) -> Catalogue:
    """The catalogue; BadInput names the key that is wrong."""
    return parse(Catalogue, read_toml(path), path)
