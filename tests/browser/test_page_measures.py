"""The page of measures in a real browser: the planted fall, a period chosen without script, print, accessibility."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pypdfium2
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_page_safety import no_serious_violation

pytestmark = pytest.mark.browser
SECTIONS = ("plaintes", "jamais", "taux", "completude", "bilan")


@pytest.fixture
def measures(browser: Browser, demo: str) -> Iterator[Page]:
    """The page of measures of the demo's first landlord, where scripts are switched off."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="fr-FR", java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{demo}/mesures")
    yield page
    context.close()


def test_the_planted_fall_of_complaints_is_the_one_alarm(measures: Page) -> None:
    expect(measures.locator("#plaintes .note li")).to_have_count(1)
    expect(measures.locator("#plaintes .mark")).to_have_count(1)
    name = measures.locator("#plaintes tr", has=measures.locator(".mark")).locator("a").inner_text()
    expect(measures.locator("#plaintes .note li")).to_contain_text(name)


def test_every_residence_is_a_mark_of_the_funnel_and_a_row(measures: Page) -> None:
    marks = measures.locator(".funnel .dot").count()
    assert marks == measures.locator("#taux tbody tr").count() > 5
    assert measures.locator(".funnel").get_attribute("aria-label")


def test_a_period_and_a_residence_are_chosen_without_script(measures: Page) -> None:
    measures.locator("#from").fill("2026-01-01")
    measures.locator("#residence").select_option(index=1)
    measures.get_by_role("button", name="Afficher").click()
    expect(measures.locator(".lead")).to_contain_text("1er janv. 2026")
    expect(measures.locator("#bilan h2")).to_contain_text(measures.locator("#residence option:checked").inner_text())
    expect(measures.locator("#bilan thead tr").first.locator("th")).to_have_count(2)  # its name, and one year


def test_printed_it_is_a_few_sheets_with_every_section(measures: Page) -> None:
    sheets = pypdfium2.PdfDocument(io.BytesIO(measures.pdf(prefer_css_page_size=True)))
    assert 4 <= len(sheets) <= 9
    text = " ".join(page.get_textpage().get_text_range() for page in sheets)
    for title in ("Écart entre plaintes et faits", "jamais signalé", "Faits pour 100 logements", "Complétude", "Bilan annuel"):
        assert title in text
    assert "Afficher" not in text


@pytest.mark.parametrize("size", [(1280, 800), (820, 1180), (390, 844)])
def test_axe_finds_nothing_serious_and_nothing_overflows(browser: Browser, demo: str, size: tuple[int, int]) -> None:
    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="fr-FR")
    try:
        page = context.new_page()
        page.goto(f"{demo}/mesures")
        for section in SECTIONS:
            expect(page.locator(f"#{section} h2")).to_be_visible()
        no_serious_violation(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    finally:
        context.close()
