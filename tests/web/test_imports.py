"""Imports through the door: what is received, shown, done, followed and undone, and by whom; hostile bodies are answered."""

from __future__ import annotations

import hashlib
import io
import json
import os
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from openpyxl import Workbook
from starlette.testclient import TestClient

from geoservice.operations import accounts, jobs, setup
from geoservice.settings import Settings
from geoservice.storage import waiting
from geoservice.web import importer
from geoservice.web.app import create_app

HEAD = "identifiant;date;heure;type;longitude;latitude\n"
ROWS = [f"x{n};{1 + n % 28:02}/03/2025;22:10;{('tag', 'machin', 'tapage')[n % 3]};2.45;48.9" for n in range(60)]
FACTS = (HEAD + "\n".join(ROWS)).encode()
STRANGE = (
    "Repère;Quand;Quoi;est;nord;Nom du gardien\n"
    + "\n".join(f"y{n};2025-03-{1 + n % 28:02};squat de hall;2.45;48.9;Madame N{n}" for n in range(40))
).encode()
STRANGE_COLUMNS = {"key": "Repère", "date": "Quand", "category": "Quoi", "lon": "est", "lat": "nord"}
ENDED = ("done", "failed", "undone")


@dataclass(frozen=True)
class Doors:
    """A service over a folder of its own, and a client of each landlord."""

    rives: TestClient
    plaine: TestClient
    settings: Settings
    app: object


@pytest.fixture(scope="module")
def doors(tmp_path_factory) -> Iterator[Doors]:
    settings = Settings(data=tmp_path_factory.mktemp("imports") / "data", max_upload_mb=2)
    storage = setup.create(settings)
    tokens = []
    for code in ("rives", "plaine"):
        accounts.create_organisation(storage, code)
        tokens.append(accounts.create_token(storage, "essai", code))
    storage.close()
    app = create_app(settings)
    with TestClient(app):
        yield Doors(
            *(TestClient(app, headers={"Authorization": f"Bearer {token}"}, raise_server_exceptions=False) for token in tokens),
            settings,
            app,
        )


def sent(client: TestClient, content: bytes, name: str = "faits.csv") -> str:
    answer = client.post("/api/uploads", params={"name": name}, content=content)
    assert answer.status_code == 201, answer.text
    assert answer.json() == {"upload": hashlib.sha256(content).hexdigest(), "name": name, "size": len(content)}
    return answer.json()["upload"]


def looked(client: TestClient, upload: str, **asked: object) -> dict:
    answer = client.post("/api/imports/preview", json={"upload": upload, **asked})
    assert answer.status_code == 200, answer.text
    return answer.json()


def ended(client: TestClient, number: int) -> dict:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        found = client.get(f"/api/imports/{number}").json()
        if found["status"] in ENDED:
            return found
        time.sleep(0.1)
    raise TimeoutError(found)


def imported(client: TestClient, upload: str, **asked: object) -> dict:
    answer = client.post("/api/imports", json={"upload": upload, "layer": "incidents", **asked})
    assert answer.status_code == 202, answer.text
    assert answer.json()["status"] in ("received", "reading")
    return ended(client, answer.json()["id"])


def facts(client: TestClient) -> int:
    return client.get("/api/cells", params={"kind": "bailleur", "resolution": 12}).json()["total"]


def outcome(run: dict) -> list[int]:
    return [run[name] for name in ("lines", "accepted", "updated", "unchanged", "duplicates", "rejected")]


@pytest.fixture(scope="module")
def story(doors) -> dict:
    """One import by `rives`, from the file to its undo, with what was seen on the way."""
    client = doors.rives
    upload = sent(client, FACTS)
    seen = {"upload": upload, "preview": looked(client, upload)}
    seen["corrected"] = looked(client, upload, layer="incidents", values={"category": {"machin": "SAL.depot"}})
    seen["run"] = imported(client, upload)
    seen["facts"] = facts(client)
    seen["others"] = facts(doors.plaine)
    return seen


