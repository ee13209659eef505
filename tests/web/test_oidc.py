"""Signing in by a provider of identities, against one that speaks real HTTP, honest and hostile."""

from __future__ import annotations

import json
import time
from urllib.parse import parse_qs, quote, urlsplit

import httpx2
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from pydantic import ValidationError
from sqlalchemy import text
from starlette.testclient import TestClient

from geoservice.errors import NotReady, NotSignedIn
from geoservice.operations import accounts, audit, identities, oidc, people, setup
from geoservice.settings import Settings
from geoservice.types import Role
from geoservice.web.app import create_app
from tests.web.identities import CLIENT, SECRET, Person, running

PASSWORD = "quatre mots bien choisis"
HERE = "https://carte.example"
NOT_DONE, NO_ACCOUNT, SILENT = "n’a pas abouti", "Aucun compte ne correspond", "ne répond pas comme prévu"


@pytest.fixture(scope="module")
def there():
    with running() as provider:
        provider.redirects = (HERE + oidc.CALLBACK,)
        yield provider


@pytest.fixture(scope="module")
def app(there, tmp_path_factory):
    settings = Settings(data=tmp_path_factory.mktemp("oidc") / "data", sign_in_network_tries=10_000, public_url=HERE,
                        oidc_client_id=CLIENT, oidc_client_secret=SECRET, oidc_issuer=there.issuer)
    storage = setup.create(settings)
    for code in ("rives", "plaine"):
        accounts.create_organisation(storage, code)
    storage.close()
    app = create_app(settings)
    with TestClient(app):
        yield app


@pytest.fixture
def storage(app):
    return app.state.service.storage


@pytest.fixture(autouse=True)
def fresh(app, there, storage):
    """An honest provider that nobody remembers, and members whom no provider knows yet."""
    there.knobs.clear()
    there.asked.clear()
    there.person = Person("sub-1", "dsu@rives.fr")
    app.state.service.provider = oidc.Provider(app.state.service.settings)
    with storage.write() as connection:
        for table in ("identity", "sign_in", "membership WHERE organisation_id = 2", "attempt"):
            connection.execute(text(f"DELETE FROM {table}"))
    known = {member.email for member in people.members(storage)}
    for name, role in (("dsu", Role.DSU_MEMBER), ("chef", Role.ORG_ADMIN)):
        if f"{name}@rives.fr" not in known:
            people.join(storage, f"{name}@rives.fr", people.Place(1, role), PASSWORD)


def browser(app) -> TestClient:
    return TestClient(app, base_url=HERE, follow_redirects=False, raise_server_exceptions=False)


def away(client) -> str:
    """What the provider sends a browser back with: path and query on our side."""
    left = client.get("/connexion/proconnect")
    assert left.status_code == 303, left.text
    back = httpx2.get(left.headers["location"])
    assert back.status_code == 303, back.text
    assert back.headers["location"].startswith(HERE + oidc.CALLBACK)
    return back.headers["location"].removeprefix(HERE)


def sign_in(client, change=lambda address: address):
    return client.get(change(away(client)))


def refused(answer, sentence=NOT_DONE, status=401) -> bool:
    """A French page that quotes nothing, and no cookie that opens anything."""
    assert (answer.status_code, sentence in answer.text) == (status, True), answer.text[-900:]
    assert "ses_" not in answer.headers.get("set-cookie", "")
    assert "CANARI" not in answer.text
    assert answer.headers["content-type"].startswith("text/html")
    return True


# --- as it should be

def test_a_member_signs_in_and_is_known_by_issuer_and_sub_from_then_on(app, there, storage):
    client = browser(app)
    answer = sign_in(client)
    assert (answer.status_code, answer.headers["location"]) == (303, "/mes-residences"), answer.text
    assert client.get("/api/session").json() | {"basemap": 0} == {
        "name": "dsu@rives.fr", "organisation": "rives", "via": "connexion", "basemap": 0}
    cookies = answer.headers.get_list("set-cookie")
    assert any(one.startswith("__Host-geoservice=ses_") and "Secure" in one and "HttpOnly" in one for one in cookies)
    assert any(one.startswith("__Host-geoservice-depart=") and "Max-Age=0" in one for one in cookies)
    there.person = Person("sub-1", "nouvelle@adresse.fr", verified=False)  # an e-mail no longer matters
    assert sign_in(browser(app)).headers["location"] == "/mes-residences"
    with storage.read() as connection:
        rows = connection.execute(text("SELECT * FROM identity")).mappings().all()
    assert len(rows) == 1
    assert rows[0]["sha256"] == identities.digest_of(there.issuer, "sub-1")
    assert "sub-1" not in str(rows)
    assert "identite.reliee" in [row.action for row in audit.listing(storage, 1)]


