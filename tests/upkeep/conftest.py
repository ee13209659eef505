"""One imported world, opened through the web; tests that change a folder take a copy of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from geoservice.settings import Settings
from tests import folders
from tests.web.world import World, build


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return build(tmp_path_factory.mktemp("upkeep"))


@pytest.fixture
def copied(world: World, tmp_path: Path) -> Callable[[], Settings]:
    """A data folder of one's own, like the world's."""

    def make() -> Settings:
        return folders.copied(world.settings.data, tmp_path / "copie")

    return make
