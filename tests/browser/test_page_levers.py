"""A lever in a real browser: noted and locked with plain forms, its page clean on every screen and on paper."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page

from tests.browser.page_watch import Watch
from tests.browser.test_page_observatory import SIZES, SMALL
from tests.browser.test_page_safety import no_serious_violation

pytestmark = pytest.mark.browser


def test_a_plan_goes_from_the_gate_to_the_lock(watch: Watch, demo: str) -> None:
    page: Page = watch.page
    page.goto(f"{demo}/leviers")
    page.get_by_label("Premier jour").fill(str(datetime.now(UTC).date() + timedelta(30)))
    page.get_by_label("Résidence traitée").select_option(index=3)
    page.get_by_label("Occupation, squat").check()
    page.get_by_role("button", name="Noter, et voir").click()
    assert page.locator("h2", has_text="Pourra-t-on le voir").count() == 1
    assert page.locator(".verdict").inner_text() in ("visible", "incertain", "invisible")
    assert page.get_by_role("region", name="Équilibre des témoins").locator("tbody tr").count() == 4
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
        if width < 1000:
            assert page.evaluate(SMALL) == []
        no_serious_violation(page)
    page.get_by_text("Modifier le plan").click()
    assert page.get_by_label("Occupation, squat").is_checked()
    page.get_by_role("button", name="Verrouiller ce plan").click()
    assert page.get_by_text("Empreinte du plan").count() == 1
    assert page.get_by_text("Modifier le plan").count() == 0
    page.emulate_media(media="print")
    assert not page.get_by_role("button", name="Déverrouiller").is_visible()
    assert page.get_by_text("Témoins").first.is_visible()
