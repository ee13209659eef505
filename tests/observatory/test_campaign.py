"""A small size of the campaign, with bars wide enough for its chance; and what every figure must be."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest

from geoservice.core.observatory.halls import WORDS
from tests.bench import figures
from tests.observatory import halls, measures, silence, spill
from tests.observatory.__main__ import PARTS
from tests.observatory.frame import Run
from tests.observatory.plan import PLAN


@pytest.mark.slow
def test_halls_of_known_state_are_shown_in_it():
    found = halls.score(2)
    share = np.diag(found.table) / found.table.sum(axis=1)
    for word, least in (("vert", 0.94), ("jaune", 0.6), ("orange", 0.6), ("rouge", 0.6), ("inconnu", 0.95)):
        assert share[WORDS.index(word)] > least, (word, share)
    assert found.table[4, :4].sum() <= 0.05 * found.table[4].sum()  # nobody reports: hardly ever a colour
    assert found.flickers / found.steady < 0.03


@pytest.mark.slow
def test_a_park_without_silence_is_rarely_alarmed():
    park = next(each for each in silence.PARKS if (each.size, each.mean, each.month_shape) == (200, 12.0, 10.0))
    calm, loud = silence.judge(park, False, 20), silence.judge(park, True, 10)
    assert calm.alarmed <= 3
    assert loud.found > 0.4 * loud.judged > 10
    assert loud.false <= 0.1 * loud.alarms + 2


def test_a_town_without_silence_has_none():
    assert silence.towns(2).alarmed <= 1


def test_displacement_is_told_where_it_was_planted():
    assert spill.told(True, 3) == 3
    assert spill.told(False, 10) <= 3


@pytest.mark.slow
def test_intervals_of_the_reporting_rate_hold_the_truth_also_where_lists_depend():
    rows = measures.capture(Run(0.1))
    assert [row.measured >= 85 for row in rows] == [True, True]


@pytest.mark.slow
def test_the_planted_fall_of_complaints_is_found_alone():
    planted, others = measures.tired(Run(0.05))[-2:]
    assert planted.met
    assert others.measured == 0


def test_ordinary_residences_stay_in_the_funnel_and_without_an_order():
    assert all(row.met for row in measures.outliers(Run(0.1)))


@pytest.mark.parametrize("part", PARTS)
def test_a_part_tells_its_figures_under_its_own_name(part):
    assert hasattr(import_module(f"tests.observatory.{part}"), "figures")
    for row in figures.load().get("observatory", []):
        assert row["id"].partition(":")[0] in PARTS
        assert row["command"] == "python -m tests.observatory"


@pytest.mark.slow
def test_the_whole_campaign_in_a_tenth():
    for part in ("halls", "spill", "silence", "measures"):
        assert import_module(f"tests.observatory.{part}").figures(Run(0.1))


def test_shares_of_the_plan_are_those_that_were_counted():
    shares = PLAN["halls"]["shares"]
    assert sum(shares.values()) == pytest.approx(1, abs=1e-3)
    assert shares["orange"] + shares["rouge"] == pytest.approx(0.0787, abs=1e-4)  # « daily » of OPH93
