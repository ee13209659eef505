"""The real files of the field, with the counts that data/PROVENANCE.md gives; they stay where they are."""

import zipfile
from pathlib import Path

import pytest
import shapely

from geoservice.catalog import layers
from geoservice.catalog.readers import open_table
from geoservice.core import crs
from tests.catalog.test_features import properties, take

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="les données réelles (../shared/data) ne sont pas sur cette machine")
CATALOG = layers.load()
OFFICIAL = "qpv/qp2015_officiel_shp.zip"


def taken(layer: str, path: str | Path):
    file = DATA / path
    with open_table(file, None) as table:
        source = CATALOG.recognise(layer, table.columns)
    assert source is not None, "not recognised by its columns"
    rows, rejects, notes = take(source, file)
    counted: dict[str, int] = {}
    for note in notes:
        counted[note.code] = counted.get(note.code, 0) + note.count
    return source.name, rows, rejects, counted


@pytest.fixture(scope="module")
def national():
    return taken("qpv", OFFICIAL)


@pytest.fixture(scope="module")
def zones2024():
    return taken("qpv", "qpv/qp2024_national_simplifie_wgs84.geojson")


def test_qpv_2015_all_zones_survive_and_34_are_repaired(national):
    name, rows, rejects, notes = national
    assert (name, len(rows), rejects, notes) == ("qp2015", 1514, [], {"geometrie-reparee": 34})
    assert {row[1] for row in rows} == {"2015"}
    assert len({row[0] for row in rows}) == 1514
    shapes = shapely.from_wkb([row[4] for row in rows])
    assert shapely.is_valid(shapes).all()
    assert not shapely.has_z(shapes).any()
    assert (shapely.get_dimensions(shapes) == 2).all()
    assert sum(row[0].startswith("QP075") for row in rows) == 20
    assert sum(row[0].startswith("QP093") for row in rows) == 63


# Guyane: the publisher moved RGFG95 to WGS 84 by (2, 2, -2) m, PROJ takes the two as one: the files differ by 3.42 m, evenly.
@pytest.mark.parametrize(("member", "count", "metres"), [
    ("QP_METROPOLE_LB93", 1296, 1), ("QP_GUADELOUPE_WGS84_UTM20N", 16, 1), ("QP_MARTINIQUE_WGS84_UTM20N", 7, 1),
    ("QP_STMARTIN_WGS84_UTM20N", 2, 1), ("QP_GUYANE_RGF95_UTM22N", 32, 3.43), ("QP_LAREUNION_RGR92_UTM40S", 49, 1),
    ("QP_MAYOTTE_RGM04_UTM38S", 36, 1), ("QP_POLYNESIEFRANCAISE_WGS84_EPSG4326", 76, 1)])
def test_each_crs_family_alone_gives_the_same_zones(national, tmp_path, member, count, metres):
    alone = tmp_path / f"{member}.zip"
    with zipfile.ZipFile(DATA / OFFICIAL) as whole, zipfile.ZipFile(alone, "w") as part:
        for name in whole.namelist():
            if name.startswith(member + "."):
                part.writestr(name, whole.read(name))
    name, rows, rejects, _ = taken("qpv", alone)
    assert (name, len(rows), rejects) == ("qp2015", count, [])
    known = {row[0]: row for row in national[1]}
    assert {row[0] for row in rows} <= set(known)
    assert max(_distance_m(row, known[row[0]]) for row in rows) < metres


def _distance_m(one: tuple, other: tuple) -> float:
    """Hausdorff distance of two zones, in metres."""
    here, there = (shapely.from_wkb(row[4]) for row in (one, other))
    epsg = crs.metric_epsg(here.centroid.x, here.centroid.y)
    here, there = (crs.geometries_to_metres(shape, epsg) for shape in (here, there))
    return float(shapely.hausdorff_distance(here, there))


