"""Imports one hostile file by the real command and says everything that is wrong with how that went.

Memory is measured every 20 ms: the resident sizes of the command and all its descendants, added (shared pages count twice), and
the high-water mark that the kernel keeps for each. `ru_maxrss` says nothing here: it remembers the process before its exec.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.hostile.case import Case
from tests.hostile.corpus import random_of

MEMORY_MB, WALL_S, KILL_S = 512, 20.0, 90.0
_PAGE_MB = os.sysconf("SC_PAGE_SIZE") / (1 << 20)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


@dataclass
class Outcome:
    """What became of a case; `faults` is empty when all is well."""

    case: str
    code: int = 0
    wall_s: float = 0.0
    cpu_s: float = 0.0
    peak_mb: float = 0.0
    said: str = ""
    accepted: int = 0
    rejected: int = 0
    faults: list[str] = field(default_factory=list)


Wait = Callable[[], tuple[int, float]]  # until it ended: exit code, processor seconds
Start = Callable[[list[str], Path, Path], tuple[int, Wait]]  # arguments, output, errors -> process id, wait


def started(command: list[str], out: Path, err: Path) -> tuple[int, Wait]:
    """Any command as a process of its own."""
    with out.open("wb") as stdout, err.open("wb") as stderr:
        process = subprocess.Popen(
            command, stdout=stdout, stderr=stderr, stdin=subprocess.DEVNULL, env={**os.environ, "TMPDIR": str(out.parent / "tmp")}
        )
    process.returncode = 0  # wait4 below is the one that waits

    def wait() -> tuple[int, float]:
        _, status, usage = os.wait4(process.pid, 0)
        return os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime

    return process.pid, wait


def start_command(arguments: list[str], out: Path, err: Path) -> tuple[int, Wait]:
    """`geoservice ...`."""
    return started([sys.executable, "-m", "geoservice.cli", *arguments], out, err)


class Warm:
    """Starts commands by forking a small process that has imported what they need: five times as quick, and as isolated.

    Not a fork of the test's own process: that one holds what earlier tests left, and its child would be charged for it.
    """

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.hostile.warm"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __call__(self, arguments: list[str], out: Path, err: Path) -> tuple[int, Wait]:
        assert self._process.stdin
        print(json.dumps([arguments, str(out), str(err)]), file=self._process.stdin, flush=True)
        pid = int(self._said())

        def wait() -> tuple[int, float]:
            code, seconds = json.loads(self._said())
            return code, seconds

        return pid, wait

    def _said(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline()

    def close(self) -> None:
        """Ends the small process."""
        self._process.communicate()


class Bench:
    """An empty data folder with one organisation, copied for each case."""

    def __init__(self, folder: Path, seed: int = 1) -> None:
        from geoservice.operations import accounts, setup
        from geoservice.settings import Settings

        self.folder, self.seed = folder, seed
        storage = setup.create(Settings(data=folder / "empty"))
        accounts.create_organisation(storage, "essai")
        storage.close()

    def run(self, case: Case, start: Start = start_command) -> Outcome:
        """One case, from bytes to verdict."""
        place = Path(tempfile.mkdtemp(dir=self.folder, prefix="case-"))
        try:
            return self._run(case, place, start)
        finally:
            for path in place.rglob("*"):
                if not path.is_symlink() and path.is_file():
                    path.chmod(0o600)
            shutil.rmtree(place)

    def _run(self, case: Case, place: Path, start: Start) -> Outcome:
        data, temporary, files = place / "data", place / "tmp", place / "files"
        shutil.copytree(self.folder / "empty", data)
        temporary.mkdir()
        files.mkdir()
        file = files / case.file
        case.build(file, random_of(case, self.seed))
        arguments = [
            "import",
            "--data",
            str(data),
            "--organisation",
            "essai",
            "--json",
            *(["--source", case.source] if case.source else []),
            case.layer,
            "--",
            str(file),
        ]
        before = set(_names(place, data))
        outcome = _measured(case, arguments, place, start)
        outcome.faults += [*_said(outcome, case, place), *_kept(outcome, case, data)]
        outcome.faults += [f"left behind: {name}" for name in sorted(set(_names(place, data)) - before - {"out", "err"})]
        return outcome


def _names(place: Path, data: Path) -> Iterator[str]:
    for path in place.rglob("*"):
        if data not in path.parents:
            yield str(path.relative_to(place))
    yield from (name for name in os.listdir("/tmp") if "pwned" in name)


def _measured(case: Case, arguments: list[str], place: Path, start: Start) -> Outcome:
    begun = time.monotonic()
    pid, wait = start(arguments, place / "out", place / "err")
    outcome, ended = Outcome(case.name), threading.Event()
    before = b"" if isinstance(start, Warm) else _command(os.getpid())
    watch = threading.Thread(target=_watch, args=((pid, before), outcome, ended, begun))
    watch.start()
    outcome.code, outcome.cpu_s = wait()
    ended.set()
    watch.join()
    outcome.wall_s = time.monotonic() - begun
    return outcome


def _watch(process: tuple[int, bytes], outcome: Outcome, ended: threading.Event, begun: float) -> None:
    pid, before = process
    while not ended.wait(0.02):
        outcome.peak_mb = max(outcome.peak_mb, _tree_mb(pid, before))
        if time.monotonic() - begun > KILL_S:
            os.kill(pid, signal.SIGKILL)
            return


def _tree_mb(pid: int, before: bytes) -> float:
    """Resident memory of a process and its descendants; 0 while it is still what it was before its exec, and shares memory."""
    try:
        if (command := _command(pid)) == before:
            return 0.0
        mine = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_MB
        high = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (OSError, IndexError):
        return 0.0
    return max(int(high[1]) / 1024 if high else 0.0, mine + sum(_tree_mb(int(child), command) for child in children))


def _command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def _said(outcome: Outcome, case: Case, place: Path) -> Iterator[str]:
    out, err = ((place / name).read_bytes().decode("utf-8", "replace") for name in ("out", "err"))
    outcome.said = err.strip().splitlines()[-1][:400] if err.strip() else ""
    if outcome.code not in (0, 2):
        yield f"exit {outcome.code}: {err[-400:]}"
    if "Traceback" in err or "panicked" in err or "Traceback" in out:
        yield f"traceback: {err[-600:]}"
    if case.refused is not None and outcome.code in (0, 2) and (outcome.code == 2) != case.refused:
        yield f"exit {outcome.code}, expected {2 if case.refused else 0}: {err[-300:]}{out[-200:]}"
    if outcome.code == 2 and not (err.startswith("geoservice : ") and err.rstrip().endswith((".", ").")) and len(err) < 3_000):
        yield f"no French sentence: {err[:300]!r}"
    if _CONTROL.search(err + out):
        yield f"control characters: {_CONTROL.findall(err + out)[:5]} in {(err + out)[:200]!r}"
    if outcome.peak_mb > MEMORY_MB:
        yield f"memory {outcome.peak_mb:.0f} MB"
    if outcome.cpu_s > WALL_S:  # a loaded machine makes any wall clock slow: the campaign also shows wall times
        yield f"processor time {outcome.cpu_s:.1f} s"
    if outcome.wall_s > KILL_S:
        yield f"killed after {outcome.wall_s:.0f} s"


def _kept(outcome: Outcome, case: Case, data: Path) -> Iterator[str]:
    """What the data folder holds agrees with what was said."""
    from geoservice.storage.sqlite import sqlite_module

    connection = sqlite_module().connect(data / "geoservice.db")
    try:
        run = connection.execute(
            "SELECT lines, accepted, updated, unchanged, duplicates, rejected, status FROM import_run"
        ).fetchall()
        rejects = connection.execute("SELECT line, sentence, length(value), length(sentence) FROM rejected_line").fetchall()
        if connection.execute("PRAGMA quick_check").fetchone()[0] != "ok":
            yield "the database is damaged"
    except sqlite3.Error as error:
        yield f"the database: {error}"
        return
    finally:
        connection.close()
    if outcome.code == 0 and not (run and run[0][6] == "done" and run[0][0] == sum(run[0][1:6])):
        yield f"counts do not add up: {run}"
    if run:
        outcome.accepted, outcome.rejected = run[0][1], run[0][5]
    if outcome.code == 0 and outcome.rejected != len(rejects):
        yield f"{outcome.rejected} rejected, {len(rejects)} named"
    if outcome.code == 0 and outcome.accepted < case.good:
        yield f"{outcome.accepted} good lines landed of {case.good}: {[sentence for _, sentence, *_ in rejects[:3]]}"
    if outcome.code == 0 and outcome.rejected < case.rejects:
        yield f"{outcome.rejected} rejected, at least {case.rejects} expected"
    if any(line < 1 or not sentence or (value or 0) > 300 or size > 1_000 for line, sentence, value, size in rejects):
        yield "a reject without line or reason, or with a value of any length"


def summary(outcomes: list[Outcome]) -> dict[str, object]:
    """Counts and extremes."""
    worst, slowest = max(outcomes, key=lambda o: o.peak_mb), max(outcomes, key=lambda o: o.wall_s)
    return {
        "cases": len(outcomes),
        "faults": sum(bool(o.faults) for o in outcomes),
        "refused": sum(o.code == 2 for o in outcomes),
        "imported": sum(o.code == 0 for o in outcomes),
        "rejects": sum(o.rejected for o in outcomes),
        "peak_mb": round(worst.peak_mb),
        "peak_case": worst.case,
        "wall_s": round(slowest.wall_s, 1),
        "wall_case": slowest.case,
        "cpu_s": round(max(o.cpu_s for o in outcomes), 1),
    }


def as_json(outcome: Outcome) -> str:
    """One line of a log."""
    return json.dumps(vars(outcome), ensure_ascii=False)
