"""Runs every probe twice: for somebody of one organisation, and against the same build without scopes, where it must succeed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from geoservice.storage.store import Storage
from tests.attack import ground as grounds
from tests.attack.ground import Ground
from tests.attack.probes import COMMON, Probe


@dataclass(frozen=True)
class Outcome:
    """What a probe learnt or changed: of others' rows by a viewer (`passed`), and without scopes (`control`)."""

    name: str
    passed: bool
    control: bool


def probes(dialect: str) -> tuple[Probe, ...]:
    """Those that fit a database."""
    if dialect == "sqlite":
        from tests.attack.probes_sqlite import PROBES
    else:
        from tests.attack.probes_postgres import PROBES
    return (*COMMON, *PROBES)


def learnt(ground: Ground, probe: Probe) -> bool:
    """Whether the probe learnt of, or changed, rows of the other organisation."""
    before = grounds.state(ground.storage)
    try:
        answer = probe.attack(ground)
    except Exception as error:  # refused as a whole; its words may tell
        answer = str(getattr(error, "orig", error))
    return grounds.state(ground.storage) != before if probe.effect else grounds.leaks(answer)


class Pair:
    """A viewer's folder and the control's, made again after a probe that may have changed them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.number = folder, 0
        self._open: list[Storage] = []

    def run(self, probe: Probe) -> Outcome:
        """The probe on both; whatever it tried as a viewer, the next viewer of the same pool learns nothing either."""
        if not self._open:
            self.number += 1
            self._open = [grounds.build(self.folder / f"{name}{self.number}") for name in ("viewer", "control")]
        viewer, control = grounds.scoped(self._open[0]), grounds.naive(self._open[1])
        passed = learnt(viewer, probe) or grounds.leaks([COMMON[number].attack(viewer) for number in (0, 6)])
        outcome = Outcome(probe.name, passed, learnt(control, probe))
        if probe.writes:
            self.close()
        return outcome

    def close(self) -> None:
        """Let go of the folders."""
        for storage in self._open:
            storage.close()
        self._open = []


def run_all(dialect: str) -> Iterator[Outcome]:
    """Every probe of a database."""
    with tempfile.TemporaryDirectory() as folder:
        pair = Pair(Path(folder))
        try:
            yield from (pair.run(probe) for probe in probes(dialect))
        finally:
            pair.close()