def test_mayotte_without_its_prj_is_still_read_as_degrees(national, tmp_path):
    """The file's name says UTM 38S; a mapping that believes it is corrected by the range of the numbers, and told."""
    alone = tmp_path / "mayotte.zip"
    with zipfile.ZipFile(DATA / OFFICIAL) as whole, zipfile.ZipFile(alone, "w") as part:
        for name in whole.namelist():
            if name.startswith("QP_MAYOTTE") and not name.endswith(".prj"):
                part.writestr(name, whole.read(name))
    source = CATALOG.source("qpv", "qp2015").model_copy(update={"crs": "EPSG:4471"})
    rows, rejects, notes = take(source, alone)
    assert (len(rows), rejects, [note.code for note in notes]) == (36, [], ["crs-contredit"])
    known = {row[0]: row for row in national[1]}
    assert max(_distance_m(row, known[row[0]]) for row in rows) < 1


def test_qpv_2015_extract_agrees_with_the_official_file(national):
    name, rows, rejects, notes = taken("qpv", "qpv/qp2015_75_93.geojson")
    assert (name, len(rows), rejects, notes) == ("qp2015", 83, [], {"geometrie-reparee": 1})
    assert {row[0] for row in rows} <= {row[0] for row in national[1]}


def test_qpv_2024_three_zones_lost_to_simplification_are_refused(zones2024):
    name, rows, rejects, notes = zones2024
    assert (name, len(rows) + len(rejects), len(rows)) == ("qp2024", 1609, 1606)
    assert [r.value for r in rejects] == ["QN09105I", "QN09113I", "QN09503I"]
    assert {r.code for r in rejects} == {"surface-nulle"}
    assert notes == {"geometrie-reparee": 82}  # 85 invalid, of which the 3 refused
    assert sum(len(properties(row)["communes"]) > 1 for row in rows) == 149
    assert {"75056"} == {c for row in rows if properties(row)["departement"] == "75" for c in properties(row)["communes"]}
    assert sum(row[8] < -10 and row[5] < -140 for row in rows) == 88


def test_qpv_2024_extract(zones2024):
    name, rows, rejects, notes = taken("qpv", "qpv/qp2024_75_93_simplifie.geojson")
    assert (name, len(rows), rejects, notes) == ("qp2024", 96, [], {"geometrie-reparee": 10})


def test_paris_programmes_lose_only_the_negative_one(zones2024):
    name, rows, rejects, _ = taken("patrimoine", "housing/logements-sociaux-finances-a-paris.csv")
    assert (name, len(rows)) == ("paris-logements-finances", 4173)
    assert [(r.line, r.column, r.value) for r in rejects] == [(3477, "nb_logmt_total", "-8")]
    assert len({row[0] for row in rows}) == 4173
    known = [properties(row) for row in rows]
    assert len({p["programme"] for p in known}) == 4174 - 33
    assert sum(p["landlord"] is None for p in known) == 109
    assert all(p["postcode"].startswith("75") and len(p["postcode"]) == 5 for p in known)
    assert {p["level"] for p in known} == {"residence"}
    assert _inside(rows, zones2024) == 266


def test_paris_lambert_93_and_degrees_agree():
    source = CATALOG.source("patrimoine", "paris-logements-finances")
    file = DATA / "housing/logements-sociaux-finances-a-paris.csv"
    degrees, _, _ = take(source, file)
    lambert, _, _ = take(source.model_copy(update={"columns": {k: v for k, v in source.columns.items() if k != "point"}}), file)
    assert max(max(abs(a[5] - b[5]), abs(a[6] - b[6])) for a, b in zip(degrees, lambert, strict=True)) < 2e-8


def _inside(rows: list[tuple], zones: tuple) -> int:
    tree = shapely.STRtree(shapely.from_wkb([row[4] for row in zones[1] if properties(row)["departement"] in ("75", "93")]))
    points = shapely.points([row[5] for row in rows], [row[6] for row in rows])
    return len(set(tree.query(points, predicate="intersects")[0].tolist()))


