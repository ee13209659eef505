"""`python -m tests.hostile`: import every hostile file by the real command, write docs/figures/hostile.json."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.bench import figures
from tests.bench.figures import Figure
from tests.hostile import corpus, run
from tests.hostile.run import Outcome


def rows(outcomes: list[Outcome], command: str) -> list[Figure]:
    """The scoreboard's rows of a campaign."""
    found = run.summary(outcomes)

    def row(name: str, measured: float, unit: str, target: str, met: bool) -> Figure:
        return Figure(
            f"hostile files: {name}", 3, measured, unit, None, None, None, target, met, command, figures.today(), figures.commit()
        )

    number, faults, peak, wall = (float(str(found[key])) for key in ("cases", "faults", "peak_mb", "wall_s"))
    crashes = sum(any(fault.startswith(("exit", "traceback")) for fault in one.faults) for one in outcomes)
    return [
        row(
            f"imported by the real command ({found['refused']} refused with a sentence, {found['imported']} imported, "
            f"{found['rejects']} lines named)",
            number,
            "",
            "at least 300",
            number >= 300,
        ),
        row("crashes, other exits than 0 and 2, tracebacks", crashes, "", "0", crashes == 0),
        row("any fault: counts, sentences, good lines lost, things left behind", faults, "", "0", faults == 0),
        row(
            f"most resident memory of the command and its reader together ({found['peak_case']})",
            peak,
            "MB",
            f"≤ {run.MEMORY_MB}",
            peak <= run.MEMORY_MB,
        ),
        row("most processor time of one", float(str(found["cpu_s"])), "s", "≤ 20", float(str(found["cpu_s"])) <= run.WALL_S),
        row(f"longest ({found['wall_case']})", wall, "s", f"≤ {run.WALL_S:.0f}", wall <= run.WALL_S),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument(
        "--fork", action="store_true", help="fork a warm process that runs the command, instead of starting it: five times as quick"  # noqa: E501
    )
    parser.add_argument("--log", type=Path)
    arguments = parser.parse_args()
    chosen = [case for case in corpus.cases() if arguments.only in case.name]
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="hostile-") as folder:
        bench = run.Bench(Path(folder), arguments.seed)
        start = run.Warm() if arguments.fork else run.start_command
        for case in chosen:
            outcome = bench.run(case, start)
            outcomes.append(outcome)
            if arguments.log:
                with arguments.log.open("a", encoding="utf-8") as log:
                    log.write(run.as_json(outcome) + "\n")
            for fault in outcome.faults:
                print(f"{case.name}: {fault}", flush=True)
        if isinstance(start, run.Warm):
            start.close()
    print(run.summary(outcomes))
    if not arguments.only:
        found = rows(outcomes, "python -m tests.hostile" + (" --fork" if arguments.fork else ""))
        figures.save("hostile", found)
        print(figures.show(found))
    return 1 if any(outcome.faults for outcome in outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
