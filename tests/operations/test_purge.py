"""What is past its time is gone: from tables, database files, journal, indexes, uploads and new backups; the rest stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, text

from geoservice import cli
from geoservice.catalog.layers import load
from geoservice.errors import BadInput, Conflict, NotFound
from geoservice.operations import accounts, audit, backup, ingest, people, purge, setup, signin
from geoservice.operations.reader import open_reader
from geoservice.settings import Settings
from geoservice.storage import access
from geoservice.storage import audit as stored_audit
from geoservice.storage import engine as db
from geoservice.storage import people as stored_people
from geoservice.storage.purge import old_files, scrub
from geoservice.storage.store import Storage
from geoservice.types import Role
from tests import folders
from tests.conftest import ON_POSTGRESQL

NOW = datetime.now(UTC)
OLD, COARSE, YOUNG = NOW - timedelta(days=2_300), NOW - timedelta(days=1_300), NOW - timedelta(days=100)
FACTS = 12
PASSWORD = "Une phrase de passe assez longue 9"


def facts(path: Path, mark: str, day: datetime, number: int = FACTS) -> Path:
    """A landlord's export: what it names says `mark`, and its hours, 00:07 to 00:59, are found nowhere else."""
    rows = [f"{mark}-cle-{n};{day:%d/%m/%Y};00:{7 + n:02};tag;{mark}-residence;{mark}-hall-{n};{2.35 + n / 1_000:.6f};48.860000"
            for n in range(number)]
    path.write_text("\n".join(["identifiant;date;heure;type;code_residence;code_hall;longitude;latitude", *rows]), "utf-8")
    return path


