"""The town is drawn once for all tests of this folder."""

from __future__ import annotations

import pytest

from geoservice import testing


@pytest.fixture(scope="session")
def town():
    return testing.town(seed=1)


@pytest.fixture(scope="session")
def written(town, tmp_path_factory):
    return town.write(tmp_path_factory.mktemp("town"))
