"""Hot spots through a reader: planted ones are found where they are, and each sort of artefact is called by its name."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from geoservice.core import grid
from geoservice.core.query import FactQuery
from geoservice.core.stats import hotspots
from geoservice.operations import unevenness
from geoservice.operations.analyse import Wanted, analyse, chance, method
from geoservice.operations.hotareas import hot_areas
from geoservice.operations.hotcards import hot_card
from geoservice.operations.steadiness import steadiness
from geoservice.types import Kind, Nature, Placement
from tests.operations import hotworld
from tests.operations.hotworld import FIRST_DAY, MIDDLE

QUERY = FactQuery(Kind.VILLE, resolution=10)
SPOT = (MIDDLE[0] + 0.008, MIDDLE[1] + 0.005)
NEAR = 0.0008  # degrees: about a hexagon of resolution 10


def town(folder, seed=1, many=150, **spot):
    """2,000 facts anywhere and some in one place, as `spot` says they were recorded."""
    facts = hotworld.new(seed).scattered(2_000)
    return hotworld.reader(folder / "data", facts.add(*facts.around(SPOT, many, NEAR), **spot), commune=0.02)


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    return town(tmp_path_factory.mktemp("planted"))


def spot_cell(resolution=10) -> int:
    return int(grid.parents(grid.index(*np.array([SPOT]).T), resolution)[0])


def test_what_was_planted_is_found_where_it_is(planted):
    found = analyse(planted, QUERY)
    areas = hot_areas(planted, found)
    assert areas.total == len(areas.areas) == 1
    area = areas.areas[0]
    assert spot_cell() in found.area.cells[area.rows]
    assert np.hypot(*(np.array(area.centre) - SPOT)) < 0.002
    assert area.numbers.observed >= 150
    assert area.numbers.low <= area.numbers.expected <= area.numbers.high < area.numbers.observed
    assert 1.5 < area.numbers.ratio_low < area.numbers.ratio < area.numbers.ratio_high
    assert (area.verdict.verdict, area.rank) == ("solide", 1)
    assert "découpages" in area.verdict.sentence  # stability was not looked at, and the sentence does not claim it


def test_the_card_says_what_the_list_says_and_more(planted):
    quick = hot_card(planted, spot_cell(), QUERY, Wanted(), checked=False)
    card = hot_card(planted, spot_cell(), QUERY, Wanted(), checked=True)
    area = hot_areas(planted, analyse(planted, QUERY)).areas[0]
    assert quick.numbers == card.numbers == area.numbers
    assert (quick.steady, card.steady.variants, len(card.steady.hot)) == (None, 27, 1)
    assert card.steady.hot[0] >= 24
    assert card.verdict.verdict == "solide"
    assert "tous les contrôles" in card.verdict.sentence
    assert steadiness(planted, analyse(planted, QUERY)) is card.steady  # kept for the next card


def test_a_quiet_cell_is_no_hot_spot_and_one_outside_is_unknown(planted):
    quiet = hot_card(planted, int(grid.parents(grid.index(*np.array([MIDDLE]).T), 10)[0]), QUERY, Wanted(), checked=True)
    assert (quiet.verdict.verdict, quiet.area, quiet.why) == ("pas un point chaud", None, None)
    assert quiet.numbers.q > 0.05
    away = hot_card(planted, int(grid.parents(grid.index(np.array([2.0]), np.array([48.0])), 10)[0]), QUERY, Wanted(), False)
    assert (away.numbers, away.reason.code) == (None, "hors_zone")


@pytest.mark.parametrize(("spot", "resolution", "verdict", "code"), [
    ({"many": 500, "nature": Nature.CONSTAT_VIDEO}, 10, "artefact probable", "releveur_unique"),
    ({"days": np.full(150, FIRST_DAY + 40)}, 10, "fragile", "un_jour"),
    ({"placement": Placement.RESIDENCE}, 11, "fragile", "place_grossiere"),
])
def test_the_way_of_recording_is_told_from_what_happened(tmp_path, spot, resolution, verdict, code):
    found = town(tmp_path, **spot)
    area = hot_areas(found, analyse(found, QUERY.with_(resolution=resolution))).areas[0]
    assert area.verdict.verdict == verdict
    assert code in {reason.code for reason in area.reasons}
    assert [reason.code for reason in area.reasons][:2] == ["preuve", "effet"]


def test_facts_stacked_on_a_default_point_are_an_artefact(tmp_path):
    facts = hotworld.new(6).scattered(2_000).add(np.full(150, SPOT[0]), np.full(150, SPOT[1]))
    found = hotworld.reader(tmp_path / "data", facts, commune=0.02)
    area = hot_areas(found, analyse(found, QUERY)).areas[0]
    assert (area.verdict.verdict, area.reasons[2].code) == ("artefact probable", "pile")


def test_without_anything_planted_nothing_is_hot(tmp_path):
    even = hotworld.reader(tmp_path / "data", hotworld.new(7).scattered(2_000), commune=0.02)
    for resolution in (9, 10, 11):
        found = analyse(even, QUERY.with_(resolution=resolution))
        assert found.found is not None
        assert hot_areas(even, found).areas == ()


def test_too_little_is_an_answer(planted):
    from geoservice.types import Category

    for query in (QUERY.with_(categories=(Category.BRU,)),
                  QUERY.with_(since=date(2024, 1, 1), until=date(2024, 1, 2), hours=(3, 5)),
                  QUERY.with_(resolution=4)):
        found = analyse(planted, query)
        assert found.found is None
        assert found.reason.sentence.endswith(".")
        assert method(found).index_version
        assert hot_areas(planted, found).areas == ()
        assert hot_card(planted, spot_cell(), query, Wanted(), True).reason is not None


def test_a_register_of_residences_is_tested_by_residence(tmp_path):
    """A landlord's facts lie on the middles of residences: forty residences, one of them four times as busy a dwelling."""
    facts = hotworld.new(8)
    places = {f"R{number:02d}": (MIDDLE[0] + 0.004 * (number % 8), MIDDLE[1] + 0.003 * (number // 8)) for number in range(40)}
    for number, (code, (lon, lat)) in enumerate(places.items()):
        many = int(facts.rng.poisson(30 if number != 17 else 240))
        facts.add(np.full(many, lon), np.full(many, lat), code, Placement.RESIDENCE)
    homes = {code: (lon, lat, 60 if code != "R39" else None) for code, (lon, lat) in places.items()}
    found = hotworld.reader(tmp_path / "data", facts, Kind.BAILLEUR, homes=homes)
    analysis = analyse(found, FactQuery(Kind.BAILLEUR, resolution=10))
    assert (analysis.unit, analysis.used, len(analysis.area)) == ("residence", "dwellings", 39)
    areas = hot_areas(found, analysis).areas
    assert [area.name for area in areas] == ["Résidence R17"]
    assert areas[0].verdict.verdict == "solide"  # a stack is no artefact where residences are what is tested
    lon, lat = places["R17"]
    card = hot_card(found, int(grid.parents(grid.index(np.array([lon]), np.array([lat])), 10)[0]),
                    FactQuery(Kind.BAILLEUR, resolution=10), Wanted(), True)
    assert (card.steady.hot, card.steady.variants) == ((3,), 3)
    by_area = analyse(found, FactQuery(Kind.BAILLEUR, resolution=12), Wanted("area"))
    assert (by_area.unit, by_area.reason.code) == ("cell", "resolution_trop_fine")


def test_ranges_of_chance_are_those_of_the_test(planted):
    found = analyse(planted, QUERY).found
    rows = np.arange(0, len(found.observed), 40)
    low, high = chance(found)
    exact_low, exact_high = hotspots.interval(found, rows)
    assert len(rows) > 10
    assert np.abs(low[rows] - exact_low).max() <= 1
    assert np.abs(high[rows] - exact_high).max() <= 2


def test_near_repeats_take_fewer_facts_where_they_are_close_together(tmp_path):
    """An estate's register: all pairs are near, and half a million of them are enough."""
    close = hotworld.reader(tmp_path / "close", hotworld.new(9).scattered(3_000, 0.001))
    found = unevenness.repeats(close, FactQuery(Kind.VILLE))
    assert unevenness.FEWEST_FACTS <= found.used < 1_200 < found.total
    assert found.found.observed.sum() <= 2 * unevenness.MOST_PAIRS
    wide = hotworld.reader(tmp_path / "wide", hotworld.new(9).scattered(3_000, 0.03))
    assert unevenness.repeats(wide, FactQuery(Kind.VILLE)).used == 3_000


def test_an_area_is_where_the_facts_are(planted):
    """Hot cells without facts of their own take in the cells that make them hot; what holds nothing at all is no area."""
    from dataclasses import replace

    from geoservice.operations.hotareas import together

    found = analyse(planted, QUERY)
    here = int(np.flatnonzero(found.area.cells == np.uint64(spot_cell()))[0])
    near = found.area.neighbours
    around = near.indices[near.indptr[here]:near.indptr[here + 1]]
    ring = around[around != here]
    counts = np.zeros_like(found.counts)
    counts[ring[0]] = 30
    hot = np.zeros(len(counts), dtype=bool)
    hot[here] = True
    empty = replace(found, counts=counts, found=replace(found.found, hot=hot))
    assert [sorted(rows.tolist()) for rows in together(empty)] == [sorted([here, int(ring[0])])]
    assert together(replace(empty, counts=np.zeros_like(counts))) == []
