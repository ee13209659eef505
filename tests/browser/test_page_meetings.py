"""A meeting as a team holds it: created, frozen, its paper taken away and opened, decisions followed at the next one, printed."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator

import pypdfium2
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.page_watch import Watch

pytestmark = pytest.mark.browser
SIZES = ((1280, 800), (820, 1180))


@pytest.fixture(params=SIZES, ids=["bureau", "tablette"])
def page(request, browser: Browser, demo: str) -> Iterator[Page]:
    """A window on the meetings, without scripts: forms are enough."""
    width, height = request.param
    context = browser.new_context(viewport={"width": width, "height": height}, locale="fr-FR", java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{demo}/reunions")
    yield page
    context.close()


def create(page: Page, day: str) -> None:
    page.goto(re.sub(r"(//[^/]+)/.*", r"\1/reunions", page.url))
    page.get_by_label("Sorte").select_option("clspd")
    page.get_by_label("Jour").fill(day)
    page.get_by_role("button", name="Créer la réunion").click()


def texts(paper: bytes) -> str:
    with pypdfium2.PdfDocument(io.BytesIO(paper)) as document:
        return " ".join(" ".join(sheet.get_textpage().get_text_range() for sheet in document).split())


def test_a_meeting_from_its_creation_to_its_paper_and_the_next_one(page: Page) -> None:
    create(page, "2026-09-15")
    page.get_by_label("Levier").select_option("eclairage")
    page.get_by_label("Lieu").select_option(label="QPV Les Berges")
    page.get_by_label("En charge").select_option("bailleur")
    page.get_by_label("Échéance").fill("2026-10-15")
    page.get_by_role("button", name="Noter la décision").click()
    expect(page.get_by_role("cell", name="Éclairage", exact=True).first).to_be_visible()

    create(page, "2026-10-30")
    followed = page.get_by_label("État : Éclairage, QPV Les Berges").first
    followed.select_option("commence")
    page.get_by_role("button", name="Noter l’état : Éclairage, QPV Les Berges").first.click()
    expect(followed).to_have_value("commence")

    page.get_by_role("button", name="Figer un instantané").click()
    page.get_by_role("link", name="Vérifier les chiffres").click()
    expect(page.get_by_role("status")).to_contain_text("recalculés à l’identique")
    digest = page.locator("code").first.inner_text()
    with page.expect_download() as taken:
        page.get_by_role("link", name="Document (PDF)").click()
    assert re.fullmatch(r"clspd-2026-10-30-interne-[0-9a-f]{12}\.pdf", taken.value.suggested_filename)
    said = texts(taken.value.path().read_bytes())
    for words in ("À retenir", "Faits par origine", "Points chauds", "Décisions et suites", "Commencé", "Qualité des données",
                  "Ce que ces chiffres ne disent pas", digest, "Page 1 sur"):
        assert words in said, words


def test_what_is_printed_is_the_paper_and_no_control(browser: Browser, demo: str) -> None:
    context = browser.new_context(locale="fr-FR")
    page = context.new_page()
    watch = Watch(page)
    page.goto(f"{demo}/reunions")
    create(page, "2026-10-29")
    page.get_by_role("button", name="Figer un instantané").click()
    said = texts(page.pdf(prefer_css_page_size=True))
    assert "Faits par origine" in said
    for control in ("Effacer les faits figés", "Se déconnecter", "Document (PDF)"):
        assert control not in said, control
    context.close()
    watch.check()


@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing_serious_and_nothing_overflows(browser: Browser, demo: str, size: tuple[int, int]) -> None:
    from axe_playwright_python.sync_playwright import Axe

    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="fr-FR")
    page = context.new_page()
    page.goto(f"{demo}/reunions")
    create(page, "2026-10-28")
    meeting = page.url
    page.get_by_role("button", name="Figer un instantané").click()
    for address in (f"{demo}/reunions", meeting, page.url):
        page.goto(address)
        found = [each for each in Axe().run(page).response["violations"] if each["impact"] in ("serious", "critical")]
        assert found == [], [(each["id"], each["nodes"][0]["html"]) for each in found]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()


@pytest.mark.parametrize("size", SIZES)
def test_a_perimeter_is_drawn_by_hand_and_by_keys_and_undone(browser: Browser, demo: str, size: tuple[int, int]) -> None:
    from axe_playwright_python.sync_playwright import Axe

    context = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="fr-FR")
    page = context.new_page()
    watch = Watch(page)
    page.goto(f"{demo}/reunions")
    page.get_by_text("Périmètre tracé, au lieu d’une zone").click()
    drawing = page.get_by_role("application", name="Périmètre")
    text, state = page.locator("#perimeter"), page.locator("#outline-state")
    expect(page.locator("#outline-draw img")).not_to_have_class("stale")
    drawing.scroll_into_view_if_needed()
    box = drawing.bounding_box()
    for x, y in ((0.4, 0.4), (0.6, 0.4), (0.6, 0.6)):
        page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
    expect(state).to_contain_text("3 coins")
    drawing.focus()
    for key in ("Shift+ArrowLeft", "ArrowLeft", "ArrowDown", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    expect(state).to_contain_text("4 coins")
    assert len(json.loads(text.input_value())["coordinates"][0]) == 5
    page.keyboard.press("Backspace")
    expect(state).to_contain_text("3 coins")
    page.get_by_role("button", name="Tout effacer").click()
    expect(text).to_have_value("")
    page.get_by_role("button", name="Annuler le dernier geste").click()
    expect(state).to_contain_text("3 coins")
    drawn = json.loads(text.input_value())
    where = page.locator("#outline-draw .corner").first.get_attribute("cx")
    page.get_by_role("button", name="Zoom avant").click()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 0.5 * box["height"], steps=4)
    page.mouse.up()
    assert page.locator("#outline-draw .corner").first.get_attribute("cx") != where
    assert json.loads(text.input_value()) == drawn  # looking elsewhere changes nothing
    found = [each for each in Axe().run(page).response["violations"] if each["impact"] in ("serious", "critical")]
    assert found == [], [(each["id"], each["nodes"][0]["html"]) for each in found]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    page.get_by_text("Reprendre le contour d’un quartier ou d’une résidence").click()
    page.get_by_label("Lieu").select_option(label="QPV Les Berges")
    page.get_by_label("Rayon autour, en mètres").fill("50")
    page.get_by_role("button", name="Reprendre ce contour").click()
    expect(page.locator("#outline-state")).to_contain_text("coins")
    for label, value in (("Jour", "2026-10-27"), ("Début (GLTD)", "2026-01-01"), ("Fin, comprise (GLTD)", "2026-06-30")):
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name="Créer la réunion").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("GLTD")
    context.close()
    watch.check()
