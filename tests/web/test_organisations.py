"""A person in several organisations chooses one; a change of role or organisation leaves no old cookie behind."""

from __future__ import annotations

import re
import statistics
import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from geoservice.errors import NotSignedIn
from geoservice.operations import accounts, audit, passwords, people, setup, signin
from geoservice.settings import Settings
from geoservice.types import Role
from geoservice.web.app import create_app

PASSWORD, BOTH, ONE = "quatre mots bien choisis", "deux@exemple.fr", "une@exemple.fr"


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    settings = Settings(data=tmp_path_factory.mktemp("deux") / "data", sign_in_network_tries=10_000, sign_in_tries=100)
    storage = setup.create(settings)
    for code in ("rives", "plaine"):
        accounts.create_organisation(storage, code)
    people.join(storage, BOTH, people.Place(1, Role.DSU_MEMBER), PASSWORD)
    people.join(storage, BOTH, people.Place(2, Role.ORG_ADMIN))
    people.join(storage, ONE, people.Place(1, Role.ORG_ADMIN), PASSWORD)
    storage.close()
    app = create_app(settings)
    with TestClient(app):
        yield app


@pytest.fixture
def storage(app):
    return app.state.service.storage


def browser(app) -> TestClient:
    return TestClient(app, follow_redirects=False, raise_server_exceptions=False)


def signed_in(app, email=BOTH) -> TestClient:
    client = browser(app)
    assert client.post("/connexion", data={"email": email, "password": PASSWORD}).status_code == 303
    return client


def place_of(storage, email: str, organisation: int) -> int:
    return next(member.id for member in people.members(storage, organisation) if member.email == email)