def test_a_known_file_is_recognised_with_examples(story):
    found = story["preview"]
    assert (found["layer"], found["source"]["name"], found["kind"]) == ("incidents", "bailleur-generique", "bailleur")
    by_name = {column["name"]: column for column in found["columns"]}
    assert by_name["type"] == {"name": "type", "field": "category", "examples": ["tag", "machin", "tapage"]}
    assert len(by_name["identifiant"]["examples"]) == 5
    assert found["trial"] | {"rejects": [], "notes": []} == {
        "lines": 60,
        "accepted": 40,
        "duplicates": 0,
        "rejected": 20,
        "whole": True,
        "rejects": [],
        "notes": [],
    }
    reject = found["trial"]["rejects"][0]
    assert (reject["line"], reject["column"], reject["value"]) == (3, "type", "machin")
    assert "Catégorie inconnue" in reject["sentence"]
    (values,) = [each for each in found["values"] if each["field"] == "category"]
    assert {value["value"]: (value["count"], value["code"]) for value in values["values"]} == {
        "tag": (20, "DEG.tag"),
        "machin": (20, None),
        "tapage": (20, "BRU"),
    }


def test_a_correction_is_tried_before_it_is_imported(story):
    assert story["corrected"]["trial"]["accepted"] == 60
    assert story["corrected"]["trial"]["rejects"] == []


def test_an_import_is_followed_to_its_end_and_seen_on_the_map(story):
    run = story["run"]
    assert (run["status"], outcome(run)) == ("done", [60, 40, 0, 0, 0, 20])
    assert run["files"] == [{"name": "faits.csv", "size": len(FACTS), "kept": True}]
    assert run["problem"] is None
    assert run["finished"] >= run["started"]
    assert (story["facts"], story["others"]) == (40, 0)


def test_refused_lines_are_told_and_downloaded(story, doors):
    number = story["run"]["id"]
    told = doors.rives.get(f"/api/imports/{number}/rejects").json()
    assert (told["total"], len(told["rejects"]), told["rejects"][0]["file"]) == (20, 20, "faits.csv")
    lines = doors.rives.get(f"/api/imports/{number}/rejects.csv").content.decode("utf-8-sig").splitlines()
    assert len(lines) == 21
    assert lines[1].startswith("faits.csv;3;type;machin;")
    preview = doors.rives.post("/api/imports/preview.csv", json={"upload": sent(doors.rives, FACTS)})
    assert preview.content.decode("utf-8-sig").splitlines() == lines


def test_an_unknown_file_is_mapped_by_hand_then_undone(story, doors):
    client = doors.rives
    upload = sent(client, STRANGE, "export bizarre.csv")
    found = looked(client, upload, layer="incidents")
    assert not found["source"]["known"]
    assert [need["fields"] for need in found["missing"]] == [["date"]]
    assert found["trial"] is None
    refused = client.post("/api/imports", json={"upload": upload, "layer": "incidents", "columns": {"key": "Repère"}})
    assert refused.status_code == 400
    assert "Date" in refused.json()["detail"]
    found = looked(client, upload, layer="incidents", columns=STRANGE_COLUMNS)
    assert found["trial"]["accepted"] == 40  # the words that the layer's own sources know hold for it too
    run = imported(client, upload, columns=STRANGE_COLUMNS, kind="habitant")
    assert (run["status"], outcome(run)) == ("done", [40, 40, 0, 0, 0, 0])
    assert client.get("/api/cells?kind=habitant").json()["total"] == 40
    assert client.get(f"/api/imports/{run['id']}").json()["locked"] is None
    assert client.post(f"/api/imports/{run['id']}/undo").json()["status"] in ("undoing", "undone")
    assert ended(client, run["id"])["status"] == "undone"
    assert [kind["code"] for kind in client.get("/api/layers").json()["kinds"]] == ["bailleur"]
    assert client.post(f"/api/imports/{run['id']}/undo").status_code == 409
    assert facts(client) == story["facts"]


