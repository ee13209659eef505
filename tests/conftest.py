"""What several parts of the suite share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture(scope="session")
def playwright_chromium() -> Iterator:
    """The launcher of Debian's Chromium, one for the whole run (Playwright's loop cannot be opened twice); the one skip."""
    if not CHROMIUM.exists():
        pytest.skip("browser tests need Debian's Chromium: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright.chromium
