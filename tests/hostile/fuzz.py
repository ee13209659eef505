"""`python -m tests.hostile.fuzz --cases 20000`: requests made from the API's own description, every check of schemathesis on.

Cases are dealt out evenly to the operations. A server error is a fault; what the other checks find is counted by check.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import zlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench import figures
from tests.bench.figures import Figure

LAYERS = ("incidents", "patrimoine", "qpv", "limites", "cameras", "adresses")
CELLS = ("891fb466257ffff", "8a1fb466b047fff", "841fb47ffffffff", "8c1fb4662573dff", "8f1fb46625731ac")


@dataclass
class Tally:
    """Requests made, answers by status, failed checks by name, and the first example of each."""

    cases: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    slowest_s: float = 0.0
    slowest: str = ""

    @property
    def server_errors(self) -> int:
        # 503 and 507 say what stands in the way (an export in progress, a full disk); anything else from 500 on is ours
        return sum(number for status, number in self.statuses.items() if status >= 500 and status not in (503, 507))


def fuzz(app: Any, token: str, cases: int, seed: int) -> Tally:
    """Ask `app` (started) for `cases` things."""
    import schemathesis

    schema = schemathesis.openapi.from_asgi("/api/openapi.json", app)
    operations = [found.ok() for found in schema.get_all_operations()]
    tally, turn = Tally(), 0
    while tally.cases < cases:  # an operation with few different requests gives less than its share
        before, share = tally.cases, max(4, (cases - tally.cases) // len(operations) + 1)
        for operation in operations:
            _one(operation, share, {"Authorization": f"Bearer {token}"}, seed + turn, tally)
        turn += 1
        if tally.cases == before:
            raise RuntimeError("the description offers nothing to ask")
    return tally


def _one(operation: Any, share: int, headers: dict[str, str], seed: int, tally: Tally) -> None:
    import hypothesis
    from schemathesis import GenerationMode

    quiet = hypothesis.settings(
        max_examples=max(1, share // 2), deadline=None, database=None, phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        try:
            strategy = operation.as_strategy(generation_mode=mode)
        except Exception:  # an operation that takes nothing has no wrong input
            continue

        @hypothesis.seed(seed)
        @quiet
        @hypothesis.given(case=strategy)
        def ask(case: Any) -> None:
            _ask(case, headers, tally)

        try:
            ask()
        except hypothesis.errors.Unsatisfiable:
            continue


def _ask(case: Any, headers: dict[str, str], tally: Tally) -> None:
    from schemathesis.core.failures import FailureGroup

    _aim(case)
    response = case.call(headers=headers)
    tally.cases += 1
    tally.statuses[response.status_code] += 1
    if response.elapsed > tally.slowest_s:
        tally.slowest_s, tally.slowest = response.elapsed, f"{case.method} {case.formatted_path} {case.query}"[:200]
    try:
        case.validate_response(response, headers=headers)
    except FailureGroup as group:
        for failure in group.exceptions:
            name = type(failure).__name__
            tally.failures[name] += 1
            tally.examples.setdefault(name, f"{case.method} {case.formatted_path} {case.query} -> {response.status_code}: {failure}"[:600])  # noqa: E501


def _aim(case: Any) -> None:
    """Most paths name something that exists, so that the code behind them is reached: three in four, by what the case holds."""
    parts = case.path_parameters
    dice = zlib.crc32(repr((parts, case.query)).encode("utf-8", "replace"))
    if not parts or dice % 4 == 0:
        return
    known = {"layer": LAYERS[dice % len(LAYERS)], "z": str(5 + dice % 12), "cell": CELLS[dice % len(CELLS)], "number": str(1 + dice % 9),  # noqa: E501
             "ref": "qpv2024:QN07501M", "code": "R-1", "resolution": str(4 + dice % 9)}
    z = int(known["z"])
    known |= {"x": str(int(0.5065 * 2**z)), "y": str(int(0.344 * 2**z))}
    case.path_parameters = {name: known.get(name, value) for name, value in parts.items()}


def run(folder: Path, cases: int, seed: int) -> Tally:
    """A small world, its service, and `cases` requests of a landlord."""
    from schemathesis.python.asgi import shutdown_lifespans

    from geoservice.web.app import create_app
    from tests.web.world import build

    world = build(folder)
    try:
        return fuzz(create_app(world.settings), world.rives, cases, seed)
    finally:
        shutdown_lifespans()  # schemathesis starts the application with the first request


def rows(tally: Tally, command: str) -> list[Figure]:
    """The scoreboard's rows."""

    def row(name: str, measured: float, unit: str, target: str, met: bool) -> Figure:
        return Figure(f"requests made by schemathesis: {name}", 3, measured, unit, None, None, None, target, met, command,
                      figures.today(), figures.commit())

    return [
        row("asked", tally.cases, "", "20,000", tally.cases >= 20_000),
        row("server errors", tally.server_errors, "", "0", tally.server_errors == 0),
        row("findings of the other checks", sum(tally.failures.values()), "", "0", not tally.failures),
        row("slowest answer", round(tally.slowest_s, 2), "s", "≤ 2", tally.slowest_s <= 2),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.hostile.fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        tally = run(Path(folder), arguments.cases, arguments.seed)
    print(f"{tally.cases} cases, statuses {dict(sorted(tally.statuses.items()))}")
    print(f"slowest {tally.slowest_s:.2f} s: {tally.slowest}")
    for name, number in tally.failures.most_common():
        print(f"{name}: {number}, for example {tally.examples[name]}")
    if arguments.cases >= 20_000:
        figures.save("fuzz", rows(tally, f"python -m tests.hostile.fuzz --cases {arguments.cases}"))
    return 1 if tally.server_errors else 0


if __name__ == "__main__":
    sys.exit(main())
