"""States the truths from the intensities: what a direct count of the facts must find."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoservice.testing import planting as p
from geoservice.testing.frame import FRAME
from geoservice.testing.housing import Residence
from geoservice.testing.process import Intensity, Plant
from geoservice.testing.rates import NO_COMPLAINT
from geoservice.testing.truths import Band, ComplaintFall, Dispersion, HourProfile, Lever, NearRepeat, Silence

YEAR = 365


@dataclass(frozen=True)
class Works:
    """A lever on the drawing: slot, start, factor, slots of the controls, and where facts went."""

    name: str
    lever: str
    slot: str
    start: int
    factor: float
    controls: tuple[str, ...]
    to: str | None = None
    moved: float = 0.0


def works(cal: p.Calendar) -> tuple[Works, Works]:
    return (Works("contrôle d’accès et éclairage", "contrôle d’accès", p.LEVER, cal.back(510), p.LEVER_FACTOR, p.LEVER_CONTROLS),
            Works("fermeture du hall traversant", "fermeture", p.PUSHED, cal.back(590), p.PUSHED_FACTOR, p.PUSHED_CONTROLS,
                  p.PUSHED_TO, p.PUSHED_SHARE))


def lever(w: Works, found: Intensity, residences: tuple[Residence, ...]) -> Lever:
    def counts(*keys: str) -> tuple[float, float]:
        mask = np.logical_or.reduce([p.halls_of(found.units, residences, k) for k in keys])
        before = found.expected(mask, ("OCC",), max(w.start - YEAR, int(found.days[0])), w.start)
        return found.expected(mask, ("OCC",), w.start, w.start + YEAR), before

    r = residences[p.rank_of(residences, w.slot)]
    after, before = counts(w.slot)
    control_after, control_before = counts(*w.controls)
    effect = p.ratio_band(after, before)
    one = p.ratio_band(after, before, control_after, control_before)
    share = control_after / control_before
    relative = Band(*(p.rounded(x / share) for x in (one.value, one.low, one.high)))
    lon, lat = FRAME.lonlat(np.array([(r.x, r.y)]))[0].tolist()
    code = {k: residences[p.rank_of(residences, k)].code for k in (*w.controls, *([w.to] if w.to else []))}
    return Lever(w.name, "displaced" if w.to else "worked", w.lever, r.owner.code, r.code, lon, lat, p.date_of(w.start),
                 ("OCC",), w.factor, tuple(code[k] for k in w.controls), effect, relative, code[w.to] if w.to else None,
                 w.moved, p.ratio_band(*counts(w.to)) if w.to else None)


def silence(plant: Plant, found: Intensity, residences: tuple[Residence, ...]) -> Silence:
    r = residences[p.rank_of(residences, p.SILENT)]
    before = found.expected(plant.units, None, int(found.days[0]), plant.first)
    lost = found.expected(plant.units, None, plant.first, plant.last)
    return Silence(r.owner.code, r.code, p.date_of(plant.first), p.poisson_band(before), p.poisson_band(lost))


def complaint_fall(cal: p.Calendar, found: Intensity, residences: tuple[Residence, ...]) -> ComplaintFall:
    r = residences[p.rank_of(residences, p.COMPLAINTS)]
    mine, change = p.halls_of(found.units, residences, p.COMPLAINTS, grounds=True), cal.back(545)
    before = found.expected(mine, None, cal.first, change)
    after = found.expected(mine, None, change, cal.last)
    pace = (cal.last - change) / (change - cal.first)
    facts = p.ratio_band(after, before)
    filled = 0.8 * (1 - NO_COMPLAINT)  # lines that name the residence and say yes or no, at least
    return ComplaintFall(r.owner.code, r.code, p.date_of(change), share_band(p.COMPLAINT_BEFORE, before * filled),
                         share_band(p.COMPLAINT_AFTER, after * filled),
                         Band(*(p.rounded(x / pace) for x in (facts.value, facts.low, facts.high))))


def share_band(share: float, count: float) -> Band:
    spread = 4 * np.sqrt(share * (1 - share) / max(count, 1.0))
    return Band(*map(p.rounded, (share, max(0.0, share - spread), min(1.0, share + spread))))


def hour_profile(found: Intensity) -> HourProfile:
    rate = next(r for r in found.rates if r.category == "OCC")
    everywhere = np.ones(len(found.units), dtype=bool)
    count = found.expected(everywhere, ("OCC",), int(found.days[0]), int(found.days[-1]) + 1)
    start, end, share = rate.hours[0]
    return HourProfile("bailleur", "OCC", (start, end), share_band(share, count * 0.85))


def dispersion(kind: str, unit: str, found: Intensity) -> Dispersion:
    """Variance over mean of Poisson counts with the means of the units: 1 + var / mean of the means."""
    means = found.mean[found.units.at == unit].sum(axis=(1, 2))
    value = 1 + means.var(ddof=1) / means.mean()
    return Dispersion(kind, unit, len(means), Band(p.rounded(value), p.rounded(max(2.0, value * 0.7)), p.rounded(value * 1.4)))


def near_repeat(points: NDArray, days: NDArray, planted: int) -> NearRepeat:
    """The Knox ratio to expect: chance pairs if place and time were independent, plus the planted pairs.

    Shape of the argument: parents alone have close pairs by chance S·T / P; each planted pair adds one.
    """
    space = close_pairs(points, p.REPEAT_M)
    total = len(points) * (len(points) - 1) / 2
    gap = np.abs(days[:, None] - days[None, :])
    time = ((gap <= p.REPEAT_DAYS).sum() - len(days)) / 2
    chance = space * time / total
    value = 1 + planted / chance
    low, high = 1 + 0.5 * planted / chance, 1 + 2.2 * planted / chance
    return NearRepeat("bailleur", "VOL", p.REPEAT_M, p.REPEAT_DAYS, p.OFFSPRING, planted,
                      Band(*map(p.rounded, (value, low, high))))


def close_pairs(points: NDArray, distance: float) -> int:
    gap = np.hypot(points[:, None, 0] - points[None, :, 0], points[:, None, 1] - points[None, :, 1])
    return int(((gap <= distance).sum() - len(points)) / 2)
