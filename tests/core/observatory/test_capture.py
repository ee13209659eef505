"""Matching by hand, Chapman by hand, intervals that hold the truth, and reasons where there is nothing to say."""

from __future__ import annotations

import numpy as np
import pytest

from geoservice.core.observatory.capture import captured, estimated, from_counts
from geoservice.core.observatory.matching import FAMILY, Sighted, Window, chance, matched
from geoservice.core.stats.given import NotEnough
from geoservice.types import Category, code_of
from tests.observatory.lists import town

DEG, OCC, BRU, TEC = (code_of(each) for each in (Category.DEG, Category.OCC, Category.BRU, Category.TEC))


def seen(*facts: tuple[float, float, int, int]) -> Sighted:
    table = np.array(facts, dtype=float).reshape(-1, 4)
    return Sighted(table[:, :2], table[:, 2].astype(np.int64), table[:, 3].astype(np.uint8))


def pairs(first: Sighted, second: Sighted, window: Window = Window(50.0, 5)) -> list[tuple[int, int]]:
    found = matched(first, second, window)
    return sorted(zip(found.first.tolist(), found.second.tolist(), strict=True))


@pytest.mark.parametrize(("other", "same"), [
    ((0.0, 0.0, 100, DEG), True), ((30.0, 40.0, 100, DEG), True), ((30.0, 41.0, 100, DEG), False),
    ((0.0, 0.0, 105, DEG), True), ((0.0, 0.0, 106, DEG), False), ((0.0, 0.0, 95, DEG), True), ((0.0, 0.0, 100, OCC), False)])
def test_the_window(other: tuple, same: bool) -> None:
    assert pairs(seen((0.0, 0.0, 100, DEG)), seen(other)) == ([(0, 0)] if same else [])


def test_words_of_one_family_may_be_one_fact_and_what_has_none_never_is() -> None:
    assert pairs(seen((0, 0, 9, OCC)), seen((0, 0, 9, BRU))) == [(0, 0)]
    assert FAMILY[TEC] == 0
    assert pairs(seen((0, 0, 9, TEC)), seen((0, 0, 9, TEC))) == []


def test_each_fact_is_matched_once_and_the_closest_first() -> None:
    first = seen((0, 0, 100, DEG), (0, 0, 100, DEG))
    assert pairs(first, seen((10, 0, 100, DEG))) == [(0, 0)]
    # the second of the first list is nearest to the only fact that the first could also take
    assert pairs(seen((0, 0, 100, DEG), (20, 0, 100, DEG)), seen((19, 0, 100, DEG), (45, 0, 100, DEG))) == [(0, 1), (1, 0)]


def test_matching_is_the_greedy_one() -> None:
    random = np.random.default_rng(8)
    first, second = (Sighted(random.uniform(0, 300, (80, 2)).round(1), random.integers(0, 30, 80),
                             random.choice([OCC, BRU, DEG], 80)) for _ in range(2))
    window, cost = Window(60.0, 4), {}
    for i in range(80):
        for j in range(80):
            metres, days = np.hypot(*(first.xy[i] - second.xy[j])), abs(int(first.day[i] - second.day[j]))
            if metres <= 60 and days <= 4 and FAMILY[first.category[i]] == FAMILY[second.category[j]]:
                cost[i, j] = (metres / 60) ** 2 + (days / 4) ** 2 + 0.25 * (first.category[i] != second.category[j])
    wanted: list[tuple[int, int]] = []
    for (i, j), _ in sorted(cost.items(), key=lambda item: (item[1], item[0])):
        if all(i != a and j != b for a, b in wanted):
            wanted.append((i, j))
    assert len(wanted) > 20
    assert pairs(first, second, window) == sorted(wanted)


def test_chance_is_what_remains_when_one_list_is_moved() -> None:
    random = np.random.default_rng(9)
    first, second = (Sighted(random.uniform(0, 200, (300, 2)), random.integers(0, 365, 300), np.full(300, DEG))
                     for _ in range(2))
    moved = chance(first, second, (0, 364))
    assert len(moved) == 16
    assert np.mean(moved) == pytest.approx(len(matched(first, second)), rel=0.2)


def test_chapman_by_hand() -> None:
    found = from_counts(100, 60, 30)
    assert found.total == pytest.approx(101 * 61 / 31 - 1)
    assert found.seen == 130
    assert found.rate == pytest.approx(130 / (101 * 61 / 31 - 1))
    # Sadinle 2009, by hand: 129.5 + 70.5 * 30.5 / 30.5 * exp(± 1.96 * sqrt(1/70.5 + 2/30.5 + 30.5/(70.5*30.5)))
    half = 1.959964 * (1 / 70.5 + 2 / 30.5 + 1 / 70.5) ** 0.5
    assert (found.total_low, found.total_high) == pytest.approx((129.5 + 70.5 * np.exp(-half), 129.5 + 70.5 * np.exp(half)))
    assert found.rate_low < found.rate < found.rate_high <= 1


def test_what_chance_gives_is_taken_out_and_widens_the_interval() -> None:
    plain, noisy = from_counts(100, 60, 30), from_counts(100, 60, 36, (10, 12, 14))
    assert noisy.both + 12 * (1 - noisy.both / 100) * (1 - noisy.both / 60) == pytest.approx(36)
    assert noisy.matches == 36
    assert noisy.rate_high - noisy.rate_low > plain.rate_high - plain.rate_low


@pytest.mark.parametrize(("counts", "code"), [((100, 60, 3, (0,)), "peu_de_recoupements"),
                                              ((400, 300, 60, (50, 52, 48)), "hasard")])
def test_lists_that_say_nothing_say_why(counts: tuple, code: str) -> None:
    with pytest.raises(NotEnough) as why:
        from_counts(*counts)
    assert why.value.code == code


def test_short_lists_say_why() -> None:
    with pytest.raises(NotEnough, match="au moins 30"):
        estimated(seen((0, 0, 1, DEG)), seen((0, 0, 1, DEG)), (0, 364))


def test_a_town_is_estimated_within_its_interval_and_a_dependence_moves_it() -> None:
    some = town(3)
    found = captured(some.first, some.second, some.days)
    assert found.estimate.rate_low <= some.rate <= found.estimate.rate_high
    assert found.estimate.both == pytest.approx(some.both, rel=0.15)
    assert [row.value for row in found.odds] == [0.5, 1.0, 1.5, 2.0, 3.0]
    assert sorted((row.rate for row in found.odds), reverse=True) == [row.rate for row in found.odds]
    assert found.odds[1].rate == pytest.approx(found.estimate.rate)
    assert [row.value for row in found.windows] == [0.5, 1.0, 2.0]
