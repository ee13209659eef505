"""What a release is worth to those who read it, measured against the truth: for its publisher only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoservice.core.disclosure.lattice import Family, Lattice
from geoservice.core.disclosure.masking import View

LARGE = 20  # facts from which an error is measured as a share
TOP = 30


@dataclass(frozen=True)
class Worth:
    """One family. facts: true facts in it; shown: share of them in shown nodes; error: median relative error of shown nodes of
    LARGE and more (nan without any); ranks: Spearman of shown with true (nan under three); top: share of the true TOP kept."""

    family: Family
    nodes: int
    facts: int
    shown: float
    error: float
    ranks: float
    top: float


@dataclass(frozen=True)
class Utility:
    """A kind and year. error: median relative error over every shown node of LARGE and more; shown: share of facts over all
    published levels; qpv: for each QPV and family of its own, shown and published nodes; families: one by one."""

    error: float
    shown: float
    families: tuple[Worth, ...]
    qpv: dict[str, dict[str, tuple[int, int]]]


def measure(lattice: Lattice, counts: np.ndarray, seen: View) -> Utility:
    """Compare what is shown with what is true. counts: (nodes, columns) int."""
    every = tuple(_worth(lattice, family, counts, seen) for family in lattice.families)
    large = seen.shown & (counts >= LARGE)
    facts = sum(worth.facts for worth in every)
    shown = sum(worth.facts * worth.shown for worth in every if worth.facts) / facts if facts else float("nan")
    return Utility(_median(np.abs(seen.value - counts)[large] / counts[large]), shown, every, _by_qpv(lattice, seen))


def _worth(lattice: Lattice, family: Family, counts: np.ndarray, seen: View) -> Worth:
    nodes = np.ix_(lattice.rows(family), lattice.columns(family).ravel())
    true, shown, value = counts[nodes].ravel(), seen.shown[nodes].ravel(), seen.value[nodes].ravel()
    large = shown & (true >= LARGE)
    facts = int(true.sum())
    return Worth(family, len(true), facts, float(true[shown].sum() / facts) if facts else float("nan"),
                 _median(np.abs(value - true)[large] / true[large]), _spearman(true[shown], value[shown]), _top(true, value))


def _median(values: np.ndarray) -> float:
    return float(np.median(values)) if len(values) else float("nan")


def _spearman(first: np.ndarray, second: np.ndarray) -> float:
    from scipy.stats import rankdata

    if len(first) < 3 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return float("nan")
    return float(np.corrcoef(rankdata(first), rankdata(second))[0, 1])


def _top(true: np.ndarray, value: np.ndarray) -> float:
    """Share of the TOP largest that are among the TOP largest shown (fewer nodes: a third of them)."""
    if not len(true):
        return float("nan")
    wanted = min(TOP, max(1, len(true) // 3))
    best = np.argsort(-true, kind="stable")[:wanted]
    read = np.argsort(-value, kind="stable")[:wanted]
    return float(np.isin(best, read[value[read] > 0]).mean())


def _by_qpv(lattice: Lattice, seen: View) -> dict[str, dict[str, tuple[int, int]]]:
    out: dict[str, dict[str, tuple[int, int]]] = {place.name: {} for place in lattice.places.published.get("qpv", ())}
    for family in lattice.families:
        if family.level == "qpv":
            for place in lattice.places.published["qpv"]:
                shown = seen.shown[place.node, lattice.columns(family).ravel()]
                out[place.name][f"{family.period}/{family.detail}"] = (int(shown.sum()), len(shown))
    return out
