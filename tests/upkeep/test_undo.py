"""Undoing an import gives the state that the other imports alone would have made; importing it again gives the first state."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from geoservice import cli
from geoservice.catalog.layers import load
from geoservice.catalog.rows import FACT, FEATURE
from geoservice.errors import BadInput, NotFound
from geoservice.operations import accounts, ingest, setup
from geoservice.settings import Settings
from geoservice.storage import facts, features, imports, undo
from geoservice.storage.facts import Owner
from geoservice.storage.tables import Address, Aggregate, Fact, FactVersion, Feature, ReplacedRow, Sighting
from tests.conftest import ON_POSTGRESQL
from tests.upkeep.state import addresses, answers, digest, opened

MANY = 50 if ON_POSTGRESQL else 75  # a server is opened anew for each

# --- the rule, on any imports in any order


def fact_row(key: str, version: int, seen: int, line: int) -> tuple:
    values = dict.fromkeys(FACT)
    values |= {
        "key": key,
        "content": bytes([version]) * 16,
        "seen": seen,
        "line": line,
        "day": 19_000,
        "category": "SAL",
        "kind": "ville",
        "placement": "coordonnees",
        "cell": 0,
        "complaint": 0,
        "cost_cents": version,
    }
    return tuple(values[name] for name in FACT)


def feature_row(key: str, version: int) -> tuple:
    values = dict.fromkeys(FEATURE)
    values |= {
        "key": key,
        "generation": "",
        "name": f"v{version}",
        "content": bytes([version]) * 16,
        "geometry": b"\x01\xff" * version,
        "properties": json.dumps({"n": version}),
    }
    return tuple(values[name] for name in FEATURE)


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    storage = setup.create(Settings(data=tmp_path_factory.mktemp("annulation") / "d"))
    yield storage
    storage.close()


def play_facts(connection, files) -> list[int]:
    """Each file as one import, in two batches; `seen` None is the number of the import."""
    numbers = []
    for seen, lines in files:
        run = imports.begin(connection, "incidents", 0, "s", "x")
        imports.finish(connection, run["id"], "done")
        rows = [
            fact_row(key, version, run["id"] if seen is None else seen, 10 * run["id"] + position)
            for position, (key, version) in enumerate(lines)
        ]
        for batch in (rows[:2], rows[2:]):
            facts.write(connection, Owner(0, 1, run["id"]), batch, None)
        numbers.append(run["id"])
    return numbers


def clear(connection) -> None:
    for table in (FactVersion, Fact, Feature, ReplacedRow, Sighting):
        connection.execute(delete(table))


def fact_state(connection, order) -> list[tuple]:
    """Every version: key, whether it is current, content, and the snapshot as a rank that import numbers do not show in."""
    seen = {number: position for position, number in enumerate(order)}
    current = connection.execute(select(Fact.key, Fact.content, Fact.seen, Fact.cost_cents)).all()
    older = connection.execute(
        select(Fact.key, FactVersion.content, FactVersion.seen, FactVersion.cost_cents).join(Fact, Fact.id == FactVersion.fact_id)
    ).all()
    return sorted(
        (key, where, content, seen.get(moment, moment), cost)
        for where, rows in (("now", current), ("then", older))
        for key, content, moment, cost in rows
    )


lines = st.lists(st.tuples(st.sampled_from("ABC"), st.integers(1, 3)), min_size=1, max_size=5, unique=True)
dated = st.lists(st.tuples(st.integers(100_000, 100_004), lines), min_size=1, max_size=5)
undated = st.lists(st.tuples(st.none(), lines.map(lambda each: list(dict(each).items()))), min_size=1, max_size=5)


@settings(max_examples=MANY, deadline=None)
@given(files=dated | undated, data=st.data())
def test_facts_are_as_if_the_import_had_never_been(empty, files, data):
    gone = data.draw(st.lists(st.integers(0, len(files) - 1), min_size=1, max_size=3, unique=True))
    with empty.write() as connection:
        clear(connection)
        numbers = play_facts(connection, files)
        first = fact_state(connection, numbers)
        for position in gone:
            undo.take_back(connection, numbers[position], "incidents")
        left = [each for position, each in enumerate(files) if position not in gone]
        after = fact_state(connection, [number for position, number in enumerate(numbers) if position not in gone])
        _provenance_holds(
            connection, {number: each for number, each in zip(numbers, files, strict=True) if numbers.index(number) not in gone}
        )
        clear(connection)
        assert after == fact_state(connection, play_facts(connection, left))
        clear(connection)
        numbers = play_facts(connection, files)
        last = numbers.pop()
        undo.take_back(connection, last, "incidents")
        again = play_facts(connection, files[-1:])
        assert fact_state(connection, [*numbers, *again]) == first


def _provenance_holds(connection, files) -> None:
    """Each version names an import that is still there, and the line of it that says so."""
    query = select(Fact.key, Fact.content, Fact.import_id, Fact.line).union_all(
        select(Fact.key, FactVersion.content, FactVersion.import_id, FactVersion.line).join(Fact, Fact.id == FactVersion.fact_id)
    )
    for key, content, number, line in connection.execute(query):
        assert files[number][1][line - 10 * number] == (key, content[0])


def play_features(connection, files) -> list[int]:
    numbers = []
    for each in files:
        run = imports.begin(connection, "qpv", 0, "s", "x")
        imports.finish(connection, run["id"], "done")
        kind = features.features_of("qpv", Owner(0, 1, run["id"]))
        for batch in (each[:2], each[2:]):
            features.write(connection, kind, run["id"], [feature_row(*line) for line in batch])
        numbers.append(run["id"])
    return numbers


def feature_state(connection) -> list[tuple]:
    return sorted(
        tuple(row) for row in connection.execute(select(Feature.key, Feature.name, Feature.geometry, Feature.properties))
    )


@settings(max_examples=MANY, deadline=None)
@given(files=st.lists(lines.map(lambda each: list(dict(each).items())), min_size=1, max_size=6), data=st.data())
def test_features_are_as_if_the_import_had_never_been(empty, files, data):
    gone = data.draw(st.lists(st.integers(0, len(files) - 1), min_size=1, max_size=4, unique=True))
    with empty.write() as connection:
        clear(connection)
        numbers = play_features(connection, files)
        for position in gone:
            undo.take_back(connection, numbers[position], "qpv")
        after = feature_state(connection)
        owners = set(connection.execute(select(Feature.import_id)).scalars())
        assert owners <= {number for position, number in enumerate(numbers) if position not in gone}
        clear(connection)
        play_features(connection, [each for position, each in enumerate(files) if position not in gone])
        assert after == feature_state(connection)


# --- through the real import


def write(path, rows):
    path.write_text("\n".join(["id_dmr;type;soustype;datedecl;geo_point_2d", *rows]))
    return path


def line(number: int, kind: str = "Graffitis sur mur", lat: float = 48.85) -> str:
    return f"U{number};Graffitis;{kind};0{1 + number % 9}/03/2024;\"{{'lon': 2.35, 'lat': {lat + number / 1e4:.6f}}}\""


def load_file(storage, path):
    return ingest.run(storage, load(), ingest.ImportRequest("incidents", (path,), "rives", "dans-ma-rue"))


TABLES = ("fact", "fact_version", "feature", "aggregate", "address", "replaced_row")


def test_an_import_is_undone_and_done_again(copied, tmp_path, world):
    settings = copied()
    first = write(tmp_path / "a.csv", [line(n) for n in range(300)] + ["faux;;;;"])
    second = write(
        tmp_path / "b.csv",
        [line(n, lat=48.86 if n < 150 else 48.85) for n in range(100, 399)] + [line(399).replace("/03/", "/04/"), "faux;;;;"],
    )
    asked = addresses()[::5]
    with opened(settings) as storage:
        before = load_file(storage, first).import_id, digest(storage, TABLES), answers(settings, world.rives, asked)
        report = load_file(storage, second)
        assert (report.accepted, report.updated, report.unchanged, report.rejected) == (100, 50, 150, 1)
        done = digest(storage, TABLES, {"id", "import_id", "seen", "fact_id"}), answers(settings, world.rives, asked)
        assert done[1] != before[2]
        undone = ingest.undo(storage, report.import_id)
        assert (undone.removed, undone.restored, undone.kept) == (100, 50, 150)
        assert (digest(storage, TABLES), answers(settings, world.rives, asked)) == before[1:]
        with storage.read() as connection:
            assert imports.find(connection, report.import_id)["status"] == "undone"
            uploads = connection.exec_driver_sql(f"SELECT count(*) FROM upload WHERE import_id = {report.import_id:d}").scalar()
        assert (len(ingest.rejects(storage, report.import_id)), uploads) == (1, 1)
        with pytest.raises(BadInput, match="déjà annulé"):
            ingest.undo(storage, report.import_id)
        with pytest.raises(NotFound):
            ingest.undo(storage, 999)
        again = load_file(storage, second)
        assert again.import_id != report.import_id
        assert again.counters() == report.counters()
        assert (digest(storage, TABLES, {"id", "import_id", "seen", "fact_id"}), answers(settings, world.rives, asked)) == done
        # the older import goes while the newer one stays: what both hold stays
        undone = ingest.undo(storage, before[0])
        assert (undone.removed, undone.restored, undone.kept) == (100, 0, 200)
        assert storage.integrity() == "ok"


@pytest.mark.parametrize(("layer", "name"), [("patrimoine", "p.csv"), ("aggregates", "d.csv"), ("adresses", "a.csv")])
def test_other_layers_fall_back_too(tmp_path, layer, name):
    """Residences, published counts and addresses: what a second file replaced comes back."""
    storage, catalog = setup.create(Settings(data=tmp_path / "d")), load()
    accounts.create_organisation(storage, "rives")
    table = {"patrimoine": Feature, "aggregates": Aggregate, "adresses": Address}[layer].__tablename__
    texts = [_text(layer, 1), _text(layer, 2)]
    numbers, states = [], [digest(storage, [table])]
    for text in texts:
        (tmp_path / name).write_text(text, "utf-8")
        report = ingest.run(storage, catalog, ingest.ImportRequest(layer, (tmp_path / name,), "rives"))
        numbers.append(report.import_id)
        states.append(digest(storage, [table]))
    assert report.updated > 0
    assert report.accepted > 0
    assert len(set(states)) == 3
    assert ingest.undo(storage, numbers[1]).restored == report.updated
    assert digest(storage, [table]) == states[1]
    assert ingest.undo(storage, numbers[0]).removed > 0
    assert digest(storage, [table]) == states[0]
    with storage.read() as connection:
        assert connection.execute(select(ReplacedRow.id)).first() is None
        assert connection.execute(select(Sighting.id)).first() is None
    storage.close()


def _text(layer: str, version: int) -> str:
    if layer == "patrimoine":
        rows = [f"R{n};Résidence {n};{10 + version if n == 1 else 10};{2.35 + n / 1000};48.85" for n in range(2 + version)]
        return "\n".join(["code_residence;nom_residence;nb_logements;longitude;latitude", *rows])
    if layer == "adresses":
        rows = [
            f"75056_1_{n:05};{n};;Rue de l’Essai;75001;75101;Paris;{2.35 + version * (n == 1) / 100};48.85"
            for n in range(1, 3 + version)
        ]
        return "\n".join(["id;numero;rep;nom_voie;code_postal;code_insee;nom_commune;lon;lat", *rows])
    rows = [
        f"7505{n};2023;Cambriolages de logement;Crime;{5 + version if n == 1 else 5};diff;0,1;1000;2020;400;2020"
        for n in range(1, 3 + version)
    ]
    return "\n".join(
        [
            "CODGEO_2024;annee;indicateur;unite_de_compte;nombre;est_diffuse;taux_pour_mille;insee_pop;insee_pop_millesime;"
            "insee_log;insee_log_millesime",
            *rows,
        ]
    )


def test_an_interrupted_import_can_be_undone(copied, tmp_path):
    settings = Settings(data=copied().data, batch_rows=50)
    path = write(tmp_path / "a.csv", [line(n) for n in range(300)])

    class Stop(BaseException):
        pass

    def stop(_file, lines):
        if lines >= 150:
            raise Stop

    with opened(settings) as storage:
        before = digest(storage, TABLES)
        with pytest.raises(Stop):
            ingest.run(storage, load(), ingest.ImportRequest("incidents", (path,), "rives", "dans-ma-rue"), stop)
        with storage.read() as connection:
            number = connection.exec_driver_sql("SELECT max(id) FROM import_run").scalar()
        assert ingest.undo(storage, number).removed == 150
        assert digest(storage, TABLES) == before
        assert load_file(storage, path).accepted == 300


def test_an_undo_that_is_killed_changes_nothing(copied, tmp_path, monkeypatch):
    with opened(copied()) as storage:
        number = load_file(storage, write(tmp_path / "a.csv", [line(n) for n in range(300)])).import_id
        before = digest(storage, (*TABLES, "sighting", "import_run"))
        monkeypatch.setattr(imports, "finish", _die)
        with pytest.raises(KeyboardInterrupt):
            ingest.undo(storage, number)
        monkeypatch.undo()
        assert digest(storage, (*TABLES, "sighting", "import_run")) == before
        assert ingest.undo(storage, number).removed == 300


def _die(*_):
    raise KeyboardInterrupt


def test_an_import_from_before_undoing_is_refused(copied, capsys):
    settings = copied()
    with opened(settings) as storage, storage.write() as connection:
        connection.execute(delete(Sighting).where(Sighting.import_id == 1))
    assert cli.main(["undo", "1", "--data", str(settings.data)]) == 2
    assert "avant les annulations" in capsys.readouterr().err
    assert cli.main(["undo", "2", "--data", str(settings.data)]) == 0
    assert "annulé" in capsys.readouterr().out
    assert cli.main(["undo", "99", "--data", str(settings.data)]) == 2


def test_what_undoing_needs_is_small(copied, tmp_path):
    with opened(copied()) as storage:
        number = load_file(storage, write(tmp_path / "a.csv", [line(n) for n in range(3_000)])).import_id
        with storage.read() as connection:
            stored = connection.exec_driver_sql(f"SELECT sum(length(rows)) FROM sighting WHERE import_id = {number:d}").scalar()
    assert stored / 3_000 < 14
