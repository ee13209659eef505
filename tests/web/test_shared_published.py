"""From facts of several organisations to what a liaison reads: the publisher's own folder, on both surfaces."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from geoservice.operations import accounts, people, setup, shared_access
from geoservice.operations.people import Place
from geoservice.settings import Settings
from geoservice.types import Role
from geoservice.web.app import create_app
from tests.operations import sharedworld
from tests.operations.sharedworld import CITY, CODE, COMMUNE, LANDLORDS, QPV, TODAY
from tests.web import shared_world

PASSWORD = "une phrase assez longue"
QUESTIONS = ("", "/values", "/hotspots", "/places/commune", f"/hours?place=commune:{COMMUNE}", "/export.csv", "/map.svg")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose organisations agreed, with a release that is out, a liaison and a member of each organisation."""
    settings = sharedworld.build(tmp_path_factory.mktemp("partage"))
    storage = setup.open_storage(settings)
    sharedworld.agree(storage)
    sharedworld.territory(storage)
    sharedworld.publish(storage, "2026-08")
    numbers = accounts.organisations(storage)
    people.join(storage, "police@essai.fr", Place(numbers[CITY], Role.POLICE_LIAISON, f"qpv2024:{QPV}"), PASSWORD)
    for code in (CITY, *LANDLORDS):
        people.join(storage, f"{code}@essai.fr", Place(numbers[code], Role.ORG_ADMIN), PASSWORD)
    storage.close()
    return settings.data


@pytest.fixture(scope="module")
def signed(published: Path) -> Iterator[dict[str, TestClient]]:
    app = create_app(Settings(data=published))
    with TestClient(app), pytest.MonkeyPatch.context() as patch:
        patch.setattr(shared_access, "_today", lambda: TODAY)  # agreements of that world have dates
        out = {}
        for name in ("police", CITY, LANDLORDS[0]):
            out[name] = TestClient(app, raise_server_exceptions=False, follow_redirects=False)
            assert out[name].post("/connexion", data={"email": f"{name}@essai.fr", "password": PASSWORD}).status_code == 303
        yield out


def test_a_liaison_reads_what_was_published(signed: dict[str, TestClient]) -> None:
    listed = signed["police"].get("/api/shared").json()
    assert [(one["territory"], one["title"], one["zone"]) for one in listed["releases"]] == [
        (CODE, "Pays du Lys", f"qpv2024:{QPV}")]
    assert listed["answers"] is True
    values = signed["police"].get(f"/api/shared/{CODE}/values", params={"level": "commune"}).json()
    assert values["values"][0] > 100
    places = signed["police"].get(f"/api/shared/{CODE}/places/qpv").json()["features"]
    assert [one["properties"]["name"] for one in places] == ["Les Iris"]


def test_those_who_give_and_those_who_open_read_the_same(signed: dict[str, TestClient]) -> None:
    for question in QUESTIONS:
        answers = [client.get(f"/api/shared/{CODE}{question}") for client in signed.values()]
        assert {one.status_code for one in answers} == {200}
        assert len({one.content for one in answers}) == 1


def test_the_shared_surface_needs_no_database_and_no_index(
        published: Path, signed: dict[str, TestClient], tmp_path: Path) -> None:
    """The folder alone, carried elsewhere: the same bytes as beside the map."""
    alone = tmp_path / "partage"
    shutil.copytree(published / "partage", alone)
    guest = shared_world.client(alone, shared_world.key(alone, CODE))
    for question in QUESTIONS:
        here, there = guest.get(f"/api/shared/{CODE}{question}"), signed[CITY].get(f"/api/shared/{CODE}{question}")
        assert here.status_code == 200
        assert (here.content, here.headers["etag"]) == (there.content, there.headers["etag"])
