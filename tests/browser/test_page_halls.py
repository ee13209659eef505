"""The page of halls in a real browser: counts, one hall's months, a state said by hand and given back; no script, accessible."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_page_safety import no_serious_violation

pytestmark = pytest.mark.browser


@pytest.fixture
def halls(browser: Browser, demo: str) -> Iterator[Page]:
    """The page of halls of the demo's first landlord, where scripts are switched off."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="fr-FR", java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{demo}/halls")
    yield page
    context.close()


def test_the_census_is_told_in_words_and_adds_up(halls: Page) -> None:
    told = re.search(r"(\d+) halls? concernés? sur (\d+) connus, (\d+) inconnus? sur (\d+)", halls.locator(".lead").inner_text())
    assert told is not None
    concerned, known, unknown, total = map(int, told.groups())
    counts = [int(text) for text in halls.locator(".counts b").all_inner_texts()]
    assert sum(counts) == total == known + unknown
    assert sum(counts[1:4]) == concerned == halls.locator("#list-title ~ .scroll tbody tr").count()


def test_a_state_is_said_by_keyboard_and_given_back(halls: Page) -> None:
    halls.locator("#list-title ~ .scroll tbody a").first.press("Enter")
    expect(halls.locator(".strip li")).to_have_count(24)
    code = halls.locator("#hall-title").inner_text()
    halls.locator("#state").select_option("rouge")
    halls.locator("#reason").select_option("mediation")
    halls.get_by_role("button", name="Dire cet état").press("Enter")
    expect(halls.locator("#hall-title")).to_have_text(code)
    expect(halls.locator("#hall")).to_contain_text("rouge, dit par l’équipe (« Dit par un médiateur ou un gardien »)")
    expect(halls.locator(".counts li", has_text="rouge").locator("b")).to_have_text("1")
    halls.get_by_role("button", name="Rendre ce hall aux règles").press("Enter")
    expect(halls.locator("#hall")).not_to_contain_text("dit par l’équipe")


def test_filters_are_addresses(halls: Page, demo: str) -> None:
    halls.locator(".counts a", has_text="vert").click()
    expect(halls).to_have_url(re.compile("state=vert"))
    words = halls.locator("#list-title ~ .scroll tbody tr td:nth-child(3)").all_inner_texts()
    assert words
    assert {word.strip() for word in words} == {"vert"}


@pytest.mark.parametrize("size", [(1280, 800), (820, 1180), (390, 844), (320, 640)])
def test_axe_finds_nothing_serious_and_nothing_overflows(browser: Browser, demo: str, size: tuple[int, int]) -> None:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="fr-FR")
    try:
        page = context.new_page()
        page.goto(f"{demo}/halls")
        page.locator("#list-title ~ .scroll tbody a").first.click()
        expect(page.locator(".strip li")).to_have_count(24)
        no_serious_violation(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    finally:
        context.close()
