"""Addresses of the BAN: official columns, bad lines, and half a million lines in reasonable time."""

import gzip
from datetime import date
from pathlib import Path

from geoservice.catalog import layers
from geoservice.catalog.intake.addresses import AddressIntake
from geoservice.catalog.readers import open_table
from geoservice.catalog.rows import ADDRESS

CATALOG = layers.load()
HEAD = ("id;id_fantoir;numero;rep;nom_voie;code_postal;code_insee;nom_commune;code_insee_ancienne_commune;nom_ancienne_commune;"
        "x;y;lon;lat;type_position;alias;nom_ld;libelle_acheminement;nom_afnor;source_position;source_nom_voie;"
        "certification_commune;cad_parcelles\n")


def line(number="12", suffix="", street="Rue des Lilas", postcode="59000", citycode="59350", lon="3.05", lat="50.61", key="k"):
    return (f"{key};f;{number};{suffix};{street};{postcode};{citycode};Lille;;;703700.1;7055300.4;{lon};{lat};entrée;;;LILLE;X;"
            "commune;commune;1;\n")


def take(path: Path, rows: int = 20_000):
    with open_table(path, None, path.name) as table:
        source = CATALOG.recognise("adresses", table.columns)
    assert source.name == "ban"
    intake, found, rejects = AddressIntake(source, date(2026, 11, 22)), [], []
    with open_table(path, source, path.name) as table:
        for batch in table.batches(rows):
            taken = intake.take(batch)
            assert len(taken.rows) == len(taken.lines)
            found += [dict(zip(ADDRESS, row, strict=True)) for row in taken.rows]
            rejects += taken.rejects
    return found, rejects


def test_official_columns_in_a_gzip(tmp_path):
    path = tmp_path / "adresses-59.csv.gz"
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write(HEAD + line(key="59350_1_00012") + line("12", "bis", "Av. du Gal de Gaulle", key="b") + line("0", key="c"))
    rows, rejects = take(path)
    assert not rejects
    assert rows[0] == {"key": "59350_1_00012", "number": 12, "suffix": "", "street": "Rue des Lilas", "street_norm": "rue lilas",
                       "postcode": "59000", "citycode": "59350", "city": "Lille", "lon": 3.05, "lat": 50.61}
    assert (rows[1]["suffix"], rows[1]["street_norm"]) == ("bis", "avenue general gaulle")
    assert rows[2]["number"] is None


def test_leading_zeros_and_corsica(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(HEAD + line(postcode="1000", citycode="1053", lon="5.22", lat="46.2")
                    + line(citycode="2A004", lon="8.73", lat="41.92"))
    rows, _ = take(path)
    assert [(row["postcode"], row["citycode"]) for row in rows] == [("01000", "01053"), ("59000", "2A004")]


def test_bad_lines_say_why_and_the_others_land(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(HEAD + line() + line(street="") + line(lon="", lat="") + line(lon="abc") + line(lon="50.61", lat="3.05")
                    + line(citycode="") + line(lon="nan", lat="inf"))
    rows, rejects = take(path, rows=2)
    assert len(rows) == 1
    assert [(r.line, r.code) for r in rejects] == [
        (3, "voie-absente"), (4, "coordonnees-absentes"), (5, "coordonnees-illisibles"), (6, "hors-de-france"),
        (7, "commune-absente"), (8, "coordonnees-absentes")]


def test_lambert_93_when_there_are_no_degrees(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id;numero;nom_voie;code_postal;code_insee;x;y\nk;1;Rue X;75001;75101;652000;6862000\n")
    rows, _ = take(path)
    assert (round(rows[0]["lon"], 2), round(rows[0]["lat"], 2)) == (2.35, 48.86)


def test_addresses_without_an_id_have_one_made_of_what_they_are(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(HEAD + line(key="") + line(key="", number="14") + line(key=""))
    rows, _ = take(path)
    assert rows[0]["key"] == rows[2]["key"] != rows[1]["key"]
