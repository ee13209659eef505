"""Every format gives the same table; what cannot be read says so in French and never crashes."""
# ruff: noqa: DTZ001 - a workbook holds local times without a zone

from __future__ import annotations

import gzip
import io
import json
import zipfile
from datetime import date, datetime

import pytest
import shapely

from geoservice.catalog.readers import open_table
from geoservice.catalog.schema import ReadHints
from geoservice.errors import UnreadableFile
from tests.catalog.tables import read, source

TEXT = "code;libellé;date\n01;Hall A;03/01/2025\n02;Épicéa, nord;04/01/2025\n"
COLUMNS = ["code", "libellé", "date"]


def written(tmp_path, content, name="table.csv"):
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(("content", "notes"), [
    (TEXT.encode("utf-8"), 0), (TEXT.encode("utf-8-sig"), 0), (TEXT.encode("utf-16"), 0), (TEXT.encode("cp1252"), 1),
    (TEXT.replace(";", "\t").encode(), 0), (TEXT.replace(";", "|").encode(), 0), (gzip.compress(TEXT.encode(), mtime=0), 0),
    (TEXT.replace("\n", "\r\n").encode(), 0), (TEXT.replace("\n", ";\n").encode(), 0),
])
def test_csv_of_any_encoding_delimiter_and_packing(tmp_path, content, notes):
    batches, table = read(written(tmp_path, content))
    assert table.columns == COLUMNS
    assert batches[0].columns["libellé"] == ("Hall A", "Épicéa, nord")
    assert list(batches[0].lines) == [2, 3]
    assert len(table.notes) == notes


def test_line_numbers_are_physical_and_one_bad_line_costs_one_line(tmp_path):
    text = 'a;b\n1;"x\ny"\n\n2;z\n3\n4;u;v\n5;w\n;\n'
    batches, _ = read(written(tmp_path, text))
    assert [line for b in batches for line in b.lines] == [2, 5, 8]
    assert [v for b in batches for v in b.columns["b"]] == ["x\ny", "z", "w"]
    assert [(r.line, r.code) for b in batches for r in b.rejects] == [(6, "colonnes"), (7, "colonnes")]


def test_a_field_without_end_is_a_reject_and_the_lines_before_it_stay(tmp_path):
    text = "a;b\n1;x\n" + '2;"' + "y" * (1 << 21) + "\n3;z\n"
    batches, _ = read(written(tmp_path, text))
    assert [v for b in batches for v in b.columns["a"]][:1] == ["1"]
    assert [r.code for b in batches for r in b.rejects] == ["guillemets"]


def test_a_few_damaged_bytes_reject_their_lines_only(tmp_path):
    lines = b"".join(b"%d;\xc3\xa9t\xc3\xa9\n" % n for n in range(50))
    batches, table = read(written(tmp_path, b"a;b\n" + lines + b"51;\xff\n"))
    assert sum(len(b.lines) for b in batches) == 50
    assert [(r.line, r.code) for b in batches for r in b.rejects] == [(52, "octets-abimes")]
    assert table.notes[0].code == "octets-abimes"


