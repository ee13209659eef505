"""Each class on series built for it, in the words of docs/METHODS.md; every series has exactly one class."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoservice.core.stats.emerging import CODES, DEFINITIONS, EPISODES, FEWEST, MOSTLY, emerging
from geoservice.core.stats.given import NotEnough
from geoservice.errors import BadInput

METHODS = Path(__file__).resolve().parents[3] / "docs" / "METHODS.md"
FLAT = (2, 3, 2, 3, 3, 2, 3, 2, 2, 3, 2, 3)
RISING, FALLING = tuple(range(1, 13)), tuple(range(12, 0, -1))

CASES = [
    ("aucun", "............", FLAT), ("aucun", "............", RISING),
    ("nouveau", "...........#", FLAT), ("nouveau", "...........#", RISING),
    ("consecutif", "..........##", FLAT), ("consecutif", "....########", FLAT),
    ("persistant", "############", FLAT), ("persistant", "...#########", FLAT), ("persistant", "##.###.##.##", FLAT),
    ("intensifie", "############", RISING), ("intensifie", "...#########", RISING),
    ("en_recul", "############", FALLING), ("en_recul", "##.###.##.##", FALLING),
    ("historique", "########....", FLAT), ("historique", "###########.", FLAT), ("historique", "###.........", FALLING),
    ("oscillant", "#..#..#.....", FLAT), ("oscillant", "##..##..##..", FLAT), ("oscillant", "#....#.....#", FLAT),
    ("sporadique", "#...........", FLAT), ("sporadique", "....##......", FLAT), ("sporadique", ".#.........#", FLAT),
    ("sporadique", "##..........", FLAT), ("sporadique", "......###...", FLAT),
]


def flags(text: str) -> np.ndarray:
    return np.array([mark == "#" for mark in text])


@pytest.mark.parametrize(("code", "text", "statistic"), CASES)
def test_each_class_on_its_series(code, text, statistic):
    assert emerging(flags(text)[None], np.array(statistic, dtype=float)[None]).codes() == [code]


def test_every_class_is_shown_and_documented():
    assert {case[0] for case in CASES} == set(CODES)
    text = METHODS.read_text(encoding="utf-8")
    for definition in DEFINITIONS:
        assert re.search(rf"^\| `{definition.code}` ", text, re.MULTILINE), definition.code
        assert definition.sentence.endswith(".")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=4, max_size=16))
def test_the_rules_again_one_series_at_a_time(series):
    """The definitions as METHODS.md words them, written a second time without arrays."""
    hot, values = [flag for flag, _ in series], [float(value) for _, value in series]
    found = emerging(np.array([hot]), np.array([values]))
    number, periods = sum(hot), len(hot)
    episodes = sum(flag and (step == 0 or not hot[step - 1]) for step, flag in enumerate(hot))
    way = 0 if found.p[0] > 0.05 else 1 if found.z[0] > 0 else -1
    if number == 0:
        expected = "aucun"
    elif hot[-1] and number >= MOSTLY * periods:
        expected = {1: "intensifie", 0: "persistant", -1: "en_recul"}[way]
    elif hot[-1] and number == 1:
        expected = "nouveau"
    elif hot[-1] and episodes == 1:
        expected = "consecutif"
    elif not hot[-1] and number >= FEWEST and number >= MOSTLY * (max(step for step in range(periods) if hot[step]) + 1):
        expected = "historique"
    else:
        expected = "oscillant" if episodes >= EPISODES else "sporadique"
    assert found.codes() == [expected]
    assert found.hot_periods.tolist() == [number]


def test_many_units_are_units_one_by_one():
    draw = np.random.default_rng(6)
    hot, values = draw.random((300, 12)) < draw.random((300, 1)), draw.normal(size=(300, 12))
    together = emerging(hot, values).codes()
    assert together == [emerging(hot[[row]], values[[row]]).codes()[0] for row in range(300)]
    assert len(set(together)) >= 6


def test_an_empty_territory_has_no_classes():
    assert emerging(np.zeros((0, 6), dtype=bool), np.zeros((0, 6))).codes() == []


def test_three_periods_are_not_enough():
    with pytest.raises(NotEnough, match="au moins 4 périodes"):
        emerging(np.ones((2, 3), dtype=bool), np.ones((2, 3)))


@pytest.mark.parametrize(("hot", "values"), [
    (np.ones((1, 5)), np.ones((1, 5))), (np.ones((1, 5), dtype=bool), np.ones((1, 6))),
    (np.ones((1, 5), dtype=bool), np.full((1, 5), np.nan)), (np.ones(5, dtype=bool), np.ones(5)),
])
def test_what_cannot_be_is_refused(hot, values):
    with pytest.raises(BadInput):
        emerging(hot, values)
