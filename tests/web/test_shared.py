"""The shared surface: what a release says, to whom, and that nothing else is ever opened or told."""

from __future__ import annotations

import csv
import io
import json
import math
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from starlette.testclient import TestClient

from geoservice.core.disclosure.release import NOT_SHOWN, Release
from geoservice.core.disclosure.slots import PERIODS
from geoservice.operations import shared_read, shared_shapes
from geoservice.operations.shared import Opened
from tests.web import shared_world as world
from tests.web.shared_world import COMMUNE, OTHER, QPV, TOWN

API = f"/api/shared/{TOWN}"
QUESTIONS = ("", "/places/r8", "/values?level=r8", f"/trend?level=qpv&place={QPV}", f"/hours?place={COMMUNE}",
             "/hotspots?level=r8", "/halls", "/export.csv?level=qpv", "/export.geojson?level=qpv", "/export.gpkg?level=qpv")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return world.build(tmp_path_factory.mktemp("data") / "partage")


@pytest.fixture(scope="module")
def guest(folder: Path) -> TestClient:
    return world.client(folder, world.key(folder, zone=QPV))


# --- what is told


def test_the_list_says_what_a_release_is_and_where_one_begins(guest: TestClient) -> None:
    found = guest.get("/api/shared").json()["releases"]
    assert [one["territory"] for one in found] == [TOWN]
    assert found[0]["zone"] == QPV
    assert found[0]["months"] == [f"2025-{month:02d}" for month in range(1, 13)]
    assert [level["code"] for level in found[0]["levels"]] == ["commune", "qpv", "r7", "r8"]
    assert found[0]["kinds"] == [{"code": "bailleur", "label": "Bailleur", "solo": False}]


def test_every_published_column_is_served_and_nothing_else(guest: TestClient) -> None:
    release, seen = world.release(), 0
    for table in release.tables:
        if table.period not in PERIODS[:3]:
            continue
        for at, period in enumerate(table.periods):
            for which, group in enumerate(table.groups):
                asked = {"level": table.level, "period": period, "group": group}
                told = guest.get(f"{API}/values", params=asked).json()
                counts = table.values[:, at, which].tolist()
                assert told["values"] == [None if count == NOT_SHOWN else count for count in counts]
                assert told["masked"] == counts.count(NOT_SHOWN)
                assert told["shown"] + told["masked"] == len(counts)
                seen += 1
    assert seen > 150


def test_the_manifest_has_every_family_and_its_promise_in_words(guest: TestClient) -> None:
    told = guest.get(API).json()
    assert [(one["level"], one["period"], one["detail"]) for one in told["families"]] == [
        (table.level, table.period, table.detail) for table in world.release().tables]
    assert told["parameters"]["bar"] == 5
    assert any("11 logements" in sentence for sentence in told["promise"])
    assert any("à cinq près" in sentence for sentence in told["warnings"])
    assert world.release().commitment not in json.dumps(told)


def test_a_page_opens_on_the_finest_level_that_shows_half_of_its_places(folder: Path, guest: TestClient) -> None:
    release = world.release()
    shown = {level: float((values != NOT_SHOWN).mean()) for level in ("commune", "qpv", "r7", "r8")
             if (values := shared_read._latest_values(release, "bailleur", level)) is not None}
    assert guest.get(API).json()["opens"] == {"bailleur": [level for level, share in shown.items() if share >= 0.5][-1]}
    assert shared_read.opening(masked(release, {"r8": 0.49, "r7": 0.58}), "bailleur") == "r7"
    assert shared_read.opening(masked(release, {"r8": 0.5}), "bailleur") == "r8"
    assert shared_read.opening(masked(release, {"commune": 0, "qpv": 0, "r7": 0, "r8": 0.1}), "bailleur") == "r8"
    assert shared_read.opening(release, "ville") is None  # nothing of this kind


def masked(release: Release, shares: dict[str, float]) -> Release:
    """The release with at most this share of a level's places shown in every table."""
    tables = []
    for table in release.tables:
        if table.level in shares:
            values = np.full_like(table.values, 20)
            values[math.floor(shares[table.level] * len(values)):] = NOT_SHOWN
            table = replace(table, values=values)
        tables.append(table)
    return replace(release, tables=tuple(tables))


def test_places_are_in_the_order_of_values_and_hold_no_count(guest: TestClient) -> None:
    for level, table in world.release().places.items():
        answer = guest.get(f"{API}/places/{level}")
        if level == "r9":  # not published here: too few facts
            assert answer.status_code == 404
            continue
        features = answer.json()["features"]
        assert [one["properties"]["place"] for one in features] == list(table.names)
        assert {name for one in features for name in one["properties"]} == {"place", "name", "dwellings", "qpv", "commune"}
        assert [one["properties"]["dwellings"] for one in features] == np.floor(table.dwellings).astype(int).tolist()


def test_a_version_in_the_address_is_kept_for_ever_and_another_is_unknown(guest: TestClient) -> None:
    version = guest.get("/api/shared").json()["releases"][0]["version"]
    kept = guest.get(f"{API}/places/qpv", params={"version": version})
    assert "immutable" in kept.headers["cache-control"]
    assert guest.get(f"{API}/places/qpv", params={"version": "autre"}).status_code == 404


