"""Plans of cameras side by side: each as it is, and in words what differs in what was asked. No order among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from geoservice.export import french
from geoservice.operations.reader import Reader
from geoservice.operations.siting import Plan
from geoservice.operations.sitingasked import EXISTING, SITES, WEIGHTS, Asked, moment_of
from geoservice.operations.sitingground import LENSES, OPERATORS, PURPOSES
from geoservice.operations.sitingtable import Answer
from geoservice.operations.sitingwish import where
from geoservice.types import LABELS
from geoservice.web.decideparts import Bounds, bounds

SAME = "Ces plans répondent à la même question : les nombres se comparent."
OTHER_FACTS = "Ils ne portent pas sur les mêmes faits : leurs nombres ne se comparent pas directement."


@dataclass(frozen=True, eq=False)
class Side:
    """One column: its name, where it is opened, the plan or why there is none."""

    name: str
    address: str
    plan: Plan | None
    reason: str = ""

    @property
    def answer(self) -> Answer | None:
        """The row of the plan among the answers: its cost, whom it films."""
        return next((each for each in self.plan.answers if each.plan), None) if self.plan else None

    @property
    def refused(self) -> list[tuple[str, str]]:
        """Cameras with what the law refuses of them."""
        cameras = self.plan.cameras if self.plan else ()
        return [(each.code, " ".join(refusal.sentence for refusal in each.view.refusals)) for each in cameras
                if each.view.refusals]


def differing(reader: Reader, sides: list[Side]) -> list[tuple[str, list[str]]]:
    """What was asked otherwise: a label, and the words of each plan."""
    told = [_told(reader, each.plan.asked) if each.plan else {} for each in sides]
    labels = list(dict.fromkeys(label for one in told for label in one))
    rows = [(label, [one.get(label, "–") for one in told]) for label in labels]
    return [(label, values) for label, values in rows if len(set(values)) > 1]


def same_facts(sides: list[Side]) -> bool:
    """Whether all plans are about the same facts, for the same operator."""
    return len({(each.plan.asked.facts.canonical(), each.plan.asked.operator) for each in sides if each.plan}) < 2


def frames(sides: list[Side]) -> list[Bounds | None]:
    """What each drawing shows: plans of one place show the same ground."""
    found: dict[Any, Bounds] = {}
    keys = [(each.plan.asked.query.zone, each.plan.asked.query.bbox) if each.plan else None for each in sides]
    for key, each in zip(keys, sides, strict=True):
        if each.plan:
            one = bounds(each.plan)
            old = found.get(key, one)
            found[key] = (min(old[0], one[0]), min(old[1], one[1]), max(old[2], one[2]), max(old[3], one[3]))
    return [found.get(key) for key in keys]


def _told(reader: Reader, asked: Asked) -> dict[str, str]:
    """A question as labels and words."""
    query = asked.query
    return {
        "Lieu": where(reader, str(query.zone or "")) + (f" ({query.bbox})" if query.bbox else ""),
        "Faits vus par": LABELS[query.kind] if query.kind else "–", "Période": french.period(query, reader.period()),
        "Filtres": " ; ".join(french.filters(query)) or "aucun", "Filmé par": OPERATORS[asked.operator],
        "Objectif": LENSES[asked.lens], "Pour": PURPOSES[asked.purpose], "Poids": WEIGHTS[asked.weights],
        "Hauteur": f"{french.number(asked.height_m, 1)} m", "Masques sur la rue": "prévus" if asked.masked else "aucun",
        "Au moins, par QPV": f"{french.number(100 * asked.least)} %",
        "Moment": moment_of(asked), "Caméras, au plus": str(asked.most),
        "Budget": "–" if asked.budget is None else f"{french.number(asked.budget)}{french.NNBSP}€",
        "Seconde caméra": f"{french.number(100 * asked.backup)} % de la première" if asked.backup else "ne compte pas",
        "Caméras existantes": EXISTING[asked.existing], "Supports": SITES[asked.sites],
        "Vos emplacements": french.number(len(asked.points)), "Zones interdites": french.number(len(asked.forbidden)),
    }
