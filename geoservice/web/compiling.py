"""`python -m geoservice.web.compiling`: compile what plans and fields of cameras run through into numba's folder, and end.

A server starts it beside itself, at the lowest priority: half a minute of a processor that nobody else wants, the first time.
A question that comes meanwhile compiles for itself what is not there yet; where nothing can be kept, every process does.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack

PROGRAM = (sys.executable, "-P", "-s", "-m", "geoservice.web.compiling")


def begin(stack: ExitStack) -> None:
    """Start it; it goes with the server at the latest."""
    process = subprocess.Popen(PROGRAM, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    stack.callback(process.wait)
    stack.callback(process.kill)


def main() -> int:
    os.nice(19)
    from geoservice.core import compiled
    from geoservice.core.siting import choose, walls

    return 0 if all([compiled.load(walls.loops), compiled.load(choose.loops)]) else 1


if __name__ == "__main__":
    sys.exit(main())
