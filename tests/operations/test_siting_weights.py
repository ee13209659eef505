"""What guides a plan: hours at risk and hot-spot excess, on a street of which both are known; what is said of weak evidence."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from geoservice.core.query import FactQuery
from geoservice.core.stats.given import NotEnough
from geoservice.operations import analyse, hotareas, siting
from geoservice.operations.reader import Reader, open_reader
from geoservice.operations.sitingasked import Asked
from geoservice.types import Category, Kind
from tests.operations import hotworld
from tests.operations.hotworld import FIRST_DAY
from tests.operations.test_siting import BOX, QUERY, at, block

DOOR, COURT = at(20.0, 11.0), at(20.0, -12.0)


def world(folder: Path, facts: hotworld.Facts) -> Reader:
    made = hotworld.reader(folder, facts, Kind.BAILLEUR, commune=0.02, homes={"R1": (*at(20, 5), 40)})
    storage = made.shelf.storage
    hotworld.put(storage, "batiments", {"B1": ("", "", block(0, 0, 40, 10), {"height": 15.0})})
    return open_reader(storage, made.catalog, made.viewer)


def timed(facts: hotworld.Facts, place: tuple[float, float], hours: list[int], spans: list[int], day: int) -> None:
    many = len(hours)
    facts.add(np.full(many, place[0]), np.full(many, place[1]), days=np.full(many, FIRST_DAY + day), category=Category.VOL)
    facts.columns[-1] |= {"hour": np.array(hours), "span": np.array(spans)}


@pytest.fixture(scope="module")
def hours(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """At the door thirty facts of one evening hour, in the court four facts of four hours; five have no hour or an interval."""
    facts = hotworld.new()
    timed(facts, DOOR, [22] * 30, [0] * 30, 1)
    timed(facts, COURT, [20, 21, 22, 23], [0] * 4, 1)
    timed(facts, COURT, [24, 24, 24, 20, 21], [0, 0, 0, 2, 5], 2)
    return world(tmp_path_factory.mktemp("hours"), facts)


def test_hours_at_risk_prefer_many_hours_to_many_facts(hours: Reader) -> None:
    by_facts = siting.plan(hours, Asked(QUERY, cameras=1))
    by_hours = siting.plan(hours, Asked(QUERY, cameras=1, weights="hours"))
    assert (by_facts.covered, by_facts.value) == (30, 30)
    assert (by_hours.covered, by_hours.value) == (9, 4)
    assert (by_facts.seen.unweighed, by_hours.seen.unweighed) == (0, 5)
    assert siting.plan(hours, Asked(QUERY, cameras=2, weights="hours")).value == 5
    assert by_hours.status == "optimal"


def test_without_a_known_hour_there_is_a_sentence(tmp_path: Path) -> None:
    facts = hotworld.new()
    timed(facts, DOOR, [24, 20], [0, 3], 1)
    with pytest.raises(NotEnough, match="à l’heure près"):
        siting.plan(world(tmp_path, facts), Asked(QUERY, weights="hours"))


@pytest.fixture(scope="module")
def hot(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """A town of scattered facts with a knot of them around the street."""
    facts = hotworld.new(3).scattered(400)
    for north, many in ((14.0, 60), (-14.0, 40)):
        east, more = facts.rng.uniform(2, 38, many), facts.rng.uniform(-3, 3, many)
        facts.add(*np.array([at(*place) for place in zip(east, north + more, strict=True)]).T)
    return world(tmp_path_factory.mktemp("hot"), facts)


def test_excess_is_what_the_hot_areas_hold_beyond_chance(hot: Reader) -> None:
    """Weights are the facts of the place by the excess share of its area, as the hot spots of the whole town tell it."""
    found = siting.plan(hot, Asked(QUERY, cameras=2, weights="excess"))
    areas = hotareas.hot_areas(hot, analyse.analyse(hot, FactQuery(Kind.BAILLEUR))).areas
    assert areas[0].verdict.verdict in ("solide", "fragile")
    share = areas[0].numbers.excess / areas[0].numbers.observed
    assert 0.3 < share < 1
    assert set(found.seen.weights.round(6)) <= {0.0, round(share, 6)}
    assert found.value == pytest.approx(found.covered * share, rel=1e-6)
    assert 40 <= found.covered <= found.seen.facts.sum()
    assert found.seen.unweighed == int(found.seen.facts[found.seen.weights == 0].sum())


def test_without_a_hot_area_there_is_a_sentence(hot: Reader, hours: Reader) -> None:
    """Far from the knot; and where there are too few facts for any hot spot."""
    facts = siting.chosen(hot, FactQuery(Kind.BAILLEUR))
    lon, lat = facts.column("lon") / 1e7, facts.column("lat") / 1e7
    far = int(np.argmax(np.hypot(lon - DOOR[0], lat - DOOR[1])))
    with pytest.raises(NotEnough, match=r"point chaud|Aucun bâtiment|Aucune façade"):
        siting.plan(hot, Asked(QUERY.with_(bbox=siting.sitingground.widened(siting.Box(*([lon[far], lat[far]] * 2)), 50.0)),
                               weights="excess"))
    with pytest.raises(NotEnough, match="Pesez les faits autrement"):
        siting.plan(hours, Asked(QUERY.with_(categories=(Category.VOL,)), weights="excess"))


def test_weak_evidence_is_said_of_the_plan_itself_with_its_source(tmp_path: Path, hours: Reader) -> None:
    facts = hotworld.new()
    for category, many in ((Category.BRU, 6), (Category.VEH, 4)):
        facts.add(np.full(many, DOOR[0]), np.full(many, DOOR[1]), category=category)
    found = siting.plan(world(tmp_path, facts), Asked(FactQuery(Kind.BAILLEUR, bbox=BOX), cameras=1))
    assert len(found.warnings) == 1
    assert "6 de ces 10 faits" in found.warnings[0]
    assert "Piza" in found.warnings[0]
    assert not siting.plan(hours, Asked(QUERY, cameras=1)).warnings, "thefts"
