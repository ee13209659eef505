"""Clocks: a child process's time and memory, and calls timed in turns so that a busy machine disturbs all alike."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Cost:
    """Seconds by the wall and of processors, and the greatest resident memory in MiB (0 where it is not measured)."""

    wall_s: float
    cpu_s: float
    memory_mib: float = 0.0


def median(costs: Sequence[Cost]) -> Cost:
    """Each measure's own median; the greatest memory."""
    return Cost(statistics.median(c.wall_s for c in costs), statistics.median(c.cpu_s for c in costs),
                max(c.memory_mib for c in costs))


# A small process in between: the kernel counts the memory of whoever starts a process as its own, and a bench is large.
_METER = """import json, os, subprocess, sys, time
begun = time.monotonic()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(json.dumps([os.waitstatus_to_exitcode(status), time.monotonic() - begun, usage.ru_utime + usage.ru_stime, usage.ru_maxrss]))
"""


def child(command: Sequence[str]) -> Cost:
    """A whole process, from its start to its end; its output is dropped. RuntimeError when it fails."""
    meter = subprocess.run([sys.executable, "-c", _METER, *command], cwd=ROOT, capture_output=True, text=True, check=True)
    status, wall_s, cpu_s, kib = json.loads(meter.stdout)
    if status != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {status}")
    return Cost(wall_s, cpu_s, kib / 1024)


def call(function: Callable[[], object]) -> Cost:
    """One call in this process, all its threads counted."""
    wall, cpu = time.perf_counter(), time.process_time()
    function()
    return Cost(time.perf_counter() - wall, time.process_time() - cpu)


def in_turns(functions: Sequence[Callable[[], object]], rounds: int, burst: int = 1) -> list[Cost]:
    """Medians of functions called in turns, round after round, `burst` calls at a time as a server would be asked.

    One round comes before and is not counted.
    """
    found: list[list[Cost]] = [[] for _ in functions]
    for _ in range(rounds + 1):
        for function, costs in zip(functions, found, strict=True):
            costs += [call(function) for _ in range(burst)]
    return [median(costs[burst:]) for costs in found]
