"""A plan of cameras on one street: what it may use, what it sees, what the law refuses, and what stands beside it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import shapely

from geoservice.core.query import FactQuery, parse
from geoservice.core.stats.given import NotEnough
from geoservice.errors import BadInput
from geoservice.operations import siting, sitingfield, sitingground
from geoservice.operations.reader import Reader, open_reader
from geoservice.operations.siting import Plan
from geoservice.operations.sitingasked import Asked
from geoservice.operations.sitingfield import Spot
from geoservice.types import Box, Category, Kind, Placement
from tests.operations import hotworld
from tests.operations.hotworld import MIDDLE

LON_M, LAT_M = 1 / (111_320 * np.cos(np.radians(MIDDLE[1]))), 1 / 111_320
DOOR, COURT, STREET, HIDDEN = (20.0, 11.0), (20.0, -12.0), (20.0, 30.0), (20.0, 200.0)
MANY = {DOOR: 40, COURT: 25, STREET: 30, HIDDEN: 10}


def at(x: float, y: float) -> tuple[float, float]:
    """Metres east and north of the middle as lon, lat."""
    return MIDDLE[0] + x * LON_M, MIDDLE[1] + y * LAT_M


def block(x: float, y: float, wide: float, deep: float) -> shapely.Polygon:
    """A rectangle from its south-west corner, in metres."""
    return shapely.Polygon([at(x, y), at(x + wide, y), at(x + wide, y + deep), at(x, y + deep)])


BOX = Box(*at(-60, -60), *at(100, 240))
QUERY = FactQuery(Kind.BAILLEUR, bbox=BOX)


def world(folder: Path, buildings: bool = True, many: dict[tuple[float, float], int] | None = None,
          turned: bool = False) -> Reader:
    """A residence of one block with a door to the north, a road beyond it, somebody else's block on its other side; facts at the
    door, in the court, on the road, and out of anybody's reach. turned: the same things, put in in another order."""
    facts, step = hotworld.new(), -1 if turned else 1
    for (x, y), number in list((MANY if many is None else many).items())[::step]:
        lon, lat = at(x, y)
        facts.add(np.full(number, lon), np.full(number, lat), category=Category.VOL if (x, y) == COURT else Category.OCC)
    lon, lat = at(20, 5)
    facts.add(np.full(7, lon), np.full(7, lat), placement=Placement.RESIDENCE)
    made = hotworld.reader(folder, facts, Kind.BAILLEUR, homes={"R1": (*at(20, 5), 40)})
    storage = made.shelf.storage
    if buildings:
        blocks = [("", "", block(0, 0, 40, 10), {"height": 15.0}), ("", "", block(0, 50, 40, 10), {})]
        hotworld.put(storage, "batiments", dict(zip(("B1", "B2"), blocks[::step], strict=True)))
    hotworld.put(storage, "voies", {"V1": ("Rue", "", shapely.LineString([at(-80, 30), at(120, 30)]), {"width_m": 10.0})})
    hotworld.put(storage, "eclairage", {f"L{x * step + 40}": ("", "", shapely.Point(at(x, 33)), {}) for x in (0, 20, 40)[::step]})
    return open_reader(storage, made.catalog, made.viewer)


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return world(tmp_path_factory.mktemp("street"))


@pytest.fixture(scope="module")
def landlord(street: Reader) -> Plan:
    return siting.plan(street, Asked(QUERY, cameras=2))


def test_a_plan_is_proven_and_sees_what_it_counts(landlord: Plan) -> None:
    assert landlord.status == "optimal"
    assert landlord.value == landlord.bound == landlord.covered == MANY[DOOR] + MANY[COURT]
    assert landlord.greedy <= landlord.value
    assert sum(each.facts for each in landlord.cameras) == landlord.covered
    assert landlord.share == landlord.covered / (sum(MANY.values()) + 7)


# one camera of a town, none in the middle: street lights on both sides see as much, and which it is hangs on no order of files
MIDST = tuple(at(x, y) for x, y in ((8, 28), (32, 28), (32, 70), (8, 70)))
ASKED = [Asked(QUERY, cameras=2), Asked(QUERY, cameras=1, operator="commune", separation_m=1.0, forbidden=(MIDST,)),
         Asked(QUERY, cameras=3, operator="commune", weights="gravity")]