def chosen(app, storage, organisation: int) -> TestClient:
    client = signed_in(app)
    answer = client.post("/connexion/organisation", data={"place": place_of(storage, BOTH, organisation)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/mes-residences" if organisation == 1 else "/")
    return client


def whose(client: TestClient) -> str | None:
    return client.get("/api/session").json().get("organisation")


def test_one_chooses_before_anything_is_open(app, storage):
    client = browser(app)
    answer = client.post("/connexion", data={"email": BOTH, "password": PASSWORD})
    assert answer.headers["location"] == "/connexion/organisation"
    assert re.match(r"geoservice=cho_[\w-]{43}; .*Max-Age=600", answer.headers["set-cookie"])
    for path in ("/api/session", "/api/layers"):
        assert client.get(path).status_code == 401
    assert client.get("/compte").headers["location"] == "/connexion"
    waiting = client.cookies["geoservice"]
    page = client.get("/connexion/organisation").text
    assert "rives (Membre DSU)" in page
    assert "plaine (Administrateur de l’organisation)" in page
    assert "<script" not in page
    client.post("/connexion/organisation", data={"place": place_of(storage, BOTH, 2)})
    assert whose(client) == "plaine"
    assert client.cookies["geoservice"].startswith("ses_")
    used = browser(app)
    used.cookies.set("geoservice", waiting)  # it serves once
    assert used.post("/connexion/organisation", data={"place": place_of(storage, BOTH, 1)}).status_code == 401
    found = audit.listing(storage, 2)[0]
    assert (found.action, found.outcome) == ("connexion", "fait")


@pytest.mark.parametrize("place", ["", "x", "0", "999999", "-1", "1" * 30, "½"])
def test_what_is_no_organisation_of_ones_own_is_refused(app, storage, place):
    client = signed_in(app)
    answer = client.post("/connexion/organisation", data={"place": place})
    assert (answer.status_code, 'role="alert"' in answer.text) == (404, True)
    assert client.post("/connexion/organisation", data={"place": place_of(storage, ONE, 1)}).status_code == 404
    assert client.get("/api/session").status_code == 401
    assert client.post("/connexion/organisation", data={"place": place_of(storage, BOTH, 1)}).status_code == 303


def test_the_choice_is_not_open_for_long_nor_to_others(app, storage):
    client = signed_in(app)
    with storage.write() as connection:
        connection.execute(text("UPDATE sign_in SET ends = :moment WHERE sha256 = :digest"), {
            "moment": datetime.now(UTC).replace(tzinfo=None) - timedelta(seconds=1),
            "digest": accounts.hash_of(client.cookies["geoservice"])})
    assert client.get("/connexion/organisation").headers["location"] == "/connexion"
    late = client.post("/connexion/organisation", data={"place": place_of(storage, BOTH, 1)})
    assert (late.status_code, "expiré" in late.text) == (401, True)
    for cookie in (None, "ses_x", "geo_x", "cho_" + "x" * 43):
        stranger = browser(app)
        if cookie:
            stranger.cookies.set("geoservice", cookie)
        assert stranger.get("/connexion/organisation").headers["location"] == "/connexion"
        assert stranger.post("/connexion/organisation", data={"place": place_of(storage, BOTH, 1)}).status_code == 401
    fresh = signed_in(app)
    assert fresh.post("/connexion/organisation", data={"place": place_of(storage, BOTH, 1)},
                      headers={"Origin": "https://ailleurs.example"}).status_code == 403


def test_a_cookie_that_waits_is_no_sign_in_nor_under_another_name(app, storage):
    waiting = signed_in(app).cookies["geoservice"]
    assert signin.find(storage, waiting) is None
    renamed = browser(app)
    renamed.cookies.set("geoservice", "ses_" + waiting[4:])
    assert renamed.get("/api/session").status_code == 401


def test_one_changes_on_the_account_page_under_a_new_cookie(app, storage):
    client = chosen(app, storage, 1)
    before = client.cookies["geoservice"]
    ends = signin.listing(storage, signin.find(storage, before).viewer, before)[0][0].ends
    page = client.get("/compte").text
    assert "Travailler dans" in page
    assert f'value="{place_of(storage, BOTH, 1)}" selected' in page
    assert client.get("/membres").status_code == 403  # a member there
    answer = client.post("/compte/organisation", data={"place": place_of(storage, BOTH, 2)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    after = client.cookies["geoservice"]
    assert (whose(client), after == before) == ("plaine", False)
    assert client.get("/membres").status_code == 200  # an administrator here
    old = browser(app)
    old.cookies.set("geoservice", before)
    assert old.get("/api/session").status_code == 401
    now = signin.listing(storage, signin.find(storage, after).viewer, after)
    assert next(row.ends for row, mine in now if mine) == ends  # a change is no way to stay for ever
    assert audit.listing(storage, 2)[0].action == "connexion.organisation"
    assert client.post("/compte/organisation", data={"place": place_of(storage, ONE, 1)}).status_code == 404
    assert whose(client) == "plaine"


def test_who_is_in_one_organisation_is_asked_nothing(app, storage):
    client = signed_in(app, ONE)
    assert whose(client) == "rives"
    assert "Travailler dans" not in client.get("/compte").text
    assert client.get("/connexion/organisation").headers["location"] == "/connexion"
    token = accounts.make_token(storage, 1, accounts.TokenWish("essai"))
    program = TestClient(app, headers={"Authorization": f"Bearer {token}"})
    assert program.post("/compte/organisation", data={"place": place_of(storage, ONE, 1)}).status_code == 404


def test_who_left_all_organisations_meanwhile_comes_in_nowhere(app, storage):
    people.join(storage, "part@exemple.fr", people.Place(1, Role.ANALYST), PASSWORD)
    people.join(storage, "part@exemple.fr", people.Place(2, Role.ANALYST))
    client = signed_in(app, "part@exemple.fr")
    gone = place_of(storage, "part@exemple.fr", 2)
    people.leave(storage, gone, 2)
    assert client.post("/connexion/organisation", data={"place": gone}).status_code == 404
    people.leave(storage, place_of(storage, "part@exemple.fr", 1), 1)
    assert client.get("/connexion/organisation").headers["location"] == "/connexion"
    assert browser(app).post("/connexion", data={"email": "part@exemple.fr", "password": PASSWORD}).status_code == 401


def test_a_change_of_role_signs_out_and_every_cookie_after_it_is_new(app, storage):
    people.join(storage, "role@exemple.fr", people.Place(1, Role.DSU_MEMBER), PASSWORD)
    client = signed_in(app, "role@exemple.fr")
    other = signed_in(app, ONE)
    before = client.cookies["geoservice"]
    number = place_of(storage, "role@exemple.fr", 1)
    assert other.post(f"/membres/{number}/role", data={"role": "analyst"}).status_code == 303
    assert client.get("/api/session").status_code == 401
    assert whose(other) == "rives"  # nobody else's
    again = signed_in(app, "role@exemple.fr")
    assert again.cookies["geoservice"] != before
    assert signin.find(storage, again.cookies["geoservice"]).viewer.role is Role.ANALYST


def test_guesses_at_a_password_are_counted_where_one_is_signed_in_too(app, storage, monkeypatch):
    client = signed_in(app, ONE)
    monkeypatch.setattr(storage, "settings", storage.settings.model_copy(update={"sign_in_tries": 3}))
    new = "un autre mot de passe long"
    answers = [client.post("/compte/mot-de-passe", data={"old": f"faux {number}", "new": new, "again": new})
               for number in range(5)]
    assert [answer.status_code for answer in answers] == [400, 400, 400, 429, 429]
    assert "Trop d’essais" in answers[-1].text
    assert browser(app).post("/connexion", data={"email": ONE, "password": PASSWORD}).status_code == 429  # it is the same count
    with storage.write() as connection:
        connection.execute(text("DELETE FROM attempt"))


# --- the same work for those who have no account, measured

def spent(storage, email: str) -> float:
    """Processor time of this thread for one refused try, whatever else the machine does."""
    began = time.thread_time()
    with pytest.raises(NotSignedIn, match=signin.WRONG):
        signin.sign_in(storage, signin.Credentials(email, "faux faux faux faux", "10.1.2.3"))
    return time.thread_time() - began


def ratios(storage, pairs: int) -> list[float]:
    """A known account's time over an unknown one's, in pairs of alternating order."""
    found = []
    for number in range(pairs):
        names = (ONE, f"inconnu{number}@exemple.fr")
        times = {name: spent(storage, name) for name in (names if number % 2 else names[::-1])}
        found.append(times[names[0]] / times[names[1]])
    return found


def differ(found: list[float]) -> bool:
    """Whether two sorts of accounts can be told apart: the median of pairs is off by a quarter, and almost all pairs say so.

    Pairs of equal work lean either way, and their median stays within a few per cent of one, however busy the machine.
    """
    middle = statistics.median(found)
    return not 0.8 < middle < 1.25 and sum((ratio > 1) == (middle > 1) for ratio in found) >= len(found) - 1


def test_an_unknown_account_takes_the_same_time(storage, monkeypatch):
    ratios(storage, 2)  # imports and caches
    assert not differ(ratios(storage, 12))
    real = passwords.matches
    monkeypatch.setattr(passwords, "matches", lambda given, kept: kept is not None and real(given, kept))
    assert differ(ratios(storage, 6))  # the naive build is told apart at once


def test_no_more_than_three_passwords_are_hashed_at_once(monkeypatch):
    """Each takes 32 MiB: a crowd at the door waits, and beyond its patience is told so."""
    import threading

    monkeypatch.setattr(passwords, "_PATIENCE_S", 0.01)
    inside, most, told, gate = [], [], [], threading.Event()

    class Slow:
        def verify(self, kept: str, given: str) -> bool:
            inside.append(1)
            most.append(len(inside))
            gate.wait(20)
            inside.pop()
            return True

    monkeypatch.setattr(passwords, "_hasher", Slow)

    def one() -> None:
        try:
            passwords.matches("x", "y")
        except Exception as error:
            told.append(type(error).__name__)

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    while len(told) < 5:
        time.sleep(0.005)
    gate.set()
    for thread in threads:
        thread.join(20)
    assert max(most) == 3
    assert told == ["NotReady"] * 5
