"""What of a camera plan its regime refuses, and what its file lacks: every refusal with the rule, the text and its date.

The regime is data (`catalog.regimes`); here is only how a plan is held to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from geoservice.core.siting.deadlines import months_after


class Excluded(Protocol):
    """A target that no image may show, but behind a mask."""

    what: str
    label: str
    most_share: float


class Reference(Protocol):
    """A text and what it is quoted for."""

    text: str
    says: str


class Paper(Protocol):
    """A piece of the file."""

    code: str
    label: str

    def due(self, films: frozenset[str], cameras: int) -> bool:
        """Whether the plan needs it."""
        ...


class Regime(Protocol):
    """The rules a plan is held to."""

    title: str
    as_of: date
    places: tuple[str, ...]
    retention_days: int
    duration_months: int | None
    excluded: tuple[Excluded, ...]
    references: tuple[Reference, ...]
    file: tuple[Paper, ...]


@dataclass(frozen=True)
class Camera:
    """A camera of a plan: the place it films, and the share of its image on each target, without and behind masks (0 to 1)."""

    code: str
    place: str
    seen: Mapping[str, float] = field(default_factory=dict)
    masked: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """Cameras under one regime; `papers` are codes of pieces that are there, `started` the day of the authorisation if any."""

    cameras: tuple[Camera, ...]
    retention_days: int
    papers: frozenset[str] = frozenset()
    started: date | None = None


@dataclass(frozen=True)
class Refusal:
    """What is not allowed, of which camera (empty: of the plan): why and what to do, the texts, and the day they were read."""

    camera: str
    code: str
    sentence: str
    references: tuple[str, ...]
    as_of: date


def refusals(regime: Regime, plan: Plan) -> list[Refusal]:
    """Everything that the regime does not allow; empty for a plan that may be proposed."""
    found: list[Refusal] = []
    for camera in plan.cameras:
        if camera.place not in regime.places:
            found.append(_refusal(regime, camera.code, "lieu", f"« {regime.title} » ne permet pas de filmer ce lieu : changez de "
                                  "régime, de lieu, ou d’exploitant.", ()))
        found += [_refusal(regime, camera.code, each.what, _too_much(each, share), ("ce qui est filmé", "finalités"))
                  for each in regime.excluded for share in [_open_share(camera, each.what)] if share > each.most_share + 1e-9]
    if plan.retention_days > regime.retention_days:
        found.append(_refusal(regime, "", "conservation", f"Les images se gardent {regime.retention_days} jours au plus, et non "
                              f"{plan.retention_days}.", ("conservation",)))
    return found


def _open_share(camera: Camera, what: str) -> float:
    """The share of the image that shows a target and is not masked."""
    return max(0.0, camera.seen.get(what, 0.0) - camera.masked.get(what, 0.0))


def _too_much(target: Excluded, share: float) -> str:
    shown = f"{100 * share:.1f}".replace(".", ",")
    return (f"L’image montre {target.label} ({shown} % de l’image) : tournez la caméra, réduisez sa portée, ou masquez de façon "
            "irréversible.")


def _refusal(regime: Regime, camera: str, code: str, sentence: str, said: Iterable[str]) -> Refusal:
    about = [each.text for each in regime.references if each.says in set(said)]
    return Refusal(camera, code, sentence, tuple(about or [each.text for each in regime.references]), regime.as_of)


def missing(regime: Regime, plan: Plan) -> list[Paper]:
    """Pieces of the file that the plan needs and does not have."""
    films = frozenset(camera.place for camera in plan.cameras)
    return [paper for paper in regime.file if paper.due(films, len(plan.cameras)) and paper.code not in plan.papers]


def ends(regime: Regime, plan: Plan) -> date | None:
    """The day the authorisation ends, None where there is none; a month that is too short ends on its last day."""
    if regime.duration_months is None or plan.started is None:
        return None
    return months_after(plan.started, regime.duration_months)