def test_what_leaves_is_what_the_provider_asks_for(app, there):
    left = browser(app).get("/connexion/proconnect")
    given = {name: values[0] for name, values in parse_qs(urlsplit(left.headers["location"]).query).items()}
    assert given["redirect_uri"] == HERE + oidc.CALLBACK
    assert given["scope"] == "openid email"
    assert given["code_challenge_method"] == "S256"
    assert len({given["state"], given["nonce"], given["code_challenge"]}) == 3
    assert left.headers["set-cookie"].startswith("__Host-geoservice-depart=")
    spoof = {"Host": "mechant.example", "X-Forwarded-Host": "mechant.example"}
    spoofed = browser(app).get("/connexion/proconnect", headers=spoof)
    assert "mechant" not in spoofed.headers["location"]


@pytest.mark.parametrize("knobs", [{"plain": True}, {"sign": "rsa", "sign_about": "rsa"},
                                   {"document": {"token_endpoint_auth_methods_supported": ["client_secret_basic"]}},
                                   {"document": {"authorization_response_iss_parameter_supported": False}, "back": {"iss": None}},
                                   {"back": {"session_state": "x", "error_uri": "y"}}])
def test_other_ways_of_an_honest_provider(app, there, knobs):
    there.knobs.update(knobs)
    assert sign_in(browser(app)).headers["location"] == "/mes-residences"


def test_keys_change_without_a_restart(app, there, monkeypatch):
    sign_in(browser(app))
    monkeypatch.setattr(there, "key", ECKey.generate_key("P-256", {"kid": "cle-9"}, private=True))
    monkeypatch.setattr(there, "sign", lambda claims, how: jwt.encode({"alg": "ES256", "kid": "cle-9"}, claims, there.key))
    kept = app.state.service.provider._kept
    kept["jwks_uri"] = (time.monotonic() - 31, kept["jwks_uri"][1])
    assert sign_in(browser(app)).headers["location"] == "/mes-residences"


def test_the_button_is_there_only_where_a_provider_is_set(app, tmp_path):
    assert "Se connecter avec ProConnect" in browser(app).get("/connexion").text
    settings = Settings(data=tmp_path / "d")
    setup.create(settings).close()
    with TestClient(create_app(settings), follow_redirects=False) as client:
        assert "ProConnect" not in client.get("/connexion").text
        for path in ("/connexion/proconnect", oidc.CALLBACK + "?code=x&state=y"):
            assert client.get(path).status_code == 404


def test_signing_out_ends_the_providers_session_too(app, there):
    client = browser(app)
    sign_in(client)
    hint = next(cookie for cookie in client.cookies.jar if cookie.name == "__Secure-geoservice-fournisseur")
    assert (hint.path, hint.secure) == ("/deconnexion", True)
    answer = client.post("/deconnexion")
    assert answer.status_code == 200
    address = answer.text.partition("0; url=")[2].partition('"')[0].replace("&amp;", "&")
    assert address.startswith(there.issuer + "/session/end?")
    ended = httpx2.get(address)
    assert ended.headers["location"].startswith(HERE + oidc.ENDED)
    assert client.get(ended.headers["location"].removeprefix(HERE)).headers["location"] == "/connexion"
    assert client.get("/api/session").status_code == 401
    assert client.post("/deconnexion").headers["location"] == "/connexion"  # the second time there is nothing to end there


# --- who may come in

