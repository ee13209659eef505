"""Towns of `towns.toml`, `towns_2.toml` and `towns_3.toml`: halls, months and a planted effect, with its true size in facts."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from geoservice.core.impact.robust import Places

_HERE = Path(__file__).parent
FILES = {"impact-1": _HERE / "towns.toml", "impact-2": _HERE / "towns_2.toml", "impact-3": _HERE / "towns_3.toml"}
GROUPS = ("treated", "control", "around", "control_around")


def plan(name: str) -> dict[str, Any]:
    """What was fixed for a campaign."""
    return tomllib.loads(FILES[name].read_text("utf-8"))


@dataclass(frozen=True)
class Town:
    """Facts (halls, months) of each group, history first; in the last months those truly prevented, truly
    added around, and expected around without that."""

    counts: dict[str, np.ndarray]
    months: int
    reduction: float
    prevented: float
    around: float
    expected_around: float

    def places(self, group: str) -> Places:
        """Before and after of a group."""
        counts = self.counts[group]
        return Places.of(counts[:, -2 * self.months:-self.months].sum(axis=1), counts[:, -self.months:].sum(axis=1))

    def history(self, *groups: str) -> np.ndarray:
        """What is known before the start."""
        return np.vstack([self.counts[group][:, :-self.months] for group in groups])


def town(given: dict[str, Any], number: int) -> Town:
    """Town k of the plan."""
    rng = np.random.default_rng([given["seed"], number])
    places, noise, effect, months = given["places"], given["noise"], given["effect"], given["months"]
    whole = given["history"] + 2 * months
    many = int(rng.integers(places["treated"][0], places["treated"][1] + 1))
    level = float(np.exp(rng.uniform(*np.log(places["level"]))))
    month = np.arange(whole) - (whole - months)
    shared = (rng.uniform(-noise["trend"], noise["trend"]) * month + noise["season"] * np.cos(2 * np.pi * month / 12)
              + rng.normal(0, noise["shock"], whole))
    sizes = dict(zip(GROUPS, (many, places["controls"] * many, many, places["controls"] * many), strict=True))
    means = {}
    for group, size in sizes.items():
        halls = level * rng.gamma(places["uneven"], 1 / places["uneven"], size)
        periods = rng.normal(0, noise["drift"], (size, whole // months)).cumsum(axis=1)
        means[group] = halls[:, None] * np.exp(shared + np.repeat(periods, months, axis=1))
    reduction = effect["reductions"][number % len(effect["reductions"])]
    prevented = float(reduction * means["treated"][:, -months:].sum())
    there = float(means["around"][:, -months:].sum())
    around = _around(means["around"], months, prevented * effect["spread"][number % len(effect["spread"])])
    means["treated"][:, -months:] *= 1 - reduction
    counts = {group: rng.poisson(rng.gamma(mean / noise["monthly"], noise["monthly"])) for group, mean in means.items()}
    return Town(counts, months, reduction, prevented, around, there)


def _around(means: np.ndarray, months: int, facts: float) -> float:
    """Add facts to the last months around (or take them away, 90 % of what is there at the most); how many in truth."""
    there = float(means[:, -months:].sum())
    change = max(facts, -0.9 * there)
    means[:, -months:] *= 1 + change / there
    return change