def test_rpls_bondy_counts_each_address_once():
    name, rows, rejects, notes = taken("patrimoine", "housing/rpls2022_bondy_93010_adresses.parquet")
    assert (name, len(rows), rejects) == ("rpls-adresses", 714, [])
    distinct = {row[0]: row for row in rows}
    assert len(distinct) == 660
    assert sum(properties(row)["dwellings"] for row in distinct.values()) == 9605
    assert notes == {"lignes-reunies": 66}


def test_cameras(zones2024):
    name, rows, rejects, notes = taken("cameras", "cameras/paris_pvpp_2019_geocodees.csv")
    assert (name, len(rows), rejects, notes) == ("paris-pvpp-2019", 707, [], {})
    assert len({row[0] for row in rows}) == 707
    assert len({row[5:7] for row in rows}) == 707 - 17
    assert sum(row[0].endswith(("A", "B")) for row in rows) == 4
    precision = [properties(row)["in_service_precision"] for row in rows]
    assert {word: precision.count(word) for word in ("jour", "année", None)} == {"jour": 435 + 259, "année": 3, None: 10}
    years = {properties(row)["in_service"][:4] for row in rows if properties(row)["in_service"]}
    assert min(years) >= "1990"
    assert max(years) <= "2019"
    assert _inside(rows, zones2024) == 42


@pytest.mark.parametrize(("file", "source", "count", "unknown"), [
    ("montpellier_pasduloup_bdtopo_batiments", "bdtopo", 766, 49), ("montpellier_tastavin_buildings", "bdtopo", 177, 0),
    ("bondy_bdtopo_batiments_zoom", "bdtopo", 467, 90), ("bondy_bdtopo_batiments_hauteur", "bdtopo-hauteurs", 1884, 0),
    ("bondy_osm_batiments", "osm", 1420, 1420)])
def test_buildings_have_a_height_or_say_that_it_is_unknown(file, source, count, unknown):
    name, rows, rejects, _ = taken("batiments", f"buildings/{file}.parquet")
    assert (name, len(rows), rejects) == (source, count, [])
    heights = [properties(row)["height"] for row in rows]
    assert heights.count(None) == unknown
    assert 0 not in heights
    assert not shapely.has_z(shapely.from_wkb([row[4] for row in rows])).any()
    assert len({row[0] for row in rows}) == count


def test_street_lights():
    name, rows, rejects, _ = taken("eclairage", "buildings/montpellier_tastavin_streetlights.parquet")
    assert (name, len(rows), rejects) == ("montpellier", 257, [])


@pytest.mark.parametrize(("file", "count", "levels", "repaired"), [
    ("75_93_communes_arrondissements_iau.geojson", 60, {"commune": 40, "arrondissement": 20}, 0),
    ("paris_arrondissements_20.geojson", 20, {"arrondissement": 20}, 0), ("paris_quartiers_80.geojson", 80, {"quartier": 80}, 0),
    ("paris_secteurs_17_paris_centre.geojson", 17, {"arrondissement": 16, "secteur": 1}, 1),
    ("departements.geojson", 96, {"departement": 96}, 0), ("bondy_iris.parquet", 20, {"iris": 20}, 0),
    ("montpellier_tastavin_iris.parquet", 1, {"iris": 1}, 0)])
def test_limits(file, count, levels, repaired):
    _, rows, rejects, notes = taken("limites", f"admin/{file}")
    assert (len(rows), rejects, notes.get("geometrie-reparee", 0)) == (count, [], repaired)
    seen = [row[1] for row in rows]
    assert {level: seen.count(level) for level in levels} == levels
    assert all(properties(row)["level"] == row[1] for row in rows)
    lengths = {"departement": 2, "iris": 9, "quartier": 7}
    assert all(len(row[0]) == lengths.get(row[1], 5) for row in rows)


def test_limits_of_paris_have_insee_codes():
    _, rows, _, _ = taken("limites", "admin/paris_secteurs_17_paris_centre.geojson")
    assert {row[0] for row in rows} == {"75100", *(str(code) for code in range(75105, 75121))}
