"""What every part of the campaign shares: how much of it is run, and how a figure is told."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from tests.bench import figures
from tests.bench.figures import Figure

ISSUE = 6
COMMAND = "python -m tests.observatory"


@dataclass(frozen=True)
class Run:
    """How much of the campaign is done: 1 for all of it."""

    part: float = 1.0

    def runs(self, full: int, least: int = 2) -> int:
        """How often, of `full` times."""
        return max(least, round(full * self.part))


@dataclass(frozen=True)
class Told:
    """What was measured: a share in %, unless `unit` says otherwise, the promise, and whether it is kept; a peer and its own."""

    what: str
    measured: float
    target: str
    met: bool
    unit: str = "%"
    peer: tuple[str, float] | None = None


def figure(part: str, told: Told) -> Figure:
    """A row of the scoreboard; its id begins with the part, which replaces its own rows alone."""
    measured = float(np.round(told.measured, 4))
    peer, other = told.peer or (None, None)
    ratio = None if other is None else float(f"{measured / other:.4g}") if other else float(measured == other)
    return Figure(f"{part}: {told.what}", ISSUE, measured, told.unit, peer, None if other is None else float(np.round(other, 4)),
                  ratio, told.target, bool(told.met), COMMAND, figures.today(), _commit())


@cache
def _commit() -> str:
    return figures.commit()


def bounds(hits: int, runs: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share."""
    z, share = 1.96, hits / max(runs, 1)
    middle, wide = share + z**2 / (2 * runs), z * (share * (1 - share) / runs + z**2 / (4 * runs**2)) ** 0.5
    return max(0.0, (middle - wide) / (1 + z**2 / runs)), (middle + wide) / (1 + z**2 / runs)
