"""Both generations of a quarter, its ring, its commune and SSMSI beside, against points tested one by one."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
import shapely
from pyproj import Transformer
from starlette.testclient import TestClient

from geoservice.catalog.layers import load
from geoservice.operations import ingest, setup
from geoservice.settings import Settings
from geoservice.web.app import create_app
from tests import folders
from tests.web.world import CITY, CITY_FACTS

RING_M = 300.0
LIMITS = {"75001": (-0.05, 0.025), "75002": (0.025, 0.05)}  # west and east of two communes, from the middle of the city
BESIDE = (0.0125, 0.016)  # a second quarter of 2024, some 180 m from the first
NAMED = {"IN": 12, "SANS": 5, "AUTOUR": 3, "LOIN": 1}  # facts that name each residence
SSMSI = """CODGEO_2025;annee;indicateur;unite_de_compte;nombre;taux_pour_mille;est_diffuse;insee_pop;insee_pop_millesime;\
insee_log;insee_log_millesime;complement_info_nombre;complement_info_taux
75001;2023;Cambriolages de logement;Infraction;12;1,2;diff;20000;2021;10000;2021;NA;NA
75001;2024;Cambriolages de logement;Infraction;NA;NA;ndiff;20000;2021;10000;2021;22,33;2,2
75001;2024;Vols avec armes;Infraction;7;0,35;diff;20000;2021;10000;2021;NA;NA
75002;2024;Vols avec armes;Infraction;9;0,45;diff;20000;2021;10000;2021;NA;NA
"""


def ask(client, path: str, **filters: str) -> dict:
    answer = client.get(path, params=filters)
    assert answer.status_code == 200, answer.text
    return answer.json()


def square(west: float, east: float, half: float) -> list[list[float]]:
    (lon, lat) = CITY
    return [[lon + x, lat + y] for x, y in ((west, -half), (east, -half), (east, half), (west, half), (west, -half))]


def collection(rings: dict[str, list], properties) -> str:
    return json.dumps({"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": properties(code), "geometry": {"type": "Polygon", "coordinates": [ring]}}
        for code, ring in rings.items()]})


@pytest.fixture(scope="module")
def quarters(world, tmp_path_factory):
    """The world with two communes, a second quarter of 2024 that is near the first, and published statistics."""
    folder = tmp_path_factory.mktemp("quarters")
    settings = Settings(data=folder / "data")
    folders.copied(world.settings.data, settings.data)
    limits = collection({code: square(*sides, 0.05) for code, sides in LIMITS.items()},
                        lambda code: {"insee": code, "nomcom": f"Commune {code}", "numdep": 75})
    beside = collection({"QN07502N": square(*BESIDE, 0.01)}, lambda code: {
        "code_qp": code, "lib_qp": "Voisin", "insee_dep": "75", "insee_com": "75056", "lib_com": "Paris"})
    (lon, lat) = CITY
    homes = ["code_residence;nom_residence;nb_logements;longitude;latitude", f"IN;Dedans;40;{lon};{lat}",
             f"SANS;Sans;;{lon};{lat}", f"AUTOUR;Anneau;10;{lon};{lat + 0.0115}",
             f"LOIN;Loin;20;{lon};{lat + 0.03}"]
    named = [f"{code}{n};02/0{1 + n % 6}/2024;21:00;tag;{code}" for code, many in NAMED.items() for n in range(many)]
    files = {"limites": ("limites.geojson", limits), "qpv": ("voisin.geojson", beside), "aggregates": ("ssmsi.csv", SSMSI),
             "patrimoine": ("patrimoine.csv", "\n".join(homes)),
             "incidents": ("registre.csv", "\n".join(["identifiant;date;heure;type;code_residence", *named]))}
    storage = setup.open_storage(settings)
    for layer, (name, text) in files.items():
        (folder / name).write_text(text, encoding="utf-8")
        source = "qp2024" if layer == "qpv" else None
        report = ingest.run(storage, load(), ingest.ImportRequest(layer, (folder / name,), "rives", source))
        assert report.accepted == report.lines > 0, report.as_json()
    storage.close()
    with TestClient(create_app(settings), headers={"Authorization": f"Bearer {world.rives}"}) as client:
        yield client


@pytest.fixture(scope="module")
def facts(world) -> tuple[np.ndarray, np.ndarray]:
    """Positions (n, 2) of the city's facts and their month, from the file that was imported."""
    with (world.settings.data.parent / "ville.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    places = [json.loads(row["geo_point_2d"].replace("'", '"')) for row in rows]
    return np.array([(place["lon"], place["lat"]) for place in places]), np.array([int(row["datedecl"][3:5]) for row in rows])


def inside(points: np.ndarray, ring: list) -> np.ndarray:
    return shapely.intersects_xy(shapely.Polygon(ring), *points.T)


def metres_to(points: np.ndarray, ring: list) -> np.ndarray:
    """Distances in Lambert-93, made here."""
    turn = Transformer.from_crs(4326, 2154, always_xy=True).transform
    outline = shapely.Polygon(np.column_stack(turn(*np.array(ring).T)))
    return shapely.distance(shapely.points(np.column_stack(turn(*points.T))), outline)


def test_pieces_of_ground_hold_the_facts_that_lie_in_them(quarters, facts):
    points, _ = facts
    new, old, beside = square(-0.01, 0.01, 0.01), square(-0.02, 0.02, 0.02), square(*BESIDE, 0.01)
    commune = square(*LIMITS["75001"], 0.05)
    near, other = metres_to(points, new), metres_to(points, beside)
    ring = ~inside(points, new) & (near <= RING_M) & (near < other)
    rest = inside(points, commune) & ~inside(points, new) & ~ring
    found = ask(quarters, "/api/quarters/qpv2024:QN07501M", kind="ville")
    counts = {piece["code"]: piece["count"] for piece in found["pieces"]}
    expected = {"2024": inside(points, new), "2015": inside(points, old), "ring": ring, "rest": rest}
    assert counts == {code: mask.sum() for code, mask in expected.items()}
    assert min(counts.values()) > 100
    assert ((near <= RING_M) & (other < near) & ~inside(points, beside)).sum() > 5  # the neighbour takes some of the ring
    assert found["commune"] == {"ref": "commune:75001", "name": "Commune 75001"}
    for piece in found["pieces"]:
        assert sum(piece["series"]["counts"]) == sum(entry["count"] for entry in piece["categories"]) == piece["count"]
        assert piece["rate"] is None  # the city's facts name no residence


def test_rates_are_of_the_residences_of_each_piece_and_never_made_up(quarters):
    found = ask(quarters, "/api/quarters/qpv2024:QN07501M", kind="bailleur")
    rates = {piece["code"]: piece["rate"] and (piece["rate"]["count"], piece["rate"]["dwellings"]) for piece in found["pieces"]}
    # five facts name a residence whose dwellings nobody told; the one in the ring lies in the outline of 2015
    assert rates == {"2024": (12, 40), "2015": (15, 50), "ring": (3, 10), "rest": (1, 20)}
    assert {piece["code"]: piece["timed"] for piece in found["pieces"]}["2024"] == 17
    assert {piece["code"]: piece["night"] for piece in found["pieces"]}["2024"] == 17  # at nine in the evening


def test_two_rings_and_two_quarters_share_no_fact(quarters, facts):
    """Rings of neighbours together hold what lies within 300 m of either and in none."""
    points, _ = facts
    shapes = square(-0.01, 0.01, 0.01), square(*BESIDE, 0.01)
    answers = [ask(quarters, f"/api/quarters/qpv2024:{code}", kind="ville") for code in ("QN07501M", "QN07502N")]
    rings = [next(piece["count"] for piece in answer["pieces"] if piece["code"] == "ring") for answer in answers]
    either = np.minimum(*(metres_to(points, shape) for shape in shapes)) <= RING_M
    assert sum(rings) == (either & ~inside(points, shapes[0]) & ~inside(points, shapes[1])).sum() > 100


def test_the_account_of_the_boundary_is_that_of_the_facts_and_adds_up(quarters, facts):
    points, month = facts
    new, old = inside(points, square(-0.01, 0.01, 0.01)), inside(points, square(-0.02, 0.02, 0.02))
    told = ask(quarters, "/api/quarters/qpv2024:QN07501M", kind="ville", compare="2024-01-01..2024-04-01",
               **{"from": "2024-04-01", "to": "2025-01-01"})["boundary"]
    after = month >= 4
    areas = {"stable": new & old, "entering": new & ~old, "leaving": old & ~new}
    for part in told["parts"]:
        assert (part["before"], part["after"]) == ((areas[part["area"]] & ~after).sum(), (areas[part["area"]] & after).sum())
        assert part["time"] + part["boundary"] == part["change"]
    assert told["old"] == (old & ~after).sum()
    assert told["new"] == (new & after).sum()
    assert told["time"] + told["boundary"] == told["change"] == told["new"] - told["old"]
    assert sum(part["boundary"] for part in told["parts"]) == told["boundary"] < 0 < told["time"]
    assert "par le seul contour" in told["sentence"]
    assert told["before"] == {"from": "2024-01-01", "to": "2024-04-01"}


def test_a_period_before_which_nothing_is_known_is_cut_in_halves(quarters):
    whole = {"from": "2024-01-01", "to": "2024-12-29"}
    told = ask(quarters, "/api/quarters/qpv2024:QN07501M", kind="ville", **whole)["boundary"]
    assert told["before"]["to"] == told["after"]["from"] == "2024-06-30"  # 363 days are known
    assert told["old"] > 0


def test_without_a_quarter_a_commune_says_why_there_is_no_account(quarters):
    told = ask(quarters, "/api/quarters/commune:75002", kind="ville")
    assert [piece["code"] for piece in told["pieces"]] == ["rest"]
    assert (told["boundary"]["enough"], told["boundary"]["reason"]["code"]) == (False, "une_generation")


def test_a_commune_is_its_quarters_their_ring_and_the_rest(quarters, facts):
    points, _ = facts
    found = ask(quarters, "/api/quarters/commune:75001", kind="ville")
    counts = {piece["code"]: piece["count"] for piece in found["pieces"]}
    held = inside(points, square(*LIMITS["75001"], 0.05)).sum()
    assert counts["2024"] + counts["ring"] + counts["rest"] == held < CITY_FACTS


def test_kinds_stand_side_by_side_and_are_asked_for(quarters):
    assert quarters.get("/api/quarters/qpv2024:QN07501M").json()["type"].endswith("nature-de-source-requise")
    found = ask(quarters, "/api/quarters/qpv2015:QP075001", kind="bailleur")
    other = ask(quarters, "/api/quarters/qpv2015:QP075001", kind="ville")
    assert found["kinds"] == other["kinds"]
    assert {kind["code"] for kind in found["kinds"]} == {"bailleur", "ville"}
    for answer in (found, other):
        of_kind = next(kind["counts"] for kind in answer["kinds"] if kind["code"] == answer["kind"])
        assert of_kind == {piece["code"]: piece["count"] for piece in answer["pieces"]}


def test_what_the_state_withholds_is_neither_zero_nor_a_mean(quarters):
    found = ask(quarters, "/api/quarters/qpv2024:QN07501M", kind="ville")["official"]
    assert {each["zone"] for each in found} == {"75001"}
    burglaries = next(each for each in found if each["indicator"].startswith("Cambriolages"))
    assert burglaries["values"] == [
        {"period": "2023", "count": 12, "withheld": False, "rate": 1.2, "denominator": 10000},
        {"period": "2024", "count": None, "withheld": True, "rate": None, "denominator": 10000}]
    assert burglaries["denominator_unit"] == "logements"
    assert "22.33" not in json.dumps(found)
    assert next(each for each in found if each["indicator"] == "Vols avec armes")["denominator_unit"] == "habitants"


@pytest.mark.parametrize("ref", ["qpv2024:RIEN", "residence:R-0", "x", "commune:99999"])
def test_a_quarter_that_is_none_is_not_found(quarters, ref):
    assert quarters.get(f"/api/quarters/{ref}?kind=ville").status_code == 404


def test_periods_that_share_a_day_are_refused(quarters):
    asked = "kind=ville&from=2024-02-01&to=2024-05-01&compare=2024-01-01..2024-03-01"
    answer = quarters.get(f"/api/quarters/qpv2024:QN07501M?{asked}")
    assert answer.status_code == 400
