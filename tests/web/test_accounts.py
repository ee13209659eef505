"""People sign in, are signed out, and may do what their role says; pages of accounts."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from geoservice.errors import BadInput, NotSignedIn, TooManyTries
from geoservice.operations import accounts, agreements, audit, people, permissions, setup, signin
from geoservice.operations.permissions import ALLOWED, Action, can
from geoservice.settings import Settings
from geoservice.storage import audit as stored_audit
from geoservice.types import Category, Role, Scope, Viewer
from geoservice.web.actions import ACTIONS
from geoservice.web.app import create_app

PASSWORD = "quatre mots bien choisis"
ROLES = {"dsu": Role.DSU_MEMBER, "analyste": Role.ANALYST, "admin": Role.ORG_ADMIN, "police": Role.POLICE_LIAISON,
         "plateforme": Role.PLATFORM_ADMIN}


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """A service with two landlords and one person of every role in the first."""
    settings = Settings(data=tmp_path_factory.mktemp("comptes") / "data", sign_in_network_tries=10_000)
    storage = setup.create(settings)
    first, second = (accounts.create_organisation(storage, code) for code in ("rives", "plaine"))
    for name, role in ROLES.items():
        people.join(storage, f"{name}@rives.fr", people.Place(first, role, "commune:93066"), PASSWORD)
    people.join(storage, "admin@plaine.fr", people.Place(second, Role.ORG_ADMIN), PASSWORD)
    storage.close()
    app = create_app(settings)
    with TestClient(app):
        yield app


@pytest.fixture
def storage(running):
    return running.state.service.storage


def browser(app, email=None, password=PASSWORD, **named) -> TestClient:
    client = TestClient(app, follow_redirects=False, raise_server_exceptions=False, **named)
    if email:
        assert client.post("/connexion", data={"email": email, "password": password}).status_code == 303
    return client


def actions(app, **of) -> list[str]:
    app.state.service.aside._pool.submit(lambda: None).result()  # what was left to write is written
    rows = audit.listing(app.state.service.storage, 1, most=1_000)
    return [row.action for row in rows if all(getattr(row, name) == value for name, value in of.items())]


# --- signing in and out

def test_a_person_signs_in_and_out(running):
    client = browser(running)
    answer = client.post("/connexion", data={"email": " DSU@rives.fr ", "password": PASSWORD})
    assert (answer.status_code, answer.headers["location"]) == (303, "/mes-residences")
    cookie = answer.headers["set-cookie"]
    assert re.match(r"geoservice=ses_[\w-]{43}; ", cookie)
    assert {"HttpOnly", "SameSite=lax", "Path=/", "Max-Age=43200"} <= set(cookie.split("; "))
    assert client.get("/api/session").json()["organisation"] == "rives"
    kept = client.cookies["geoservice"]
    client.post("/deconnexion")
    assert client.get("/api/session", headers={"Cookie": f"geoservice={kept}"}).status_code == 401  # revoked, not only forgotten


def test_over_https_the_cookie_belongs_to_the_host_alone(running):
    client = browser(running, base_url="https://carte.example")
    answer = client.post("/connexion", data={"email": "dsu@rives.fr", "password": PASSWORD})
    assert answer.headers["set-cookie"].startswith("__Host-geoservice=ses_")
    assert "Secure" in answer.headers["set-cookie"]
    assert "Domain" not in answer.headers["set-cookie"]
    secret = client.cookies["__Host-geoservice"]
    assert client.get("/api/session").status_code == 200
    planted = browser(running, base_url="https://carte.example")
    assert planted.get("/api/session", headers={"Cookie": f"geoservice={secret}"}).status_code == 401


def test_every_sign_in_has_another_secret_and_ends_the_one_before(running):
    client = browser(running, "dsu@rives.fr")
    first = client.cookies["geoservice"]
    client.post("/connexion", data={"email": "dsu@rives.fr", "password": PASSWORD})
    assert client.cookies["geoservice"] != first
    assert client.get("/api/session").status_code == 200
    assert browser(running).get("/api/session", headers={"Cookie": f"geoservice={first}"}).status_code == 401


@pytest.mark.parametrize(("email", "password"), [
    ("dsu@rives.fr", "faux faux faux faux"), ("personne@ailleurs.fr", PASSWORD), ("", PASSWORD), ("dsu@rives.fr", ""),
    ("x" * 3_000, "y"), ("dsu@rives.fr", PASSWORD + "\0"), ("é@\ud83d", "a" * 900)])
def test_a_refusal_says_the_same_whatever_is_wrong(running, storage, email, password):
    with storage.write() as connection:
        connection.execute(text("DELETE FROM attempt"))
    answer = browser(running).post("/connexion", content=f"email={email}&password={password}".encode("utf-8", "surrogatepass"),
                                   headers={"Content-Type": "application/x-www-form-urlencoded"})
    if password.endswith("\0"):
        assert answer.status_code == 303  # a NUL is nobody's: it is left out
        return
    assert answer.status_code == 401
    assert signin.WRONG in answer.text
    assert "set-cookie" not in answer.headers


def test_an_unknown_account_costs_the_same_work(storage, monkeypatch):
    """Counted, not timed: on a busy machine a clock tells nothing."""
    from argon2 import PasswordHasher

    work = []
    real = PasswordHasher.verify
    monkeypatch.setattr(PasswordHasher, "verify", lambda self, kept, given: work.append(kept[:31]) or real(self, kept, given))
    for email in ("dsu@rives.fr", "personne@ailleurs.fr"):
        with pytest.raises(NotSignedIn, match=signin.WRONG):
            signin.sign_in(storage, signin.Credentials(email, "faux faux faux", "10.0.0.1"))
    assert len(work) == 2
    assert work[0] == work[1] == "$argon2id$v=19$m=32768,t=3,p=1$"[:31]


def test_tries_are_counted_by_account_and_by_network(tmp_path):
    storage = setup.create(Settings(data=tmp_path / "d", sign_in_tries=3, sign_in_network_tries=5))
    number = accounts.create_organisation(storage, "rives")
    people.join(storage, "a@b.fr", people.Place(number, Role.ANALYST), PASSWORD)

    def one(email, peer, password="faux faux faux"):
        return signin.sign_in(storage, signin.Credentials(email, password, peer))

    for email in ("a@b.fr", "inconnu@b.fr"):  # known or not, the limit is the same
        for n in range(3):
            with pytest.raises(NotSignedIn):
                one(email, f"10.{n}.0.1")
        with pytest.raises(TooManyTries):
            one(email, "10.9.0.1", PASSWORD)
    for n in range(5):
        with pytest.raises(NotSignedIn):
            one(f"n{n}@b.fr", f"192.168.7.{n}")
    with pytest.raises(TooManyTries):
        one("autre@b.fr", "192.168.7.200")
    with storage.write() as connection:  # a quarter of an hour later
        connection.execute(text("UPDATE attempt SET moment = moment - 901"))
    assert one("a@b.fr", "10.9.0.1", PASSWORD).startswith("ses_")
    with storage.read() as connection:  # and nothing is kept of them
        assert connection.execute(text("SELECT count(*) FROM attempt")).scalar() == 1  # the network of this last one
    with storage.read() as connection:  # nobody's own: no organisation lists them
        assert [row.action for row in stored_audit.latest(connection, 0, None, 100)].count("connexion.limite") == 3
    assert audit.listing(storage, 0) == []
    storage.close()


def test_a_sign_in_ends_when_idle_and_in_any_case(running, storage):
    client = browser(running, "analyste@rives.fr")
    number = signin.find(storage, client.cookies["geoservice"]).number

    def move(**columns):
        with storage.write() as connection:
            for name, ago in columns.items():
                connection.execute(text(f"UPDATE sign_in SET {name} = :moment WHERE id = {number}"),
                                   {"moment": (datetime.now(UTC) - ago).strftime("%Y-%m-%d %H:%M:%S.%f")})

    move(seen=timedelta(minutes=30))
    assert client.get("/api/session").status_code == 200  # and is noted as seen
    running.state.service.aside._pool.submit(lambda: None).result()
    assert not signin.find(storage, client.cookies["geoservice"]).due
    move(seen=timedelta(minutes=61))
    assert client.get("/api/session").status_code == 401
    move(seen=timedelta(0))
    assert client.get("/api/session").status_code == 200
    move(ends=timedelta(seconds=1))
    assert client.get("/api/session").status_code == 401


def test_one_lists_and_closes_ones_own_browsers_alone(running, storage):
    here, there, other = (browser(running, email) for email in ("dsu@rives.fr", "dsu@rives.fr", "admin@plaine.fr"))
    number = signin.find(storage, there.cookies["geoservice"]).number
    assert f"/compte/connexions/{number}/fermer" in here.get("/compte").text
    refused = other.post(f"/compte/connexions/{number}/fermer")
    assert refused.status_code == 404
    assert there.get("/api/session").status_code == 200
    assert here.post(f"/compte/connexions/{number}/fermer").status_code == 303
    assert there.get("/api/session").status_code == 401  # one request later
    assert here.get("/api/session").status_code == 200


def test_a_new_password_signs_every_browser_out(running, storage):
    people.join(storage, "mdp@rives.fr", people.Place(1, Role.ANALYST), PASSWORD)
    client, other = browser(running, "mdp@rives.fr"), browser(running, "mdp@rives.fr")
    wrong = client.post("/compte/mot-de-passe", data={"old": "faux", "new": "un autre bien long", "again": "un autre bien long"})
    assert (wrong.status_code, "n’est pas le bon" in wrong.text) == (400, True)
    for new in ("court", "aaaaaaaaaaaaaaaa", "mdp mdp mdp mdp mdp", "x" * 200):
        assert client.post("/compte/mot-de-passe", data={"old": PASSWORD, "new": new, "again": new}).status_code == 400
    new = "encore plus de mots choisis"
    done = client.post("/compte/mot-de-passe", data={"old": PASSWORD, "new": new, "again": new})
    assert (done.status_code, done.headers["location"]) == (303, "/connexion")
    assert other.get("/api/session").status_code == 401
    browser(running, "mdp@rives.fr", new)


# --- roles

def test_every_role_on_every_route(running, storage):
    """The table is what the routes do: 403 exactly where `can` says no."""
    checked = 0
    for name, role in ROLES.items():
        client = browser(running, f"{name}@rives.fr")
        who = signin.find(storage, client.cookies["geoservice"]).viewer
        assert who.role is role
        for route, action in ACTIONS.items():
            method, path = route.split(" ")
            if path in ("/", "/lieux", "/donnees", "/saisie"):
                continue  # they lead elsewhere: below
            address = re.sub(r"\{number\}", "999999", path).replace("{cell}", "8a1fb466b047fff")
            status = client.request(method, re.sub(r"\{[^}]*\}", "0", address)).status_code
            assert (status == 403) == (not can(who, action, who.organisation_id)), (name, route, status)
            checked += 1
    assert checked == len(ROLES) * (len(ACTIONS) - 4)


def test_who_may_see_no_facts_is_led_to_their_account(running):
    for name, place in (("police", "/partage"), ("plateforme", "/compte")):
        client = browser(running, f"{name}@rives.fr")
        assert client.get("/").headers["location"] == place
        assert client.get("/compte").status_code == 200
        assert 'href="/membres"' not in client.get("/compte").text


def test_no_reader_holds_facts_for_police_and_platform(world):
    from geoservice.catalog.layers import load
    from geoservice.operations.reader import open_reader

    storage = setup.open_storage(world.settings)
    number = accounts.organisations(storage)["rives"]
    for role in (Role.POLICE_LIAISON, Role.PLATFORM_ADMIN):
        reader = open_reader(storage, load(), Viewer(number, "rives", "x", "connexion", role, 1))
        assert reader.indexes == {}
        assert reader.kinds() == {}
        assert all(not view.count for view in reader.layers())
    assert open_reader(storage, load(), Viewer(number, "rives", "x", "connexion", Role.ANALYST, 1)).kinds()
    storage.close()


def test_the_table_of_rights():
    assert set(ALLOWED) == {None, *Role}
    admin = Viewer(1, "a", "n", "connexion", Role.ORG_ADMIN, 1)
    assert can(admin, Action.MANAGE_MEMBERS, 1)
    assert not can(admin, Action.MANAGE_MEMBERS, 2)
    assert not can(admin, Action.READ_FACTS, 2)
    reading = Viewer(1, "a", "n", "token", scope=Scope.READ)
    assert can(reading, Action.READ_FACTS, 1)
    assert not can(reading, Action.IMPORT, 1)
    for role in (Role.PLATFORM_ADMIN, Role.POLICE_LIAISON):
        assert not {Action.READ_FACTS, Action.EXPORT, Action.IMPORT} & ALLOWED[role]
    looking = Viewer(2, "b", "n", "connexion", Role.PLATFORM_ADMIN, 1, glass=True)
    assert can(looking, Action.READ_FACTS, 2)
    assert not can(looking, Action.EXPORT, 2)
    assert permissions.WRITES.isdisjoint({Action.READ_FACTS, Action.READ_RELEASE, Action.EXPORT})


# --- tokens

def test_a_token_reads_expires_and_is_revoked(running, storage):
    client = browser(running, "admin@rives.fr")
    page = client.post("/compte/jetons", data={"name": "tableau", "scope": "read", "days": "30"}).text
    token = re.search(r"geo_[\w-]{43}", page)[0]
    assert token not in client.get("/compte").text  # told once
    assert f"…{token[-4:]}" in client.get("/compte").text
    program = TestClient(running, headers={"Authorization": f"Bearer {token}"})
    assert program.get("/api/session").status_code == 200
    assert program.post("/api/facts", json={}).status_code == 403
    assert program.get("/api/session").json()["organisation"] == "rives"
    number = accounts.tokens(storage, 1)[-1].id
    assert browser(running, "admin@plaine.fr").post(f"/membres/jetons/{number}/revoquer").status_code == 404
    assert browser(running, "dsu@rives.fr").post(f"/compte/jetons/{number}/revoquer").status_code == 404
    with storage.write() as connection:
        connection.execute(text(f"UPDATE token SET expires = '2020-01-01 00:00:00.000000' WHERE id = {number}"))
    assert program.get("/api/session").status_code == 401
    with storage.write() as connection:
        connection.execute(text(f"UPDATE token SET expires = NULL WHERE id = {number}"))
    assert program.get("/api/session").status_code == 200
    assert client.post(f"/membres/jetons/{number}/revoquer").status_code == 303
    assert program.get("/api/session").status_code == 401


def test_an_analyst_makes_no_token_that_writes(running, storage):
    client = browser(running, "analyste@rives.fr")
    assert client.post("/compte/jetons", data={"name": "x", "scope": "write", "days": "30"}).status_code == 200
    assert accounts.tokens(storage, 1)[-1].scope == "read"
    for wrong in ({"scope": "tout"}, {"days": "99999"}, {"name": ""}, {"name": "a" * 81}):
        assert client.post("/compte/jetons", data={"name": "x", "scope": "read", "days": "30", **wrong}).status_code == 400


# --- members

def test_an_administrator_adds_changes_and_removes_members(running, storage):
    client = browser(running, "admin@rives.fr")
    page = client.post("/membres", data={"email": "Nouveau@rives.fr", "role": "dsu_member"}).text
    password = re.search(r"<code>([a-z2-9-]{23})</code>", page)[1]
    newcomer = browser(running, "nouveau@rives.fr", password)
    number = next(member.id for member in people.members(storage, 1) if member.email == "nouveau@rives.fr")
    assert client.post("/membres", data={"email": "nouveau@rives.fr", "role": "analyst"}).status_code == 409
    assert client.post("/membres", data={"email": "autre@rives.fr", "role": "platform_admin"}).status_code == 400
    assert client.post("/membres", data={"email": "autre@rives.fr", "role": "police_liaison"}).status_code == 400
    assert client.post("/membres", data={"email": "<b>@x", "role": "analyst"}).status_code == 400
    stranger = browser(running, "admin@plaine.fr")
    for path, data in ((f"/membres/{number}/role", {"role": "analyst"}), (f"/membres/{number}/retirer", {})):
        assert stranger.post(path, data=data).status_code in (404, 400)
    assert newcomer.post("/api/facts", json={}).status_code == 400
    made = newcomer.post("/compte/jetons", data={"name": "x", "scope": "write", "days": "30"}).text
    program = TestClient(running, headers={"Authorization": f"Bearer {re.search(r'geo_[-_0-9A-Za-z]{43}', made)[0]}"})
    assert program.get("/api/session").status_code == 200
    police = {"role": "police_liaison", "territory": "commune:93066"}
    assert client.post(f"/membres/{number}/role", data=police).status_code == 303
    assert newcomer.get("/api/session").status_code == 401  # no cookie of before works
    newcomer = browser(running, "nouveau@rives.fr", password)
    assert newcomer.post("/api/facts", json={}).status_code == 403
    assert program.get("/api/session").status_code == 401  # nor by a token of before
    assert client.post(f"/membres/{number}/retirer").status_code == 303
    assert newcomer.get("/api/session").status_code == 401
    with storage.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM person WHERE email = 'nouveau@rives.fr'")).scalar() == 0


def test_the_last_administrator_stays(running, storage):
    client = browser(running, "admin@plaine.fr")
    number = people.members(storage, 2)[0].id
    assert client.post(f"/membres/{number}/retirer").status_code == 409
    assert client.post(f"/membres/{number}/role", data={"role": "analyst"}).status_code == 409


def test_what_people_write_is_never_markup(running, storage):
    client = browser(running, "admin@rives.fr")
    client.post("/compte/jetons", data={"name": "<script>x</script>", "scope": "read", "days": "30"})
    for page in ("/compte", "/membres"):
        assert "<script" not in client.get(page).text
        assert "&lt;script&gt;" in client.get(page).text


# --- what two have to agree on

def test_an_agreement_is_given_seen_by_both_and_taken_back(running, storage):
    giver, opener = browser(running, "admin@rives.fr"), browser(running, "admin@plaine.fr")
    today = datetime.now(UTC).date()
    terms = {"zone": "commune:93066", "opener": "plaine", "since": str(today), "until": str(today + timedelta(30)), "c-DEG": "1",
             "c-SAL": "1"}
    for wrong in ({"zone": "x"}, {"opener": "rives"}, {"opener": "nulle"}, {"since": "hier"}, {"until": "2001-01-01"},
                  {"until": "2099-01-01"}, {"c-DEG": "", "c-SAL": ""}, {"since": "0001-01-01"}):
        answer = giver.post("/accords", data={**terms, **wrong})
        assert (answer.status_code, 'role="alert"' in answer.text) == (400, True), wrong
    assert giver.post("/accords", data=terms).status_code == 303
    for page in (giver.get("/accords").text, opener.get("/accords").text):
        assert "commune:93066" in page
        assert "DEG, SAL" in page
        assert "en cours" in page
    assert opener.post("/accords/1/retirer").status_code == 404  # not theirs to take back
    assert giver.post("/accords/1/retirer").status_code == 303
    assert "retirée" in opener.get("/accords").text
    assert giver.post("/accords/1/retirer").status_code == 404
    assert {"convention.creee", "convention.retiree"} <= {row.action for row in audit.listing(storage, 2)}


def test_an_agreement_ends_by_itself(storage):
    who = Viewer(1, "rives", "x", "connexion", Role.ORG_ADMIN, 1, mark="personne 1")
    first = datetime.now(UTC).date()
    agreements.agree(storage, who, agreements.Terms("qpv2024:QN07501M", (Category.DEG,), first, first + timedelta(2), "plaine"))
    given = agreements.listing(storage, who)[0]
    days = [-1, 0, 1, 2]
    assert [agreements.is_open(given, first + timedelta(day)) for day in days] == [False, True, True, False]


def test_assaults_on_staff_are_never_shared(storage):
    who = Viewer(1, "rives", "x", "connexion", Role.ORG_ADMIN, 1, mark="personne 1")
    first = datetime.now(UTC).date()
    with pytest.raises(BadInput, match="catégorie"):
        agreements.agree(storage, who, agreements.Terms("commune:93066", (Category.AGP,), first, first + timedelta(2), "plaine"))


def test_an_exceptional_look_is_asked_and_approved_on_its_page(running):
    admin, owner = browser(running, "plateforme@rives.fr"), browser(running, "admin@plaine.fr")
    assert admin.post("/acces", data={"organisation": "plaine", "reason": "panne", "hours": "99"}).status_code == 400
    assert admin.post("/acces", data={"organisation": "plaine", "reason": "panne", "hours": "2"}).status_code == 303
    assert "en attente" in admin.get("/acces").text
    assert admin.get("/api/layers").status_code == 403
    assert admin.post("/acces/1/accorder").status_code == 403  # not by the one who asked
    assert browser(running, "admin@rives.fr").post("/acces/1/accorder").status_code == 404
    assert browser(running, "dsu@rives.fr").get("/acces").status_code == 403
    assert owner.post("/acces/1/accorder").status_code == 303
    assert admin.get("/api/session").json()["organisation"] == "plaine"
    assert admin.get("/api/layers").status_code == 200
    assert admin.get("/api/units?kind=bailleur&format=csv").status_code == 403  # reading alone
    assert admin.get("/membres").status_code == 403
    page = owner.get("/journal").text
    assert "Accès exceptionnel demandé" in page
    assert "Accès exceptionnel accordé" in page


# --- the audit

def test_what_is_done_is_in_the_audit_of_ones_own_organisation(running, storage):
    client = browser(running, "admin@rives.fr")
    client.get("/api/units?kind=bailleur&format=csv")
    browser(running, "police@rives.fr").get("/api/layers")
    found = actions(running)
    assert {"connexion", "export", "acces", "jeton.cree", "jeton.revoque", "membre.ajoute", "membre.retire", "organisation.creee",
            "personne.supprimee", "connexion.revoquee", "mot-de-passe", "deconnexion"} <= set(found)
    assert "GET /api/layers" in [row.object for row in audit.listing(storage, 1, most=1_000) if row.outcome == "refus"]
    page = client.get("/journal").text
    assert "Jeton créé" in page
    assert "admin@rives.fr" in page
    assert "admin@plaine.fr" not in page
    assert audit.verify(storage).fault is None
    assert browser(running, "dsu@rives.fr").get("/journal").status_code == 403
    assert client.get("/journal?avant=2").status_code == 200
    assert client.get("/journal?avant=x").status_code == 404


def test_the_audit_holds_no_secret_and_no_name(running, storage):
    with storage.read() as connection:
        rows = " ".join(map(str, connection.execute(text("SELECT * FROM audit"))))
    assert not re.search(r"@|geo_|ses_|testclient|argon", rows)
    assert PASSWORD not in rows


def test_pages_send_people_who_are_not_signed_in_to_the_form(running):
    for page in ("/compte", "/membres", "/journal", "/accords", "/acces"):
        for client in (browser(running), TestClient(running, cookies={"geoservice": "ses_faux"}, follow_redirects=False)):
            answer = client.get(page)
            assert (answer.status_code, answer.headers["location"]) == (303, "/connexion")


def test_a_proxy_of_ones_own_says_where_people_are(running):
    from starlette.requests import Request

    from geoservice.web.routes.page import peer_of

    service = running.state.service
    scope = {"type": "http", "app": running, "client": ("10.0.0.9", 1), "headers": [(b"x-forwarded-for", b"6.6.6.6, 192.0.2.1")]}
    assert peer_of(Request(scope)) == "10.0.0.9"  # the header is not believed
    before = service.settings
    for proxies, peer in ((1, "192.0.2.1"), (2, "6.6.6.6"), (3, "10.0.0.9")):
        service.settings = before.model_copy(update={"trusted_proxies": proxies})
        assert peer_of(Request(scope)) == peer
    service.settings = before
    assert signin.network_of("192.0.2.77") == "192.0.2.0/24"
    assert signin.network_of("::ffff:192.0.2.77") == "192.0.2.0/24"
    assert signin.network_of("2001:db8:1:2:3::4") == "2001:db8:1:2::/64"
    assert signin.network_of("?") == "?"
