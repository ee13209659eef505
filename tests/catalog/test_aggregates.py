"""Published counts: what is withheld stays withheld, rates keep their denominator, codes stay text."""

from datetime import date
from pathlib import Path

import pytest

from geoservice.catalog import layers
from geoservice.catalog.intake.aggregates import AggregateIntake
from geoservice.catalog.readers import open_table
from geoservice.catalog.rows import AGGREGATE

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
CATALOG = layers.load()
HEAD = ("CODGEO_{year};annee;indicateur;unite_de_compte;nombre;taux_pour_mille;est_diffuse;insee_pop;insee_pop_millesime;"
        "insee_log;insee_log_millesime;complement_info_nombre;complement_info_taux\n")
COMMUNES = (
    "33318;2024;Cambriolages de logement;Infraction;355;10,2267;diff;67300;2022;34713;2022;NA;NA\n"
    "33318;2024;Vols avec armes;Infraction;41;0,609;diff;67300;2022;34713;2022;NA;NA\n"
    "01001;2024;Vols avec armes;Infraction;NA;NA;ndiff;812;2022;401;2022;0,7142;0,0123\n"
    "2A004;2024;Vols de véhicule;Véhicule;88;1,19;diff;73800;2022;40120;2022;NA;NA\n"
    "97105;2024;Homicides;Victime;0;0;diff;9800;2022;6000;2022;NA;NA\n")


def take(path: Path):
    with open_table(path, None, path.name) as table:
        source = CATALOG.recognise("aggregates", table.columns)
    assert source is not None
    intake, rows, rejects, notes = AggregateIntake(source, date(2026, 11, 22)), [], [], []
    with open_table(path, source, path.name) as table:
        for batch in table.batches(1000):
            taken = intake.take(batch)
            rows += [dict(zip(AGGREGATE, row, strict=True)) for row in taken.rows]
            rejects += taken.rejects
            notes += taken.notes
    return source.name, rows, rejects, notes


def communes(folder: Path, lines: str, year: int = 2026) -> Path:
    path = folder / "communes.csv"
    path.write_text(HEAD.format(year=year) + lines, encoding="utf-8-sig")
    return path


@pytest.mark.parametrize("year", [2023, 2026, 2029])
def test_the_communal_layout_whatever_the_year_in_its_code_column(tmp_path, year):
    name, rows, rejects, _ = take(communes(tmp_path, COMMUNES, year))
    assert (name, len(rows), rejects) == ("ssmsi-communes", 5, [])
    assert [row["zone"] for row in rows] == ["33318", "33318", "01001", "2A004", "97105"]
    assert {row["level"] for row in rows} == {"commune"}


def test_burglary_is_per_dwelling_and_the_rest_per_inhabitant(tmp_path):
    _, rows, _, _ = take(communes(tmp_path, COMMUNES))
    burglary, armed = rows[0], rows[1]
    assert (burglary["denominator"], burglary["denominator_unit"]) == (34713, "logements")
    assert burglary["count"] / burglary["denominator"] * 1000 == pytest.approx(burglary["rate"], abs=1e-3)
    assert (armed["denominator"], armed["denominator_unit"]) == (67300, "habitants")


def test_a_withheld_value_is_neither_zero_nor_the_mean_beside_it(tmp_path):
    lines = COMMUNES + "01002;2024;Homicides;Victime;3;0,5;ndiff;812;2022;401;2022;0,7142;0,0123\n"
    _, rows, rejects, notes = take(communes(tmp_path, lines))
    withheld = [row for row in rows if row["withheld"] == 1]
    assert [row["zone"] for row in withheld] == ["01001", "01002"]
    assert all(row["count"] is None and row["rate"] is None for row in withheld)
    assert "0.7142" not in repr(rows)
    zero = next(row for row in rows if row["zone"] == "97105")
    assert (zero["count"], zero["withheld"]) == (0, 0)
    assert [(note.code, note.count) for note in notes] == [("non-diffuse", 2)]
    assert not rejects


def test_lines_that_cannot_be_are_refused(tmp_path):
    lines = ("33318;2024;Homicides;Victime;NA;NA;diff;1;2022;1;2022;;\n33318;2024;Homicides;Victime;-3;0;diff;1;2022;1;2022;;\n"
             "33318;demain;Homicides;Victime;1;0;diff;1;2022;1;2022;;\nBordeaux;2024;Homicides;Victime;1;0;diff;1;2022;1;2022;;\n"
             ";2024;Homicides;Victime;1;0;diff;1;2022;1;2022;;\n1001;2024;Homicides;Victime;1;0;diff;1;2022;1;2022;;\n"
             "33318;2024;Homicides;Victime;1,5;0;diff;1;2022;1;2022;;\n33318;2024;Homicides;Victime;1;0;bof;1;2022;1;2022;;\n")
    _, rows, rejects, _ = take(communes(tmp_path, lines))
    assert [row["zone"] for row in rows] == ["01001"]
    assert [(r.line, r.code) for r in rejects] == [
        (2, "nombre-absent"), (3, "nombre-illisible"), (4, "periode-illisible"), (5, "zone-inconnue"), (6, "zone-absente"),
        (8, "nombre-illisible"), (9, "diffusion-inconnue")]
    assert rejects[0].column == "nombre"


def test_content_is_the_value(tmp_path):
    _, rows, _, _ = take(communes(tmp_path, COMMUNES))
    _, again, _, _ = take(communes(tmp_path, COMMUNES.replace(";355;", ";356;")))
    assert rows[0]["content"] != again[0]["content"]
    assert [row["content"] for row in rows[1:]] == [row["content"] for row in again[1:]]


@pytest.mark.skipif(not DATA.is_dir(), reason="les données réelles (../shared/data) ne sont pas sur cette machine")
def test_the_real_base_of_departements():
    name, rows, rejects, _ = take(DATA / "stats/ssmsi_departements_2016_2025.json.gz")
    assert (name, len(rows), rejects) == ("ssmsi-departements", 18_180, [])
    assert len({row["zone"] for row in rows}) == 101
    assert {"2A", "2B", "971", "976", "01"} <= {row["zone"] for row in rows}
    assert len({row["indicator"] for row in rows}) == 18
    assert len({(r["zone"], r["period"], r["indicator"], r["unit"]) for r in rows}) == 18_180
    burglary = [row for row in rows if row["indicator"].startswith("Cambriolages")]
    assert {row["denominator_unit"] for row in burglary} == {"logements"}
    assert {row["denominator"] for row in burglary} == {None}  # the file only gives inhabitants
