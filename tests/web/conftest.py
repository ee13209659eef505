"""One world and one running service for the tests of this folder; clients differ by what they show at the door."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from geoservice.web.app import create_app
from tests.web.world import World, build


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return build(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="session")
def app(world: World) -> Iterator[FastAPI]:
    app = create_app(world.settings)
    with TestClient(app):  # opens and closes the data folder
        yield app


@pytest.fixture(scope="session")
def client(app: FastAPI) -> Callable[..., TestClient]:
    """A client with these headers; exceptions that escape are a 500, as they would be for a person."""

    def make(token: str | None = None, **headers: str) -> TestClient:
        shown = {"Authorization": f"Bearer {token}"} if token else {}
        return TestClient(app, headers={**shown, **headers}, raise_server_exceptions=False, follow_redirects=False)

    return make


@pytest.fixture(scope="session")
def rives(client: Callable[..., TestClient], world: World) -> TestClient:
    return client(world.rives)


@pytest.fixture(scope="session")
def plaine(client: Callable[..., TestClient], world: World) -> TestClient:
    return client(world.plaine)


@pytest.fixture(scope="session")
def nobody(client: Callable[..., TestClient]) -> TestClient:
    return client()


@pytest.fixture(scope="session")
def page_folder() -> Path:
    return Path(__file__).resolve().parents[2] / "geoservice" / "web" / "page"
