"""Positive controls: the command line with an importer that is wrong about kill -9 in a way the checks must see.

    python -m tests.kill.naive apart|early|untied import …
"""

from __future__ import annotations

import sys
import time
from typing import Any

from geoservice import cli
from geoservice.operations import ingest
from geoservice.storage import imports

PAUSE_S = 0.03  # widens the window between what should have been one commit
_honest = ingest._Run._batch


def _rows_then_counters(self: Any, number: int, taken: Any) -> None:
    """Commits a batch's rows, then says so."""
    _split(self, number, taken, late=True)


def _counters_then_rows(self: Any, number: int, taken: Any) -> None:
    """Says that a batch is there, then commits its rows."""
    _split(self, number, taken, late=False)


def _split(self: Any, number: int, taken: Any, late: bool) -> None:
    held: list[tuple] = []
    advance, write = imports.advance, self._write
    imports.advance = lambda _connection, *values: held.append(values)
    rows: list[tuple] = []
    if not late:
        self._write = lambda connection, *values: rows.append(values) or _foreseen(values[0], values[1])
    try:
        _honest(self, number, taken)
    finally:
        imports.advance, self._write = advance, write
    for values in held:
        if late:
            time.sleep(PAUSE_S)
        with self.storage.write() as connection:
            advance(connection, *values)
    for values in rows:
        time.sleep(PAUSE_S)
        with self.storage.write() as connection:
            self._write(connection, *values)


def _foreseen(rows: list[tuple], before: set[str]) -> Any:
    seen, known = set(before), 0
    for row in rows:
        known += row[0] in seen
        seen.add(row[0])
    return ingest.Outcome(len(rows) - known, known, 0)


def _start_again(connection: Any, *values: Any) -> Any:
    """Never finds the interrupted run: every attempt is a new one."""
    with_nothing = (*values[:-1], f"{values[-1]}-{time.time_ns()}")
    return _begin(connection, *with_nothing)


_begin = imports.begin


def _plant(fault: str) -> None:
    if fault == "apart":
        ingest._Run._batch = _rows_then_counters
    elif fault == "early":
        ingest._Run._batch = _counters_then_rows
    elif fault == "untied":
        imports.begin = _start_again
    else:
        raise SystemExit(f"no such fault: {fault}")


if __name__ == "__main__":
    _plant(sys.argv[1])
    sys.exit(cli.main(sys.argv[2:]))