def test_another_landlord_sees_none_of_it(story, doors):
    number = story["run"]["id"]
    mine = sent(doors.rives, b"a;b\n1;2\n" * 5, "secret.csv")
    for address in ("", "/rejects", "/rejects.csv"):
        assert doors.plaine.get(f"/api/imports/{number}{address}").status_code == 404
        assert doors.rives.get(f"/api/imports/{number}{address}").status_code == 200
    assert doors.plaine.post(f"/api/imports/{number}/undo").status_code == 404
    assert doors.plaine.get("/api/imports").json() == {"imports": []}
    assert number in [run["id"] for run in doors.rives.get("/api/imports").json()["imports"]]
    for path in ("/api/imports/preview", "/api/imports/preview.csv", "/api/imports"):
        answer = doors.plaine.post(path, json={"upload": mine, "layer": "incidents"})
        assert answer.status_code == 404, path
    assert "faits.csv" not in doors.plaine.get("/api/imports").text


def test_an_import_belongs_to_whoever_asked_for_it_whatever_the_body_says(doors):
    upload = sent(doors.plaine, FACTS)
    for extra in ({"organisation": "rives"}, {"organisation_id": 1}, {"access": "open"}):
        assert doors.plaine.post("/api/imports", json={"upload": upload, "layer": "incidents", **extra}).status_code == 400


@pytest.mark.parametrize(
    ("layer", "name", "text"),
    [
        (
            "incidents",
            "dmr.csv",
            'id_dmr;type;soustype;datedecl;geo_point_2d\nG1;Graffitis;Graffitis sur mur;01/02/2024;"48.86, 2.35"\n',
        ),
        (
            "adresses",
            "ban.csv",
            "id;numero;rep;nom_voie;code_postal;code_insee;nom_commune;lon;lat\na;1;;Rue A;75001;75101;Paris;2.3;48.8\n",
        ),
    ],
)
def test_published_data_are_for_the_command_line(doors, layer, name, text):
    upload = sent(doors.rives, text.encode(), name)
    for path in ("/api/imports/preview", "/api/imports"):
        answer = doors.rives.post(path, json={"upload": upload, "layer": layer})
        assert answer.status_code == 403, answer.text
        assert f"geoservice import {layer}" in answer.json()["detail"]


def test_forms_of_other_sites_are_refused(doors):
    upload = sent(doors.rives, FACTS)
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://ailleurs.example"}, {"Origin": "null"}):
        for path, body in (
            ("/api/uploads?name=a.csv", {"content": FACTS}),
            ("/api/imports/preview", {"json": {"upload": upload}}),
            ("/api/imports/preview.csv", {"json": {"upload": upload}}),
            ("/api/imports", {"json": {"upload": upload}}),
            ("/api/imports/1/undo", {}),
            ("/api/facts", {"json": {}}),
        ):
            assert doors.rives.post(path, headers=headers, **body).status_code == 403, path


def test_a_body_is_bounded_and_leaves_nothing_behind(doors):
    def pieces():
        for _ in range(30):
            yield b"a" * 100_000

    folder = doors.settings.uploads / "attente" / "1"
    before = sorted(path.name for path in folder.iterdir())
    for content in (b"a" * (2 * 2**20 + 1), pieces()):  # with a length, and without
        answer = doors.rives.post("/api/uploads?name=gros.csv", content=content)
        assert answer.status_code == 413
        assert "2 Mo" in answer.json()["detail"]
    assert doors.rives.post("/api/uploads?name=vide.csv", content=b"").status_code == 400
    assert doors.rives.post("/api/uploads", content=b"a").status_code == 400
    assert sorted(path.name for path in folder.iterdir()) == before


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Mes documents\\faits.csv", "faits.csv"),
        (".bashrc", "fichier.bashrc"),
        ("..", "fichier."),
        ("é" * 300 + ".csv", "é" * 58 + ".csv"),
        ("a\0b\n.csv", "ab.csv"),
        ("-rf.csv", "-rf.csv"),
        ("\ud800.csv", "?.csv"),
        ("a/", "fichier"),
    ],
)
def test_a_name_stays_in_its_folder(name, kept):
    assert waiting.clean_name(name) == kept
    assert "/" not in kept
    assert len(kept.encode()) <= 120