def told(reader: Reader) -> str:
    """Every number of some plans."""
    def each(asked: Asked) -> list[object]:
        found = siting.plan(reader, asked)
        cameras = [(one.code, one.kind, one.facts, *vars(one.view.spot).values()) for one in found.cameras]
        return [found.status, found.value, found.bound, found.greedy, found.covered, cameras]

    return repr([each(asked) for asked in ASKED])


def test_the_same_data_are_the_same_plan_in_any_order_and_any_process(street: Reader, tmp_path: Path) -> None:
    here = told(street)
    assert "optimal" in here
    code = f"import sys; from pathlib import Path; from tests.operations import test_siting as here; " \
           f"print(here.told(here.world(Path({str(tmp_path / 'turned')!r}), turned=True)))"
    other = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert other.stdout.strip() == here
    siting._plans._values.clear()
    assert told(street) == here, "and again, worked out anew"


def test_facts_that_cannot_guide_are_counted_by_their_reason(landlord: Plan) -> None:
    assert landlord.seen.left_out == {"vague": 7, "inside": 0, "street": MANY[STREET], "buried": 0}
    assert landlord.seen.facts.sum() == MANY[DOOR] + MANY[COURT] + MANY[HIDDEN]
    assert landlord.ground.walls.unknown == 1


def test_a_landlord_stays_on_its_own_ground_and_is_told_why(landlord: Plan) -> None:
    assert {each.view.place for each in landlord.cameras} == {"abords_immediats"}
    assert {each.kind for each in landlord.cameras} <= {"facade", "corner"}
    refused = landlord.sites.refused
    assert refused["voie"][0] == 1  # the street light in reach of a fact
    assert all("ne permet pas de filmer ce lieu" in why for _, why in refused.values())
    assert "Fiche du registre des traitements" in landlord.law.papers


def test_a_town_may_film_the_street_and_not_the_residence(street: Reader) -> None:
    found = siting.plan(street, Asked(QUERY, cameras=2, operator="commune"))
    assert {each.view.place for each in found.cameras} <= {"voie", "lieu_ouvert"}
    assert set(found.sites.refused) == {"abords_immediats"}
    assert found.seen.left_out["street"] == 0
    assert found.covered >= MANY[STREET]
    assert not found.law.refusals


def test_a_landlord_may_not_film_from_the_street(street: Reader) -> None:
    on_road = sitingfield.field(street, Spot(*at(20, 30), 180.0))
    assert on_road.place == "voie"
    assert "lieu" in [each.code for each in on_road.refusals]
    assert "CNIL" in " ".join(on_road.refusals[0].references)
    town = sitingfield.field(street, Spot(*at(20, 30), 180.0, operator="commune"))
    assert not town.refusals


def test_the_street_in_a_field_is_measured_refused_and_masked(street: Reader) -> None:
    door = Spot(*at(20, 10.4), 0.0)
    found = sitingfield.field(street, door)
    assert found.place == "abords_immediats"
    assert 0.05 < found.road_share < 0.9
    assert [each.code for each in found.refusals] == ["voie"]
    masked = sitingfield.field(street, Spot(*at(20, 10.4), 0.0, masked=True))
    assert not masked.refusals
    assert masked.road_share == found.road_share
    away = sitingfield.field(street, Spot(*at(20, -0.4), 180.0))
    assert (away.road_share, away.refusals) == (0.0, ())


def test_classes_of_a_field_are_apart_and_make_it_whole(street: Reader) -> None:
    found = sitingfield.field(street, Spot(*at(20, -0.4), 180.0))
    shapes = list(found.classes.values())
    ground = sitingground.around(street, *at(20, -0.4))
    areas = shapely.area(sitingground.crs.geometries_to_metres(np.array(shapes, dtype=object), ground.epsg))
    assert list(found.classes) == ["identify", "recognise", "observe", "detect"]
    assert areas.sum() == pytest.approx(found.area_m2, rel=0.01)
    assert shapely.union_all(shapes).area == pytest.approx(sum(each.area for each in shapes), rel=1e-6)
    assert not shapely.union_all(shapes).intersects(shapely.Point(at(20, 20))), "behind its own wall"