@pytest.mark.parametrize("person", [
    Person("sub-x", "personne@rives.fr"),  # no account: a domain and a SIRET open nothing
    Person("sub-x", "dsu@rives.fr", verified=False),  # somebody else's e-mail, not verified
    Person("sub-x", "dsu@rives.fr", verified=None),  # ProConnect does not say, and the settings do not trust
    Person("sub-x", ""), Person("sub-x", "<b>CANARI@x"), Person("sub-x", "dsu@rives.fr\nx")])
def test_nobody_joins_without_an_administrator(app, there, storage, person):
    there.person = person
    assert refused(sign_in(browser(app)), NO_ACCOUNT)
    with storage.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM identity")).scalar() == 0
        assert connection.execute(text("SELECT count(*) FROM person")).scalar() == 2


def test_letters_that_only_look_the_same_are_somebody_else(app, there, storage):
    people.join(storage, "k@rives.fr", people.Place(1, Role.ANALYST), PASSWORD)
    there.person = Person("sub-x", "\N{KELVIN SIGN}@rives.fr")
    assert there.person.email.lower() == "k@rives.fr"
    assert refused(sign_in(browser(app)), NO_ACCOUNT)
    there.person = Person("sub-x", "K@rives.fr")
    assert sign_in(browser(app)).headers["location"] == "/"
    people.leave(storage, next(member.id for member in people.members(storage, 1) if member.email == "k@rives.fr"), 1)


def test_an_email_that_is_a_string_true_is_not_verified(app, there):
    there.knobs["about"] = {"email_verified": "true"}
    assert refused(sign_in(browser(app)), NO_ACCOUNT)


def test_where_the_settings_trust_the_provider_silence_is_enough_and_a_no_is_not(app, there, storage, monkeypatch):
    monkeypatch.setattr(storage, "settings", storage.settings.model_copy(update={"oidc_trust_email": True}))
    there.person = Person("sub-1", "dsu@rives.fr", verified=False)
    assert refused(sign_in(browser(app)), NO_ACCOUNT)
    there.person = Person("sub-1", "DSU@Rives.fr", verified=None)
    assert sign_in(browser(app)).headers["location"] == "/mes-residences"


def test_a_second_sub_with_the_same_email_is_refused_until_somebody_unlinks(app, there, storage):
    client = browser(app)
    sign_in(client)
    there.person = Person("sub-2", "dsu@rives.fr")  # the address passed to somebody else
    assert refused(sign_in(browser(app)), NO_ACCOUNT)
    identities.unlink(storage, "dsu@rives.fr")
    assert client.get("/api/session").status_code == 401
    assert sign_in(browser(app)).headers["location"] == "/mes-residences"
    there.person = Person("sub-1", "dsu@rives.fr")
    assert refused(sign_in(browser(app)), NO_ACCOUNT)


def test_a_sub_is_somebody_of_its_own_issuer_alone(app, there, storage):
    sign_in(browser(app))
    with storage.read() as connection:
        from geoservice.storage import people as stored

        assert stored.linked(connection, identities.digest_of("https://autre.example", "sub-1")) is None
        assert stored.linked(connection, identities.digest_of(there.issuer, "sub-1")) is not None
        assert stored.linked(connection, identities.digest_of(there.issuer + "\0sub", "-1")) is None


def test_who_leaves_can_no_longer_come_in_nor_whoever_takes_the_sub(app, there, storage):
    client = browser(app)
    sign_in(client)
    number = next(member.id for member in people.members(storage, 1) if member.email == "dsu@rives.fr")
    people.leave(storage, number, 1)
    assert client.get("/api/session").status_code == 401
    assert refused(sign_in(browser(app)), NO_ACCOUNT)
    with storage.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM identity")).scalar() == 0


def test_with_several_organisations_one_chooses(app, there, storage):
    people.join(storage, "dsu@rives.fr", people.Place(2, Role.ANALYST))
    client = browser(app)
    assert sign_in(client).headers["location"] == "/connexion/organisation"
    assert client.get("/api/session").status_code == 401  # not before
    place = next(member.id for member in people.members(storage, 2))
    assert client.post("/connexion/organisation", data={"place": place}).headers["location"] == "/"
    assert client.get("/api/session").json()["organisation"] == "plaine"


# --- attacks on what comes back

