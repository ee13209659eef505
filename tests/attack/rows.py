"""Probes past the scopes of rows, on SQLite and on PostgreSQL, and past the choice of index files: `python -m tests.attack.rows`.

PostgreSQL is the one at GEOSERVICE_DATABASE_URL (`.ci/postgres` starts one); without it its rows are left as they were.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable

from tests.attack import index_choice, probing
from tests.attack.probing import Outcome
from tests.bench.figures import Figure, commit, load, save, show, today

COMMAND = "python -m tests.attack.rows"
NAME, LEAST = "rows", 40


def figure(name: str, outcomes: list[Outcome], least: int = LEAST) -> Figure:
    """A row: how many probes passed. One that finds nothing in the build without scopes proves nothing and counts as passed."""
    passed = sum(outcome.passed or not outcome.control for outcome in outcomes)
    void = sum(not outcome.control for outcome in outcomes)
    return Figure(f"attack/rows/{name}", 5, passed, f"of {len(outcomes)} probes past the scope", "the same build without scopes",
                  len(outcomes) - void, passed / max(1, len(outcomes) - void),
                  f"0 of at least {least}, each of which succeeds without scopes",
                  passed == 0 and len(outcomes) >= least, COMMAND, today(), commit())


def measure() -> list[Figure]:
    """What can be measured here."""
    address = os.environ.pop("GEOSERVICE_DATABASE_URL", None)
    try:
        figures = [figure("sqlite", _told(probing.run_all("sqlite"))),
                   figure("index files", _told(index_choice.run_all()), 15)]
        if address is not None:
            os.environ["GEOSERVICE_DATABASE_URL"] = address
            figures.insert(1, figure("postgresql", _told(probing.run_all("postgresql"))))
    finally:
        if address is not None:
            os.environ["GEOSERVICE_DATABASE_URL"] = address
    return figures


def _told(outcomes: Iterable[Outcome]) -> list[Outcome]:
    found = list(outcomes)
    for outcome in found:
        if outcome.passed or not outcome.control:
            print("PASSED" if outcome.passed else "void", outcome.name)
    return found


def main() -> None:
    """Measure, print, and keep with --save."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--save", action="store_true")
    figures = measure()
    print(show(figures))
    if parser.parse_args().save:
        fresh = {each.id for each in figures}
        kept = [Figure(**row) for row in load().get(NAME, []) if row["id"] not in fresh]
        save(NAME, figures + kept)


if __name__ == "__main__":
    main()
