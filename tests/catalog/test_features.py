"""Features from small files: where they are, what is refused, what is noted."""

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import shapely

from geoservice.catalog import layers
from geoservice.catalog.intake.features import FeatureIntake, osm_height
from geoservice.catalog.readers import open_table
from geoservice.catalog.rows import Batch
from geoservice.catalog.schema import SourceSpec

TODAY = date(2026, 11, 22)
CATALOG = layers.load()


def take(source: SourceSpec, path: Path, rows: int = 20_000):
    intake = FeatureIntake(source, TODAY)
    features, rejects, notes = [], [], []
    with open_table(path, source, path.name) as table:
        for batch in table.batches(rows):
            taken = intake.take(batch)
            features += taken.rows
            rejects += taken.rejects
            notes += taken.notes
    for taken in intake.finish():
        features += taken.rows
        notes += taken.notes
    return features, rejects, notes


def csv(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "fichier.csv"
    path.write_text(text, encoding=encoding)
    return path


def spec(**more) -> SourceSpec:
    columns = {"code": "code", "lon": "lon", "lat": "lat", "x": "x", "y": "y", "epsg": "epsg", "point": "point", "n": "n",
               "d": "d", "b": "b"}
    return SourceSpec.model_validate({"layer": "essai", "access": "open", "key": "code", "columns": columns, **more})


def properties(row: tuple) -> dict:
    return json.loads(row[9])


def test_lambert_93_is_recognised_when_nothing_declares_it(tmp_path):
    rows, rejects, notes = take(spec(), csv(tmp_path, "code;x;y\nA;652000;6862000\nB;653000,5;6863000\n"))
    assert not rejects
    assert rows[0][5] == pytest.approx(2.3462, abs=1e-3)
    assert rows[0][6] == pytest.approx(48.8562, abs=1e-3)
    assert [(note.code, note.count) for note in notes] == [("crs-reconnu", 2)]
    assert "Lambert-93" in notes[0].sentence


def test_a_declared_crs_that_the_numbers_contradict_is_corrected_and_named(tmp_path):
    path = csv(tmp_path, "code;x;y\nA;652000;6862000\nB;653000;6863000\n")
    rows, rejects, notes = take(spec(crs="EPSG:4471"), path)
    assert not rejects
    assert len(rows) == 2
    assert [note.code for note in notes] == ["crs-contredit"]
    assert "Lambert-93" in notes[0].sentence


def test_degrees_under_a_metric_crs_are_read_as_degrees():
    zone = shapely.box(45.2, -12.8, 45.21, -12.79)
    batch = Batch("QP_MAYOTTE_UTM38S.shp", [1], {"code": ["Z"]}, np.array([zone], dtype=object), "EPSG:4471")
    taken = FeatureIntake(spec(), TODAY).take(batch)
    assert taken.rows[0][5:9] == pytest.approx(zone.bounds)
    assert [note.code for note in taken.notes] == ["crs-contredit"]


def test_swapped_files_are_put_right_and_swapped_lines_refused(tmp_path):
    rows, rejects, notes = take(spec(), csv(tmp_path, "code;lon;lat\nA;48.85;2.35\nB;48.86;2.36\n"))
    assert (len(rows), len(rejects)) == (2, 0)
    assert rows[0][5:7] == (2.35, 48.85)
    assert [note.code for note in notes] == ["lat-lon-inversees"]
    rows, rejects, _ = take(spec(), csv(tmp_path, "code;lon;lat\nA;2.35;48.85\nB;48.86;2.36\nC;2.37;48.87\n"))
    assert [row[0] for row in rows] == ["A", "C"]
    assert [(r.line, r.code, r.column) for r in rejects] == [(3, "lat-lon-inversees", "lon")]


def test_bad_coordinates_are_refused_one_by_one(tmp_path):
    text = "code;lon;lat\nA;2.35;48.85\nB;;\nC;abc;48.8\nD;NaN;48.8\nE;inf;48.8\nF;0;0\nG;13.4;52.5\nH;2,36;48,86\n;2.3;48.8\n"
    rows, rejects, _ = take(spec(), csv(tmp_path, text))
    assert [row[0] for row in rows] == ["A", "H"]
    codes = {r.line: r.code for r in rejects}
    assert codes == {3: "coordonnees-absentes", 4: "coordonnees-illisibles", 5: "coordonnees-illisibles",
                     6: "coordonnees-illisibles", 7: "hors-de-france", 8: "hors-de-france", 10: "identifiant-absent"}
    assert all(r.sentence.endswith(".") for r in rejects)


def test_the_outcome_does_not_depend_on_the_size_of_batches(tmp_path):
    text = "code;lon;lat\n" + "".join(f"K{i};{2.3 + i / 100};48.85\n" for i in range(9)) + "Z;48.85;2.35\n"
    whole, rejected, _ = take(spec(), csv(tmp_path, text))
    pieces, rejected_too, _ = take(spec(), csv(tmp_path, text), rows=1)
    assert whole == pieces
    assert [r.code for r in rejected] == [r.code for r in rejected_too] == ["lat-lon-inversees"]


def test_epsg_by_row_reaches_every_territory(tmp_path):
    text = ("code;x;y;epsg\nparis;652000;6862000;2154\nreunion;340000;7650000;2975\nmayotte;520000;8580000;4471\n"
            "martinique;708000;1615000;5490\nfaux;1;2;99999\nbizarre;1;2;lambert\n")
    rows, rejects, _ = take(spec(), csv(tmp_path, text))
    boxes = {row[0]: (round(row[5]), round(row[6])) for row in rows}
    assert boxes == {"paris": (2, 49), "reunion": (55, -21), "mayotte": (45, -13), "martinique": (-61, 15)}
    assert [(r.line, r.code) for r in rejects] == [(6, "crs-inconnu"), (7, "crs-inconnu")]


def test_lat_lon_text_and_python_dict_text(tmp_path):
    text = 'code;point\nA;48.85, 2.35\nB;"{\'lon\': 2.36, \'lat\': 48.86}"\nC;nulle part\n'
    rows, rejects, _ = take(spec(), csv(tmp_path, text))
    assert [row[5:7] for row in rows] == [(2.35, 48.85), (2.36, 48.86)]
    assert [r.code for r in rejects] == ["coordonnees-illisibles"]


def test_unquoted_lat_lon_in_a_comma_file_is_no_crash(tmp_path):
    rows, rejects, _ = take(spec(), csv(tmp_path, "code,point\nA,48.85, 2.35\nB,48.86, 2.36\n"))
    assert len(rows) + len(rejects) == 2


def test_polygons_are_repaired_flattened_and_never_simplified():
    bow = shapely.Polygon([(2, 48), (2.01, 48.01), (2.01, 48), (2, 48.01)])
    tall = shapely.Polygon([(2, 48, 10), (2.01, 48, 12), (2.01, 48.01, 9)])
    flat = shapely.Polygon([(2, 48), (2, 48), (2, 48)])
    shapes = np.array([bow, tall, flat, None, shapely.Polygon()], dtype=object)
    batch = Batch("zones", [1, 2, 3, 4, 5], {"code": list("ABCDE")}, shapes, "EPSG:4326")
    taken = FeatureIntake(spec(), TODAY).take(batch)
    first, second = (shapely.from_wkb(row[4]) for row in taken.rows)
    assert first.is_valid
    assert first.geom_type == "MultiPolygon"
    assert first.area == pytest.approx(5e-5)
    assert not second.has_z
    assert second.equals(shapely.force_2d(tall))
    assert [(r.value, r.code) for r in taken.rejects] == [
        ("C", "surface-nulle"), ("D", "geometrie-vide"), ("E", "geometrie-vide")]
    assert [(n.code, n.count, n.example_line) for n in taken.notes] == [("geometrie-reparee", 1, 1)]


def test_a_geometry_that_is_not_finite_is_refused():
    with np.errstate(invalid="ignore"):
        shape = shapely.linestrings([(2, 48), (2.1, np.nan), (2.2, 48)])
    batch = Batch("zones", [1], {"code": ["A"]}, np.array([shape], dtype=object), "EPSG:4326")
    assert [r.code for r in FeatureIntake(spec(), TODAY).take(batch).rejects] == ["geometrie-illisible"]


def test_polygons_written_latitude_first_are_turned():
    zone = shapely.box(48.85, 2.35, 48.86, 2.37)
    batch = Batch("zones", [1], {"code": ["A"]}, np.array([zone], dtype=object), "EPSG:4326")
    taken = FeatureIntake(spec(), TODAY).take(batch)
    assert taken.rows[0][5:9] == (2.35, 48.85, 2.37, 48.86)
    assert [note.code for note in taken.notes] == ["lat-lon-inversees"]


def test_an_address_with_two_points_has_the_same_one_in_any_order(tmp_path):
    head, lines = "code;lon;lat;n\n", ["A;2.31;48.8;1\n", "A;2.30;48.8;1\n", "A;2.32;48.8;2\n"]
    source = spec(merge="same")
    forward, _, _ = take(source, csv(tmp_path, head + "".join(lines)))
    backward, _, _ = take(source, csv(tmp_path, head + "".join(reversed(lines))))
    assert set(forward) == set(backward)
    assert len(forward) == 3
    assert forward[0][5] == 2.30
    assert properties(forward[0])["n"] is None


def test_only_mapped_fields_survive_and_are_typed(tmp_path):
    source = spec(formats={"n": "count", "d": ["date", "%d/%m/%Y"], "b": "boolean"})
    text = ("code;lon;lat;n;d;b;nom_du_locataire\nA;2.3;48.8;12;01/02/2020;Oui;Dupont\nB;2.3;48.8;(vide);;;X\n"
            "C;2.3;48.8;-8;;;X\nD;2.3;48.8;1;hier;peut-être;X\n")
    rows, rejects, notes = take(source, csv(tmp_path, text))
    assert properties(rows[0]) == {"code": "A", "n": 12, "d": "2020-02-01", "d_precision": "jour", "b": True}
    assert properties(rows[1]) == {"code": "B", "n": None, "d": None, "d_precision": None, "b": None}
    assert "Dupont" not in rows[0][9]
    assert [(r.line, r.column, r.value, r.code) for r in rejects] == [(4, "n", "-8", "valeur-impossible")]
    assert {(n.code, n.count) for n in notes} == {("illisible:d", 1), ("illisible:b", 1)}


def test_content_changes_with_anything_that_is_kept_and_with_nothing_else(tmp_path):
    def content(text):
        rows, _, _ = take(spec(), csv(tmp_path, text))
        return rows[0][3]
    base = content("code;lon;lat;n;autre\nA;2.3;48.8;1;x\n")
    assert len(base) == 16
    assert base == content("autre;n;lat;lon;code\ny;1;48.8;2.3;A\n")
    assert base != content("code;lon;lat;n\nA;2.3;48.8;2\n")
    assert base != content("code;lon;lat;n\nA;2.30001;48.8;1\n")


def test_a_file_without_identifiers_is_known_by_its_content(tmp_path):
    source = spec(key=())
    rows, _, _ = take(source, csv(tmp_path, "n;lon;lat\n1;2.3;48.8\n2;2.3;48.8\n1;2.3;48.8\n"))
    assert rows[0][0] == rows[2][0] != rows[1][0]
    assert rows[0][0].startswith("~")


def test_the_suffix_of_a_repeated_id_depends_on_its_line_alone(tmp_path):
    source = spec(key=("code", "n"))
    one, _, _ = take(source, csv(tmp_path, "code;n;lon;lat\nA;rue X;2.3;48.8\nA;rue Y;2.4;48.8\n"))
    two, _, _ = take(source, csv(tmp_path, "code;n;lon;lat\nA;rue Y;2.4;48.8\nB;rue X;2.4;48.8\nA;rue X;2.3;48.8\n"))
    assert {row[0] for row in one} <= {row[0] for row in two}
    assert len({row[0] for row in one}) == 2
    assert all(row[0].startswith("A~") for row in one)


def test_osm_heights_are_measured_estimated_or_unknown():
    assert osm_height('"height"=>"12,5 m","building:levels"=>"4"') == {"height": 12.5, "height_estimated": False, "floors": 4.0}
    assert osm_height('"building:levels"=>"4"') == {"height": 12.0, "height_estimated": True, "floors": 4.0}
    assert osm_height('"wall"=>"no","building:levels"=>"?"') == {"height": None, "height_estimated": None, "floors": None}


RPLS = """DEPCOM;LIBCOM;CODEPOSTAL;NUMVOIE;INDREP;TYPVOIE;NOMVOIE;NUMAPPT;ETAGE;CONSTRUCT;X;Y;EPSG;QUALITE_XY;\
DISTANCE_PRECISION;PLG_QP24
93010;Bondy;93140;12;;RUE;DES ÉRABLES;101;1;1969;661674,1;6866238,46;2154;1;3;QN09312M
97411;Saint-Denis;97400;3;B;ALL;DES FLAMBOYANTS;1;0;1985;340000;7690000;2975;2;30;HZ
93010;Bondy;93140;12;;RUE;DES ÉRABLES;102;1;1969;661674,1;6866238,46;2154;1;3;QN09312M
93010;Bondy;93140;12;;RUE;DES ÉRABLES;103;2;2018;661674,1;6866238,46;2154;1;3;QN09312M
93010;Bondy;93140;14;;RUE;DES ÉRABLES;1;0;1969;;;2154;9;;
97209;Fort-de-France;97200;1;;RUE;DE LA MER;1;0;1990;708000;1615000;5490;1;2;QN97201M
"""


def test_one_row_per_dwelling_becomes_one_address_with_a_count(tmp_path):
    path = csv(tmp_path, RPLS, "iso-8859-1")
    with open_table(path, None, path.name) as table:
        source = CATALOG.recognise("patrimoine", table.columns)
    assert source.name == "rpls-logements"
    rows, rejects, notes = take(source, path, rows=2)
    assert len(rows) + len(rejects) == 6
    assert [(r.line, r.code) for r in rejects] == [(6, "coordonnees-absentes")]
    distinct = {row[0]: row for row in rows}
    assert {row[2]: properties(row)["dwellings"] for row in distinct.values()} == {
        "12 RUE DES ÉRABLES": 3, "3 B ALL DES FLAMBOYANTS": 1, "1 RUE DE LA MER": 1}
    home = properties(next(row for row in distinct.values() if row[2] == "12 RUE DES ÉRABLES"))
    assert (home["year"], home["qpv2024"], home["quality"], home["level"]) == (None, "QN09312M", "1", "residence")
    assert "appt" not in json.dumps(home).lower()
    assert [round(row[5]) for row in distinct.values()] == [2, 55, -61]
    assert [n.code for n in notes] == ["lignes-reunies"]
    backwards = RPLS.splitlines()
    again, _, _ = take(source, csv(tmp_path, "\n".join([backwards[0], *backwards[:0:-1]]) + "\n", "iso-8859-1"))
    assert {row[0]: row for row in again} == distinct


def test_halls_of_two_residences_may_share_a_code(tmp_path):
    source = CATALOG.source("halls", "halls")
    text = ("code;residence;lon;lat;traversant;digicode;acces_vehicule;eclairage\nA;R1;3.05;50.61;oui;non;1;mauvais\n"
            "A;R2;3.06;50.62;0;;non;clignote\n")
    rows, rejects, _ = take(source, csv(tmp_path, text))
    assert not rejects
    assert len({row[0] for row in rows}) == 2
    assert [properties(row)["hall"] for row in rows] == ["A", "A"]
    wanted = {"hall": "A", "residence": "R1", "level": "hall", "traversant": True, "digicode": False, "acces_vehicule": True,
              "eclairage": "mauvais"}
    assert properties(rows[0]) == wanted
    assert properties(rows[1])["eclairage"] is None


def test_cameras_have_one_id_with_or_without_zeros_and_dates_keep_their_precision():
    source = CATALOG.source("cameras", "paris-pvpp-2019")
    rows, rejects, _ = take(source, Path(CATALOG.folders["cameras"]) / "sample.csv")
    assert not rejects
    assert [row[0] for row in rows] == ["1051", "29297B", "46685", "1058"]
    seen = [(properties(row)["in_service"], properties(row)["in_service_precision"]) for row in rows]
    assert seen == [("2016-07-08", "jour"), ("2011-12-21", "jour"), ("2019-01-01", "année"), (None, None)]
