"""What several parts of the suite share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

CHROMIUM = Path("/usr/bin/chromium")
# the whole suite runs on PostgreSQL where an address is set; `{folder}` in its schema keeps data folders apart
ON_POSTGRESQL = bool(os.environ.get("GEOSERVICE_DATABASE_URL"))


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "sqlite_file: about the database as a file of the data folder; skipped on PostgreSQL")
    if ON_POSTGRESQL:  # tests that leave a storage to the collector leave its connections too
        config.addinivalue_line("filterwarnings", "ignore:.*was deleted while still open:ResourceWarning")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if ON_POSTGRESQL:
        for item in items:
            if item.get_closest_marker("sqlite_file"):
                item.add_marker(pytest.mark.skip(reason="about the database as a file; here it is PostgreSQL"))


@pytest.fixture(scope="session")
def playwright_chromium() -> Iterator:
    """The launcher of Debian's Chromium, one for the whole run (Playwright's loop cannot be opened twice); the one skip."""
    if not CHROMIUM.exists():
        pytest.skip("browser tests need Debian's Chromium: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright.chromium
