"""Halls of known state: which state does the census show, how often does it flicker?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from geoservice.core.observatory import halls
from geoservice.core.observatory.halls import STATES, UNKNOWN, WORDS, Seen
from geoservice.operations.census import months_ending, told
from geoservice.operations.census_rules import rules
from tests.bench.figures import Figure
from tests.observatory.frame import Run, Told, figure
from tests.observatory.plan import PLAN, stream

SETUP = PLAN["halls"]
LAST = 20_757  # 2026-10-31


@dataclass(frozen=True, eq=False)
class World:
    """Halls with a latent state a month (halls, months), their facts, and the reports of residences; `silent` (halls,).

    `counts` (halls, natures): facts of the last 12 months; `starts` of all months drawn, as those of `reports`.
    """

    latent: np.ndarray
    counts: np.ndarray
    seen: Seen
    reports: np.ndarray
    home: np.ndarray
    silent: np.ndarray
    starts: np.ndarray


def world(draw: int) -> World:
    """Halls drawn with latent states at the shares of the plan, and what is reported of them."""
    rng, known = stream(0, draw), rules()
    count, earlier = SETUP["halls"], known.remembered + known.present
    starts = months_ending(LAST, known.months + earlier)
    months = len(starts) - 1
    latent = np.repeat(rng.choice(4, count, p=_shares())[:, None], months, axis=1)
    change = rng.random(count) < SETUP["changes"]
    latent[change, earlier + known.months // 2:] = rng.choice(4, change.sum(), p=_shares())[:, None]
    home = np.arange(count) // SETUP["a_residence"]
    silent = (rng.random(home[-1] + 1) < SETUP["silent_residences"])[home]
    means = np.array([SETUP["facts"][state] for state in STATES])[latent]  # halls, months, natures
    noise = rng.gamma(SETUP["shape"], 1 / SETUP["shape"], count)[:, None] * rng.gamma(
        SETUP["month_shape"], 1 / SETUP["month_shape"], (count, months))
    means = means * noise[:, :, None]
    means[silent, -SETUP["silent_months"]:] = 0
    hall, month, nature = np.nonzero(number := rng.poisson(means))
    hall, month, nature = (np.repeat(each, number[hall, month, nature]) for each in (hall, month, nature))
    day = starts[month] + (rng.random(len(month)) * np.diff(starts)[month]).astype(np.int64)
    reports = np.bincount(home[hall] * months + month, minlength=(home[-1] + 1) * months).reshape(-1, months)
    return World(latent[:, earlier:], number[:, -12:].sum(axis=1), Seen(hall, day, nature + 1), reports, home, silent, starts)


def _shares() -> np.ndarray:
    shares = np.array([SETUP["shares"][state] for state in STATES])
    return shares / shares.sum()


def shown(found: World) -> np.ndarray:
    """What the census shows of a world, month by month."""
    known = rules()
    days = halls.days_with(found.seen, found.starts, len(found.home), len(known.acts))
    looks = halls.rolling(days, known.window)[..., known.remembered + known.present:]
    exposure = np.full(found.home[-1] + 1, 60.0)
    reporting = told(found.reports, exposure, known)[found.home]
    return halls.settled(halls.raw(looks, known.grid), reporting, known.up, known.down)


def judged(counts: np.ndarray) -> np.ndarray:
    """The likeliest state to somebody who knows the means of the plan and reads 12 months: what can be told at all; (n,)."""
    means = 12 * np.array([SETUP["facts"][state] for state in STATES])
    shape = SETUP["shape"]
    told_by = counts @ np.log(means).T - (shape + counts.sum(axis=1))[:, None] * np.log(shape + means.sum(axis=1))
    return told_by.argmax(axis=1)


@dataclass
class Score:
    """Halls by truth (rows) and state shown (columns), in the order of WORDS; the same by the judge who knows the means (4, 4);
    changes shown, and months, where nothing changed."""

    table: np.ndarray
    judge: np.ndarray
    flickers: int = 0
    steady: int = 0


def score(runs: int) -> Score:
    """Worlds drawn and judged at their end."""
    total = Score(np.zeros((5, 5), np.int64), np.zeros((5, 5), np.int64))
    for draw in range(runs):
        found = world(draw)
        states = shown(found)
        truth = np.where(found.silent, UNKNOWN, found.latent[:, -1])
        total.table += halls.transitions(truth, states[:, -1])
        total.judge += halls.transitions(truth, judged(found.counts))
        same = (found.latent == found.latent[:, :1]).all(axis=1) & ~found.silent
        both = states[same]
        known = (both[:, 1:] >= 0) & (both[:, :-1] >= 0)
        total.flickers += int(((both[:, 1:] != both[:, :-1]) & known).sum())
        total.steady += int(known.sum())
    return total


def figures(run: Run) -> list[Figure]:
    """Accuracy by state beside that of a judge who knows the means, and flicker."""
    runs = run.runs(SETUP["towns"])
    found, bars = score(runs), SETUP["bars"]
    rows = [_row(found, row, word, runs) for row, word in enumerate(WORDS)]
    flicker = found.flickers / found.steady
    return [*rows, figure("halls", Told("changes of state shown a hall and month where the truth never changes", 100 * flicker,
                                        f"≤ {100 * bars['flicker']:g} %", flicker <= bars["flicker"]))]


def _row(found: Score, row: int, word: str, runs: int) -> Figure:
    line, bar = found.table[row], SETUP["bars"][word]
    share = line[row] / line.sum()
    others = ", ".join(f"{100 * n / line.sum():.1f} % {other}" for other, n in zip(WORDS, line.tolist(), strict=True)
                       if n and other != word) or "nothing else"
    told_so = f"halls truly {word} shown {word} ({line.sum():,} halls of {runs} draws of {SETUP['halls']:,}; else {others})"
    best = found.judge[row, row] / found.judge[row].sum()
    peer = None if word == "inconnu" else ("a judge who knows the mean rates of each state and reads 12 months", 100 * best)
    return figure("halls", Told(told_so, 100 * share, f"≥ {100 * bar:g} %", share >= bar, peer=peer))
