"""Synthetic towns of true facts, told by two lists: who saw what, where, when and by which word. Parameters: measures.toml."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from geoservice.core.observatory.matching import FAMILIES, Sighted
from geoservice.types import code_of

SETUP: dict[str, Any] = tomllib.loads((Path(__file__).parent / "measures.toml").read_text("utf-8"))
FIRST_DAY = 19_000


@dataclass(frozen=True, eq=False)
class Town:
    """Two lists of one year, and the truth: how many facts there are, on both lists and on either."""

    first: Sighted
    second: Sighted
    days: tuple[int, int]
    total: int
    both: int

    @property
    def rate(self) -> float:
        """The share of the facts that somebody reported."""
        return (len(self.first) + len(self.second) - self.both) / self.total


def town(number: int, odds: float = 1.0) -> Town:
    """One town of the campaign; `odds`: how much the lists depend on each other."""
    setup = SETUP["capture"]
    random = np.random.default_rng(setup["seed"] + number)
    total = int(random.integers(setup["true_facts"][0], setup["true_facts"][1] + 1))
    halls = int(random.integers(setup["halls"][0], setup["halls"][1] + 1))
    where = random.uniform(0, setup["spread_m"], (halls, 2))
    weight = random.gamma(setup["hall_shape"], 1.0, halls)
    hall = random.choice(halls, total, p=weight / weight.sum())
    day = random.integers(FIRST_DAY, FIRST_DAY + setup["days"], total)
    family = random.integers(0, len(FAMILIES), total)
    category = np.array([code_of(FAMILIES[k][random.integers(len(FAMILIES[k]))]) for k in family])
    one, two = _seen(random, total, (random.uniform(*setup["seen_by_first"]), random.uniform(*setup["seen_by_second"])), odds)
    last = FIRST_DAY + setup["days"] - 1
    late = random.geometric(1 / (1 + setup["late_days"]), total) - 1
    other = np.array([code_of(FAMILIES[k][random.integers(len(FAMILIES[k]))]) for k in family])
    told = np.where(random.random(total) < setup["confused"], other, category)

    def place(noise: float) -> np.ndarray:
        return where[hall] + random.normal(0, noise, (total, 2))

    first = Sighted(place(setup["noise_first_m"])[one], day[one], category[one])
    second = Sighted(place(setup["noise_second_m"])[two], np.minimum(day + late, last)[two], told[two])
    return Town(first, second, (FIRST_DAY, last), total, int((one & two).sum()))


def _seen(random: np.random.Generator, total: int, shares: tuple[float, float], odds: float) -> tuple[np.ndarray, np.ndarray]:
    """Who is on each list, with these shares and this odds ratio between them."""
    one, two = shares
    joint = one * two if odds == 1 else _joint(one, two, odds)
    draw = random.random(total)
    return draw < one, (draw < joint) | ((draw >= one) & (draw < one + two - joint))


def _joint(one: float, two: float, odds: float) -> float:
    """The share on both lists that an odds ratio gives (Plackett)."""
    base = 1 + (odds - 1) * (one + two)
    return (base - (base**2 - 4 * odds * (odds - 1) * one * two) ** 0.5) / (2 * (odds - 1))