def test_a_camera_in_a_building_is_blind(street: Reader) -> None:
    found = sitingfield.field(street, Spot(*at(20, 5), 0.0))
    assert (found.blind, found.area_m2) == (True, 0.0)


def test_what_films_nobody_stands_in_the_same_table(landlord: Plan) -> None:
    first, *others = landlord.answers
    assert (first.plan, first.films, first.share) == (True, True, landlord.share)
    assert (first.low, first.high) == (2 * 6_000, 2 * 12_000)  # on façades
    assert "support" in first.basis
    assert all("ordre de grandeur" in each.basis for each in others)  # none has a published price
    assert any("Occupation, squat" in each for each in first.warnings)
    assert others
    assert not any(each.films or each.plan for each in others)
    assert all(each.evidence and each.strength and each.low <= each.high and 0 < each.share <= 1 for each in others)
    total = sum(MANY.values()) + 7
    assert next(each for each in others if each.code == "eclairage").share == pytest.approx((total - 7) / total)  # 7 are SAL


def test_more_cameras_never_see_less(street: Reader) -> None:
    seen = [siting.plan(street, Asked(QUERY, cameras=many)).value for many in (1, 2, 3)]
    assert seen == sorted(seen)


def test_a_share_that_nobody_can_reach_says_what_to_do(tmp_path: Path) -> None:
    reader = world(tmp_path)
    whole = shapely.box(BOX.west, BOX.south, BOX.east, BOX.north)
    hotworld.put(reader.shelf.storage, "qpv", {"QN1": ("Les Essais", "2024", whole, {})})
    reader = open_reader(reader.shelf.storage, reader.catalog, reader.viewer)
    out = siting.plan(reader, Asked(QUERY, cameras=2, least=1.0))
    assert (out.status, out.cameras) == ("infeasible", ())
    assert "Aucun plan ne voit 100 % des faits de Les Essais" in out.clash
    assert not any(each.films for each in out.answers)
    few = siting.plan(reader, Asked(QUERY, cameras=1, least=0.8))
    assert few.clash.startswith("Il faut au moins 2 caméras")
    assert siting.plan(reader, Asked(QUERY, cameras=2, least=0.8)).shares["Les Essais"] == pytest.approx(65 / 75)


def test_what_is_missing_is_a_sentence(tmp_path: Path, street: Reader) -> None:
    with pytest.raises(NotEnough, match="importez la couche « batiments »"):
        siting.plan(world(tmp_path / "a", buildings=False), Asked(QUERY))
    with pytest.raises(NotEnough, match="Aucun fait de cette origine"):
        siting.plan(street, Asked(parse({"kind": "bailleur", "from": "1990-01-01", "to": "1991-01-01"}).with_(bbox=BOX)))
    with pytest.raises(NotEnough, match="voie publique"):
        siting.plan(world(tmp_path / "b", many={STREET: 5}), Asked(QUERY))
    with pytest.raises(NotEnough, match="Aucune façade"):
        siting.plan(world(tmp_path / "c", many={HIDDEN: 5}), Asked(QUERY))
    with pytest.raises(BadInput, match="1,5 km au plus"):
        siting.plan(street, Asked(QUERY.with_(bbox=Box(2.40, 48.89, 2.45, 48.90))))
    with pytest.raises(BadInput, match="Choisissez où"):
        siting.plan(street, Asked(FactQuery(Kind.BAILLEUR)))
    for wrong in ({"cameras": 0}, {"cameras": 99}, {"lens": "50"}, {"purpose": "voir"}, {"operator": "police"}, {"least": 2.0},
                  {"weights": "peur"}, {"height_m": float("nan")}):
        with pytest.raises(BadInput):
            Asked(QUERY, **wrong)