def imported(storage: Storage, file: Path, organisation: str = "rives") -> ingest.ImportReport:
    return ingest.run(storage, load(), ingest.ImportRequest("incidents", (file,), organisation))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Facts of three ages, each with words of its own; two organisations."""
    here = tmp_path_factory.mktemp("purge")
    storage = setup.create(Settings(data=here / "d"))
    for code in ("rives", "plaine"):
        accounts.create_organisation(storage, code)
    for number, (mark, day) in enumerate((("ANCIEN", OLD), ("MOYEN", COARSE), ("RECENT", YOUNG))):
        report = imported(storage, facts(here / f"export-{number}.csv", mark, day))
        assert report.accepted == FACTS, report
    imported(storage, facts(here / "export-9.csv", "PLAINE", COARSE), "plaine")
    storage.close()
    return here / "d"


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return folders.copied(made, tmp_path / "d").data


@pytest.fixture
def storage(folder: Path) -> Iterator[Storage]:
    opened = setup.open_storage(Settings(data=folder))
    yield opened
    opened.close()


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Every file of a data folder, journal and all, as it is on the disk."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def holding(folder: Path, *words: str) -> list[tuple[str, str]]:
    """Which files hold which of these words, in any of the spellings that texts have in files."""
    return [(name, word) for name, content in bytes_of(folder).items() for word in words
            if word.encode() in content or word.encode("utf-16-le") in content]


def numbers(purged: purge.Purged) -> dict[str, int]:
    return {line.rule: line.number for line in purged.lines if line.number and line.organisation is None}


def values(storage: Storage, sql: str) -> list[tuple]:
    with storage.read() as connection:
        return [tuple(row) for row in connection.execute(text(sql))]


def everything(storage: Storage, tmp_path: Path) -> bytes:
    """A new backup: every table, index and received file, whichever the database."""
    path = tmp_path / f"{os.urandom(4).hex()}.tar"
    backup.save(storage, path)
    return path.read_bytes()


def test_a_dry_run_says_it_all_and_writes_nothing(storage: Storage, folder: Path) -> None:
    assert purge.last(storage) is None
    before = values(storage, "SELECT * FROM fact ORDER BY id"), values(storage, "SELECT * FROM audit ORDER BY seq")
    told = purge.foresee(storage, NOW)
    assert numbers(told) == {"faits": FACTS, "faits-precision": 3 * FACTS}  # those that will go are coarse too, in their turn
    assert {line.rule for line in told.lines} >= {"fichiers", "refus", "journal", "attente", "connexions", "imports"}
    later = numbers(purge.foresee(storage, NOW + timedelta(days=40)))
    assert later["fichiers"] == 4
    assert before == (values(storage, "SELECT * FROM fact ORDER BY id"), values(storage, "SELECT * FROM audit ORDER BY seq"))
    assert holding(folder, "ANCIEN-cle-3")


def test_what_is_too_old_goes_and_what_is_old_loses_its_place(storage: Storage, tmp_path: Path) -> None:
    purged = purge.run(storage, NOW)
    assert purged.clean
    assert numbers(purged) == {"faits": FACTS, "faits-precision": 2 * FACTS}
    rows = values(storage, "SELECT key, day, minute, utc, lon, lat, cell, hall, residence, placement FROM fact ORDER BY id")
    old = [row for row in rows if row[0].startswith("MOYEN")]
    assert {row[2:8] for row in old} == {(None, None, None, None, 0, None)}
    assert {row[8:] for row in old} == {("MOYEN-residence", "residence")}
    young = [row for row in rows if row[0].startswith("RECENT")]
    assert len(young) == FACTS
    assert all(row[2] is not None and row[6] for row in young)
    assert not [row for row in rows if row[0].startswith("ANCIEN")]
    with_facts = open_reader(storage, load(), accounts.viewer_of_organisation(storage, "rives", "commande"))
    (kind,) = with_facts.kinds()
    assert with_facts.kinds()[kind] == 2 * FACTS
    assert purge.run(storage, NOW).total == 0
    assert audit.verify(storage).fault is None
    before = {line.rule: line.before[:10] for line in purged.lines}
    assert [row[0] for row in values(storage, "SELECT object FROM audit WHERE action = 'purge' ORDER BY seq")] == [
        f"faits avant {before['faits']}", f"faits-precision avant {before['faits-precision']}", f"terminée {3 * FACTS}",
        "terminée 0"]
    assert purge.last(storage) == NOW.date().isoformat()


def test_no_new_backup_holds_it(storage: Storage, tmp_path: Path) -> None:
    assert b"ANCIEN-cle-3" in everything(storage, tmp_path)
    purge.run(storage, NOW)
    assert b"ANCIEN-cle-3" in everything(storage, tmp_path)  # in the received file, which is younger
    purge.run(storage, NOW + timedelta(days=31))
    held = everything(storage, tmp_path)
    assert not [word for word in ("ANCIEN", "MOYEN-hall-2") if word.encode() in held]
    assert b"RECENT-hall-2" in held


@pytest.mark.sqlite_file
def test_no_file_of_the_folder_holds_it_any_more(storage: Storage, folder: Path) -> None:
    words = ("ANCIEN-cle-3", "ANCIEN-residence", "ANCIEN-hall-5", "MOYEN-hall-2")
    assert {word for _, word in holding(folder, *words)} == set(words)
    moment = NOW + timedelta(days=31)  # the received files are past their time too
    assert purge.run(storage, moment).clean
    assert holding(folder, *words, "ANCIEN") == []
    assert {name for name, _ in holding(folder, "RECENT-cle-3")} == {"geoservice.db"}
    assert storage.integrity() == "ok"


@pytest.mark.sqlite_file
def test_a_reader_that_stays_is_said_and_the_next_purge_ends_it(storage: Storage) -> None:
    purge.run(storage, NOW)
    with storage.write() as connection:
        connection.execute(text("DELETE FROM fact WHERE key LIKE 'MOYEN%'"))
    with storage.read() as connection:
        connection.execute(text("SELECT count(*) FROM fact")).all()
        assert scrub(storage, patience_s=0.3) is False
    assert scrub(storage, patience_s=0.3) is True


@pytest.mark.sqlite_file
def test_deleting_alone_would_leave_it_in_the_files(storage: Storage, folder: Path) -> None:
    """The positive control: without writing the database anew, the words are still there."""
    with storage.write() as connection:
        connection.execute(text("DELETE FROM fact WHERE key LIKE 'ANCIEN%'"))
    assert {name for name, _ in holding(folder, "ANCIEN-cle-3")} & {"geoservice.db", "geoservice.db-wal"}


@pytest.mark.skipif(not ON_POSTGRESQL, reason="about the files of PostgreSQL: set GEOSERVICE_DATABASE_URL")
def test_no_table_file_of_the_server_holds_it(storage: Storage) -> None:
    def held(word: str) -> list[str]:
        engine = db.open_engine(storage.settings)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT", geoservice_plain=True) as connection:
            if not connection.execute(text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")).scalar():
                pytest.skip("only a superuser may read the server's files")
            connection.execute(text("CHECKPOINT"))
            found = connection.execute(text(
                "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'i', 't') "
                "AND position(:word in pg_read_binary_file(pg_relation_filepath(oid))) > 0"), {"word": word.encode()})
            names = list(found.scalars())
        engine.dispose()
        return names

    assert set(held("ANCIEN-cle-3")) == {"fact", "fact_key"}
    purge.run(storage, NOW)
    assert held("ANCIEN-cle-3") == []
    assert "fact" in held("RECENT-cle-3")


def test_received_files_their_refused_lines_and_what_nobody_asked_for_go(storage: Storage, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "faux.csv").write_text(
        "identifiant;date;heure;type;longitude;latitude\nX1;31/02/2026;10:00;REFUSE-tag;2;48\n", "utf-8")
    imported(storage, tmp_path / "faux.csv")
    assert values(storage, "SELECT count(*) FROM rejected_line") == [(1,)]
    waiting = folder / "uploads" / "attente" / "1" / ("a" * 64)
    waiting.mkdir(parents=True)
    (waiting / "depose.csv").write_text("ATTENTE")
    (folder / "uploads" / ("b" * 64 + ".bin")).write_text("ORPHELIN")
    (folder / "index" / "77.facts").write_text("PERDU")
    (folder / "sauvegardes").mkdir()
    (folder / "sauvegardes" / "avant.tar").write_text("SAUVEGARDE")
    purged = purge.run(storage, NOW + timedelta(days=31))
    assert {name: number for name, number in numbers(purged).items() if not name.startswith(("faits", "versions"))} == {
        "fichiers": 5, "refus": 1, "attente": 1, "sauvegardes-internes": 1}
    assert values(storage, "SELECT count(*) FROM rejected_line") == [(0,)]
    assert list((folder / "uploads").glob("*.bin")) == []
    assert sorted(path.name for path in (folder / "index").iterdir()) == ["1.facts", "2.facts"]
    assert holding(folder, "ATTENTE", "ORPHELIN", "PERDU", "SAUVEGARDE", "REFUSE-tag") == []


def test_a_year_later_history_and_what_undoing_needs_are_gone(storage: Storage, tmp_path: Path) -> None:
    file = facts(tmp_path / "encore.csv", "RECENT", YOUNG)
    file.write_text(file.read_text("utf-8").replace(";tag;", ";squat de hall;"), "utf-8")
    assert imported(storage, file).updated == FACTS
    assert values(storage, "SELECT count(*) FROM fact_version") == [(FACTS,)]
    assert purge.run(storage, NOW + timedelta(days=300)).clean
    assert values(storage, "SELECT count(*) FROM fact_version") == [(FACTS,)]
    last = values(storage, "SELECT max(id) FROM import_run")[0][0]
    purged = numbers(purge.run(storage, NOW + timedelta(days=400)))
    assert purged["versions"] == FACTS
    assert purged["rencontres"] == 5
    assert purged["fiches-fichiers"] == 5
    assert values(storage, "SELECT count(*) FROM fact_version") == [(0,)]
    with pytest.raises(BadInput, match="d’avant les annulations"):
        ingest.undo(storage, last)
    assert values(storage, "SELECT count(*) FROM fact") == [(3 * FACTS,)]


def test_history_that_an_undo_of_late_may_need_stays(storage: Storage, tmp_path: Path) -> None:
    """Whatever a purge takes, undoing an import of late brings back what was there before it."""
    with storage.write() as connection:  # all that is there is more than a year old
        connection.execute(text("UPDATE import_run SET started = :then, finished = :then"), {"then": NOW - timedelta(days=500)})
    file = facts(tmp_path / "encore.csv", "RECENT", YOUNG)
    file.write_text(file.read_text("utf-8").replace(";tag;", ";squat de hall;"), "utf-8")
    number = imported(storage, file).import_id
    before = numbers(purge.run(storage, NOW))
    assert "versions" not in before
    assert before["rencontres"] == 4
    undone = ingest.undo(storage, number)
    assert (undone.removed, undone.restored) == (0, FACTS)
    found = values(storage, "SELECT category, subcategory FROM fact WHERE key LIKE 'RECENT%'")
    assert set(found) == {("DEG", "tag")}


def test_an_organisation_keeps_less_than_the_others(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "durees.toml").write_text("[organisation.plaine]\nfaits = 800\n", "utf-8")
    storage = setup.open_storage(Settings(data=folder, retention=tmp_path / "durees.toml"))
    told = purge.foresee(storage, NOW)
    assert {(line.organisation, line.number) for line in told.lines if line.rule == "faits"} == {(None, FACTS), ("plaine", FACTS)}
    purge.run(storage, NOW)
    assert values(storage, "SELECT count(*) FROM fact WHERE key LIKE 'PLAINE%'") == [(0,)]
    assert values(storage, "SELECT count(*) FROM fact") == [(2 * FACTS,)]
    storage.close()
    (tmp_path / "durees.toml").write_text("[organisation.absente]\nfaits = 800\n", "utf-8")
    storage = setup.open_storage(Settings(data=folder, retention=tmp_path / "durees.toml"))
    with pytest.raises(NotFound, match="absente"):
        purge.foresee(storage, NOW)
    storage.close()


def test_a_coarse_fact_stays_coarse_when_its_file_comes_again(storage: Storage, tmp_path: Path) -> None:
    purge.run(storage, NOW)
    again = imported(storage, facts(tmp_path / "encore.csv", "MOYEN", COARSE))
    assert (again.unchanged, again.updated) == (FACTS, 0)
    assert values(storage, "SELECT DISTINCT cell FROM fact WHERE key LIKE 'MOYEN%'") == [(0,)]


# --- accounts

def member(storage: Storage, email: str, organisation: int, role: Role) -> tuple[int, str]:
    joined = people.join(storage, email, people.Place(organisation, role), PASSWORD)
    return joined.person, signin.sign_in(storage, signin.Credentials(email, PASSWORD, "10.1.2.3"))


def test_an_account_is_erased_with_everything_but_its_number(storage: Storage, folder: Path, tmp_path: Path) -> None:
    member(storage, "reste@rives.fr", 1, Role.ORG_ADMIN)
    number, _ = member(storage, "part@rives.fr", 1, Role.ANALYST)
    people.join(storage, "part@rives.fr", people.Place(2, Role.ANALYST))
    accounts.make_token(storage, 1, accounts.TokenWish("NOMDEJETON", person=number))
    with pytest.raises(Exception, match="incorrect"):
        signin.sign_in(storage, signin.Credentials("part@rives.fr", "non", "10.1.2.3"))
    assert purge.erase_person(storage, " Part@rives.fr ")
    for table in ("person", "membership", "sign_in"):
        assert values(storage, f"SELECT count(*) FROM {table}") == [(1,)]
    assert values(storage, "SELECT count(*) FROM token") == [(0,)]
    subject = signin.subject_of("part@rives.fr")
    assert values(storage, f"SELECT count(*) FROM attempt WHERE subject = '{subject}'") == [(0,)]
    held = everything(storage, tmp_path)
    assert not [word for word in ("part@rives.fr", "NOMDEJETON", subject) if word.encode() in held]
    if not ON_POSTGRESQL:
        assert holding(folder, "part@rives.fr", "NOMDEJETON", subject) == []
        assert holding(folder, "reste@rives.fr")
    told = values(storage, f"SELECT actor, action, object FROM audit WHERE object = 'personne {number}'")
    assert told == [("commande", "personne.supprimee", f"personne {number}")] * 2
    with pytest.raises(NotFound):
        purge.erase_person(storage, "part@rives.fr")


def test_the_last_administrator_is_not_erased(storage: Storage) -> None:
    member(storage, "seule@rives.fr", 1, Role.ORG_ADMIN)
    with pytest.raises(Conflict, match="rives"):
        purge.erase_person(storage, "seule@rives.fr")
    assert values(storage, "SELECT count(*) FROM person") == [(1,)]


def test_a_number_that_the_audit_names_is_given_to_nobody_else(storage: Storage) -> None:
    member(storage, "reste@rives.fr", 1, Role.ORG_ADMIN)
    number, _ = member(storage, "part@rives.fr", 1, Role.ANALYST)
    accounts.make_token(storage, 2, accounts.TokenWish("un", person=number))  # named in the audit of another organisation
    token = values(storage, "SELECT max(id) FROM token")[0][0]
    purge.erase_person(storage, "part@rives.fr")
    assert people.join(storage, "autre@rives.fr", people.Place(1, Role.ANALYST), PASSWORD).person > number
    accounts.make_token(storage, 1, accounts.TokenWish("deux"))
    assert values(storage, "SELECT max(id) FROM token")[0][0] > token


def test_tokens_sign_ins_and_tries_go_by_age(storage: Storage) -> None:
    number, _ = member(storage, "a@rives.fr", 1, Role.ORG_ADMIN)
    accounts.make_token(storage, 1, accounts.TokenWish("fini", days=1, person=number))
    accounts.make_token(storage, 1, accounts.TokenWish("sans fin"))
    with storage.write() as connection:
        stored_people.add_try(connection, ["x" * 64], int(NOW.timestamp()) - 1_000)
    assert numbers(purge.run(storage, NOW))["essais"] == 1
    assert numbers(purge.run(storage, NOW + timedelta(days=2)))["connexions"] == 1
    assert numbers(purge.run(storage, NOW + timedelta(days=370)))["jetons"] == 1
    assert values(storage, "SELECT name FROM token") == [("sans fin",)]


def test_the_audit_goes_by_sealed_days_and_is_still_verified(storage: Storage) -> None:
    ((number, digest),) = values(storage, "SELECT seq, hash FROM audit WHERE seq = 2")
    purged = purge.run(storage, NOW + timedelta(days=366))
    assert numbers(purged)["journal"] >= 6
    verdict = audit.verify(storage)
    assert verdict.fault is None
    assert verdict.sealed == numbers(purged)["journal"]
    assert audit.verify(storage, f"{number}:{digest}").fault[1] == "ancienne"
    assert audit.verify(storage, next(iter(audit.days(storage).values()))).fault is None


# --- killed, and run again

KILLED = """
import os, signal, sys
from datetime import datetime
from geoservice.operations import purge, setup
from geoservice.settings import Settings
from geoservice.storage import purge as stored
from geoservice.storage.store import Storage

