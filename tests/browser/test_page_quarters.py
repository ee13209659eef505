"""A quarter beside its other generation, its ring and its commune, and the glossary: what is shown is what the API says."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.page_watch import Watch, numbers, origin, settle
from tests.browser.test_page_safety import no_serious_violation

pytestmark = pytest.mark.browser


@pytest.mark.slow
def test_a_quarter_shows_its_ground_its_boundary_and_what_the_state_publishes(watch: Watch, demo: str) -> None:
    page = watch.page
    page.goto(f"{demo}/lieux#kind=bailleur&zone=qpv2024:QN99901M")
    settle(page)
    page.locator("#quarter").wait_for()
    found = page.request.get(f"{origin(page)}/api/quarters/qpv2024:QN99901M", params={"kind": "bailleur"}).json()
    ground = page.get_by_role("region", name="Faits par morceau de terrain")
    shown = numbers(ground.locator("tbody tr").first.locator("td").all_inner_texts())
    assert shown == [piece["count"] for piece in found["pieces"]]
    account = page.get_by_role("region", name="Ce que le contour a changé")
    assert account.locator("tbody tr").count() == 4
    last = account.locator("tbody tr").last.locator("td")
    assert numbers(last.all_inner_texts()[:2]) == [found["boundary"]["old"], found["boundary"]["new"]]
    expect(page.locator("#quarter")).to_contain_text(found["boundary"]["sentence"][:40])
    expect(page.locator("#quarter")).to_contain_text("non diffusé")
    expect(page.get_by_role("region", name="Faits par origine").locator("tbody tr")).to_have_count(len(found["kinds"]))
    no_serious_violation(page)
    page.get_by_role("link", name="glossaire", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Glossaire")
    expect(page.locator("main")).to_contain_text("ne se recouvre qu’en partie")
    no_serious_violation(page)
