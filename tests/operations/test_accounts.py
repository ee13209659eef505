"""The command line for people, tokens and the audit; the audit that the database keeps."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from geoservice import cli
from geoservice.operations import accounts, audit, setup, signin
from geoservice.settings import Settings
from geoservice.storage import audit as stored


@pytest.fixture
def folder(tmp_path):
    data = tmp_path / "d"
    storage = setup.create(Settings(data=data))
    accounts.create_organisation(storage, "rives")
    storage.close()
    return data


def run(folder, *words: str) -> int:
    return cli.main([*words, "--data", str(folder)])


def test_a_person_is_made_listed_given_a_password_and_removed(folder, capsys):
    assert run(folder, "person", "create", "A.B@rives.fr", "--role", "org_admin") == 0
    password = capsys.readouterr().out.split("une seule fois) : ")[1].strip()
    storage = setup.open_storage(Settings(data=folder))
    secret = signin.sign_in(storage, signin.Credentials("a.b@rives.fr", password, "10.0.0.1"))
    assert signin.find(storage, secret).viewer.organisation == "rives"
    assert run(folder, "person", "list") == 0
    assert "a.b@rives.fr" in capsys.readouterr().out
    assert run(folder, "person", "password", "a.b@rives.fr") == 0
    assert signin.find(storage, secret) is None
    assert run(folder, "person", "create", "a.b@rives.fr", "--role", "analyst") == 1
    assert run(folder, "person", "create", "rives.fr", "--role", "analyst") == 2
    assert run(folder, "person", "create", "p@rives.fr", "--role", "police_liaison") == 2
    assert run(folder, "person", "create", "p@rives.fr", "--role", "analyst", "--organisation", "absente") == 2
    assert run(folder, "person", "unlink", "a.b@rives.fr") == 2  # no provider knows them
    assert run(folder, "person", "remove", "a.b@rives.fr") == 1  # the last administrator
    assert run(folder, "person", "create", "c@rives.fr", "--role", "org_admin") == 0
    assert run(folder, "person", "remove", "a.b@rives.fr") == 0
    assert run(folder, "person", "remove", "a.b@rives.fr") == 2
    storage.close()


def test_tokens_are_made_listed_and_revoked(folder, capsys):
    assert run(folder, "token", "create", "lecture", "--scope", "read", "--days", "30") == 0
    token = capsys.readouterr().out.strip()
    storage = setup.open_storage(Settings(data=folder))
    assert str(accounts.viewer_of_token(storage, token).scope) == "read"
    assert run(folder, "token", "list") == 0
    listed = capsys.readouterr().out
    assert f"…{token[-4:]}" in listed
    assert token not in listed
    assert run(folder, "token", "revoke", "1") == 0
    assert accounts.viewer_of_token(storage, token) is None
    assert run(folder, "token", "revoke", "9") == 2
    assert run(folder, "token", "create", "sans durée") == 0  # every token ends
    ends = accounts.tokens(storage, 1)[-1].expires
    assert 364 <= (ends.replace(tzinfo=UTC) - datetime.now(UTC)).days <= 365
    storage.close()


def test_the_audit_is_verified_and_anchored(folder, capsys):
    run(folder, "token", "create", "un")
    capsys.readouterr()
    assert run(folder, "audit", "head") == 0
    head = capsys.readouterr().out.strip()
    run(folder, "token", "create", "deux")
    assert run(folder, "audit", "verify", "--head", head) == 0
    assert "3 lignes" in capsys.readouterr().out
    assert run(folder, "audit", "verify", "--head", "2:" + "0" * 64) == 1
    assert run(folder, "audit", "verify", "--head", "x") == 2
    assert run(folder, "audit", "head", "--days") == 0


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'x'", "DELETE FROM audit", "DELETE FROM audit WHERE seq = 1"])
def test_the_database_refuses_to_change_the_audit(folder, statement):
    storage = setup.open_storage(Settings(data=folder))
    with pytest.raises(DBAPIError, match="only added to"), storage.write() as connection:
        connection.execute(text(statement))
    assert audit.verify(storage).fault is None
    storage.close()


def _aged(storage, days: int) -> datetime:
    """Rows of three days, the last of them so many days ago; the moment now."""
    moment = datetime.now(UTC)
    with storage.write() as connection:
        for before in (days + 2, days + 1, days):
            for number in range(3):
                stored.append(connection, 1, f"jeton {number}", ("export", "essai", "fait"), moment - timedelta(days=before))
    return moment


@pytest.fixture
def aged(tmp_path):
    storage = setup.create(Settings(data=tmp_path / "aged"))
    yield storage
    storage.close()


def test_old_rows_go_by_sealed_days_and_the_rest_is_verified(aged):
    moment = _aged(aged, 400)
    anchor = next(iter(audit.days(aged).values()))
    with aged.write() as connection:
        stored.append(connection, 1, "jeton 9", ("export", "jeune", "fait"), moment)
        assert stored.due(connection, (moment - timedelta(days=400)).date()) == (6, 6)
        assert stored.seal(connection, (moment - timedelta(days=400)).date(), "service", moment) == 6
    verdict = audit.verify(aged, anchor)
    assert (verdict.fault, verdict.rows, verdict.sealed) == (None, 5, 6)
    with aged.write() as connection:
        assert stored.seal(connection, moment.date(), "service", moment) == 3  # never younger than half a year
        assert stored.seal(connection, moment.date(), "service", moment) == 0
    assert audit.verify(aged, anchor).fault is None
    assert audit.head(aged).startswith("12:")


@pytest.mark.parametrize("thing", ["9:aaaa", "99", "", "x:y"])
@pytest.mark.parametrize("days", [20, 400])
def test_the_database_deletes_no_row_that_the_last_one_does_not_seal(aged, thing, days):
    _aged(aged, days)
    with aged.write() as connection:
        stored.append(connection, 1, "service", ("journal.scelle" if thing else "export", thing, "fait"))
    forged = days == 400 and thing in ("9:aaaa", "99")
    with contextlib.ExitStack() as stack:
        if not forged:
            stack.enter_context(pytest.raises(DBAPIError))
        with aged.write() as connection:
            connection.execute(text("DELETE FROM audit WHERE seq < 4"))
    if forged:  # somebody who writes a seal by hand gets rows out of the table, and is found
        assert audit.verify(aged).fault[1] == "sceau"


@pytest.mark.sqlite_file
@pytest.mark.parametrize(("statement", "word"), [
    ("UPDATE audit SET actor = 'personne 9' WHERE seq = 2", "contenu"), ("DELETE FROM audit WHERE seq = 1", "numero"),
    ("DELETE FROM audit WHERE seq = 3", "jour"), ("UPDATE audit_day SET seq = 2", "jour")])
def test_whoever_writes_past_the_service_is_found(folder, statement, word, capsys):
    for name in ("un", "deux"):
        run(folder, "token", "create", name)
    storage = setup.open_storage(Settings(data=folder))
    with storage.write() as connection:
        for event in ("update", "delete"):
            connection.execute(text(f"DROP TRIGGER audit_no_{event}"))
        connection.execute(text(statement))
    assert audit.verify(storage).fault[1] == word
    storage.close()
    assert run(folder, "audit", "verify") == 1
    assert "ALTÉRÉ" in capsys.readouterr().out
