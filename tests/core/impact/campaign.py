"""The campaigns of towns whose truth is known: what the interval of an effect, and what is said of displacement, is worth."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from geoservice.core.impact.power import gate, power
from geoservice.core.impact.robust import Effect, dispersion, effect
from tests.core.impact.towns import Town, plan, town

AROUND = ("around", "control_around")
Judged = tuple[Town, Effect]


@dataclass(frozen=True)
class Share:
    """How many of how many."""

    found: int
    of: int

    @property
    def part(self) -> float:
        return self.found / self.of if self.of else float("nan")

    @classmethod
    def true(cls, answers: list[bool]) -> Share:
        return cls(sum(answers), len(answers))


@cache
def towns(name: str) -> list[Judged]:
    """Every town of a campaign with the effect that is found in it."""
    given = plan(name)
    return [(one, effect(one.places("treated"), one.places("control")))
            for one in (town(given, number) for number in range(given["towns"]))]


def covered(name: str) -> Share:
    """Intervals of 95 % that hold the truth."""
    return Share.true([found.low <= -one.prevented <= found.high for one, found in towns(name)])


def false_successes(name: str) -> Share:
    """"It worked", of towns where nothing was prevented."""
    return Share.true([found.high < 0 for one, found in towns(name) if one.reduction == 0])


def successes(name: str, reduction: float) -> Share:
    """"It worked", of towns where at least this share was prevented."""
    return Share.true([found.high < 0 for one, found in towns(name) if one.reduction >= reduction])


def told_apart(name: str, formula: bool = False) -> Share:
    """Displacement or diffusion found with its sign, of the towns where the gate, by simulation or by formula, lets it pass."""
    return Share.true([_told(one) for number, (one, _) in enumerate(towns(name))
                       if one.around and (_by_formula(one) if formula else _by_simulation(one, number))])


def mistaken(name: str) -> Share:
    """Displacement taken for diffusion or the other way round, of all towns with either."""
    found = [(one, effect(*map(one.places, AROUND))) for one, _ in towns(name) if one.around]
    return Share.true([result.high < 0 if one.around > 0 else result.low > 0 for one, result in found])


def _told(one: Town) -> bool:
    found = effect(*map(one.places, AROUND))
    return found.low > 0 if one.around > 0 else found.high < 0


def _by_formula(one: Town) -> bool:
    ring, others = map(one.places, AROUND)
    return abs(one.around) >= gate(ring.before.sum(), others.before.sum(), dispersion(one.history(*AROUND))).drop


def _by_simulation(one: Town, number: int) -> bool:
    months = one.history(*AROUND).shape[1]
    ring, others = (one.history(group).sum(axis=1) * one.months / months for group in AROUND)
    share = -one.around / one.expected_around
    return power(ring, others, share, dispersion(one.history(*AROUND)), seed=number, runs=1_000) >= 0.8
