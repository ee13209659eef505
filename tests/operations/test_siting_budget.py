"""Money instead of a number of cameras: what it pays on each support, and what is said when it does not."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from geoservice.catalog import supports
from geoservice.catalog.schema import BadInput
from geoservice.operations import siting, sitingcost
from geoservice.operations.reader import Reader, open_reader
from geoservice.operations.sitingasked import Asked
from tests.operations import hotworld
from tests.operations.test_siting import BOX, COURT, DOOR, MANY, QUERY, at, shapely, world


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return world(tmp_path_factory.mktemp("street"))


def test_a_budget_pays_as_many_cameras_as_their_upper_price_allows(street: Reader) -> None:
    facade = supports.load().of("facade").high
    for many, covered in ((1, MANY[DOOR]), (2, MANY[DOOR] + MANY[COURT]), (9, MANY[DOOR] + MANY[COURT])):
        found = siting.plan(street, Asked(QUERY, budget=many * facade))
        assert (found.status, found.covered) == ("optimal", covered)
        assert len(found.cameras) == min(many, 2), "no camera that adds nothing"
        assert found.answers[0].high <= many * facade
    both = siting.plan(street, Asked(QUERY, budget=9 * facade, cameras=1))
    assert (len(both.cameras), both.covered) == (1, MANY[DOOR])


def test_dear_places_are_left_for_cheap_ones(street: Reader) -> None:
    """A mast in the court sees what a façade sees: money for two façades buys no mast."""
    mast = at(20, -8)
    asked = Asked(QUERY, budget=25_000, points=(mast,))
    found = siting.plan(street, asked)
    assert found.covered == MANY[DOOR] + MANY[COURT]
    assert "point" not in {each.kind for each in found.cameras}
    alone = siting.plan(street, Asked(QUERY, budget=25_000, points=(mast,), sites="points"))
    assert (alone.answers[0].low, alone.answers[0].high) == (12_000, 25_000)


def test_a_budget_plan_is_that_of_brute_force(street: Reader) -> None:
    """All sets of five sites of unlike prices, one best view each: none that the money pays is worth more."""
    asked = Asked(QUERY, budget=40_000, sites="points",
                  points=(at(5, 8), at(35, 8), at(20, -8), at(2, -9.5), at(38, 2)))
    found = siting.plan(street, asked)
    problem = siting._problem(asked, found.seen, found.sites, found.existing.on)
    values = [problem.value(np.array(some, dtype=np.int64)) for size in range(4)
              for some in combinations(range(len(problem.cost)), size) if problem.allowed(np.array(some, dtype=np.int64))]
    assert found.value == pytest.approx(max(values))
    assert len(set(problem.cost.tolist())) == 2


def test_too_little_money_is_explained(tmp_path: Path, street: Reader) -> None:
    poor = siting.plan(street, Asked(QUERY, budget=5_000))
    assert poor.cameras == ()
    assert "5 000" in poor.clash.replace("\u202f", " ")
    assert "12 000" in poor.clash.replace("\u202f", " ")
    reader = world(tmp_path)
    whole = shapely.box(BOX.west, BOX.south, BOX.east, BOX.north)
    hotworld.put(reader.shelf.storage, "qpv", {"QN1": ("Les Essais", "2024", whole, {})})
    reader = open_reader(reader.shelf.storage, reader.catalog, reader.viewer)
    few = siting.plan(reader, Asked(QUERY, budget=15_000, least=0.8))
    assert few.clash.replace("\u202f", " ").startswith("Il faut au moins 24 000 € (haut des fourchettes) pour voir 80 %")
    assert not any(each.films for each in few.answers)


def test_every_support_has_a_price_and_its_day(tmp_path: Path, street: Reader) -> None:
    known = supports.load()
    ground = siting.sitingground.around(street, *at(20, 5))
    places = ground.metres(np.array([at(20, 10.3), at(20, -30), at(0, 33), at(20, -0.2)]))
    kinds = ["facade", "point", "pole", "placed"]
    assert sitingcost.supports_of(street, ground, places, kinds) == ["facade", "new_pole", "existing_pole", "facade"]
    assert sitingcost.prices(street, ground, places, kinds)[:, 1].tolist() == [known.of(code).high for code in (
        "facade", "new_pole", "existing_pole", "facade")]
    assert "ordre de grandeur" in known.source
    wrong = tmp_path / "supports.toml"
    wrong.write_text(supports.FILE.read_text("utf-8").replace("low = 6000", "low = 60000"), "utf-8")
    with pytest.raises(BadInput, match="low is above high"):
        supports.load(wrong)
