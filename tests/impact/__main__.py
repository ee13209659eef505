"""What is said of an effect, on towns whose truth is known: `python -m tests.impact` (or `make impact`).

Writes docs/figures/impact.json, and the page. The plans are `tests/core/impact/towns*.toml`, fixed before anything was looked at.
"""

from __future__ import annotations

import argparse

from tests.bench import figures
from tests.bench.figures import Figure
from tests.core.impact import campaign
from tests.core.impact.campaign import Share
from tests.core.impact.towns import FILES, plan

COMMAND = "python -m tests.impact"


def main() -> None:
    """Every campaign; with --only some, whose rows alone are measured anew."""
    parser = argparse.ArgumentParser(prog="python -m tests.impact", description=__doc__)
    parser.add_argument("--only", choices=list(FILES), action="append", help="these campaigns; rows of others stay as they are")
    chosen = parser.parse_args().only or list(FILES)
    found = [row for name in chosen for row in rows(name)]
    print(figures.show(found), flush=True)
    kept = [Figure(**row) for row in figures.load().get("impact", []) if row["id"].partition(":")[0] not in chosen]
    figures.save("impact", kept + found)


def rows(name: str) -> list[Figure]:
    """The rows of one campaign."""
    wanted = plan(name)["wanted"]
    low, high = wanted["coverage"]
    found = [
        _row(name, "95 % intervals of the effect that hold the truth", campaign.covered(name), f"{low:.0%} to {high:.0%}",
             lambda part: low <= part <= high),
        _row(name, "“it worked” where nothing was prevented", campaign.false_successes(name), f"≤ {wanted['false_success']:.0%}",
             lambda part: part <= wanted["false_success"]),
        _row(name, "“it worked” where 40 or 60 % were prevented", campaign.successes(name, 0.4), "told, no promise",
             lambda part: True),
        _row(name, "displacement taken for diffusion, or the other way round", campaign.mistaken(name), "≤ 2.5 %",
             lambda part: part <= 0.025),
    ]
    gates = (("the formula", True), ("the simulated gate", False)) if name == "impact-1" else (("the simulated gate", False),)
    return found + [
        _row(name, f"displacement and diffusion told apart where {gate} said it was possible", campaign.told_apart(name, formula),
             f"≥ {wanted['told_apart']:.0%}", lambda part: part >= wanted["told_apart"]) for gate, formula in gates]


def _row(name: str, what: str, share: Share, target: str, met: object) -> Figure:
    measured = 100 * share.part if share.of else 0.0
    return Figure(f"{name}: {what} ({share.found:,} of {share.of:,} towns)", 7, round(measured, 2), "%", None, None, None, target,
                  bool(share.of and met(share.part)), COMMAND, figures.today(), figures.commit())  # type: ignore[operator]


if __name__ == "__main__":
    main()
