"""Imports through the command line and the operation: what becomes of each line, and what is left on the disk."""

from __future__ import annotations

import csv
import hashlib
import json
import multiprocessing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from geoservice import cli
from geoservice.catalog.layers import load
from geoservice.operations import accounts, ingest, setup
from geoservice.operations.ingest import ImportRequest
from geoservice.settings import Settings
from geoservice.storage.store import Storage

KEYS = ["import_id", "layer", "lines", "accepted", "updated", "unchanged", "duplicates", "rejected"]
HEAD = "identifiant;date;heure;type;lon;lat\n"
FACTS = HEAD + """1;03/01/2025;22:30;tag;2.4831;48.9074
2;03/01/2025;;tapage;2.4832;48.9075
2;03/01/2025;;tapage;2.4832;48.9075
3;04/01/2025;08h15;encombrants;2.4833;48.9076
4;31/02/2025;10:00;tag;2.4834;48.9077
5;05/01/2025;10:00;tag;48.9077;2.4834
"""
KEYLESS = """date;heure;type;lon;lat
03/01/2025;22:30;tag;2.4831;48.9074
03/01/2025;22:30;tag;2.4831;48.9074
04/01/2025;;tapage;2.4832;48.9075
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    storage = setup.create(Settings(data=folder))
    accounts.create_organisation(storage, "rives")
    storage.close()
    return folder


def written(folder: Path, text: str, name: str = "faits.csv") -> Path:
    path = folder.parent / name
    path.write_text(text, "utf-8")
    return path


def command(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    status = cli.main([str(word) for word in words])
    out, err = capsys.readouterr()
    return status, out, err


def imported(capsys: pytest.CaptureFixture[str], data: Path, *files: Path, more: tuple[str, ...] = ()) -> dict:
    status, out, err = command(capsys, "import", "incidents", *files, *more, "--json", "--data", data)
    assert status == 0, err
    report = json.loads(out)
    assert list(report) == KEYS
    assert report["lines"] == sum(report[name] for name in KEYS[3:])
    return report


def outcome(report: dict) -> list[int]:
    """accepted, updated, unchanged, duplicates, rejected."""
    return [report[name] for name in KEYS[3:]]


def rows(data: Path, table: str) -> int:
    storage = Storage(Settings(data=data))
    with storage.read() as connection:
        found = connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()
    storage.close()
    return int(found)


def nothing_written(data: Path) -> bool:
    tables = ("fact", "feature", "rejected_line", "layer_state")
    return not any(rows(data, table) for table in tables) and not list((data / "index").iterdir())


def test_five_outcomes_add_up_and_a_second_time_adds_nothing(data: Path, capsys) -> None:
    path = written(data, FACTS)
    first = imported(capsys, data, path)
    assert (first["import_id"], first["layer"], first["lines"]) == (1, "incidents", 6)
    assert outcome(first) == [3, 0, 0, 1, 2]
    assert outcome(imported(capsys, data, path)) == [0, 0, 3, 1, 2]
    assert (rows(data, "fact"), rows(data, "fact_version")) == (3, 0)


def test_a_later_version_updates_and_a_known_one_does_not(data: Path, capsys) -> None:
    imported(capsys, data, written(data, HEAD + "1;03/01/2025;22:30;tag;2.4831;48.9074\n"))
    later = written(data, HEAD + "1;03/01/2025;22:30;épave;2.4831;48.9074\n", "plus-tard.csv")
    assert outcome(imported(capsys, data, later)) == [0, 1, 0, 0, 0]
    assert outcome(imported(capsys, data, later)) == [0, 0, 1, 0, 0]
    assert (rows(data, "fact"), rows(data, "fact_version")) == (1, 1)


def test_a_line_repeated_in_another_file_is_known_and_no_duplicate(data: Path, capsys) -> None:
    text = HEAD + "1;03/01/2025;22:30;tag;2.4831;48.9074\n"
    both = [written(data, text, "a.csv"), written(data, text + "2;03/01/2025;;tapage;2.4832;48.9075\n", "b.csv")]
    assert outcome(imported(capsys, data, *both)) == [2, 0, 1, 0, 0]


def test_two_versions_of_one_key_in_one_file_are_two_versions(data: Path, capsys) -> None:
    text = HEAD + "1;03/01/2025;22:30;tag;2.4831;48.9074\n1;03/01/2025;22:30;épave;2.4831;48.9074\n"
    assert outcome(imported(capsys, data, written(data, text))) == [1, 1, 0, 0, 0]
    assert (rows(data, "fact"), rows(data, "fact_version")) == (1, 1)


def test_identical_facts_without_identifier_survive_and_come_once(data: Path, capsys) -> None:
    path = written(data, KEYLESS)
    assert outcome(imported(capsys, data, path)) == [3, 0, 0, 0, 0]
    assert outcome(imported(capsys, data, path)) == [0, 0, 3, 0, 0]
    assert rows(data, "fact") == 3


def test_batches_do_not_change_the_outcome(data: Path, capsys, monkeypatch) -> None:
    monkeypatch.setenv("GEOSERVICE_BATCH_ROWS", "1")
    assert outcome(imported(capsys, data, written(data, FACTS))) == [3, 0, 0, 1, 2]
    assert outcome(imported(capsys, data, written(data, KEYLESS, "sans.csv"))) == [3, 0, 0, 0, 0]


def test_rejects_are_listed_and_written_as_csv(data: Path, capsys) -> None:
    number = imported(capsys, data, written(data, FACTS))["import_id"]
    status, out, _ = command(capsys, "rejects", number, "--data", data)
    assert status == 0
    assert "faits.csv, ligne 6, date = « 31/02/2025 »" in out
    assert "inversées" in out
    nowhere = data.parent / "sans-lieu.csv"
    nowhere.write_text("date;type;code_residence\n03/01/2025;tag;\n", "utf-8")
    status, _, err = command(capsys, "import", "incidents", nowhere, "--dry-run", "--data", data)
    assert (status, "refus : sans-lieu.csv, ligne 2, code_residence = «  » : Aucun lieu" in err) == (0, True)
    target = data.parent / "refus.csv"
    assert command(capsys, "rejects", number, "--csv", target, "--data", data)[0] == 0
    found = list(csv.DictReader(target.read_text("utf-8-sig").splitlines(), delimiter=";"))
    assert [(row["fichier"], row["ligne"], row["colonne"]) for row in found] == [
        ("faits.csv", "6", "date"), ("faits.csv", "7", "lon")]
    assert all(len(row["explication"]) > 20 for row in found)
    status, _, err = command(capsys, "rejects", 99, "--data", data)
    assert (status, "99" in err) == (2, True)


def test_a_report_for_people_says_the_same(data: Path, capsys) -> None:
    status, out, _ = command(capsys, "import", "incidents", written(data, FACTS), "--data", data)
    assert status == 0
    assert "6 lignes : 3 nouvelles, 0 mises à jour, 0 déjà connues, 1 en double, 2 refusées" in out
    assert "geoservice rejects 1" in out


@pytest.mark.parametrize(("name", "content", "more"), [
    ("absent.csv", None, ()),
    ("vide.csv", b"", ()),
    ("dossier.csv", "folder", ()),
    ("utf16.csv", "identifiant;date;type\n1;03/01/2025;tag\n".encode("utf-16-le"), ()),
    ("cp850.csv", HEAD.encode() + b"1;03/01/2025;;d\x82grad\x82 \x85 r\x82parer;2.48;48.9\n" * 3, ()),
    ("autre.csv", b"a;b\n1;2\n", ()),
    ("faits.csv", FACTS.encode(), ("--source", "inconnue")),
    ("faits.csv", FACTS.encode(), ("--mapping", "absente.toml")),
    ("faits.csv", FACTS.encode(), ("--organisation", "inconnue")),
    ("trop.csv", HEAD.encode() + b"x" * (2 << 20), ("--source", "bailleur-generique")),
])
def test_what_cannot_be_read_says_why_and_writes_nothing(data: Path, capsys, monkeypatch, name, content, more) -> None:
    monkeypatch.setenv("GEOSERVICE_MAX_UPLOAD_MB", "1")
    path = data.parent / name
    if content == "folder":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    status, out, err = command(capsys, "import", "incidents", path, *more, "--json", "--data", data)
    assert (status, out) == (2, "")
    assert err.startswith("geoservice : ")
    assert len(err) > 40
    assert not [word for word in ("Traceback", "Error") if word in err]
    assert nothing_written(data)
    assert not list((data / "uploads").iterdir())


def test_a_file_that_cannot_be_read_stops_the_others_too(data: Path, capsys) -> None:
    """Good file, then one that cannot be read: exit 2; the good one comes alone afterwards, whole."""
    good, bad = written(data, FACTS), data.parent / "absent.csv"
    assert command(capsys, "import", "incidents", good, bad, "--source", "bailleur-generique", "--data", data)[0] == 2
    assert nothing_written(data)
    assert outcome(imported(capsys, data, good)) == [3, 0, 0, 1, 2]


def test_an_unknown_layer_lists_the_layers(data: Path, capsys) -> None:
    status, _, err = command(capsys, "import", "accidents", written(data, FACTS), "--data", data)
    assert status == 2
    assert {"incidents", "qpv"} <= set(err.replace(",", " ").replace(".", " ").split())


def test_an_organisation_must_be_said_when_there_are_two(data: Path, capsys) -> None:
    path = written(data, FACTS)
    assert command(capsys, "organisation", "create", "autre", "--data", data)[0] == 0
    status, _, err = command(capsys, "import", "incidents", path, "--data", data)
    assert (status, "autre, rives" in err) == (2, True)
    assert nothing_written(data)
    for code in ("rives", "autre"):  # the same keys of two organisations are two facts
        assert outcome(imported(capsys, data, path, more=("--organisation", code))) == [3, 0, 0, 1, 2]
    assert rows(data, "fact") == 6
    assert sorted(path.name for path in (data / "index").iterdir()) == ["1.facts", "2.facts"]


def test_a_data_folder_that_is_not_there_says_how_to_make_one(tmp_path: Path, capsys) -> None:
    path = tmp_path / "faits.csv"
    path.write_text(FACTS, "utf-8")
    status, _, err = command(capsys, "import", "incidents", path, "--data", tmp_path / "nulle-part")
    assert status == 1
    assert "geoservice init" in err


def test_a_dry_run_writes_nothing(data: Path, capsys) -> None:
    before = sorted((str(path), path.stat().st_size) for path in data.rglob("*"))
    status, out, err = command(capsys, "import", "incidents", written(data, FACTS), "--dry-run", "--json", "--data", data)
    report = json.loads(out)
    assert (status, list(report), outcome(report)) == (0, KEYS, [3, 0, 0, 1, 2])
    assert "ligne 6" in err
    names = {name for name, _ in before}
    assert {str(path) for path in data.rglob("*")} - names <= {f"{data / 'geoservice.db'}{end}" for end in ("-wal", "-shm")}
    assert nothing_written(data)
    assert rows(data, "import_run") == 0


def test_received_bytes_are_kept_then_deleted_with_the_rejects(data: Path, capsys) -> None:
    path = written(data, FACTS)
    number = imported(capsys, data, path)["import_id"]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    kept = data / "uploads" / f"{digest}.bin"
    assert kept.read_bytes() == path.read_bytes()
    assert rows(data, "rejected_line") == 2
    storage = Storage(Settings(data=data))
    _age(storage, number, days=29)
    assert ingest.purge(storage) == 0
    assert kept.is_file()
    _age(storage, number, days=31)
    assert ingest.purge(storage) == 1
    assert not kept.exists()
    assert rows(data, "rejected_line") == 0
    assert rows(data, "fact") == 3
    storage.close()
    assert imported(capsys, data, path)["import_id"] == number + 1
    assert kept.is_file()


def test_bytes_that_two_imports_share_last_as_long_as_the_younger(data: Path, capsys) -> None:
    path = written(data, FACTS)
    imported(capsys, data, path)
    imported(capsys, data, path)
    storage = Storage(Settings(data=data))
    _age(storage, 1, days=31)
    assert ingest.purge(storage) == 1
    assert len(list((data / "uploads").iterdir())) == 1
    assert rows(data, "rejected_line") == 2
    _age(storage, 2, days=31)
    assert ingest.purge(storage) == 1
    assert not list((data / "uploads").iterdir())
    storage.close()


def test_what_a_killed_import_left_in_the_uploads_goes_with_the_next(data: Path, capsys) -> None:
    (data / "uploads" / "4242.part").write_bytes(b"half")
    (data / "uploads" / f"{'a' * 64}.bin").write_bytes(b"never recorded")
    imported(capsys, data, written(data, FACTS))
    assert len(list((data / "uploads").iterdir())) == 1


def _age(storage: Storage, number: int, days: int) -> None:
    received = (datetime.now(UTC) - timedelta(days=days)).replace(tzinfo=None).isoformat(sep=" ")
    with storage.write() as connection:
        connection.execute(text("UPDATE upload SET received = :received WHERE import_id = :number"),
                           {"received": received, "number": number})


def test_an_interrupted_import_goes_on_with_its_number_totals_and_notes(data: Path) -> None:
    text = HEAD + "".join(f"{n};03/01/2025 00:00;;tag;2.4831;48.9074\n" for n in range(30))
    settings = Settings(data=data, batch_rows=10)
    storage = Storage(settings)
    requests = ImportRequest("incidents", (written(data, text), written(data, FACTS, "autres.csv")))

    def stop(_file: str, lines: int) -> None:
        if lines == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ingest.run(storage, load(), requests, stop)
    assert rows(data, "fact") == 20
    # the same files in another order are another reading of them: nothing is skipped by mistake
    turned = ingest.run(storage, load(), ImportRequest("incidents", requests.files[::-1]))
    assert rows(data, "fact") == 30
    again = ingest.run(storage, load(), requests)
    assert (turned.import_id, again.import_id) == (2, 1)
    assert again.lines == 36
    assert sum(outcome(again.as_json())) == 36
    assert {note.code: note.count for note in again.notes}["minuit"] == 30
    storage.close()


RESIDENCES = "code_residence;nom;nb_logements;lon;lat\nR1;Les Tilleuls;120;2.4831;48.9074\nR2;Le Verger;64;2.4850;48.9080\n"


def test_features_are_changed_in_place(data: Path, capsys) -> None:
    def load_places(text: str) -> list[int]:
        path = written(data, text, "residences.csv")
        status, out, err = command(capsys, "import", "patrimoine", path, "--json", "--data", data)
        assert status == 0, err
        return outcome(json.loads(out))

    assert load_places(RESIDENCES) == [2, 0, 0, 0, 0]
    assert load_places(RESIDENCES) == [0, 0, 2, 0, 0]
    assert load_places(RESIDENCES.replace("Le Verger;64", "Le Grand Verger;66")) == [0, 1, 1, 0, 0]
    storage = Storage(Settings(data=data))
    with storage.read() as connection:
        found = connection.exec_driver_sql("SELECT key, name FROM feature ORDER BY key").all()
    storage.close()
    assert [tuple(row) for row in found] == [("R1", "Les Tilleuls"), ("R2", "Le Grand Verger")]


def _import_all(data: Path, path: Path) -> int:
    return cli.main(["import", "incidents", str(path), "--json", "--data", str(data)])


def test_two_imports_at_once_queue(data: Path) -> None:
    paths = [written(data, HEAD + "".join(f"{first + n};03/01/2025;;tag;2.4831;48.9074\n" for n in range(2_000)), f"{first}.csv")
             for first in (0, 1_000)]
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        assert pool.starmap(_import_all, [(data, path) for path in paths]) == [0, 0]
    assert rows(data, "fact") == 3_000
    storage = Storage(Settings(data=data))
    with storage.read() as connection:
        totals = connection.exec_driver_sql("SELECT status, lines, accepted + unchanged FROM import_run").all()
    assert [tuple(row) for row in totals] == [("done", 2_000, 2_000)] * 2
    index = storage.indexes.get(1)
    assert index is not None
    assert len(index) == 3_000
    storage.close()