def test_a_series_is_what_was_published(guest: TestClient) -> None:
    release = world.release()
    table = release.table("bailleur", 2025, "qpv", "quarter", "all")
    assert table is not None
    row = release.places["qpv"].names.index(QPV)
    told = guest.get(f"{API}/trend", params={"level": "qpv", "place": QPV, "by": "quarter"}).json()
    assert told["periods"] == ["2025-Q1", "2025-Q2", "2025-Q3", "2025-Q4"]
    assert told["values"] == table.values[row, :, 0].tolist()
    assert told["change"] is None  # there is no year before


def test_weekdays_and_hours_are_those_of_the_commune(guest: TestClient) -> None:
    told = guest.get(f"{API}/hours", params={"place": COMMUNE}).json()
    assert (len(told["weekdays"]), len(told["bands"]), told["band_hours"], told["level"]) == (7, 8, 3, "commune")
    assert guest.get(f"{API}/hours", params={"level": "qpv", "place": QPV}).status_code == 400


def test_hot_spots_leave_masked_places_out_and_say_so(guest: TestClient) -> None:
    told = guest.get(f"{API}/hotspots", params={"level": "r8"}).json()
    values = guest.get(f"{API}/values", params={"level": "r8"}).json()
    assert told["excluded"]["masked"] == values["masked"] > 0
    assert "non diffusés (ce ne sont pas des zéros)" in told["sentence"]
    names = world.release().places["r8"].names
    masked = {name for name, value in zip(names, values["values"], strict=True) if value is None}
    assert told["enough"]
    assert masked
    assert not masked & set(told["places"])
    few = guest.get(f"{API}/hotspots", params={"level": "qpv"}).json()
    assert (few["enough"], few["reason"]["code"]) == (False, "trop-peu-de-cellules")


def test_exports_say_the_same_numbers(guest: TestClient) -> None:
    values = guest.get(f"{API}/values", params={"level": "r8", "period": "2025"}).json()["values"]
    text = guest.get(f"{API}/export.csv", params={"level": "r8", "period": "2025", "group": "all"}).content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text), delimiter=";"))
    assert [int(row["faits"]) if row["faits"] else None for row in rows] == values
    assert {row["etat"] for row in rows if not row["faits"]} == {"non diffusé"}
    features = guest.get(f"{API}/export.geojson", params={"level": "r8", "period": "2025"}).json()["features"]
    assert [one["properties"]["faits"] for one in features] == values


def test_a_tile_holds_the_places_and_only_the_shown_counts(guest: TestClient) -> None:
    import mapbox_vector_tile

    from geoservice.core import crs, grid

    release = world.release()
    lon, lat = grid.centres(release.places["r8"].cells).mean(axis=0)
    x, y = (int(float(part) * 2 ** 10) for part in crs.world(np.array(lon), np.array(lat)))
    body = guest.get(f"/tiles/shared/{TOWN}/r8/10/{x}/{y}.mvt").content
    features = mapbox_vector_tile.decode(body)["places"]["features"]
    values = guest.get(f"{API}/values", params={"level": "r8"}).json()["values"]
    assert len(features) >= 12
    for feature in features:
        told = feature["properties"]
        count = values[release.places["r8"].names.index(told["place"])]
        assert told["shown"] is (count is not None)
        assert told.get("n") == count


