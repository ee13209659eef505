"""`python -m tests.attack`: the attacks through HTTP at their full size; writes docs/figures/attack.json.

`--only A6` runs one part and replaces its rows; `--small` tries the size of `make slow`, and writes nothing.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace

from tests.attack import campaign, campaign_surface, campaign_time, worlds
from tests.attack.client import without_threads
from tests.bench import figures
from tests.bench.figures import Figure

PARTS = ("A1", "A4", "A7", "A9", "small_town", "agglomeration", "paris")


def rows_of(part: str, size: campaign.Size) -> list[Figure]:
    """The figures of one part."""
    if part == "A1":
        return campaign.paired(size)
    if part == "A4":
        return campaign.reconstructed(size)
    if part == "A7":
        return campaign_time.rolled("agglomeration" if size.releases > 12 else "small_town", size)
    if part == "A9":
        return campaign_time.beside("small_town", size)
    if part == "paris" and worlds.paris_missing():
        print(worlds.paris_missing(), file=sys.stderr)
        return []
    town = campaign_surface.town(campaign_surface.world(part))
    many = size.tape if part == "small_town" else size.tape // 10
    return [*campaign_surface.audited(town), *campaign_surface.replayed(town), *campaign_surface.useful(town),
            *campaign_surface.estimated(town), *campaign_time.accumulated(town), *campaign_time.revised(town),
            *(campaign_surface.tipped(town) if part != "paris" else ()), *campaign_surface.asked(town, many, size)]


def main() -> int:
    parser = argparse.ArgumentParser(prog=campaign.COMMAND, description=__doc__)
    parser.add_argument("--only", action="append", choices=PARTS)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="of A1 and A4: what is not done by then is left out")
    given = parser.parse_args()
    size, failed = replace(campaign.SMALL if given.small else campaign.LARGE, processes=given.processes,
                           until=time.time() + 60 * given.minutes), 0
    with without_threads():
        for part in given.only or PARTS:
            rows = rows_of(part, size)
            print(figures.show(rows), flush=True)
            if not given.small:
                campaign.keep(rows)
            failed += sum(not found.met for found in rows)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
