"""Part of the campaign: what the observatory measures, in worlds whose truth is known (measures.toml, fixed beforehand)."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from geoservice.catalog.layers import load
from geoservice.core.observatory.capture import ODDS, captured, estimated, from_counts
from geoservice.core.observatory.complaints import ALARM, Lassitude, Period, fit, lassitude, ratios
from geoservice.core.query import FactQuery
from geoservice.core.stats.ranks import ranks
from geoservice.core.stats.rates import funnel, gamma_poisson
from geoservice.operations import accounts, complaints
from geoservice.operations.reader import open_reader
from geoservice.settings import Settings
from geoservice.testing.assembly import town as demo_town
from geoservice.testing.demo import load_town
from tests.bench.figures import Figure
from tests.observatory.frame import Run, Told, figure
from tests.observatory.lists import SETUP, town


def figures(run: Run) -> list[Figure]:
    """Everything of this part."""
    return [figure("measures", told) for some in (capture, gaps, tired, outliers) for told in some(run)]


def capture(run: Run) -> list[Told]:
    """Does the interval of the reporting rate hold the truth as often as it says?"""
    setup = SETUP["capture"]
    runs, (low, high) = run.runs(setup["towns"]), setup["target"]
    held, plain = zip(*(_holds(number) for number in range(runs)), strict=True)
    odds = setup["beyond_odds"]
    naive, told = zip(*(_holds_dependent(number, odds) for number in range(runs)), strict=True)
    target = f"{100 * low:.0f} to {100 * high:.0f} %"
    return [Told(f"95 % intervals of the reporting rate that hold the truth: two noisy lists of a town, {runs} towns "
                 f"(if chance matches are not taken out: {100 * np.mean(plain):.0f} %)", 100 * np.mean(held), target,
                 low <= np.mean(held) <= high),
            Told(f"the same where the lists depend on each other by an odds ratio of {odds:g}: the row of that hypothesis "
                 f"(the main interval, which supposes independence: {100 * np.mean(naive):.0f} %)", 100 * np.mean(told),
                 target, low <= np.mean(told) <= high)]


def _holds(number: int) -> tuple[bool, bool]:
    """Whether the interval holds the truth, and whether it would if every match were true."""
    some = town(number)
    found = estimated(some.first, some.second, some.days)
    plain = from_counts(found.first, found.second, found.matches)
    return found.rate_low <= some.rate <= found.rate_high, plain.rate_low <= some.rate <= plain.rate_high


def _holds_dependent(number: int, odds: float) -> tuple[bool, bool]:
    some = town(number, odds)
    found = captured(some.first, some.second, some.days)
    row = found.odds[ODDS.index(odds)]
    assert row.rate_low is not None
    assert row.rate_high is not None
    return found.estimate.rate_low <= some.rate <= found.estimate.rate_high, row.rate_low <= some.rate <= row.rate_high


def gaps(run: Run) -> list[Told]:
    """Do intervals of complaints per fact hold the truth?"""
    setup = SETUP["ratios"]
    runs = run.runs(setup["runs"])
    shares = {(size, strength): _held(size, strength, runs) for size in setup["residences"] for strength in setup["strength"]}
    worst = min(shares, key=shares.__getitem__)
    rates = {(size, shape): _held_rates(size, shape, runs) for size in setup["residences"] for shape in SETUP["rates"]["shape"]}
    low = min(rates, key=rates.__getitem__)
    return [Told(f"95 % intervals of a residence's facts per dwelling that hold the truth, worst of {len(rates)} worlds "
                 f"({low[0]} residences, gamma of shape {low[1]:g}; {runs} landlords each)", 100 * rates[low],
                 f"≥ {100 * SETUP['rates']['held']:.0f} %", rates[low] >= SETUP["rates"]["held"]),
            Told(f"95 % intervals of a residence's complaints per fact that hold the truth, worst of {len(shares)} worlds "
                 f"({worst[0]} residences, ratios worth {worst[1]:g} facts; {runs} landlords each)", 100 * shares[worst],
                 f"≥ {100 * setup['held']:.0f} %", shares[worst] >= setup["held"])]


def _held(size: int, strength: float, runs: int) -> float:
    setup, held = SETUP["ratios"], []
    for number in range(runs):
        random = np.random.default_rng([setup["seed"], size, int(strength), number])
        asked = np.exp(random.uniform(*np.log(setup["facts"]), size)).astype(int)
        truth = random.beta(setup["mean"] * strength, (1 - setup["mean"]) * strength, size)
        found = ratios(random.binomial(asked, truth), asked)
        held.append((found.low <= truth) & (truth <= found.high))
    return float(np.concatenate(held).mean())


def _held_rates(size: int, shape: float, runs: int) -> float:
    setup, held = SETUP["funnel"], []
    for number in range(runs):
        random = np.random.default_rng([SETUP["rates"]["seed"], size, int(shape), number])
        dwellings = np.exp(random.uniform(*np.log(setup["dwellings"]), size)).round()
        truth = setup["rate"] * random.gamma(shape, 1 / shape, size)
        found = gamma_poisson(random.poisson(truth * dwellings), dwellings)
        held.append((found.low <= truth) & (truth <= found.high))
    return float(np.concatenate(held).mean())


def tired(run: Run) -> list[Told]:
    """Alarms of lassitude: in landlords without any change, with some, and in the demo's town."""
    setup = SETUP["complaints"]
    runs = run.runs(setup["runs"])
    calm = [_landlord(number, 0.0) for number in range(runs // 2)]
    moved = [_landlord(number, setup["changed"]) for number in range(runs // 2, runs)]
    alarms = np.concatenate([found.alarm for found, _ in calm])
    shown, truly = (np.concatenate(some) for some in zip(*((found.alarm, fell) for found, fell in moved), strict=True))
    wrong = (shown & ~truly).sum() / max(shown.sum(), 1)
    name = f"{len(calm)} landlords of {setup['residences']} residences"
    return [Told(f"residences alarmed for lassitude where no ratio changes: {name}", 100 * alarms.mean(),
                    f"≤ {100 * setup['false_alarms']:.0f} %", alarms.mean() <= setup["false_alarms"]),
            Told(f"false alarms among alarms where {100 * setup['changed']:.0f} % of ratios fall to a fifth: "
                    f"{name} (found: {100 * (shown & truly).sum() / truly.sum():.0f} % of the falls; 20 to 400 facts each)",
                    100 * wrong, f"≤ {100 * setup['false_share']:.0f} %", wrong <= setup["false_share"]), *_demo()]


def _landlord(number: int, changed: float) -> tuple[Lassitude, np.ndarray]:
    """A landlord with two years of facts, and which of its ratios truly fell."""
    setup = SETUP["complaints"]
    random, size = np.random.default_rng(setup["seed"] + number), setup["residences"]
    mean = np.exp(random.uniform(*np.log(setup["facts_a_period"]), size))
    strength = setup["ratio_strength"]
    ratio = random.beta(setup["ratio_mean"] * strength, (1 - setup["ratio_mean"]) * strength, size)
    fell = random.random(size) < changed
    periods = []
    for share in (ratio, np.where(fell, ratio * setup["fall"], ratio)):
        facts = random.poisson(mean * random.gamma(setup["facts_shape"], 1 / setup["facts_shape"], size))
        asked = random.binomial(facts, 0.94)
        periods.append(Period(random.binomial(asked, share), asked, facts, 365.0))
    before, after = periods
    return lassitude(before, after, fit(before.filed + after.filed, before.asked + after.asked)), fell


def _demo() -> list[Told]:
    """The one planted fall of the demo's town, and every other residence of its landlords."""
    made = demo_town()
    fall = made.truth.complaint_fall
    seen, others, alarms = 0.0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        storage = load_town(Settings(data=Path(folder) / "data"), made)
        for organisation in made.organisations:
            found = complaints.gap(open_reader(storage, load(), accounts.viewer_of_organisation(storage, organisation.code, "")),
                                   FactQuery())
            if found.lassitude is None:
                continue
            planted = np.array([organisation.code == fall.organisation and code == fall.residence for code in found.codes])
            seen += float(found.lassitude.both[planted].sum())
            others, alarms = others + int((~planted).sum()), alarms + int(found.lassitude.alarm[~planted].sum())
        storage.close()
    return [Told("posterior of the planted fall of complaints in the demo's town, the two halves of three years", seen,
                    f"> {ALARM}", seen > ALARM, ""),
            Told(f"alarms among the {others} other residences of the demo's landlords", alarms, "0", alarms == 0, "")]


def outliers(run: Run) -> list[Told]:
    """Residences outside the funnel, and orders shown, where no residence is special."""
    setup = SETUP["funnel"]
    runs = run.runs(setup["runs"])
    out = []
    for shape in setup["shape"]:
        outside, ordered = zip(*(_special(number, shape) for number in range(runs)), strict=True)
        world = "rates that vary as a gamma of shape 8" if shape < 1_000 else "one rate everywhere"
        name = f"{runs} landlords of {setup['residences']} residences, {world}"
        share = float(np.mean(np.concatenate(outside)))
        out.append(Told(f"residences outside the widened 99.8 % funnel though none is special: {name}", 100 * share,
                           f"≤ {100 * setup['outside']:.0f} %", share <= setup["outside"]))
        if shape > 1_000:
            out.append(Told(f"landlords whose residences are shown in an order though all rates are equal: {name}",
                               100 * float(np.mean(ordered)), f"≤ {100 * setup['league']:.0f} %",
                               float(np.mean(ordered)) <= setup["league"]))
    return out


def _special(number: int, shape: float) -> tuple[np.ndarray, bool]:
    setup = SETUP["funnel"]
    random, size = np.random.default_rng(setup["seed"] + number), setup["residences"]
    dwellings = np.exp(random.uniform(*np.log(setup["dwellings"]), size)).round()
    facts = random.poisson(setup["rate"] * dwellings * random.gamma(shape, 1 / shape, size))
    posterior = gamma_poisson(facts, dwellings)
    return funnel(facts, dwellings).outside != 0, ranks(posterior.shape, posterior.rate, number, draws=400).ranked