def swapped(name: str, value: str):
    def change(address: str) -> str:
        path, _, query = address.partition("?")
        pairs = {key: values[0] for key, values in parse_qs(query).items()} | {name: value}
        return str(httpx2.URL(path, params={key: text for key, text in pairs.items() if text != "-"}))
    return change


def twice(name: str):
    """The same value said again: which of two counts is nobody's guess."""
    return lambda address: f"{address}&{name}={quote(parse_qs(urlsplit(address).query)[name][0])}"


@pytest.mark.parametrize("change", [
    swapped("state", "x" * 43), swapped("state", "-"), swapped("state", "é" * 20), swapped("code", "x" * 32),
    swapped("code", "-"), swapped("code", "x" * 5_000), swapped("iss", "https://autre.example"), swapped("iss", "-"),
    swapped("error", "access_denied"),
    lambda address: address + "&state=deux", lambda address: address + "&code=deux", twice("iss"), twice("state"), twice("code")])
def test_a_changed_answer_is_refused(app, there, change):
    assert refused(sign_in(browser(app), change))


def test_an_answer_of_another_browser_is_refused_and_asks_nobody(app, there):
    victim, attacker = browser(app), browser(app)
    victim.get("/connexion/proconnect")
    address = away(attacker)
    asked = len(there.asked)
    assert refused(victim.get(address))
    assert refused(browser(app).get(address))  # nor of one that never left
    assert len(there.asked) == asked


def test_a_code_serves_once(app, there):
    client = browser(app)
    address = away(client)
    kept = dict(client.cookies)
    assert client.get(address).headers["location"] == "/mes-residences"
    assert refused(client.get(address))  # this browser has nothing to show any more
    again = browser(app)
    again.cookies.set("__Host-geoservice-depart", kept["__Host-geoservice-depart"])
    assert refused(again.get(address))  # and the provider knows the code no longer


def test_a_stolen_code_is_of_no_use_without_the_verifier(app, there):
    code = parse_qs(urlsplit(away(browser(app))).query)["code"][0]
    thief = browser(app)
    assert refused(sign_in(thief, swapped("code", code)))


FORGED = [
    {"claims": {"nonce": "x" * 43}}, {"claims": {"nonce": None}}, {"claims": {"nonce_supported": False, "nonce": None}},
    {"claims": {"iss": "https://autre.example"}}, {"claims": {"iss": None}},
    {"claims": {"aud": "un-autre-service"}}, {"claims": {"aud": None}}, {"claims": {"aud": ["un-autre-service"]}},
    {"claims": {"aud": [CLIENT, "autre"], "azp": "autre"}},
    {"claims": {"exp": int(time.time()) - 600}}, {"claims": {"exp": None}}, {"claims": {"exp": "jamais"}},
    {"claims": {"iat": int(time.time()) + 6_000}}, {"claims": {"nbf": int(time.time()) + 6_000}},
    {"claims": {"at_hash": "x" * 22}}, {"claims": {"sub": None}}, {"claims": {"sub": 7}}, {"claims": {"sub": "x" * 300}},
    {"sign": "none"}, {"sign": "other"}, {"sign": "public"}, {"sign": "secret"},
    {"sign_about": "none"}, {"sign_about": "other"}, {"sign_about": "public"},
    {"about": {"sub": "sub-de-quelqu-un-d-autre"}}, {"about": {"iss": "https://autre.example"}}, {"about": {"aud": "autre"}},
    {"about": {"exp": int(time.time()) - 600}}, {"about": {"sub": None}}, {"plain": True, "about": {"sub": "sub-2"}},
    {"keys": []}, {"keys": [{"kty": "CANARI"}]}, {"keys": None},
    {"/token": (200, {"Content-Type": "application/json"}, b"[]")}, {"/token": (200, {}, b"CANARI")},
    {"/token": (200, {}, b'{"access_token": "x"}')}, {"/token": (200, {}, b'{"access_token": 1, "id_token": 2}')},
    {"/userinfo": (401, {}, b"CANARI")}, {"/userinfo": (200, {"Content-Type": "application/jwt"}, b"CANARI")},
    {"/userinfo": (200, {"Content-Type": "application/json"}, b"[1]")}]


