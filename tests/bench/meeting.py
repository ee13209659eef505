"""`python -m tests.bench.meeting`: a meeting's snapshot and its paper for a large landlord, 5,000 residences and 500,000 facts.

Frozen, computed, kept, read again and written as a PDF, right after a fact came in (nothing computed before holds any more), in a
process that has drawn one paper before (a service makes its fonts once). The peer draws the same tables, series and hexagons with
matplotlib's PDF writer from figures already at hand: it freezes and tests nothing. Writes docs/figures/meeting.json; `--facts`
makes a quicker trial, which is printed and not saved.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from geoservice.catalog.layers import load
from geoservice.core import compiled, grid
from geoservice.core.snapshotfile import Snapshot, pack, unpack
from geoservice.export.fonts import FONT
from geoservice.export.paper import Paper, Table
from geoservice.export.paperpdf import to_pdf
from geoservice.operations import accounts, meetingpaper, meetings, setup, snapshots
from geoservice.operations.reader import Reader, open_reader
from geoservice.settings import Settings
from tests.bench import estate, figures, pages
from tests.bench.figures import Figure

COMMAND = "python -m tests.bench.meeting"
LIMIT_S, ROUNDS = 3.0, 3


def reader_of(settings: Settings) -> Reader:
    storage = setup.open_storage(settings)
    return open_reader(storage, load(None), accounts.viewer_of_organisation(storage, "grand-bailleur", "mesure"))


def forgotten(reader: Reader) -> Reader:
    """The same reader with facts of another version: every shelf misses."""
    stamp = f"{time.monotonic_ns()}"
    return replace(reader, indexes={number: replace(index, version=stamp) for number, index in reader.indexes.items()})


@dataclass(frozen=True)
class Cost:
    """Seconds of the clock, and of this process on a processor: the clock counts whatever else the machine does."""

    wall_s: float
    cpu_s: float

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.wall_s + other.wall_s, self.cpu_s + other.cpu_s)


def timed(make: Callable[[], Any]) -> tuple[Cost, Any]:
    wall, cpu = time.perf_counter(), time.process_time()
    made = make()
    return Cost(time.perf_counter() - wall, time.process_time() - cpu), made


def with_matplotlib(paper: Paper, snapshot: Snapshot) -> bytes:
    """The same tables, the months and the hexagons of the paper, drawn by matplotlib into a PDF."""
    import matplotlib

    matplotlib.use("pdf")
    from matplotlib import pyplot
    from matplotlib.backends.backend_pdf import PdfPages
    from matplotlib.collections import PolyCollection

    out = io.BytesIO()
    cells, counts = np.unique(snapshot.columns["cell"][snapshot.columns["cell"] > 0], return_counts=True)
    with PdfPages(out) as pdf:
        page, axes = pyplot.subplots(2, 1, figsize=(8.27, 11.69))
        axes[0].add_collection(PolyCollection(list(grid.boundaries(cells)[0]), array=counts, cmap="Purples"))
        axes[0].autoscale()
        months = next(each["value"]["counts"] for each in snapshot.header["figures"] if each["key"].endswith(".mois"))
        axes[1].bar(range(len(months)), months)
        pdf.savefig(page)
        pyplot.close(page)
        for block in (block for block in paper.blocks if isinstance(block, Table) and block.rows):
            page, axis = pyplot.subplots(figsize=(8.27, 11.69))
            axis.axis("off")
            axis.table(cellText=block.rows, colLabels=block.head)
            pdf.savefig(page)
            pyplot.close(page)
    return out.getvalue()


def measured(settings: Settings, facts: int) -> list[Figure]:
    """All rows."""
    compiled.allow()
    reader = reader_of(settings)
    known = reader.period()
    assert known is not None
    number = meetings.open_meeting(reader, meetings.Wish("clspd", known[1].isoformat()))
    today = date.today()  # noqa: DTZ011  (a day of the paper, no more)
    to_pdf(*meetingpaper.paper(reader, snapshots.load(reader.shelf.storage, reader.viewer, snapshots.make(reader, number,
                                                                                                          today))), FONT)
    whole, freezing, checking, peers = [], [], [], []
    for _ in range(ROUNDS):
        fresh = forgotten(reader)
        froze, made = timed(lambda fresh=fresh: snapshots.make(fresh, number, today))
        read, found = timed(lambda made=made: snapshots.load(reader.shelf.storage, reader.viewer, made))
        drew, _ = timed(lambda found=found, fresh=fresh: to_pdf(*meetingpaper.paper(fresh, found), FONT))
        whole.append(froze + read + drew)
        freezing.append(froze)
        checked, result = timed(lambda found=found: snapshots.verify(unpack(pack(found))))
        assert result.fine, result.wrong
        checking.append(checked)
        paper = meetingpaper.paper(fresh, found)[0]
        peers.append(timed(lambda paper=paper, found=found: with_matplotlib(paper, found))[0])
    held = len(found.columns["kind"])
    said = f"{estate.RESIDENCES:,} residences, {facts:,} facts, {held:,} of them frozen"
    size = len(snapshots.content(reader.shelf.storage, reader.viewer, made)[0]) / 2**20
    rows = []
    for name, costs, theirs in (
            ("a meeting's snapshot and its paper, from nothing computed to the PDF", whole, peers),
            ("of which freezing, every figure and keeping it", freezing, None),
            ("every figure made again from the file", checking, None)):
        for what in ("wall", "cpu"):
            mine = [getattr(cost, f"{what}_s") for cost in costs]
            peer = None if theirs is None else ("matplotlib PDF of the same tables and hexagons, nothing computed",
                                                float(np.median([getattr(cost, f"{what}_s") for cost in theirs])))
            title = f"{name}, median {'wall' if what == 'wall' else 'processor'} time ({said})"
            middle = float(np.median(mine))
            rows.append(_row(title, middle, "s", (f"≤ {LIMIT_S:.0f} s", middle <= LIMIT_S), peer))
    return [*rows, _row(f"the snapshot's file ({said})", size, "MiB", ("≤ 16", size <= 16))]


def _row(name: str, value: float, unit: str, target: tuple[str, bool], peer: tuple[str, float] | None = None) -> Figure:
    value = float(f"{value:.4g}")
    who, other = (None, None) if peer is None else (peer[0], float(f"{peer[1]:.4g}"))
    ratio = None if other is None else float(f"{value / other:.4g}")
    return Figure(name, 6, value, unit, who, other, ratio, *target, COMMAND, figures.today(), figures.commit())


def main() -> int:
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--facts", type=int, default=estate.FACTS)
    parser.add_argument("--folder", type=Path, help="an estate that was built before")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data=asked.folder / "data") if asked.folder and (asked.folder / "data").is_dir() else pages.build(
            asked.folder or Path(folder), asked.facts)[0]
        rows = measured(settings, asked.facts)
    print(figures.show(rows))
    if asked.facts == estate.FACTS:
        figures.save("meeting", rows)
    return 0 if all(row.met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
