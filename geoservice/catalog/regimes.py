"""Legal regimes of cameras, as dated data: `layers/cameras/regimes/*.toml`. Facts of law to be read again, never advice.

What of a plan a regime refuses is said by `core.siting.law`.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from geoservice.catalog.layers import shipped_folder
from geoservice.catalog.schema import parse, read_toml
from geoservice.errors import NotFound

Place = Literal["voie", "lieu_ouvert", "parties_communes", "abords_immediats"]
Target = Literal["voie", "portes_logements", "fenetres_balcons", "interieurs"]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Reference(_Closed):
    """A text, and what it is quoted for."""

    text: str
    says: str


class Excluded(_Closed):
    """What a camera may not see but behind a mask, and the share of the image that may show it nonetheless."""

    what: Target
    label: str
    mask: Literal["irreversible"]
    most_share: float = Field(0.0, ge=0, le=1)


class Paper(_Closed):
    """A piece of the file; due where the street is filmed, or from so many cameras, when that is said.

    reference: the text that asks for it; given_by: which of a plan's own papers is it, or a part of it (none: others write it);
    todo: who has it.
    """

    code: str
    label: str
    reference: str
    given_by: Literal["", "plans", "openings", "study", "masks", "retention"] = ""
    todo: str = ""
    when_films: tuple[Place, ...] = ()
    from_cameras: int | None = Field(None, ge=1)
    optional: bool = False

    def due(self, films: frozenset[str], cameras: int) -> bool:
        """Whether a plan of so many cameras that films these places needs it."""
        if not self.when_films and self.from_cameras is None:
            return not self.optional
        return bool(films & set(self.when_films)) or (self.from_cameras is not None and cameras >= self.from_cameras)


class Deadline(_Closed):
    """A day that the authorisation (or the first image, where there is none) brings: so many months after, before its end, or
    every so many months. A rule that no text sets says that it is a usage; as_of: the day it was read, where not the regime's."""

    code: str
    label: str
    reference: str
    after_months: int | None = Field(None, ge=1)
    before_end_months: int | None = Field(None, ge=0)
    every_months: int | None = Field(None, ge=1)
    urgent: bool = False
    as_of: date | None = None

    @model_validator(mode="after")
    def _one_rule(self) -> Deadline:
        if sum(each is not None for each in (self.after_months, self.before_end_months, self.every_months)) != 1:
            raise ValueError("one of after_months, before_end_months, every_months")
        return self


class Regime(_Closed):
    """Who may film which places, under whose authority, for how long, and what never; `as_of` the day it was read."""

    name: str
    title: str
    as_of: date
    places: tuple[Place, ...]
    operators: tuple[str, ...]
    authority: Literal["prefet", "aucune"]
    duration_months: int | None = None
    renewable: bool = False
    urgent_months: int | None = None
    retention_days: int = Field(ge=1)
    consultation: Literal["sur_incident"]
    registre: bool
    impact_assessment: bool
    notes: str
    references: tuple[Reference, ...] = Field(min_length=1)
    excluded: tuple[Excluded, ...]
    file: tuple[Paper, ...] = Field(min_length=1)
    deadline: tuple[Deadline, ...] = Field(min_length=1)
    first_day: str


def load(folder: Path | None = None) -> dict[str, Regime]:
    """Every regime by name; BadInput names the file and the key that is wrong."""
    found = sorted((folder or shipped_folder() / "cameras" / "regimes").glob("*.toml"))
    return {path.stem: parse(Regime, {"name": path.stem, **read_toml(path)}, path) for path in found}


def regime_of(regimes: dict[str, Regime], place: str, operator: str) -> Regime:
    """The regime under which somebody films a place; NotFound says that none allows it."""
    for regime in regimes.values():
        if place in regime.places and operator in regime.operators:
            return regime
    raise NotFound("Aucun régime connu ne permet à cet exploitant de filmer ce lieu. Choisissez un autre lieu, ou une réponse "
                   "sans caméra.")
