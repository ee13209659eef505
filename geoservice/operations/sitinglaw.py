"""What the law says of each camera of a plan: the place it films, its regime, what is refused and which papers are due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

import numpy as np

from geoservice.catalog import regimes
from geoservice.catalog.regimes import Regime
from geoservice.core.siting import law
from geoservice.core.siting.law import Refusal
from geoservice.errors import BadInput
from geoservice.operations.sitingground import OPERATORS, Ground

PLACES = {"voie": "voie publique", "lieu_ouvert": "lieu ouvert au public, ou terrain d’autrui",
          "parties_communes": "parties communes", "abords_immediats": "abords immédiats de la résidence"}
ABORDS_M = 10.0  # from a building of one's own: its immediate surroundings, where no road is


@dataclass(frozen=True)
class Stand:
    """Where a camera stands in law: the place it films, the share of its field that is public road, masked or not."""

    code: str
    place: str
    road_share: float
    masked: bool


@dataclass(frozen=True)
class Judged:
    """The rules of a plan: title and day they were read, refusals of cameras and of the plan, papers that are due."""

    title: str
    as_of: date
    notes: str
    refusals: tuple[Refusal, ...]
    papers: tuple[str, ...]


@cache
def _regimes() -> dict[str, Regime]:
    return regimes.load()


def regime_for(operator: str) -> Regime:
    """The regime somebody films under; BadInput for an operator that has none."""
    for regime in _regimes().values():
        if operator in regime.operators:
            return regime
    raise BadInput(f"Exploitant inconnu. Choisissez parmi : {', '.join(OPERATORS)}.")


def places_of(ground: Ground, places: np.ndarray, public: np.ndarray) -> list[str]:
    """The place that a camera at each point (n, 2) films; public (n,) bool: on a support of the street whatever lies under it."""
    road, near = ground.on_road(places) | public, ground.near_own(places, ABORDS_M)
    return ["voie" if street else "abords_immediats" if own else "lieu_ouvert" for street, own in zip(road, near, strict=True)]


def judged(operator: str, stands: list[Stand], retention_days: int) -> Judged:
    """What the operator's regime says of these cameras."""
    regime = regime_for(operator)
    plan = law.Plan(tuple(_camera(each) for each in stands), retention_days)
    return Judged(regime.title, regime.as_of, regime.notes, tuple(law.refusals(regime, plan)),
                  tuple(paper.label for paper in law.missing(regime, plan)))


def why_not(operator: str, place: str) -> Refusal | None:
    """Why an operator may not film a place at all; None where it may."""
    found = judged(operator, [Stand("", place, 0.0, True)], 1).refusals
    return found[0] if found else None


def _camera(stand: Stand) -> law.Camera:
    seen = {"voie": stand.road_share}
    return law.Camera(stand.code, stand.place, seen, seen if stand.masked else {})
