"""Share links and patrol requests over the shared folder: exactly what was shared, for as long as it was, and no more."""

from __future__ import annotations

import json
import logging
import re
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from geoservice import cli
from geoservice.core.disclosure.release import NOT_SHOWN
from geoservice.errors import BadInput, Conflict, Forbidden, NotFound
from geoservice.operations import shared_access, shared_links, shared_patrol
from geoservice.operations.shared_access import Guest, KeyWish, Shared
from geoservice.operations.shared_links import LinkWish
from geoservice.operations.shared_patrol import Answer, PatrolWish
from geoservice.storage import access as stored
from tests.web import shared_world as world
from tests.web.shared_world import COMMUNE, OTHER, QPV, TOWN

MEMBER = Guest(frozenset([TOWN]), organisation="rives", asks=True)
FAR_AWAY = (datetime.now(UTC).date() + timedelta(days=90)).isoformat()
LIAISON = Guest(frozenset([TOWN]), {TOWN: QPV}, answers=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return world.build(tmp_path / "partage")


@pytest.fixture
def shared(folder: Path) -> Shared:
    return shared_access.open_shared(folder)


def link(shared: Shared, **wish: Any) -> str:
    return shared_links.make(shared, MEMBER, LinkWish(**{
        "territory": TOWN, "kind": "bailleur", "level": "qpv", "zone": QPV, "days": 30, **wish}))


def age(shared: Shared, table: Any, days: int) -> None:
    """Everything was made so long ago."""
    with shared.access.write() as connection:
        for row in stored.listing(connection, table):
            stored.change(connection, table, row.id, expires=row.expires - timedelta(days=days))


# --- links


def test_a_link_opens_its_layer_and_zone_and_nothing_else(folder: Path, shared: Shared) -> None:
    nobody, secret = world.client(folder), link(shared)
    told = nobody.get(f"/p/{secret}?format=json").json()
    assert [place["place"] for place in told["places"]] == [QPV]
    release = world.release()
    row = release.places["qpv"].names.index(QPV)
    tables = [table for table in release.tables if table.level == "qpv"]
    assert len(told["columns"]) == sum(len(table.periods) * len(table.groups) for table in tables) > 5
    for column in told["columns"]:
        table = next(one for one in tables if column["period"] in one.periods and column["group"] in one.groups)
        count = table.values[row, table.periods.index(column["period"]), table.groups.index(column["group"])]
        assert column["values"] == [None if count == NOT_SHOWN else count]
    other = release.places["qpv"].names[1 - row]
    assert other not in json.dumps(told)
    assert nobody.get("/api/shared").status_code == 401  # it opens nothing besides


def test_the_page_of_a_link_tells_nothing_of_places_outside(folder: Path, shared: Shared) -> None:
    """Not even by the bounds of its legend, which are those of the places it shows."""
    page = world.client(folder).get(f"/p/{link(shared)}?period=2025")
    assert page.status_code == 200
    release = world.release()
    values = release.table("bailleur", 2025, "qpv", "year", "all").values[:, 0, 0]  # type: ignore[union-attr]
    row = release.places["qpv"].names.index(QPV)
    assert f">{values[row]}<" in page.text
    assert str(values[1 - row]) not in page.text.partition("<main")[2].partition("promise-title")[0].replace(str(values[row]), "")
    assert "<script" not in page.text


def test_a_link_to_hexagons_holds_those_of_its_zone(folder: Path, shared: Shared) -> None:
    told = world.client(folder).get(f"/p/{link(shared, level='r8', zone=COMMUNE)}?format=json").json()
    assert {place["place"] for place in told["places"]} == set(world.release().places["r8"].names)  # one commune
    with pytest.raises(BadInput, match="zone"):
        link(shared, level="r8", zone="qpv2024:QN99999")


def test_headers_of_a_link_keep_it_to_itself(folder: Path, shared: Shared) -> None:
    secret = link(shared)
    for address in (f"/p/{secret}", f"/p/{secret}?format=json", "/p/inconnu"):
        headers = world.client(folder).get(address).headers
        assert headers["referrer-policy"] == "no-referrer"
        assert "noindex" in headers["x-robots-tag"]
        assert "no-store" in headers["cache-control"]
        assert "'unsafe" not in headers["content-security-policy"]


def test_unknown_expired_and_revoked_links_look_the_same(folder: Path, shared: Shared) -> None:
    nobody = world.client(folder)
    expired = link(shared)
    age(shared, stored.LINKS, 31)
    revoked, alive = link(shared), link(shared)
    number = max(row.id for row in shared_links.listing(shared, "rives")) - 1
    shared_links.revoke(shared, "rives", number)
    for form in ("html", "json"):
        told = [nobody.get(f"/p/{secret}?format={form}") for secret in ("x" * 43, "x", expired, revoked)]
        assert [one.status_code for one in told] == [404] * 4
        assert len({one.content for one in told}) == 1
        assert len({json.dumps(dict(one.headers)) for one in told}) == 1
    assert nobody.get(f"/p/{alive}").status_code == 200


def test_a_new_release_does_not_widen_an_old_link(folder: Path, shared: Shared) -> None:
    nobody, secret = world.client(folder), link(shared)
    before = nobody.get(f"/p/{secret}?format=json").json()
    world.put(folder, TOWN, world.release(1))
    after = nobody.get(f"/p/{secret}?format=json").json()
    assert before == after
    assert (after["revision"], nobody.get(f"/p/{link(shared)}?format=json").json()["revision"]) == (0, 1)


def test_openings_are_counted_and_failures_are_not(folder: Path, shared: Shared) -> None:
    nobody, secret = world.client(folder), link(shared)
    for _ in range(3):
        nobody.get(f"/p/{secret}")
    nobody.get("/p/autre")
    assert [row.opens for row in shared_links.listing(shared, "rives")] == [3]


def test_what_no_link_shows_any_more_is_not_kept(folder: Path, shared: Shared) -> None:
    link(shared)
    assert len(list((folder / "pinned").glob("*.release"))) == 1
    shared_links.revoke(shared, "rives", shared_links.listing(shared, "rives")[0].id)
    assert list((folder / "pinned").glob("*.release")) == []


def test_a_pinned_release_that_was_altered_opens_nothing(folder: Path, shared: Shared) -> None:
    secret = link(shared)
    path = next((folder / "pinned").glob("*.release"))
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert world.client(folder).get(f"/p/{secret}").status_code == 404


def test_links_are_made_of_what_one_may_open_and_revoked_by_whose_they_are(shared: Shared) -> None:
    with pytest.raises(NotFound):
        link(shared, territory=OTHER)
    for wrong in ({"days": 91}, {"days": 0}, {"level": "r10"}, {"kind": "ville"}, {"zone": ""}):
        with pytest.raises(BadInput):
            link(shared, **wrong)
    link(shared)
    number = shared_links.listing(shared, "rives")[0].id
    assert shared_links.listing(shared, "plaine") == []
    with pytest.raises(NotFound):
        shared_links.revoke(shared, "plaine", number)


def test_secrets_are_kept_as_hashes_and_never_in_logs(folder: Path, shared: Shared, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("geoservice.requests").setLevel(logging.INFO)
    secret, key = link(shared), world.key(folder)
    nobody = world.client(folder)
    nobody.get(f"/p/{secret}")
    nobody.get(f"/p/{secret}x")
    nobody.get("/api/shared", headers={"Authorization": f"Bearer {key}"})
    shared.access.close()
    ours = [record for record in caplog.records if not record.name.startswith("httpx")]  # the test's own client tells all
    said = json.dumps([[record.getMessage(), str(record.__dict__)] for record in ours], default=str)
    kept = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    for word in (secret, key, key.removeprefix("gsk_")):
        assert word.encode() not in kept
        assert word not in said
    mine = [record for record in caplog.records if record.name == "geoservice.requests"]
    assert "/p/{secret}" in {getattr(record, "route", "") for record in mine}
    assert stat.S_IMODE((folder / "access.db").stat().st_mode) == 0o600


# --- keys


def test_a_key_opens_one_territory_until_it_is_taken_back(folder: Path, shared: Shared) -> None:
    guest = world.client(folder, world.key(folder))
    assert guest.get(f"/api/shared/{TOWN}").status_code == 200
    assert guest.get(f"/api/shared/{OTHER}").status_code == 404
    shared_access.revoke_key(shared, shared_access.keys(shared)[0].id)
    assert guest.get(f"/api/shared/{TOWN}").status_code == 401
    with pytest.raises(NotFound):
        shared_access.revoke_key(shared, shared_access.keys(shared)[0].id)


def test_a_key_expires_by_itself(folder: Path, shared: Shared) -> None:
    guest = world.client(folder, world.key(folder, days=7))
    age(shared, stored.KEYS, 8)
    assert guest.get("/api/shared").status_code == 401


def test_keys_that_cannot_be_are_refused(shared: Shared) -> None:
    for wish in (KeyWish(TOWN, "essai", 0), KeyWish(TOWN, "essai", 400), KeyWish(TOWN, ""), KeyWish(TOWN, "a\nb"),
                 KeyWish(TOWN, "essai", zone="commune:99999")):
        with pytest.raises(BadInput):
            shared_access.make_key(shared, wish)
    with pytest.raises(NotFound):
        shared_access.make_key(shared, KeyWish("inconnue", "essai"))


def test_a_key_is_taken_by_a_form_and_kept_in_a_cookie(folder: Path) -> None:
    browser = world.client(folder)
    assert browser.get("/partage").headers["location"] == "/partage/cle"
    wrong = browser.post("/partage/cle", data={"key": "gsk_faux"})
    assert (wrong.status_code, "n’ouvre rien" in wrong.text) == (401, True)
    key = world.key(folder, zone=QPV)
    away = browser.post("/partage/cle", data={"key": key}, headers={"Origin": "https://ailleurs.example"})
    assert away.status_code == 403
    done = browser.post("/partage/cle", data={"key": f" {key} "})
    assert (done.status_code, done.headers["location"]) == (303, "/partage")
    assert all(word in done.headers["set-cookie"].lower() for word in ("httponly", "samesite=lax", "path=/"))
    assert browser.get("/partage").status_code == 200
    assert browser.get("/api/shared").json()["releases"][0]["zone"] == QPV
    browser.post("/deconnexion")
    assert browser.get("/api/shared").status_code == 401


def test_keys_are_made_listed_and_taken_back_at_the_command_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = ["--data", str(folder.parent)]
    assert cli.main(["share", "key", TOWN, "--label", "Brigade", "--zone", QPV, "--liaison", "--days", "30", *data]) == 0
    secret = re.search(r"gsk_[\w-]{43}", capsys.readouterr().out)
    assert secret is not None
    guest = world.client(folder, secret[0])
    assert guest.get("/api/shared").json()["answers"] is True
    assert cli.main(["share", "list", *data]) == 0
    listed = capsys.readouterr().out
    assert "référent « Brigade »" in listed
    assert secret[0] not in listed
    assert cli.main(["share", "revoke", "1", *data]) == 0
    assert guest.get("/api/shared").status_code == 401
    assert cli.main(["share", "key", "inconnue", *data]) == 2
    assert not (folder.parent / "geoservice.db").exists()


def test_the_shared_surface_says_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["serve", "--surface", "shared", "--data", str(tmp_path)]) == 1
    assert "geoservice publish" in capsys.readouterr().err


def test_a_folder_that_is_only_read_opens_links_and_takes_no_answer(
        folder: Path, shared: Shared, monkeypatch: pytest.MonkeyPatch) -> None:
    secret, key = link(shared), world.key(folder, liaison=True)
    number = shared_patrol.ask(shared, MEMBER, wish())
    monkeypatch.setattr(stored.os, "access", lambda *_: False)
    guest = world.client(folder, key)
    assert guest.get(f"/p/{secret}").status_code == 200
    assert answer(guest, number, answer="vu") == 503
    assert shared_links.listing(shared, "rives")[0].opens == 0


def test_what_ended_a_year_ago_is_gone(shared: Shared) -> None:
    link(shared)
    shared_access.make_key(shared, KeyWish(TOWN, "ancienne"))
    age(shared, stored.LINKS, 31 + stored.KEPT_DAYS)
    age(shared, stored.KEYS, 91 + stored.KEPT_DAYS)
    link(shared)
    assert len(shared_links.listing(shared, "rives")) == 1
    assert shared_access.keys(shared) == []


# --- patrol requests


def wish(**other: Any) -> PatrolWish:
    return PatrolWish(**{"territory": TOWN, "level": "qpv", "place": QPV, "group": "group:tranquillite", "reason": "soiree",
                         "wished": (datetime.now(UTC).date() + timedelta(days=3)).isoformat(), **other})


def answer(client: TestClient, number: int, **body: Any) -> int:
    return client.post(f"/api/shared/{TOWN}/requests/{number}", json=body).status_code


def test_a_request_is_read_and_answered_by_closed_lists(folder: Path, shared: Shared) -> None:
    number = shared_patrol.ask(shared, MEMBER, wish())
    liaison, reader = world.client(folder, world.key(folder, liaison=True)), world.client(folder, world.key(folder))
    told = liaison.get(f"/api/shared/{TOWN}/requests").json()
    assert [(one["number"], one["reason_name"], one["may_answer"]) for one in told["requests"]] == [
        (number, "Nuisances en soirée", True)]
    assert reader.get(f"/api/shared/{TOWN}/requests").json()["requests"] == []
    assert answer(reader, number, answer="fait") == 403
    for wrong in ({"answer": "peut-être"}, {"answer": "impossible"}, {"answer": "fait", "reason": "acces"},
                  {"answer": "impossible", "reason": "autre"}, {"answer": "vu", "note": "texte libre"}, {}):
        assert answer(liaison, number, **wrong) == 400, wrong
    assert answer(liaison, number, answer="vu") == 204
    assert answer(liaison, number, answer="impossible", reason="acces") == 204
    assert answer(liaison, number, answer="fait") == 409  # it has its answer
    assert answer(liaison, number + 1, answer="vu") == 404
    seen = shared_patrol.listing(shared, MEMBER, TOWN)[0]
    assert (seen["answer_name"], seen["answer_reason_name"]) == ("Pas possible", "Accès impossible")


def test_an_answer_from_another_site_is_refused(folder: Path, shared: Shared) -> None:
    number = shared_patrol.ask(shared, MEMBER, wish())
    liaison = world.client(folder, world.key(folder, liaison=True))
    sent = liaison.post(f"/api/shared/{TOWN}/requests/{number}", json={"answer": "vu"},
                        headers={"Origin": "https://ailleurs.example"})
    assert sent.status_code == 403


def test_requests_are_of_closed_lists_and_of_places_that_are_known(folder: Path, shared: Shared) -> None:
    world.beside(folder, TOWN, halls=[
        {"residence": "R1", "hall": "B", "state": "dégradé", "date": "2026-01-02", "owner": "rives", "secret": "non"}])
    for wrong in ({"place": "qpv2024:QN99999"}, {"level": "r10"}, {"group": "category:AGP"}, {"reason": "libre"},
                  {"wished": "demain"}, {"wished": "2020-01-01"}, {"wished": FAR_AWAY},
                  {"level": "hall", "place": "R1/C"}):
        with pytest.raises(BadInput):
            shared_patrol.ask(shared, MEMBER, wish(**wrong))
    with pytest.raises(Forbidden):
        shared_patrol.ask(shared, LIAISON, wish())
    with pytest.raises(NotFound):
        shared_patrol.ask(shared, MEMBER, wish(territory=OTHER))
    shared_patrol.ask(shared, MEMBER, wish(level="hall", place="R1/B"))
    assert shared_patrol.listing(shared, LIAISON, TOWN)[0]["name"] == "R1, hall B"
    halls = world.client(folder, world.key(folder)).get(f"/api/shared/{TOWN}/halls").json()["halls"]
    assert halls == [{"residence": "R1", "hall": "B", "state": "dégradé", "date": "2026-01-02", "owner": "rives"}]


def test_requests_of_an_organisation_are_its_own_and_can_be_taken_back(shared: Shared) -> None:
    number = shared_patrol.ask(shared, MEMBER, wish())
    other = Guest(frozenset([TOWN]), organisation="plaine", asks=True)
    assert shared_patrol.listing(shared, other, TOWN) == []
    with pytest.raises(NotFound):
        shared_patrol.withdraw(shared, "plaine", number)
    shared_patrol.withdraw(shared, "rives", number)
    assert shared_patrol.listing(shared, LIAISON, TOWN) == []
    with pytest.raises(NotFound):
        shared_patrol.answer(shared, LIAISON, TOWN, number, Answer("vu"))


def test_an_answer_is_not_changed(shared: Shared) -> None:
    number = shared_patrol.ask(shared, MEMBER, wish())
    shared_patrol.answer(shared, LIAISON, TOWN, number, Answer("fait"))
    with pytest.raises(Conflict):
        shared_patrol.answer(shared, LIAISON, TOWN, number, Answer("vu"))
