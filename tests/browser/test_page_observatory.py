"""The pages of the observatory, in a real browser: on an office screen, a tablet and a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser.page_watch import Watch
from tests.browser.test_page_safety import no_serious_violation

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PAGES = ("/mes-residences", "/halls", "/suites", "/mesures",  # with extremes: test_page_measures_wide.py
         "/doublons", "/saisie", "/reunions", "/decider", "/leviers",
         "/decider/dossier?zone=residence%3AOH001&kind=bailleur&cameras=2&autorisation=2026-12-01",
         "/glossaire")
SIZES = ((1280, 800), (820, 1180), (360, 740))
SMALL = """() => [...document.querySelectorAll('button, select, input, .places a, .tabs a, a.button')]
  .filter((one) => one.checkVisibility() && !['checkbox', 'radio', 'hidden'].includes(one.type))
  .filter((one) => one.getBoundingClientRect().height < 43.5).map((one) => one.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("path", PAGES)
def test_each_page_is_clean_on_every_screen(watch: Watch, demo: str, path: str) -> None:
    page: Page = watch.page
    page.goto(demo + path)
    assert page.locator("h1").count() == 1
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert (path, width, wide) == (path, width, 0)
        if width < 1000:
            assert (path, width, page.evaluate(SMALL)) == (path, width, [])
        no_serious_violation(page)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.keyboard.press("Tab")
    assert "#" in (page.evaluate("document.activeElement.getAttribute('href')") or ""), "the first stop skips the bar"
