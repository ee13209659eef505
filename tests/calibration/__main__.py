"""The campaign: `python -m tests.calibration` (or `make calibration`), about a quarter of an hour on one core.

Writes docs/figures/calibration.json, the page of figures, and docs/figures/calibration_worlds.csv with every world.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

from geoservice.core import compiled
from geoservice.core.stats import nulls
from tests.bench import figures
from tests.bench.figures import Figure
from tests.calibration import rows

WORLDS = figures.FOLDER / "calibration_worlds.csv"


def main() -> None:
    """Everything, or with --quick a twentieth of it that is shown and not kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.calibration", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a twentieth of the maps, nothing written")
    quick = parser.parse_args().quick
    compiled.load(nulls.loops)
    table: list[rows.Line] = []
    found: list[Figure] = []
    for part in rows.PARTS:
        some = part(rows.Run(1 / 20 if quick else 1.0, table))
        print(figures.show(some), flush=True)
        found += some
    if not quick:
        figures.save("calibration", found)
        _write(WORLDS, table)


def _write(path: Path, table: list[rows.Line]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(rows.Line._fields)
        writer.writerows(table)


if __name__ == "__main__":
    main()