def _bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../bombe.csv", b"0" * 80_000_000)
    return out.getvalue()


def _workbook() -> bytes:
    book, out = Workbook(), io.BytesIO()
    book.active.append(["identifiant", "date", "type", "longitude", "latitude"])
    book.active.append(["=1+1", "01/03/2025", "tag", 2.45, 48.9])
    book.save(out)
    return out.getvalue()


HOSTILE = {
    "bytes.csv": os.urandom(5_000),
    "nul.csv": b"\0" * 5_000,
    "tronque.xlsx": _workbook()[:800],
    "faux.parquet": b"PAR1" + b"\0" * 90 + b"PAR1",
    "bombe.zip": _bomb(),
    "profond.json": b"[" * 200_000,
    "entites.xml": b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
    "nombres.geojson": b'{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"date":1e999},"geometry":'
    b'{"type":"Point","coordinates":[NaN,1e999]}}]}',
    "surrogat.csv": HEAD.encode() + b"\xed\xa0\x80;\xed\xa0\x80;;;;\n",
    "large.csv": b";".join([b"a"] * 20_000) + b"\n",
    "faux.gpkg": b"SQLite format 3\0" + b"\0" * 200,
    "longue.csv": HEAD.encode() + b"x" * 1_000_000,
    "entete.csv": HEAD.encode(),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_answered_in_french(doors, name):
    upload = sent(doors.plaine, HOSTILE[name], name)
    for path in ("/api/imports/preview", "/api/imports/preview.csv"):
        answer = doors.plaine.post(path, json={"upload": upload, "layer": "incidents"})
        assert answer.status_code in (200, 400, 422), answer.text
        assert "Traceback" not in answer.text
        assert "Error" not in answer.text


def test_formulas_of_a_file_stay_text_in_what_leaves(doors):
    upload = sent(doors.plaine, HEAD.encode() + b'=cmd|1;31/02/2025;;"@SUM(1)";2.45;48.9\n', "=formule.csv")
    lines = doors.plaine.post("/api/imports/preview.csv", json={"upload": upload, "layer": "incidents"}).content.decode(
        "utf-8-sig"
    )
    assert "'=formule.csv" in lines.splitlines()[1]


U = "0" * 64
BODIES = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'"a"',
    b"{}",
    b"[" * 100_000,
    b'{"upload":"%s","upload":1}' % U.encode(),
    b"\xff\xfe",
    b'{"a":1e999}',
    b'{"upload":NaN}',
    b"9" * 5_000,
    b'{"upload":' + b"9" * 5_000 + b"}",
    json.dumps({"upload": U, "layer": "\ud800"}).encode(),
    json.dumps({"upload": "../../geoservice.db"}).encode(),
    json.dumps({"upload": U, "layer": "../x"}).encode(),
    json.dumps({"upload": U, "columns": {"date": 1}}).encode(),
    json.dumps({"upload": U, "values": {"date": {"a": {}}}}).encode(),
    json.dumps({"upload": U, "layer": "incidents", "nom": "x"}).encode(),
]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_hostile_bodies_are_answered(doors, body):
    for path in ("/api/imports", "/api/imports/preview", "/api/imports/preview.csv", "/api/facts"):
        answer = doors.rives.post(path, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code in (400, 404, 413), (path, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
    assert doors.rives.post("/api/imports", content=body, headers={"Content-Type": "text/plain"}).status_code == 400


def test_wrong_corrections_are_refused(doors):
    upload = sent(doors.rives, FACTS)
    for wrong in (
        {"columns": {"nom_du_suspect": "type"}},
        {"columns": {"date": "ailleurs"}},
        {"values": {"category": {"tag": "ROUGE"}}},
        {"values": {"hall": {"a": "b"}}},
        {"kind": "police"},
        {"crs": "EPSG:1;DROP"},
        {"source": "inconnue"},
        {"values": {"category": {str(n): "DEG" for n in range(2_001)}}},
    ):
        for path in ("/api/imports/preview", "/api/imports"):
            answer = doors.rives.post(path, json={"upload": upload, "layer": "incidents", **wrong})
            assert answer.status_code in (400, 404), wrong
            assert "DROP" not in answer.text
            assert "suspect" not in answer.text


@pytest.mark.parametrize("number", ["0", "-1", "1e3", "9" * 30, "abc", "1%00", "½"])
def test_numbers_of_no_import(doors, number):
    assert doors.rives.get(f"/api/imports/{number}").status_code == 404
    assert doors.rives.post(f"/api/imports/{number}/undo").status_code == 404


def test_a_killed_import_goes_on_and_a_lost_file_is_said(doors, monkeypatch):
    """The process at work dies at once the first time; the second one ends the import."""
    died: list[int] = []
    real = importer.PROGRAM

    def program() -> tuple[str, ...]:
        died.append(len(died))
        return ("/bin/false",) if len(died) == 1 else real

    class Program:
        def __iter__(self):
            return iter(program())

    monkeypatch.setattr(importer, "PROGRAM", Program())
    run = imported(doors.plaine, sent(doors.plaine, FACTS, "repris.csv"))
    assert (run["status"], outcome(run), len(died)) == ("done", [60, 40, 0, 0, 0, 20], 2)
    storage = setup.open_storage(doors.settings)
    try:
        viewer = accounts.viewer_of_organisation(storage, "plaine", "essai")
        monkeypatch.setattr(importer, "PROGRAM", ("/bin/false",))
        lost = sent(doors.plaine, FACTS + b"\n", "perdu.csv")
        number = jobs.ask(storage, doors.app.state.service.catalog, viewer, lost, "incidents", jobs.Correction())
        path = waiting.find(doors.settings.uploads, viewer.organisation_id, lost)
        path.unlink()
        jobs.perform(storage, doors.app.state.service.catalog, number)
    finally:
        storage.close()
    run = ended(doors.plaine, number)
    assert run["status"] == "failed"
    assert "n’est plus là" in run["problem"]


def test_an_import_that_always_dies_fails_after_three_tries(doors, monkeypatch):
    monkeypatch.setattr(importer, "PROGRAM", ("/bin/false",))
    monkeypatch.setattr(importer, "EVERY_S", 0.05)
    run = imported(doors.plaine, sent(doors.plaine, FACTS + b"\n\n", "fatal.csv"))
    assert run["status"] == "failed"
    assert "interrompu 3 fois" in run["problem"]


def test_what_waits_is_forgotten_in_time(tmp_path: Path):
    for number in range(25):
        reception = waiting.Reception(tmp_path, 7, 1)
        reception.write(b"%d" % number)
        kept = reception.keep("a.csv")
        os.utime(tmp_path / "attente" / "7" / kept, (number, time.time() - 60 * (25 - number)))
        reception.drop()
    old = sorted((tmp_path / "attente" / "7").iterdir(), key=lambda path: path.stat().st_mtime)
    os.utime(old[10], (0, time.time() - 100_000))
    waiting.write_request(tmp_path, 3, {"organisation_id": 7, "upload": old[0].name})
    waiting.prune(tmp_path, 7)
    left = {path.name for path in (tmp_path / "attente" / "7").iterdir()}
    assert old[0].name in left  # asked for
    assert old[10].name not in left  # a day old
    assert len(left) == 21
    waiting.forget_requests_but(tmp_path, set())
    waiting.discard(tmp_path, 7, old[0].name)
    assert old[0].name not in {path.name for path in (tmp_path / "attente" / "7").iterdir()}