left = int(sys.argv[3])
def die_in_time():
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

def before(function):
    def called(*given, **named):
        die_in_time()
        found = function(*given, **named)
        die_in_time()
        return found
    return called

for name in ("batch", "erase", "scrub", "forget_uploads"):
    setattr(stored, name, before(getattr(stored, name)))
purge.refresh_as_writer = before(purge.refresh_as_writer)
storage = setup.open_storage(Settings(data=sys.argv[1]))
purge.run(storage, datetime.fromisoformat(sys.argv[2]), batch=5)
"""


def _kill(folder: Path, moment: datetime, after: int) -> int:
    return subprocess.run([sys.executable, "-c", KILLED, str(folder), moment.isoformat(), str(after)], check=False,
                          capture_output=True, timeout=120).returncode


def _finished(folder: Path, moment: datetime, tmp_path: Path) -> None:
    storage = setup.open_storage(Settings(data=folder))
    assert purge.run(storage, moment).clean
    assert values(storage, "SELECT count(*) FROM fact") == [(3 * FACTS,)]
    assert audit.verify(storage).fault is None
    assert storage.integrity() == "ok"
    assert b"ANCIEN-cle" not in everything(storage, tmp_path)
    if not ON_POSTGRESQL:
        assert holding(folder, "ANCIEN", "MOYEN-hall-2") == []
    reader = open_reader(storage, load(), accounts.viewer_of_organisation(storage, "rives", "commande"))
    assert list(reader.kinds().values()) == [2 * FACTS]
    storage.close()


@pytest.mark.parametrize("after", [8, 31])
def test_a_killed_purge_is_finished_by_the_next(folder: Path, tmp_path: Path, after: int) -> None:
    moment = NOW + timedelta(days=31)
    assert _kill(folder, moment, after) == -signal.SIGKILL
    _finished(folder, moment, tmp_path)


@pytest.mark.slow
def test_a_purge_killed_over_and_over_ends(folder: Path, tmp_path: Path) -> None:
    """Killed at the first step, the sixth, …, on one and the same folder, until it goes through."""
    moment, after = NOW + timedelta(days=31), 1
    while _kill(folder, moment, after) == -signal.SIGKILL:
        after += 5
        assert after < 200
    assert after >= 40  # it was killed eight times
    _finished(folder, moment, tmp_path)


# --- the command

def test_the_command(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["purge", "--dry-run", "--data", str(folder)]) == 0
    told = capsys.readouterr().out
    assert f"faits                        {FACTS:9}  effacés, avant le" in told
    assert "Rien n’a été écrit." in told
    assert cli.main(["purge", "--dry-run", "--on", "2060-01-01", "--json", "--data", str(folder)]) == 0
    assert '"rule": "faits"' in capsys.readouterr().out
    assert cli.main(["purge", "--on", "2060-01-01", "--data", str(folder)]) == 2
    assert cli.main(["purge", "--person", "x@y.fr", "--data", str(folder)]) == 2
    assert cli.main(["purge", "--data", str(folder)]) == 0
    assert f"{3 * FACTS} éléments traités." in capsys.readouterr().out


def test_a_clock_that_leaps_erases_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    storage = setup.open_storage(Settings(data=folder))
    with storage.write() as connection:
        stored_audit.append(connection, 0, "commande", ("export", "", "fait"), NOW - timedelta(days=200))
    storage.close()
    assert cli.main(["purge", "--data", str(folder)]) == 1
    assert "relancez avec --sure" in capsys.readouterr().err
    storage = setup.open_storage(Settings(data=folder))
    assert values(storage, "SELECT count(*) FROM fact") == [(4 * FACTS,)]
    storage.close()
    assert cli.main(["purge", "--sure", "--data", str(folder)]) == 0


def test_keys_links_and_requests_of_the_shared_folder_go_a_year_after_their_end(tmp_path: Path) -> None:
    storage = setup.create(Settings(data=tmp_path / "d"))
    folder = storage.settings.shared_folder
    folder.mkdir(parents=True)
    guests = access.Access(folder)
    ended = {days: access.now() - timedelta(days=days) for days in (10, 380)}
    with guests.write() as connection:
        for days, end in ended.items():
            connection.execute(insert(access.KEYS).values(sha256=f"cle-{days}", label=f"SERVICE{days}", territory="lys",
                                                          liaison=0, created=end, expires=end))
    guests.close()
    assert [line.number for line in purge.foresee(storage, NOW).lines if line.rule == "acces-partages"] == [1]
    assert purge.run(storage, NOW).total == 1
    files = b"".join(path.read_bytes() for path in folder.glob("access.db*"))
    assert (b"SERVICE10" in files, b"SERVICE380" in files) == (True, False)
    with access.Access(folder).read() as connection:
        assert connection is not None
        assert [row.label for row in access.listing(connection, access.KEYS)] == ["SERVICE10"]
    assert purge.run(storage, NOW).total == 0
    storage.close()


def test_old_files_are_told_by_their_age(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    assert old_files(tmp_path, NOW - timedelta(days=1)) == []
    assert old_files(tmp_path, NOW + timedelta(days=1)) == [tmp_path / "a"]
    assert old_files(tmp_path / "absent", NOW) == []
