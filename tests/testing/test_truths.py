"""Each planted truth is found in the facts by direct counting, within the interval that the rates promise."""

from __future__ import annotations

import json

import numpy as np
import pytest

from geoservice.testing.frame import FRAME

EPOCH = np.datetime64("1970-01-01")


def day(value):
    return (np.datetime64(value) - EPOCH).astype(int)


def merged(town, kind, *columns):
    lists = [f for f in town.facts.values() if f.kind == kind]
    return [np.concatenate([f[c] for f in lists]) for c in columns]


def between(days, start, end):
    return (days >= day(start)) & (days < day(end))


def units_like(town, spot):
    """How many units of the same sort the town has: halls, or squares of 100 m with addresses."""
    return len(town.halls) if spot.kind == "bailleur" else next(d.units for d in town.truth.dispersions if d.kind == "ville")


def hot_spots(town):
    return town.truth.hot_spots


def test_hot_spots_are_as_hot_as_stated(town):
    foyers = [h for h in hot_spots(town) if h.role == "foyer"]
    assert len(foyers) == 5
    assert {h.kind for h in foyers} == {"bailleur", "ville"}
    for spot in hot_spots(town):
        units, categories, days = merged(town, spot.kind, "unit", "category", "day")
        # halls only: the same categories at the grounds of residences are another rate
        same = np.isin(units, [h.code for h in town.halls]) if spot.kind == "bailleur" else np.ones(len(units), dtype=bool)
        chosen = same & np.isin(categories, spot.categories) & between(days, spot.start, spot.end)
        here = chosen & np.isin(units, spot.units)
        n, total = here.sum(), units_like(town, spot)
        ratio = (n / len(spot.units)) / ((chosen.sum() - n) / (total - len(spot.units)))
        assert n in spot.expected_facts, spot.name
        assert ratio in spot.ratio, spot.name
        assert spot.role != "foyer" or ratio > 3


@pytest.mark.parametrize("rank", range(5))
def test_hot_spots_show_in_the_written_positions(town, rank):
    """Counting points within the radius, as anyone can, finds most of the expected facts (some lines give an address)."""
    spot = [h for h in hot_spots(town) if h.role == "foyer"][rank]
    lon, lat, categories, days = merged(town, spot.kind, "lon", "lat", "category", "day")
    centre = FRAME.metres(np.array([(spot.lon, spot.lat)]))[0]
    edge = 10 if spot.kind == "bailleur" else 70  # a square of 100 m reaches beyond its middle
    near = np.hypot(*(FRAME.metres(np.column_stack([lon, lat])) - centre).T) <= spot.radius_m + edge
    chosen = np.isin(categories, spot.categories) & between(days, spot.start, spot.end)
    assert (near & chosen).sum() >= 0.75 * spot.expected_facts.low
    for at in spot.positions:
        assert np.hypot(*(FRAME.metres(np.array([at]))[0] - centre)) <= spot.radius_m + 1


def test_hot_spots_of_a_period_are_cool_outside_it(town):
    spot = town.truth.hot_spot("véhicules de La Fonderie, un été")
    units, categories, days = merged(town, "ville", "unit", "category", "day")
    here = np.isin(units, spot.units) & np.isin(categories, spot.categories)
    during = between(days, spot.start, spot.end)
    assert (here & during).sum() / during_days(spot) > 8 * (here & ~during).sum() / (1096 - during_days(spot))


def during_days(spot):
    return (spot.end - spot.start).days


def test_hour_profile(town):
    truth = town.truth.hour_profile
    categories, minutes, ends = merged(town, truth.kind, "category", "minute", "end_day")
    known = minutes[(categories == truth.category) & (minutes >= 0) & (ends < 0)]
    hour = known // 60
    first, last = truth.hours
    assert len(known) > 1_000
    assert ((hour >= first) | (hour < last)).mean() in truth.share


def test_near_repeats(town):
    truth = town.truth.near_repeat
    lon, lat, categories, days = merged(town, truth.kind, "lon", "lat", "category", "day")
    mine = (categories == truth.category) & ~np.isnan(lon)
    points, when = FRAME.metres(np.column_stack([lon, lat]))[mine], days[mine]
    apart = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
    upper = np.triu_indices(len(points), 1)
    space, time = apart[upper] <= truth.distance_m, np.abs(when[:, None] - when[None])[upper] <= truth.days
    ratio = (space & time).sum() / (space.mean() * time.mean() * len(space))
    assert ratio in truth.ratio
    assert truth.ratio.low > 1.3
    shuffled = np.random.default_rng(5).permutation(when)  # without the link between place and time there is no excess
    calm = np.abs(shuffled[:, None] - shuffled[None])[upper] <= truth.days
    assert 0.8 < (space & calm).sum() / (space.mean() * calm.mean() * len(space)) < 1.2


