"""`python -m tests.kill --times 500`: kill an import, write docs/figures/kill.json."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.bench import figures
from tests.bench.figures import Figure
from tests.kill import loop
from tests.kill.loop import Tally


def rows(tally: Tally, command: str) -> list[Figure]:
    """The scoreboard's rows of a loop."""
    def row(name: str, measured: int, target: str, met: bool) -> Figure:
        return Figure(f"kill -9 during an import: {name}", 2, measured, "", None, None, None, target, met, command,
                      figures.today(), figures.commit())

    phases = ", ".join(f"{phase} {number}" for phase, number in sorted(tally.hit.items()))
    return [
        row(f"kills that hit a run in progress, of {tally.kills} ({phases})", tally.mid_run, "at least half",
            2 * tally.mid_run >= tally.kills),
        *(row(name, tally.broken(*sorts), "0", tally.broken(*sorts) == 0) for name, sorts in (
            ("kills or restarts that lost an acknowledged row", ("lost",)), ("… that made a duplicate", ("duplicate",)),
            ("… that left a half batch", ("half",)), ("… that tore the database or an index", ("torn",)))),
        row("killed imports finished by running them again, same number and content", tally.finished, "all",
            not tally.faults),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.kill", description=__doc__)
    parser.add_argument("--times", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = loop.prepare(Path(folder), seed=arguments.seed)
        print(f"an undisturbed import of {len(bench.expected.register.fates)} lines takes {bench.seconds:.1f} s", flush=True)
        tally = loop.run(bench, arguments.times, arguments.seed, say=lambda text: print(text, flush=True))
    found = rows(tally, f"python -m tests.kill --times {arguments.times}")
    figures.save("kill", found)
    print(figures.show(found))
    for fault in tally.faults[:20]:
        print(f"{fault.sort}: {fault.sentence}", file=sys.stderr)
    return 1 if tally.faults else 0


if __name__ == "__main__":
    sys.exit(main())