# --- what is refused


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_unknown_territory_and_one_of_somebody_else_look_the_same(guest: TestClient, question: str) -> None:
    answers = [guest.get(f"/api/shared/{name}{question}") for name in (OTHER, "inconnue")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content
    assert dict(answers[0].headers) == dict(answers[1].headers)


def test_nobody_reads_without_a_key(folder: Path) -> None:
    for question in QUESTIONS:
        for secret in (None, "gsk_" + "x" * 43, "x" * 300):
            nobody = world.client(folder, secret)
            assert nobody.get(f"{API}{question}").status_code == 401
            assert not nobody.app.dependency_overrides  # with one, FastAPI works every dependency out anew at each request


@pytest.mark.parametrize("asked", ["level=r10", "period=2024", "period=2025-13", "group=org:1", "kind=ville", "organisation=1",
                                   "level=r8&level=r9", "period=2025-01", "from=2025-01-01", "zone=qpv2024:QN00000", "period=",
                                   "period=%00", "group=category:AGP"])
def test_what_is_not_published_is_refused_with_a_sentence(guest: TestClient, asked: str) -> None:
    answer = guest.get(f"{API}/values?level=r8&{asked}" if "level" not in asked else f"{API}/values?{asked}")
    if asked == "period=":  # as if absent
        assert answer.status_code == 200
        return
    assert answer.status_code == 400, answer.text
    assert len(answer.json()["detail"]) > 20


def test_a_damaged_release_shows_nothing(tmp_path: Path) -> None:
    folder = world.build(tmp_path / "partage")
    guest = world.client(folder, world.key(folder))
    assert guest.get(API).status_code == 200
    path = folder / f"{TOWN}.release"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    assert guest.get(API).status_code == 503
    assert guest.get("/api/shared").json()["releases"] == []


def beside(folder: Path, territory: str = TOWN) -> tuple[str, bool]:
    """What a guest reads of the two files beside a release: the name of its first quarter, and whether there are halls."""
    guest = world.client(folder, world.key(folder, territory))
    features = guest.get(f"/api/shared/{territory}/places/qpv").json()["features"]
    return features[0]["properties"]["name"], bool(guest.get(f"/api/shared/{territory}/halls").json()["halls"])


def test_what_lies_beside_a_release_is_shown_only_as_it_was_sealed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = world.build(tmp_path / "partage")
    world.put(folder, OTHER, world.release(1))
    hall = {"residence": "R1", "hall": "B", "state": "orange", "date": "2026-01-02", "owner": "rives"}
    for town in (TOWN, OTHER):
        world.beside(folder, town, title="Ville", names={QPV: "Les Tilleuls"})
        world.beside(folder, town, halls=[hall])
    names, halls = folder / f"{TOWN}.names.json", folder / f"{TOWN}.disclosed.json"
    sealed, told = names.read_bytes(), halls.read_bytes()
    nameless = shared_shapes.labels(Opened(TOWN, world.release(), ""), "qpv")[0]
    assert beside(folder) == ("Les Tilleuls", True)
    assert "beside" not in caplog.text
    for path, there, expected in ((names, sealed, (nameless, True)), (halls, told, ("Les Tilleuls", False))):
        other = path.with_name(path.name.replace(TOWN, OTHER)).read_bytes()
        said = json.loads(there)
        for altered in (there.replace(b"Tilleuls", b"Peuplier").replace(b"orange", b"vert"), other,
                        told if path == names else sealed, b"[]", b"", there[:-9],
                        json.dumps({**said, "fits": [*said["fits"], "0" * 64]}).encode(),
                        json.dumps({key: value for key, value in said.items() if key != "seal"}).encode()):
            caplog.clear()
            path.write_bytes(altered)
            assert beside(folder) == expected, altered
            assert "beside a release was altered" in caplog.text
        path.write_bytes(there)
    assert beside(folder) == ("Les Tilleuls", True)
    world.put(folder, TOWN, world.release(1))  # another release, and what went with the one before
    assert beside(folder) == (nameless, False)


# --- every answer follows from release and request


def test_answers_do_not_differ_by_guest_moment_or_process(folder: Path) -> None:
    first, second = (world.client(folder, world.key(folder, liaison=liaison)) for liaison in (False, True))
    for question in QUESTIONS:
        one, other = first.get(f"{API}{question}"), second.get(f"{API}{question}")
        assert one.status_code == 200
        assert (one.content, dict(one.headers)) == (other.content, dict(other.headers)), question
        again = first.get(f"{API}{question}", headers={"If-None-Match": one.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


def test_a_new_release_changes_the_mark(tmp_path: Path) -> None:
    folder = world.build(tmp_path / "partage")
    guest = world.client(folder, world.key(folder))
    before = guest.get(f"{API}/values")
    world.put(folder, TOWN, world.release(1))
    after = guest.get(f"{API}/values")
    assert before.headers["etag"] != after.headers["etag"]
    assert before.json()["release"] != after.json()["release"]
    assert guest.get(API).json()["revision"] == 1


def test_who_may_open_a_release_changes_no_answer(folder: Path) -> None:
    """The publisher's list of openers stands in a file that is read for its names."""
    guest = world.client(folder, world.key(folder))
    names = folder / f"{TOWN}.names.json"
    told = []
    for openers in ([], [{"organisation": "ville", "since": "2026-01-01", "until": "2026-02-01"}]):
        world.beside(folder, TOWN, title="Ville", names={QPV: "Les Tilleuls"}, openers=openers)
        answers = [guest.get(f"{API}{question}") for question in QUESTIONS]
        told.append([(answer.content, dict(answer.headers)) for answer in answers])
    names.unlink()
    assert told[0] == told[1]
    assert "Les Tilleuls" in told[0][QUESTIONS.index("/export.csv?level=qpv")][0].decode()


# --- nothing else is opened


def test_only_the_shared_folder_is_opened(tmp_path: Path) -> None:
    data = tmp_path / "data"
    folder = world.build(data / "partage")
    (data / "index").mkdir()
    for name in ("geoservice.db", "index/1.facts"):
        (data / name).write_bytes(b"a fact")
    guest = world.client(folder, world.key(folder))
    opened: list[str] = []
    listening = [True]

    def hook(event: str, arguments: tuple) -> None:
        if listening[0] and event in ("open", "os.scandir", "os.listdir") and isinstance(arguments[0], str | bytes | Path):
            opened.append(str(arguments[0]))

    sys.addaudithook(hook)
    try:
        for question in QUESTIONS:
            assert guest.get(f"{API}{question}").status_code == 200
    finally:
        listening[0] = False
    inside = [name for name in opened if name.startswith(str(data))]
    assert inside
    assert [name for name in inside if not name.startswith(str(folder))] == []
