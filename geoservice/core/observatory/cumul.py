"""Sites where troubles cumulate: families × months × days touched, a score that can be taken apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

LEAST_OF_A_FAMILY = 3  # facts over the months: fewer are no family of this place
LEAST_FAMILIES = 2  # in one month: a month of cumulation
DRAWS = 200
LEVEL = 0.95


@dataclass(frozen=True, eq=False)
class Cumul:
    """Of n places: `families` with enough facts, `months` in which at least two families came, `days` touched in such a month on
    average; `score` their product, months as a share. All (n,)."""

    families: np.ndarray
    months: np.ndarray
    days: np.ndarray
    score: np.ndarray


def score(facts: np.ndarray, days: np.ndarray) -> Cumul:
    """facts (n, families, months) counts; days (n, months): days with any of them."""
    families = (facts.sum(axis=2) >= LEAST_OF_A_FAMILY).sum(axis=1)
    together = (facts > 0).sum(axis=1) >= LEAST_FAMILIES
    months = together.sum(axis=1)
    touched = (days * together).sum(axis=1) / np.maximum(months, 1)
    return Cumul(families, months, touched, families * (months / facts.shape[2]) * touched)


def interval(facts: np.ndarray, days: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """95 % interval of the score by drawing months with replacement (200 times): how it hangs on single months; (n,) each."""
    rng, months = np.random.default_rng(seed), facts.shape[2]
    drawn = np.empty((DRAWS, len(facts)))
    for run in range(DRAWS):
        chosen = rng.integers(0, months, months)
        drawn[run] = score(facts[:, :, chosen], days[:, chosen]).score
    low, high = np.quantile(drawn, ((1 - LEVEL) / 2, (1 + LEVEL) / 2), axis=0)
    return low, high