def test_a_source_falls_silent(town):
    truth = town.truth.silence
    facts = town.facts[truth.organisation]
    residence, _, _ = np.char.partition(facts["unit"], "-").T
    mine = residence == truth.residence
    after = facts["day"] >= day(truth.start)
    assert (mine & ~after).sum() in truth.expected_before
    assert (mine & after).sum() == 0
    assert (~mine & after).sum() > 500
    assert truth.lost.low > 50


def test_a_complaint_ratio_falls_while_facts_do_not(town):
    truth = town.truth.complaint_fall
    facts = town.facts[truth.organisation]
    mine, filled = facts["residence"] == truth.residence, facts["complaint"] != ""
    before = facts["day"] < day(truth.change)
    shares = [(facts["complaint"][mine & filled & when] == "oui").mean() for when in (before, ~before)]
    assert shares[0] in truth.before
    assert shares[1] in truth.after
    assert truth.after.high < truth.before.low
    spans = (truth.change - town.truth.start).days, (town.truth.end - truth.change).days
    pace = ((mine & ~before).sum() / spans[1]) / ((mine & before).sum() / spans[0])
    assert pace in truth.facts_ratio
    assert pace > 0.8


def year_counts(town, lever, residences):
    units, categories, days = merged(town, "bailleur", "unit", "category", "day")
    mine = np.isin(np.char.partition(units, "-")[:, 0], residences) & np.isin(categories, lever.categories)
    start = day(lever.start)
    return ((mine & (days >= start) & (days < start + 365)).sum(), (mine & (days < start) & (days >= start - 365)).sum())


@pytest.mark.parametrize("outcome", ["worked", "displaced"])
def test_levers_act_where_they_stand(town, outcome):
    lever = town.truth.lever(outcome)
    after, before = year_counts(town, lever, [lever.residence])
    control_after, control_before = year_counts(town, lever, lever.controls)
    assert after / before in lever.effect
    assert (after / before) / (control_after / control_before) in lever.relative
    assert lever.factor in lever.relative
    assert lever.relative.high < 0.95
    assert 0.7 < control_after / control_before < 1.4


def test_only_the_displaced_lever_sends_its_facts_next_door(town):
    lever = town.truth.lever("displaced")
    after, before = year_counts(town, lever, [lever.to])
    lost = np.subtract(*year_counts(town, lever, [lever.residence]))
    assert after / before in lever.arrival
    assert after - before > 0.4 * -lost > 0
    assert town.truth.lever("worked").to is None


def test_counts_are_over_dispersed(town):
    assert {d.kind for d in town.truth.dispersions} == {"bailleur", "ville"}
    for truth in town.truth.dispersions:
        units = merged(town, truth.kind, "unit")[0]
        if truth.unit == "hall":
            units = units[np.isin(units, [h.code for h in town.halls])]
        counts = np.unique(units, return_counts=True)[1]
        counts = np.concatenate([counts, np.zeros(truth.units - len(counts))])
        ratio = counts.var(ddof=1) / counts.mean()
        assert ratio > 2
        assert ratio in truth.ratio


def test_quiet_halls_follow_practice(town):
    """Without planted places, most halls see nobody in a given month (OPH93, June 2010: 84 %)."""
    elevated = {u for h in hot_spots(town) if h.kind == "bailleur" for u in h.units} | set(town.truth.occasional_halls)
    quiet = [h.code for h in town.halls if h.code not in elevated]
    units, categories, days = merged(town, "bailleur", "unit", "category", "day")
    rows = np.isin(units, quiet) & (categories == "OCC")
    months = days[rows].astype("datetime64[D]").astype("datetime64[M]").astype(int)
    busy = len(set(zip(units[rows].tolist(), months.tolist(), strict=True)))
    assert 0.7 < 1 - busy / (36 * len(quiet)) < 0.95
    assert 5 <= len(town.truth.occasional_halls) <= 25


def test_truths_are_written_with_rates_and_totals(town, written):
    content = json.loads(written.truth.read_text(encoding="utf-8"))
    assert content["truth"]["silence"]["residence"] == town.truth.silence.residence
    assert len(content["truth"]["hot_spots"]) == len(town.truth.hot_spots)
    assert content["totals"]["ville"]["rows"] == len(town.facts["ville"])
    assert {r["category"] for r in content["rates"]["bailleur"]} >= {"OCC", "AGP", "VOL"}
