"""What was asked lately is worked out before a new fact shows: nobody waits for it, and no old answer passes for a new one."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from geoservice.errors import NotFound
from geoservice.operations import accounts, census, complaints, landing, setup
from geoservice.settings import Settings
from geoservice.types import Viewer
from geoservice.web import warm
from geoservice.web.app import create_app
from tests.web.test_entry import FACT, until

PAGES = ("/mes-residences", "/halls", "/mesures")
MAKERS = ((landing, "_changed"), (census, "_compute"), (complaints, "_gap"))
VIEWER = Viewer(7, "rives", "essai", "token")


@pytest.fixture
def rives(tmp_path) -> Iterator[TestClient]:
    settings = Settings(data=tmp_path / "data")
    storage = setup.create(settings)
    accounts.create_organisation(storage, "rives")
    token = accounts.create_token(storage, "essai", "rives")
    storage.close()
    with TestClient(create_app(settings), headers={"Authorization": f"Bearer {token}"}) as client:
        yield client


@pytest.fixture
def makers(monkeypatch) -> list[tuple[str, str]]:
    """Which answers were worked out, and on which thread."""
    told: list[tuple[str, str]] = []

    def spied(name, make):
        def made(*given):
            told.append((name, threading.current_thread().name))
            return make(*given)
        return made

    for module, name in MAKERS:
        monkeypatch.setattr(module, name, spied(name, getattr(module, name)))
    return told


def enter(client: TestClient, number: int, **more) -> None:
    body = {**FACT, "id": f"n{number}", "residence": "R1", "hall": "A", "date": f"2026-0{1 + number % 3}-03", **more}
    assert client.post("/api/facts", json=body).status_code == 201


def facts_told(client: TestClient) -> int:
    """Facts of the one year of the page of measures."""
    text = client.get("/mesures").text
    return int(re.search(r'class="total"><th scope="row">[^<]*</th><td>(\d+)</td>', text).group(1))


def test_whoever_comes_after_a_fact_waits_for_nothing_and_sees_it(rives, makers):
    for number in range(3):
        enter(rives, number)
    until(rives, 3)
    for path in PAGES:
        assert rives.get(path).status_code == 200
    assert facts_told(rives) == 3
    assert {name for name, _ in makers} == {name for _, name in MAKERS}
    makers.clear()
    enter(rives, 3)
    until(rives, 4)
    assert sorted(makers) == sorted((name, "geoservice-index") for _, name in MAKERS)
    for path in PAGES:
        assert rives.get(path).status_code == 200
    assert facts_told(rives) == 4
    assert len(makers) == len(MAKERS)  # nothing was worked out again


def test_what_nobody_asked_is_left_to_whoever_asks(rives, makers):
    enter(rives, 0)
    until(rives, 1)
    assert makers == []
    assert facts_told(rives) == 1
    assert {thread for _, thread in makers} != {"geoservice-index"}


def test_an_index_comes_in_whatever_becomes_of_it(rives, monkeypatch):
    enter(rives, 0)
    until(rives, 1)
    facts_told(rives)
    whole = complaints._gap

    def broken(*given):
        if threading.current_thread().name == "geoservice-index":
            raise ZeroDivisionError
        return whole(*given)

    monkeypatch.setattr(complaints, "_gap", broken)
    enter(rives, 1)
    until(rives, 2)
    assert facts_told(rives) == 2


def test_it_remembers_few_and_for_a_time_and_only_for_whom_it_matters(monkeypatch):
    kept, made = warm.Warm(), []
    for number in range(warm.MOST + 2):
        kept.asked(f"page {number}", VIEWER, lambda _, number=number: made.append(number))
    assert len(kept) == warm.MOST
    assert kept.again(8, lambda viewer: viewer) == 0  # another organisation's facts
    assert kept.again(7, lambda viewer: viewer) == kept.again(0, lambda viewer: viewer) == warm.MOST
    assert made[:warm.MOST] == list(range(warm.MOST + 1, 1, -1))  # the latest first
    monkeypatch.setattr(warm, "BUDGET_S", 0.0)
    assert kept.again(7, lambda viewer: viewer) == 0
    monkeypatch.setattr(warm, "BUDGET_S", 2.0)
    monkeypatch.setattr(warm, "REMEMBERED_S", 0.0)
    assert kept.again(7, lambda viewer: viewer) == 0
    kept.forget()
    assert len(kept) == 0


def test_an_exceptional_look_leaves_nothing_and_a_refusal_stops_nothing():
    kept, made = warm.Warm(), []
    kept.asked("page", replace(VIEWER, glass=True), made.append)
    assert len(kept) == 0

    def refused(_):
        raise NotFound("rien")

    kept.asked("one", VIEWER, made.append)
    kept.asked("other", VIEWER, refused)
    assert kept.again(7, lambda viewer: viewer) == 1
    assert made == [VIEWER]
