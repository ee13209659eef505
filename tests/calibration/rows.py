"""From simulated maps to rows of the scoreboard: each part of the campaign tells its figures and adds its lines to the table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import NamedTuple

import numpy as np

from geoservice.core.stats.hotspots import Options
from tests.bench import figures
from tests.bench.figures import Figure
from tests.calibration import null, power, published, real
from tests.calibration.null import Alarms
from tests.calibration.worlds import SETUP, World

COMMAND = "python -m tests.calibration"


class Line(NamedTuple):
    """One line of the table beside the scoreboard."""

    part: str
    world: str
    runs: int
    way: str
    false_maps: float
    low: float | str = ""
    high: float | str = ""
    undecided: int | str = ""
    disks_found: float | str = ""
    cells_found: float | str = ""
    false_cells: float | str = ""


@dataclass(frozen=True)
class Run:
    """How much of the campaign is done, and the table it fills."""

    part: float
    table: list[Line]

    def runs(self, full: int) -> int:
        return max(5, round(full * self.part))


def bar(run: Run) -> list[Figure]:
    """Maps without clusters: our test in each world of the bar, and beyond it."""
    inside = null.campaign("null", run.runs(SETUP["first_runs"]), run.runs(SETUP["more_runs"]))
    beyond = null.campaign("beyond", run.runs(SETUP["first_runs"]), run.runs(SETUP["more_runs"]))
    small = null.campaign("small", run.runs(SETUP["first_runs"]), run.runs(SETUP["more_runs"]))
    parts = (("null", inside), ("small", small), ("beyond", beyond))
    run.table.extend(_null_line(part, found) for part, many in parts for found in many)
    out = []
    for kind, some in groupby(inside, key=lambda found: (found.world.area, found.world.exposure, found.world.shape)):
        out.append(_bar_row(f"{kind[0]}, {kind[1]} exposure, {kind[2]} gamma shape", list(some)))
    few = "maps of 13 to 60 units, means 0.5 to 50"
    return [*out, _bar_row("all of them", inside), _bar_row(few, small), _beyond_row(beyond)]


def _null_line(part: str, found: Alarms) -> Line:
    low, high = found.interval
    return Line(part, found.world.name, found.runs, "ours", round(found.share, 5), round(low, 5), round(high, 5),
                found.undecided)


def _bar_row(name: str, some: list[Alarms]) -> Figure:
    worst = max(some, key=lambda found: found.share)
    low, high = worst.interval
    world = (f"mean {worst.world.mean:g}, variance/mean {worst.world.ratio:g}, {worst.runs} maps, "
             f"95 % from {100 * low:.1f} to {100 * high:.1f} %")
    return _figure(f"null maps with a false hot spot, worst of {len(some)} worlds, means 0.05 to 50 × variance/mean 1 to 30: "
                   f"{name} ({world})", 100 * worst.share, "≤ 5 %", worst.share <= 0.05)


def _beyond_row(some: list[Alarms]) -> Figure:
    worst = max(some, key=lambda found: found.share)
    return _figure(f"beyond the bar: lognormal-Poisson noise, worst of {len(some)} worlds (mean {worst.world.mean:g}, "
                   f"variance/mean {worst.world.ratio:g}); false there if a lone cell with a long tail is no hot spot",
                   100 * worst.share,
                   "≤ 5 %", worst.share <= 0.05)


def finding(run: Run) -> list[Figure]:
    """null_calibration of checks.json, again."""
    known = real.published()["null_calibration"]
    out, maps = [], run.runs(SETUP["published"]["runs"])
    for number, mean in enumerate(known["mean_per_cell"]):
        found = published.row(float(mean), number, maps)
        gi, binomial = known["analytic_gi_star_two_sided"][number], known["exact_binomial"][number]
        for way in ("gi", "gi_upper", "binomial", "ours"):
            run.table.append(Line("published", f"Poisson, mean {mean:g}", maps, way, round(getattr(found, way), 5)))
        out += [_compared(f"analytic Gi* two-sided, mean {mean:g}", found.gi, gi, maps),
                _compared(f"exact binomial, mean {mean:g}", found.binomial, binomial, maps)]
    return out


def _compared(name: str, share: float, reference: float, maps: int) -> Figure:
    return _figure(f"Poisson maps with a false hot spot: {name} ({maps} maps)", 100 * share, "checks.json ± 3 standard errors",
                   published.agrees(share, maps, reference), "checks.json", 100 * reference)


def found_power(run: Run) -> list[Figure]:
    """Planted disks found, beside rivals as they are and rivals whose bar was put where each world has 5 % of false alarms."""
    maps, out = run.runs(power.SETTING["runs"]), []
    for world, plantings in groupby(power.plantings(), key=lambda planting: planting.world):
        ways = power.finders(world, maps)
        silent = {name: power.false_maps(world, way, maps) for name, way in ways.items()}
        seen: dict[str, list[float]] = {name: [] for name in ways}
        for planting in plantings:
            for name, way in ways.items():
                some = power.power(planting, way, maps)
                seen[name].append(some.disks)
                run.table.append(Line("power", planting.name, maps, name, round(silent[name], 5),
                                      disks_found=round(some.disks, 4), cells_found=round(some.cells, 4),
                                      false_cells=round(some.false_cells, 5)))
        out += _power_rows(world, silent, {name: 100 * float(np.mean(some)) for name, some in seen.items()})
    return out


def _power_rows(world: World, silent: dict[str, float], seen: dict[str, float]) -> list[Figure]:
    """Beside each rival, set to 5 % by somebody who knows the world; as it is, its false alarms are told in the name."""
    return [_figure(f"planted disks found (radius 1 and 2, 2 and 4 times), mean {world.mean:g}, variance/mean {world.ratio:g}; "
                    f"empty maps with an alarm: ours {100 * silent['ours']:.0f} %, {rival} as published "
                    f"{100 * silent[rival]:.0f} %", seen["ours"], "≥ the rival set to 5 % by one who knows the noise",
                    seen["ours"] >= seen[rival + power.FAIR], rival + power.FAIR, seen[rival + power.FAIR])
            for rival in (power.GI, power.SCAN)]


def city(run: Run) -> list[Figure]:
    """real_map_flagged_share of checks.json, again, and what ours flags; nothing where the real data are not there."""
    out = []
    for row in real.published()["real_map_flagged_share"]["rows"] if real.present() else []:
        paris = real.city_map(row["res"], row["category"])
        name = f"Paris, resolution {row['res']}, {row['category']}, {paris.counts.sum():,} facts, {len(paris.counts):,} cells"
        shares = {"binomial": real.flagged(paris, Options(null="binomial", floor=0.0))[0],
                  "nb": real.flagged_by_moments(paris), "gi": real.flagged_by_gi(paris),
                  "permutation": real.flagged(paris, Options(null="permutation", floor=0.0))[0]}
        out += [_figure(f"cells called hot: {name}, {way}", 100 * share, "checks.json ± 1.5 points",
                        abs(share - row[way]) <= 0.015, "checks.json", 100 * row[way]) for way, share in shares.items()]
        ours, dispersion = real.flagged(paris, Options())
        told = f", dispersion {dispersion.ratio:.1f} to {dispersion.ratio_high:.1f}" if dispersion else ""
        out.append(_figure(f"cells called hot: {name}, ours (variance/mean {paris.ratio:.1f}{told})", 100 * ours,
                           "≤ the binomial", ours <= shares["binomial"], "exact binomial", 100 * shares["binomial"]))
        run.table.extend(Line("real", name, 1, way, round(share, 5)) for way, share in (shares | {"ours": ours}).items())
    return out


def _figure(name: str, measured: float, target: str, met: bool, peer: str | None = None,
            peer_measured: float | None = None) -> Figure:
    ratio = None if peer_measured is None else _ratio(measured, peer_measured)
    return Figure(name, 4, float(np.round(measured, 4)), "%", peer, peer_measured, ratio, target, bool(met), COMMAND,
                  figures.today(), _commit())


def _ratio(measured: float, other: float) -> float:
    """Ours over the peer's; 1 where both are nothing."""
    return float(f"{measured / other:.4g}") if other else float(measured == other)


@cache
def _commit() -> str:
    """The commit when the campaign began: it is long, and others go on working."""
    return figures.commit()


PARTS = (finding, city, found_power, bar)
