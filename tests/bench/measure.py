"""Clocks: a child process's time and memory, and calls timed in turns so that a busy machine disturbs all alike."""

from __future__ import annotations

import os
import statistics
import subprocess
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


def child(command: Sequence[str]) -> Cost:
    """A whole process, from its start to its end; its output is dropped. RuntimeError when it fails."""
    begun = time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    return Cost(time.monotonic() - begun, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def call(function: Callable[[], object]) -> Cost:
    """One call in this process, all its threads counted."""
    wall, cpu = time.perf_counter(), time.process_time()
    function()
    return Cost(time.perf_counter() - wall, time.process_time() - cpu)


def in_turns(functions: Sequence[Callable[[], object]], rounds: int) -> list[Cost]:
    """Medians of functions called one after the other, round after round, after one round that is not counted."""
    for function in functions:
        function()
    found: list[list[Cost]] = [[] for _ in functions]
    for _ in range(rounds):
        for function, costs in zip(functions, found, strict=True):
            costs.append(call(function))
    return [median(costs) for costs in found]
