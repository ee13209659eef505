"""The process that reads a stranger's file: `python -m geoservice.catalog.readers.child`, started by `limited` alone.

The first line of stdin says what to open, the second how many lines a batch has; stdout answers in frames.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

from geoservice.catalog.readers import frames, sandbox
from geoservice.catalog.readers.unpack import Member, Workspace

CELLS_MAX = 2_000_000  # of a batch: a table of thousands of columns is read in shorter ones


def main() -> int:
    """Answer one request; 0 whatever the file holds, as long as this process lives."""
    request = json.loads(sys.stdin.buffer.readline())
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    sandbox.enter(request["cpu_s"])
    try:
        _answer(request, answers)
    except MemoryError:
        frames.send(answers, {"failed": "memory"})
    except BrokenPipeError:
        return 0
    except BaseException as error:  # a panic of a Rust library is no Exception
        said = {"unreadable": str(error)} if type(error).__name__ == "UnreadableFile" else {"failed": "crash"}
        frames.send(answers, said)
    return 0


def _answer(request: dict[str, Any], answers: IO[bytes]) -> None:
    from geoservice.catalog.readers import reader_class

    if request["format"] in ("gpkg", "shapefile"):
        sandbox.without_frames()
    members = [Member(Path(path), name) for path, name in request["members"]]
    table = reader_class(request["format"])(members, SimpleNamespace(**request["hints"]), Workspace())
    frames.send(answers, {"columns": table.columns, "notes": [vars(note) for note in table.notes],
                          "tables": table.tables})
    wanted = sys.stdin.buffer.readline()
    if wanted:
        rows = int(wanted)
        for batch in table.batches(max(1, min(rows, CELLS_MAX // max(1, len(table.columns))))):
            frames.send_batch(answers, batch)
        frames.send(answers, {"end": True})


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # no destructor of a library that has seen a damaged file
