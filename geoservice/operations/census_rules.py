"""The rules of the census, from geoservice/census.toml."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from geoservice.core.observatory.halls import STATES, Act, Rules
from geoservice.errors import BadInput
from geoservice.types import Category

FILE = Path(__file__).resolve().parents[1] / "census.toml"


class _Act(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    label: str
    categories: tuple[Category, ...]
    gravity_min: int = Field(0, ge=0, le=4)
    or_gravity: int | None = Field(None, ge=1, le=4)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    months: int = Field(ge=3, le=120)
    window: int = Field(ge=1, le=12)
    up: int = Field(ge=1, le=12)
    down: int = Field(ge=1, le=12)
    present: int = Field(ge=1, le=12)
    remembered: int = Field(ge=3, le=36)
    believed: float = Field(gt=0, lt=1)
    neighbour_m: float = Field(gt=0, le=1000)
    acts: tuple[_Act, ...]
    grid: tuple[dict[str, str | int], ...]


@cache
def rules() -> Rules:
    """The rules that hold; BadInput when the file is none."""
    with FILE.open("rb") as file:
        found = _File.model_validate(tomllib.load(file))
    names = [act.name for act in found.acts]
    if [line.get("state") for line in found.grid] != list(STATES[1:]) or any(
            set(line) - {"state", *names} for line in found.grid):
        raise BadInput(f"census.toml : une ligne par état ({', '.join(STATES[1:])}), chacune avec des natures déclarées.")
    grid = tuple(tuple(int(line.get(name, 0)) for name in names) for line in found.grid)
    return Rules(found.months, found.window, found.up, found.down, found.present, found.remembered, found.believed,
                 found.neighbour_m, tuple(Act(**act.model_dump()) for act in found.acts), grid)


def in_words() -> list[str]:
    """The rules as sentences, for pages and files."""
    known = rules()
    return [f"à la fin de chaque mois on regarde les {known.window} derniers mois entiers, et l’on compte des jours\u202f: "
            "plusieurs signalements d’un même jour n’en font qu’un",
            *(f"{state}\u202f: {_line(known, line)}" for state, line in zip(STATES[1:], known.grid, strict=True)),
            f"un hall monte après {known.up} regards de suite plus haut, descend après {known.down} regards de suite plus bas",
            f"inconnu\u202f: personne n’a rien signalé dans la résidence depuis {known.present} mois, et ce silence ne "
            "s’explique pas par le peu de signalements attendus"]


def _line(known: Rules, line: tuple[int, ...]) -> str:
    return ", ou ".join(f"{days} jours avec {act.label} ou plus grave"
                        for act, days in zip(known.acts, line, strict=True) if days)
