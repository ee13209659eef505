"""The campaign: `python -m tests.observatory` (or `make observatory`). Writes docs/figures/observatory.json, and the page.

A part is a module of this folder with `figures(run) -> list[Figure]`; its truths are fixed in a .toml beside it first.
"""

from __future__ import annotations

import argparse
from importlib import import_module

from tests.bench import figures
from tests.bench.figures import Figure
from tests.observatory.frame import Run

PARTS = (
    "halls",
    "spill",
    "silence",
    "boundary",
    "measures",
)


def main() -> None:
    """Everything, or some parts; with --quick a tenth of it that is shown and not kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.observatory", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the worlds, nothing written")
    parser.add_argument("--only", choices=PARTS, action="append", help="these parts; the rows of others stay as they are")
    given = parser.parse_args()
    chosen = given.only or list(PARTS)
    found: list[Figure] = []
    for part in chosen:
        some = import_module(f"tests.observatory.{part}").figures(Run(0.1 if given.quick else 1.0))
        print(figures.show(some), flush=True)
        found += some
    if not given.quick:
        figures.save("observatory", _kept(chosen) + found)


def _kept(chosen: list[str]) -> list[Figure]:
    """Rows of the parts that are not measured now."""
    rows = figures.load().get("observatory", [])
    return [Figure(**row) for row in rows if row["id"].partition(":")[0] in set(PARTS) - set(chosen)]


if __name__ == "__main__":
    main()