@pytest.mark.parametrize("knobs", FORGED, ids=[f"{number}-{next(iter(knobs))}" for number, knobs in enumerate(FORGED)])
def test_a_forged_answer_is_refused(app, there, storage, knobs):
    there.knobs.update(knobs)
    assert refused(sign_in(browser(app)))
    with storage.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM identity")).scalar() == 0


@pytest.mark.parametrize("knobs", [
    {"/token": (302, {"Location": "http://127.0.0.1:9/token"}, b"")}, {"/token": (500, {}, b"CANARI")},
    {"/userinfo": (200, {"Content-Type": "application/json"}, b" " * 300_000 + b"{}")}])
def test_a_provider_that_breaks_in_the_middle_is_told_in_french(app, there, knobs):
    there.knobs.update(knobs)
    answer = sign_in(browser(app))
    assert refused(answer, "ProConnect", answer.status_code)
    assert answer.status_code in (401, 503)


@pytest.mark.parametrize("document", [
    {"issuer": "https://autre.example"}, {"token_endpoint": "https://autre.example/token"}, {"jwks_uri": "http://127.0.0.1:1/jwks"},
    {"userinfo_endpoint": "file:///etc/passwd"}, {"authorization_endpoint": "https://autre.example/"},
    {"authorization_endpoint": "javascript:alert(1)"}, {"end_session_endpoint": "https://autre.example/"},
    {"token_endpoint": None}, {"code_challenge_methods_supported": ["plain"]}])
def test_a_document_that_leads_elsewhere_is_not_followed(app, there, document):
    there.knobs["document"] = document
    answer = browser(app).get("/connexion/proconnect")
    assert refused(answer, SILENT, 503)
    assert "location" not in answer.headers
    assert there.asked == ["/.well-known/openid-configuration"]


@pytest.mark.parametrize("spoiled", [
    (302, {"Location": "http://127.0.0.1:9/"}, b""), (500, {}, b"CANARI"), (200, {}, b"CANARI"), (200, {}, b"[]"),
    (200, {}, b" " * 300_000), (200, {"Content-Encoding": "gzip"}, b"{}"), (200, {"Content-Length": "999"}, b"")])
def test_a_provider_that_does_not_answer_is_told_in_french_and_left_alone_for_a_moment(app, there, spoiled, monkeypatch):
    monkeypatch.setattr(oidc, "TIMEOUT_S", 0.5)
    there.knobs["/.well-known/openid-configuration"] = spoiled
    for _ in range(3):
        assert refused(browser(app).get("/connexion/proconnect"), SILENT, 503)
    assert len(there.asked) == 1
    assert browser(app).post("/connexion", data={"email": "dsu@rives.fr", "password": PASSWORD}).status_code == 303


def test_an_answer_that_is_right_and_too_long_is_not_read(app, there):
    name, right = "/.well-known/openid-configuration", json.dumps(there.document()).encode()
    there.knobs[name] = (200, {}, right + b" " * oidc.MOST_BYTES)
    assert refused(browser(app).get("/connexion/proconnect"), SILENT, 503)
    there.knobs[name] = (200, {}, right + b" " * (oidc.MOST_BYTES - len(right)))
    app.state.service.provider = oidc.Provider(app.state.service.settings)
    assert browser(app).get("/connexion/proconnect").status_code == 303


def test_no_redirect_is_followed_not_even_at_home(app, there):
    name = "/.well-known/openid-configuration"
    there.knobs[name] = (302, {"Location": f"{there.issuer}/ailleurs"}, b"")
    there.knobs["/ailleurs"] = (200, {}, json.dumps(there.document()).encode())
    assert refused(browser(app).get("/connexion/proconnect"), SILENT, 503)
    assert there.asked == [name]


def test_nothing_but_the_providers_origin_is_asked(app, there):
    transport = oidc._bounded(oidc._origin(there.issuer))
    for address in ("http://127.0.0.1:9/", there.issuer.replace("127.0.0.1", "localhost"), there.issuer.replace("http", "https")):
        with httpx2.Client(transport=transport) as client, pytest.raises(httpx2.UnsupportedProtocol):
            client.get(address)
    assert there.asked == []


