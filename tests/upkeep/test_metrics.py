"""Counts for supervision: off unless switched on, for this machine or a token, and without data."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from geoservice.settings import Settings
from geoservice.web.app import create_app
from tests.upkeep.state import addresses

LINE = re.compile(r"(\w+)(?:\{(.*)\})? ([0-9.e+-]+|NaN|\+Inf)")


def samples(text: str) -> dict[tuple[str, frozenset], float]:
    found = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            name, labels, value = LINE.fullmatch(line).groups()
            found[name, frozenset(re.findall(r'(\w+)="([^"]*)"', labels or ""))] = float(value)
    return found


def test_off_unless_switched_on(world):
    with TestClient(create_app(world.settings), headers={"Authorization": f"Bearer {world.rives}"}) as client:
        assert client.get("/metrics").status_code == 404


def test_counts_hold_templates_and_no_data(world):
    bearer = {"Authorization": f"Bearer {world.rives}"}
    with TestClient(create_app(Settings(data=world.settings.data, metrics=True)), headers=bearer) as client:
        for address in addresses()[:40]:
            client.get(address, follow_redirects=False)
        client.get("/api/cells?kind=bailleur&zone=zCANARIz")
        client.get("/zCANARIz")
        client.request("ZCANARIZ", "/api/session")
        answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    found = samples(answer.text)
    cells = sum(
        value
        for (name, labels), value in found.items()
        if name == "geoservice_requests_total" and ("route", "/api/cells") in labels
    )
    assert cells == sum(address.startswith("/api/cells?") for address in addresses()[:40]) + 1
    assert found["geoservice_requests_total", frozenset({("method", "GET"), ("route", "-"), ("status", "404")})] == 1
    assert found["geoservice_requests_total", frozenset({("method", "OTHER"), ("route", "/api/session"), ("status", "405")})] == 1
    names = {name for _, labels in found for name, _ in labels}
    assert names <= {"method", "route", "status", "le", "version"}
    for word in ("canariz", "bailleur", "rives", "QN07501M", "résidence", world.rives):
        assert word.lower() not in answer.text.lower()
    assert len([1 for name, _ in found if name == "geoservice_requests_total"]) < 30


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        (("203.0.113.7", 5000), {}, 401),
        (("127.0.0.1", 5000), {"Host": "127.0.0.1"}, 200),
        (("127.0.0.1", 5000), {"Host": "127.0.0.1", "X-Forwarded-For": "203.0.113.7"}, 401),
        (("127.0.0.1", 5000), {"Host": "evil.example"}, 401),
    ],
)
def test_for_this_machine_or_a_token(world, address, headers, status):
    with TestClient(create_app(Settings(data=world.settings.data, metrics=True)), client=address) as client:
        assert client.get("/metrics", headers=headers).status_code == status
        assert client.get("/metrics", headers={**headers, "Authorization": f"Bearer {world.rives}"}).status_code == 200