def test_walls_are_kept_until_a_building_changes(tmp_path: Path) -> None:
    reader = world(tmp_path)
    place = at(20, -0.4)
    ground = sitingground.around(reader, *place)
    assert sitingground.around(reader, *at(21, -1)) is ground
    before = sitingfield.field(reader, Spot(*place, 180.0)).area_m2
    hotworld.put(reader.shelf.storage, "batiments", {
        "B1": ("", "", block(0, 0, 40, 10), {"height": 15.0}), "B3": ("", "", block(0, -20, 40, 5), {"height": 9.0})})
    reader = open_reader(reader.shelf.storage, reader.catalog, reader.viewer)
    assert sitingground.around(reader, *place) is not ground
    assert sitingfield.field(reader, Spot(*place, 180.0)).area_m2 < before


def test_a_camera_that_is_moved_is_told_what_it_sees(street: Reader, landlord: Plan) -> None:
    for each in landlord.cameras:
        assert siting.in_view(street, QUERY, each.view.spot, "observe") == each.facts
    assert siting.in_view(street, QUERY, Spot(*at(20, -0.4), 0.0), "observe") == 0, "it looks at its own wall"
    with pytest.raises(BadInput, match="purpose"):
        siting.in_view(street, QUERY, Spot(*at(20, -0.4), 0.0), "voir")


def test_what_is_drawn_is_the_middle_of_cells(landlord: Plan) -> None:
    seen = landlord.seen
    assert seen.cell_facts.sum() == seen.facts.sum()
    middles = landlord.ground.lonlat(seen.cells)
    again = hotworld.grid.centres(hotworld.grid.index(middles[:, 0], middles[:, 1]))
    assert np.abs(again - middles).max() < 1e-6
    assert not {tuple(row) for row in seen.cells.round(2)} & {tuple(row) for row in seen.places.round(2)}


def test_places_of_ones_own_are_tried_first_and_alone(street: Reader) -> None:
    """A mast in the court, a click on the façade (put before it), one in the middle of nowhere and one deep inside a block."""
    mast, wall = at(20, -7), at(10, 8)
    asked = Asked(QUERY, cameras=2, sites="points", points=(mast, wall, at(-55, 230)))
    found = siting.plan(street, asked)
    assert {each.kind for each in found.cameras} == {"point"}
    assert found.sites.found == {"point": 2}
    assert found.sites.lost == {"far": 1}
    places = [sitingground.around(street, *mast).metres(np.array([[each.view.spot.lon, each.view.spot.lat]]))[0]
              for each in found.cameras]
    moved = found.ground.metres(np.array([mast, wall])) - np.array(places)
    assert np.hypot(*moved.T)[0] < 0.1
    assert 1.5 < np.hypot(*moved.T)[1] < 3.0, "before the façade"
    both = siting.plan(street, Asked(QUERY, cameras=2, points=(mast,)))
    assert both.sites.found["point"] == 1
    assert both.sites.found["facade"] == siting.plan(street, Asked(QUERY, cameras=2)).sites.found["facade"]
    assert both.value >= siting.plan(street, Asked(QUERY, cameras=2)).value
    with pytest.raises(NotEnough, match="1 sans fait à portée"):
        siting.plan(street, Asked(QUERY, sites="points", points=(at(-55, 230),)))
    with pytest.raises(NotEnough, match="aucun n’est donné"):
        siting.plan(street, Asked(QUERY, sites="points"))
    with pytest.raises(BadInput, match="1,5 km du lieu"):
        siting.plan(street, Asked(QUERY, points=((2.6, 48.9),)))


def test_no_camera_stands_in_a_forbidden_place(street: Reader, landlord: Plan) -> None:
    """The whole court is forbidden: what is left sees the door alone, and it is told how many places that cost."""
    court = (at(-10, -40), at(50, -40), at(50, 5), at(-10, 5))
    found = siting.plan(street, Asked(QUERY, cameras=2, forbidden=(court,)))
    shape = shapely.Polygon(court)
    assert found.covered == MANY[DOOR] < landlord.covered
    assert found.sites.forbidden > 0
    assert not any(shape.intersects(shapely.Point(each.view.spot.lon, each.view.spot.lat)) for each in found.cameras)
    assert siting.plan(street, Asked(QUERY, cameras=2, points=(at(20, -7),), forbidden=(court,))).sites.lost == {"forbidden": 1}
    with pytest.raises(BadInput, match="1,5 km du lieu"):
        siting.plan(street, Asked(QUERY, forbidden=((at(0, 0), at(10, 0), (2.6, 48.91)),)))