def test_a_slow_provider_is_not_waited_for(app, there, monkeypatch):
    """Dripping bytes: each comes in time, all of them would not."""
    monkeypatch.setattr(oidc, "WHOLE_S", 0.0)
    assert refused(browser(app).get("/connexion/proconnect"), SILENT, 503)


def test_a_provider_that_hangs_holds_few_threads(app, there, monkeypatch):
    monkeypatch.setattr(oidc, "PATIENCE_S", 0.01)
    provider = app.state.service.provider
    for _ in range(oidc.AT_ONCE):
        provider._at_once.acquire()
    assert refused(browser(app).get("/connexion/proconnect"), SILENT, 503)
    assert there.asked == []
    provider._at_once.release()
    assert browser(app).get("/connexion/proconnect").status_code == 303  # and gives back what it took
    assert browser(app).get("/connexion/proconnect").status_code == 303


def test_tries_by_a_provider_are_counted_by_network_and_no_other_site_can_use_them_up(app, there, storage, monkeypatch):
    monkeypatch.setattr(storage, "settings", storage.settings.model_copy(update={"sign_in_network_tries": 2}))
    with storage.write() as connection:
        connection.execute(text("DELETE FROM attempt"))
    for _ in range(5):
        assert refused(browser(app).get(oidc.CALLBACK + "?code=x&state=y"))
    assert sign_in(browser(app)).status_code == 303
    assert sign_in(browser(app)).status_code == 303
    assert refused(sign_in(browser(app)), "Trop d’essais", 429)
    with storage.write() as connection:
        connection.execute(text("DELETE FROM attempt"))


@pytest.mark.parametrize("more", ["next=https://mechant.example", "redirect_uri=https://mechant.example",
                                  "url=//mechant.example"])
def test_nobody_is_led_elsewhere(app, there, more):
    client = browser(app)
    assert "mechant" not in str(client.get(f"/connexion/proconnect?{more}").headers)
    answer = sign_in(client, lambda address: f"{address}&{more}")
    assert answer.headers["location"] == "/mes-residences"
    assert browser(app).get(f"{oidc.ENDED}?{more}").headers["location"] == "/connexion"


# --- settings

@pytest.mark.parametrize("given", [
    {"oidc_issuer": "http://fournisseur.example"}, {"oidc_issuer": "https://a@b.example"}, {"oidc_issuer": "pas une adresse"},
    {"oidc_issuer": "https://fournisseur.example/?a=b"}, {"public_url": "http://carte.example"}, {"oidc_client_secret": None},
    {"oidc_client_id": None}, {"public_url": None}])
def test_settings_that_cannot_be_are_refused_at_the_start(given):
    fine = {"public_url": HERE, "oidc_client_id": CLIENT, "oidc_client_secret": SECRET, "oidc_issuer": "https://fournisseur.example"}
    assert Settings(**fine).oidc_issuer
    with pytest.raises(ValidationError) as told:
        Settings(**{**fine, **given})
    assert all(fault["loc"] for fault in told.value.errors())


def test_the_secret_is_in_no_text(app):
    assert SECRET not in repr(app.state.service.settings)
    with pytest.raises(NotReady, match="réglé"):
        oidc.Provider(Settings())


def test_without_the_library_the_start_says_what_to_install(app, monkeypatch):
    monkeypatch.setattr(oidc.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(NotReady, match=r"geoservice\[proconnect\]"):
        oidc.Provider(app.state.service.settings)


def test_unlinking_nobody_says_so(storage):
    from geoservice.errors import NotFound

    with pytest.raises(NotFound):
        identities.unlink(storage, "chef@rives.fr")


def test_an_intent_tells_three_unrelated_things():
    one, two = oidc.Intent("a"), oidc.Intent("b")
    assert len({one.state, one.nonce, one.verifier, two.state, two.nonce, two.verifier}) == 6
    assert all(len(text) == 43 for text in (one.state, one.nonce, one.verifier))


def test_an_empty_intent_matches_nothing(app, there):
    provider = oidc.Provider(app.state.service.settings)
    with pytest.raises(NotSignedIn):
        provider.code_of(oidc.Intent(""), {"state": oidc.Intent("").state, "code": "x"})