@pytest.mark.parametrize(("content", "name", "said"), [
    (b"", "vide.csv", "vide"), (b"a;b\n1;\x00\x00\n", "nul.csv", "octets nuls"), (b"%PDF-1.7", "note.csv", "PDF"),
    (b"<!DOCTYPE html><html>", "export.csv", "page web"), (b"\x1f\x8b\x08\x00broken", "export.csv.gz", "gzip"),
    (b"PK\x03\x04broken", "export.zip", "zip"), (b"PAR1broken", "t.parquet", "Parquet"), (b'{"a": ', "t.json", "JSON"),
    (b'{"a": 1}', "t.json", "liste d’enregistrements"), (b"SQLite format 3\0broken", "t.gpkg", "géographique"),
    ("nom;été\nà;é\né;è\n".encode("cp850"), "dos.csv", "encodage"),
    (gzip.compress(b"\0" * (80 << 20), mtime=0), "b.gz", "démesurément"),
    ((b"[" * 100_000), "t.json", "JSON"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1broken", "t.xls", "classeur"),
])
def test_what_cannot_be_read_says_why(tmp_path, content, name, said):
    with pytest.raises(UnreadableFile) as caught:
        read(written(tmp_path, content, name))
    assert name.removesuffix(".gz") in str(caught.value)
    assert said in str(caught.value)


def test_a_declared_encoding_that_is_wrong_or_unknown_is_an_error(tmp_path):
    path = written(tmp_path, "a;b\né;è\n".encode("cp1252"))
    for encoding in ("utf-8", "klingon"):
        with pytest.raises(UnreadableFile, match=encoding):
            read(path, source(columns={"date": "a"}, read={"encoding": encoding}))
    batches, _ = read(path, source(columns={"date": "a"}, read={"encoding": "cp1252"}))
    assert batches[0].columns["a"] == ("é",)


def test_a_workbook_gives_dates_as_dates_and_says_which_sheet(tmp_path):
    from openpyxl import Workbook

    book = Workbook()
    book.active.title = "Faits"
    book.active.append([])
    book.active.append(["code", "date", "quand"])
    book.active.append([1, date(2025, 1, 3), datetime(2025, 1, 3, 22, 30)])
    book.create_sheet("Notes")
    path = tmp_path / "t.xlsx"
    book.save(path)
    batches, table = read(path)
    assert table.columns == ["code", "date", "quand"]
    assert list(batches[0].columns["quand"]) == [datetime(2025, 1, 3, 22, 30)]
    assert list(batches[0].lines) == [3]
    assert "Notes" in table.notes[0].sentence
    with pytest.raises(UnreadableFile, match="Absente"):
        read(path, source(columns={"date": "date"}, read={"sheet": "Absente"}))


def test_geojson_keeps_the_good_features(tmp_path):
    point = {"type": "Point", "coordinates": [2.4, 48.9]}
    features = [{"type": "Feature", "geometry": point, "properties": {"nom": "A"}},
                {"type": "Feature", "geometry": {"type": "Point", "coordinates": "x"}, "properties": {"nom": "B"}}, 7,
                {"type": "Feature", "geometry": None, "properties": {"nom": "C", "liste": [1]}}]
    path = written(tmp_path, json.dumps({"type": "FeatureCollection", "features": features}), "t.geojson")
    batches, table = read(path)
    assert batches[0].columns["nom"] == ["A", "C"]
    assert batches[0].columns["liste"] == [None, "[1]"]
    assert batches[0].geometry[0].equals(shapely.Point(2.4, 48.9))
    assert batches[0].geometry[1] is None
    assert batches[0].crs == "EPSG:4326"
    assert [r.line for r in batches[0].rejects] == [2, 3]
    assert table.columns == ["nom", "liste"]


def test_geopackage_parquet_and_zipped_shapefiles_bring_geometry_and_crs(tmp_path):
    import geopandas

    points = [shapely.Point(650_000, 6_860_000)] * 2
    frame = geopandas.GeoDataFrame({"nom": ["été", "b"], "n": [1.5, None]}, geometry=points, crs=2154)
    frame.to_file(tmp_path / "t.gpkg", layer="points")
    frame.to_parquet(tmp_path / "t.parquet")
    frame.to_file(tmp_path / "t.shp")
    with zipfile.ZipFile(tmp_path / "t.zip", "w") as archive:
        for part in tmp_path.glob("t.[scpd][hpbr]*"):
            if part.suffix != ".zip":
                archive.write(part, f"dossier/{part.name}")
    for name in ("t.gpkg", "t.parquet", "t.zip"):
        batches, table = read(tmp_path / name)
        assert list(batches[0].columns["nom"]) == ["été", "b"], name
        assert list(batches[0].columns["n"]) == [1.5, None], name
        assert batches[0].geometry[0].x == 650_000
        assert "2154" in batches[0].crs
        assert table.columns == ["nom", "n"]


def test_every_member_of_a_zip_that_matches_is_read(tmp_path):
    path = tmp_path / "t.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("jan.csv", "fev.csv", "notes.csv", "lisez-moi.pdf"):
            archive.writestr(name, TEXT if name != "notes.csv" else "autre\n1\n")
    spec = source(columns={"date": "date"}, read=ReadHints(member="[jf]*.csv").model_dump(exclude_none=True))
    batches, _ = read(path, spec)
    assert [b.file for b in batches] == ["t.zip/fev.csv", "t.zip/jan.csv"]
    with pytest.raises(UnreadableFile, match="colonnes diffèrent"):
        read(path)


def test_json_records(tmp_path):
    path = written(tmp_path, gzip.compress(json.dumps({"meta": 1, "records": [{"a": 1}, {"b": "x"}, 3]}).encode()), "t.json.gz")
    batches, table = read(path)
    assert table.columns == ["a", "b"]
    assert batches[0].columns == {"a": [1, None], "b": [None, "x"]}
    assert [r.line for r in batches[0].rejects] == [3]


def test_reading_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    with open_table(written(tmp_path, gzip.compress(TEXT.encode(), mtime=0), "t.csv.gz"), None) as table:
        assert len(list(table.batches())) == 1
        assert list((tmp_path / "temporary").iterdir())
    assert list((tmp_path / "temporary").iterdir()) == []


def test_repeated_and_blank_headers_get_names_of_their_own(tmp_path):
    _, table = read(written(tmp_path, io.StringIO("a;;a;d\n1;2;3;4\n").getvalue()))
    assert table.columns == ["a", "colonne 2", "a (2)", "d"]
