"""Imports that are really killed, at moments spread over their whole life, then looked at and finished."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from geoservice.operations import accounts
from geoservice.operations.setup import create
from geoservice.settings import Settings
from tests.kill import check, register
from tests.kill.check import Expected, Fault, Seen

HONEST = ("-m", "geoservice.cli")
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Bench:
    """A data folder to start from, the register to import into it, and what an undisturbed import leaves and takes."""

    folder: Path
    expected: Expected
    fingerprint: str
    report: dict
    seconds: float

    @property
    def start(self) -> Path:
        return self.folder / "start"


@dataclass
class Tally:
    """What the kills hit and what they broke."""

    kills: int = 0
    finished: int = 0
    hit: Counter = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)

    @property
    def mid_run(self) -> int:
        """Kills of a run that had begun and was not done."""
        return sum(self.hit[phase] for phase in ("copying", "reading", "indexing"))

    def broken(self, *sorts: str) -> int:
        return sum(fault.sort in sorts for fault in self.faults)


def prepare(folder: Path, facts: int = 10_000, batch_rows: int = 250, seed: int = 1) -> Bench:
    """An organisation with an earlier import, and one undisturbed import to compare with."""
    start, earlier = folder / "start", folder / "earlier"
    earlier.mkdir(parents=True)
    accounts.create_organisation(create(Settings(data=start)), "rives")
    old = register.write(earlier, 500, seed + 1)
    # another source, so that the two imports share no key
    old.mapping.write_text('name = "ancien"\n' + register.MAPPING, encoding="utf-8")
    _finish(_spawn(HONEST, start, old, batch_rows))
    wanted = register.write(folder, facts, seed)
    expected = Expected(wanted, batch_rows, len(old.keys_of(len(old.fates))), 2)
    shutil.copytree(start, folder / "whole")
    begun = time.monotonic()
    report = _finish(_spawn(HONEST, folder / "whole", wanted, batch_rows))
    seconds = time.monotonic() - begun
    assert report == {"import_id": 2, "layer": "incidents", **wanted.counters(len(wanted.fates))}, report
    found = list(check.faults(folder / "whole", expected, Seen()))
    assert not found, found
    return Bench(folder, expected, check.fingerprint(folder / "whole"), report, seconds)


def run(bench: Bench, times: int, seed: int = 1, program: tuple[str, ...] = HONEST,
        enough: Callable[[Tally], bool] = lambda tally: False, say: Callable[[str], None] = lambda text: None) -> Tally:
    """Kill `times` times (or until `enough`). One folder is killed once to three times, looked at each time, then finished."""
    rng, tally = random.Random(seed), Tally()
    while tally.kills < times and not enough(tally):
        folder = bench.folder / "killed"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(bench.start, folder)
        for _ in range(min(rng.choice((1, 1, 2, 3)), times - tally.kills)):
            if _kill_once(bench, folder, rng, tally, program) in ("too late", "done"):
                break
        tally.finished += 1
        tally.faults += _finish_and_compare(bench, folder, program)
        say(f"{tally.kills} kills {dict(tally.hit)}, {tally.finished} finished, {len(tally.faults)} faults")
    return tally


def _kill_once(bench: Bench, folder: Path, rng: random.Random, tally: Tally, program: tuple[str, ...]) -> str:
    """Start, watch, kill, look; what the kill hit. A process that ended by itself was not killed and does not count."""
    process = _spawn(program, folder, bench.expected.register, bench.expected.batch_rows)
    seen = _watch(bench, folder, process, _moment(bench, rng))
    process.kill()
    process.communicate()
    hit = "too late" if process.returncode >= 0 else _phase(bench, folder)
    tally.kills += hit != "too late"
    tally.hit[hit] += 1
    tally.faults += check.faults(folder, bench.expected, seen)
    return hit


@dataclass(frozen=True)
class _Moment:
    """When to kill: `delay_s` after the start, or after `batches` are committed, or after a file that fits `pattern` appears."""

    delay_s: float
    batches: int | None = None
    pattern: str | None = None


def _moment(bench: Bench, rng: random.Random) -> _Moment:
    """Anywhere in the usual life of the process; just after a commit; while bytes are copied; about the index and its swap."""
    draw = rng.random()
    if draw < 0.4:
        return _Moment(rng.uniform(0, bench.seconds))
    if draw < 0.5:
        return _Moment(rng.expovariate(1 / 0.002), pattern="uploads/*.part")
    if draw < 0.6:
        return _Moment(rng.expovariate(1 / 0.0005), pattern="index/*.tmp")
    batches = -(-len(bench.expected.register.fates) // bench.expected.batch_rows)
    if draw < 0.8:
        return _Moment(rng.expovariate(1 / 0.01), rng.randint(1, batches - 1))
    return _Moment(rng.uniform(0, 0.1), batches)


def _watch(bench: Bench, folder: Path, process: subprocess.Popen, moment: _Moment) -> Seen:
    """Read what the run has acknowledged until the moment comes or the process ends."""
    seen, due = Seen(), None if moment.batches or moment.pattern else time.monotonic() + moment.delay_s
    while process.poll() is None and (due is None or time.monotonic() < due):
        if moment.pattern is None:
            run = next((run for run in check.runs(folder) if run["id"] >= bench.expected.import_id), None)
            seen = seen if run is None else Seen(run["batches"], run["lines"])
        come = any(folder.glob(moment.pattern)) if moment.pattern else moment.batches and seen.batches >= moment.batches
        if due is None and come:
            due = time.monotonic() + moment.delay_s
        wait = 0.0005 if moment.pattern else 0.005
        time.sleep(wait if due is None else max(0.0, min(wait, due - time.monotonic())))
    return seen


def _phase(bench: Bench, folder: Path) -> str:
    """What a killed run was at, by what it left."""
    run = next((run for run in check.runs(folder) if run["id"] >= bench.expected.import_id), None)
    if run is None:
        known = {path.name for path in (bench.start / "uploads").iterdir()}
        return "copying" if {path.name for path in (folder / "uploads").iterdir()} - known else "starting"
    if run["status"] == "done":
        return "done"
    return "indexing" if run["lines"] == len(bench.expected.register.fates) else "reading"


def _finish_and_compare(bench: Bench, folder: Path, program: tuple[str, ...]) -> list[Fault]:
    """Run the import again: the same number and totals as one that nobody disturbed, and the same content."""
    found = check.runs(folder)
    if not any(run["id"] == bench.expected.import_id and run["status"] == "done" for run in found):
        report = _finish(_spawn(program, folder, bench.expected.register, bench.expected.batch_rows))
        if report != bench.report:
            return [Fault("duplicate", f"finished with {report} instead of {bench.report}")]
    same = check.fingerprint(folder) == bench.fingerprint
    return [*check.faults(folder, bench.expected, Seen()),
            *([] if same else [Fault("lost", "the content differs from an undisturbed import's")])]


def _spawn(program: tuple[str, ...], data: Path, what: register.Register, batch_rows: int) -> subprocess.Popen:
    environment = {**os.environ, "GEOSERVICE_BATCH_ROWS": str(batch_rows)}
    command = [sys.executable, *program, "import", "incidents", str(what.path), "--mapping", str(what.mapping), "--json",
               "--data", str(data)]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _finish(process: subprocess.Popen) -> dict:
    out, err = process.communicate(timeout=300)
    if process.returncode != 0:
        raise RuntimeError(f"the import ended with {process.returncode}: {err}")
    return json.loads(out)
