"""The folder of tests/notebook/folder.py, and a session on it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from geoservice.notebook import Session, connect
from tests.notebook import folder
from tests.notebook.folder import Folder


@pytest.fixture(scope="session")
def place(tmp_path_factory) -> Folder:
    return folder.make(tmp_path_factory.mktemp("notebook") / "data")


@pytest.fixture
def session(place) -> Iterator[Session]:
    with connect(place.path, place.token) as session:
        yield session
