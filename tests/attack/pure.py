"""`python -m tests.attack.pure`: publish the three worlds, attack them and the naive builds, write docs/figures/disclosure.json.

`--world small_town` measures one world and replaces its rows only. No HTTP: this is the design itself; its doors are attacked
elsewhere.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from geoservice.core.disclosure.bounds import Attacker, knowledge
from geoservice.core.disclosure.release import Published, changed, publish
from tests.attack import attacks, naive, ours, worlds
from tests.attack.attacks import Score
from tests.attack.worlds import World
from tests.bench import figures
from tests.bench.figures import Figure

COMMAND = "python -m tests.attack.pure"
NAMES = {"paris": "Dans Ma Rue, 36,422 facts, 14 organisations by nearest landlord",
         "agglomeration": "synthetic agglomeration, 24,000 facts in 3 years, 6 landlords",
         "small_town": "small town, 1,500 facts a year, 3 landlords"}
YEARS = {"paris": 2024, "agglomeration": 2025, "small_town": 2025}


def world(name: str) -> World:
    return worlds.paris() if name == "paris" else worlds.synthetic(name)


def row(name: str, measured: float, unit: str, target: str, met: bool, peer: tuple[str, float] | None = None) -> Figure:
    who, other = (peer[0], _short(peer[1])) if peer else (None, None)
    ratio = None if other is None else _short(measured / other) if other else 0.0
    return Figure(name, 5, _short(measured), unit, who, other, ratio, target, met, COMMAND, figures.today(), figures.commit())


def _short(value: float) -> float:
    return float(f"{value:.4g}")


def published(town: World) -> Iterator[Figure]:
    """Audit, its time, and utility of all years."""
    name = NAMES[town.name]
    wall, cpu = time.perf_counter(), time.process_time()
    done = publish(town.order(), town.facts, ours.SECRET, progress=_say)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{name}: published in {wall:.1f} s", flush=True)
    readings = [reading for report in done.reports for reading in report.verdict.readings]
    yield row(f"{name}: release with its audit, wall time", wall, "s", "≤ 120 s", wall <= 120)
    yield row(f"{name}: release with its audit, processor time", cpu, "s", "≤ 120 s", cpu <= 120)
    yield row(f"{name}: small nodes whose existence is proven or whose width is < 4, outsider and every organisation "
              f"({sum(reading.small for reading in readings):,} small nodes, least width {min(r.width for r in readings)}, "
              f"{sum(reading.near for reading in readings)} tried by the solver)",
              sum(reading.proven + reading.narrow for reading in readings), "nodes", "0",
              all(reading.proven + reading.narrow == 0 and reading.clean for reading in readings))
    hidden, lost = (sum(getattr(report.verdict, what) for report in done.reports) for what in ("hidden", "lost"))
    yield row(f"{name}: nodes hidden by repair", hidden, "nodes", "reported", True)
    yield row(f"{name}: places that lost their finest level", lost, "places", "reported", True)
    error = float(np.median([report.utility.error for report in done.reports]))
    yield row(f"{name}: median relative error of shown nodes of 20 facts and more", 100 * error, "%", "≤ 5 %", error <= 0.05)
    shown = sum(r.utility.shown * sum(w.facts for w in r.utility.families) for r in done.reports)
    shown /= sum(w.facts for r in done.reports for w in r.utility.families)
    yield row(f"{name}: facts shown over the published levels", 100 * shown, "%", "≥ 93 %", shown >= 0.93)
    for level in ("commune", "qpv", "r7", "r8", "r9"):
        yield from _level(name, level, done)


def _level(name: str, level: str, done: Published) -> Iterator[Figure]:
    """The year of all categories at one level: what a reader of the map sees first."""
    found = [worth for report in done.reports for worth in report.utility.families
             if (worth.family.level, worth.family.period, worth.family.detail) == (level, "year", "all")]
    if found:
        ranks = [worth.ranks for worth in found if worth.ranks == worth.ranks]
        kept = f", ranks {min(ranks):.3f}" if ranks else ""
        yield row(f"{name}: facts shown at {level}, year, all categories (worst year{kept}, top 30 kept "
                  f"{min(worth.top for worth in found):.0%})", 100 * min(worth.shown for worth in found), "%", "reported", True)


def attacked(town: World, quick: bool = False) -> list[Figure]:
    """The attacks of the notes, on the naive builds and on ours; quick: without the insiders of the naive build."""
    name, year = NAMES[town.name], YEARS[town.name]
    wide = naive.full_lattice(town, year)
    built = ours.build(town, year)
    same = ours.first_design(replace(built.found))
    rows = [*_thresholds(name, wide, quick)]
    for what, attack in (
        ("the mask as an oracle", lambda it: attacks.mask_as_oracle(it.found, it.counts, it.view)),
        ("equal noise", lambda it: attacks.equal_noise(it.found, it.counts, it.view, it.redraw())),
    ):
        rows += _certain(name, what, attack(built), {"first design, same lattice": attack(same),
                                                     "first design, full lattice": attack(ours.first_design(wide))})
    told, share = attacks.cumulative(*ours.totals(wide))
    pairs = ours.one_month_apart(built.found)
    rows.append(row(f"{name}: cumulative node, naive « since January »: small months of r9 whose existence is proven "
                    f"({told.right:,} of {told.claims:,} claims right)", 100 * share, "%", "> 0 %", told.certain > 0))
    rows.append(row(f"{name}: cumulative node: pairs of published periods one month apart", pairs, "pairs", "0", pairs == 0))
    print(f"{name}: {len(rows)} rows, now the revision", flush=True)
    rows += _revision(town, name, year, built)
    return rows


def _thresholds(name: str, wide: naive.Cube, quick: bool) -> Iterator[Figure]:
    counts = wide.counts()
    seen = naive.exact(wide, counts)
    known = knowledge(wide, counts, Attacker(None))
    outsider = attacks.prove(wide, naive.exact_start(known, seen), known)
    share = outsider.exact / outsider.small
    yield row(f"{name}: naive threshold, small counts proven exactly by an outsider", 100 * share, "%", "≥ 3 %", share >= 0.03)
    if not quick:
        worst = ours.worst_insider(wide, counts, seen, naive.exact_start)
        share = worst.exact / worst.small
        yield row(f"{name}: naive threshold, small counts proven exactly by the worst insider (of the three largest)",
                  100 * share, "%", "≥ 10 %", share >= 0.1)
    found = attacks.differencer(wide, counts, seen)
    yield row(f"{name}: naive threshold, scripted parent minus children: small counts, all right", found.certain, "counts", "> 0",
              found.certain > 0)


def _certain(name: str, what: str, mine: Score, broken: dict[str, Score]) -> Iterator[Figure]:
    for peer, score in broken.items():
        yield row(f"{name}: {what}: certain gains (ours: {mine.right:,} of {mine.claims:,} claims right; "
                  f"{peer}: {score.right:,} of {score.claims:,})", mine.certain, "gains", "0, and > 0 on the naive build",
                  mine.certain == 0 and score.certain > 0, (peer, score.certain))


def _revision(town: World, name: str, year: int, built: ours.Ours) -> Iterator[Figure]:
    before, after, late = ours.naive_revision(town, built.found, 3)
    told, base = attacks.changed_means_late(before, after, late)
    first, second, late = ours.late_revision(town, year, 3)
    mine, ground = attacks.changed_means_late(first.view, second.view, late)
    yield row(f"{name}: revision, 2 % of late facts: certain gains (ours: {mine.right:,} of {mine.claims:,} changed numbers hold "
              f"a late fact, base {ground:.2f}; same secret: {told.right:,} of {told.claims:,}, base {base:.2f})", mine.certain,
              "gains", "0, and > 0 on the naive build", mine.certain == 0 and told.certain > 0,
              ("consistent keys, same secret", told.certain))
    readings = [reading for report in second.published.reports for reading in report.verdict.readings]
    bad = sum(reading.proven + reading.narrow for reading in readings)
    hidden, near = sum(r.verdict.hidden for r in second.published.reports), sum(reading.near for reading in readings)
    yield row(f"{name}: revision audited with its predecessor: small nodes proven or narrower than 4 ({hidden} hidden, {near} "
              "tried by the solver)", bad, "nodes", "0", bad == 0)


def frozen(town: World, releases: int = 24) -> Figure:
    """Monthly releases, each with 2 % of facts that come late for months already out."""
    rng = np.random.default_rng(11)
    months = np.unique(town.facts.month)
    delay = np.where(rng.random(len(town.facts)) < 0.02, rng.integers(1, 12, len(town.facts)), 0)
    last = int(months[0]) + np.arange(releases)
    done: Published | None = None
    undeclared = 0
    for month in last.tolist():
        arrived = town.facts.take(town.facts.month + delay <= month)
        now = publish(town.order(last=month), arrived, ours.SECRET, previous=done)
        undeclared += len(changed(done.release, now.release)) if done else 0
        done = now
        print(f"month {month - last[0] + 1} of {releases}", flush=True)
    return row(f"{NAMES[town.name]}: {releases} monthly releases with late facts, changes of closed periods", undeclared,
               "periods", "0", undeclared == 0)


def _say(done: int, of: int, what: str) -> None:
    print(f"  {done}/{of} {what}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--world", choices=sorted(NAMES))
    only = parser.parse_args().world
    failed = 0
    for name in [only] if only else NAMES:
        if name == "paris" and worlds.paris_missing():
            print(worlds.paris_missing(), file=sys.stderr)
            continue
        town = world(name)
        rows = [*published(town), *attacked(town)]
        if name == "agglomeration":
            rows.append(frozen(town))
        keep(name, rows)
        print(figures.show(rows), flush=True)
        failed += sum(not found.met for found in rows)
    return 1 if failed else 0


def keep(name: str, rows: list[Figure]) -> None:
    """Replace the rows of one world."""
    others = [Figure(**held) for held in figures.load().get("disclosure", ()) if not held["id"].startswith(NAMES[name])]
    figures.save("disclosure", [*others, *rows])


if __name__ == "__main__":
    sys.exit(main())
