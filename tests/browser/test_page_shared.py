"""The shared page on a tablet: what a police liaison sees, does, and cannot do; and the page behind a share link."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.page_watch import Watch
from tests.browser.shared_surface import Surface, running, with_a_hot_area
from tests.web.shared_world import QPV, TOWN

pytestmark = pytest.mark.browser

PORTRAIT, LANDSCAPE = {"width": 820, "height": 1180}, {"width": 1024, "height": 768}
CANARY = "<img src=x onerror=alert(1)>"
SMALL = """() => [...document.querySelectorAll('button, select, summary, a.button')]
  .filter(e => e.offsetParent !== null && e.getBoundingClientRect().height < 43.5).map(e => e.outerHTML.slice(0, 90))"""
WIDE = "() => document.documentElement.scrollWidth - innerWidth"


@pytest.fixture(scope="module")
def surface(tmp_path_factory: pytest.TempPathFactory, playwright_chromium: object) -> Iterator[Surface]:
    with running(tmp_path_factory.mktemp("shared"), tmp_path_factory.mktemp("log"), f"Quartier {CANARY}") as found:
        yield found


@pytest.fixture(scope="module")
def window(browser: Browser, surface: Surface) -> Iterator[Watch]:
    yield from signed_in(browser, surface, PORTRAIT)


@pytest.fixture
def tablet(window: Watch, surface: Surface) -> Watch:
    """One window for most tests, as a liaison finds it."""
    window.page.goto("about:blank")
    window.page.goto(f"{surface.address}/partage")
    ready(window.page)
    return window


def signed_in(browser: Browser, surface: Surface, size: dict[str, int]) -> Iterator[Watch]:
    context = browser.new_context(viewport=size, locale="fr-FR", has_touch=True)  # type: ignore[arg-type]
    watch = Watch(context.new_page())
    watch.page.goto(f"{surface.address}/partage")
    watch.page.get_by_label("Votre clé de lecture").fill(surface.key)
    watch.page.get_by_role("button", name="Ouvrir").click()
    ready(watch.page)
    yield watch
    context.close()
    watch.check()


def ready(page: Page) -> None:
    expect(page.locator("body")).to_have_attribute("data-state", "ready", timeout=20_000)


def test_it_opens_on_the_liaisons_quarter_and_the_finest_level(tablet: Watch) -> None:
    page = tablet.page
    expect(page.get_by_role("heading", level=1)).to_have_text("Épinay-les-Bois")
    expect(page.locator("#place h2")).to_have_text("Quartier des Tilleuls")
    expect(page.get_by_role("button", name="Secteurs", exact=True)).to_have_attribute("aria-pressed", "true")
    release = with_a_hot_area()
    table = release.table("bailleur", 2025, "qpv", "year", "all")
    assert table is not None
    row = release.places["qpv"].names.index(QPV)
    expect(page.locator("#place .figure strong")).to_have_text(str(table.values[row, 0, 0]))
    expect(page.locator("#zones tbody tr")).to_have_count(2)
    expect(page.locator("#place .bars")).to_have_count(3)  # quarters, weekdays, bands of the commune
    expect(page.locator("#halls")).to_contain_text("Les Tilleuls, hall 3")
    expect(page.locator("#halls")).to_contain_text("constaté le 12/01/2026")


def test_it_opens_where_half_of_the_places_are_shown_whatever_is_finer(tablet: Watch) -> None:
    page = tablet.page

    def coarser(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json={**answer.json(), "opens": {"bailleur": "r7"}})

    page.route(f"**/api/shared/{TOWN}", coarser)
    page.reload()
    ready(page)
    expect(page.get_by_role("button", name="Grands secteurs")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="Secteurs", exact=True).click()
    expect(page.get_by_role("button", name="Secteurs", exact=True)).to_have_attribute("aria-pressed", "true")
    page.unroute(f"**/api/shared/{TOWN}", coarser)


def test_what_is_not_shown_is_one_hatched_class_and_never_a_small_number(tablet: Watch) -> None:
    page = tablet.page
    hatched = page.locator('.map-place[fill="url(#hatch)"]')
    expect(hatched).to_have_count(1)
    expect(page.locator("#legend li", has_text="Non diffusé")).to_have_count(1)
    page.locator("#every summary").click()
    expect(page.locator("#every tbody tr")).to_have_count(24)
    assert page.locator("#every td.number", has_text="non diffusé").count() == 1
    assert not re.search(r"0\s*(–|-|à)\s*4\b", page.locator("body").inner_text())
    hatched.dispatch_event("pointerdown", {"pointerId": 1, "clientX": 5, "clientY": 5})
    hatched.dispatch_event("pointerup", {"pointerId": 1, "clientX": 5, "clientY": 5})
    expect(page.locator("#place .figure")).to_have_text("Non diffusé")
    expect(page.locator("#place")).to_contain_text("peut n’avoir aucun fait")


def test_hot_areas_are_ranked_with_a_word_and_drawn_around(tablet: Watch) -> None:
    page = tablet.page
    first = page.locator("#areas .area").first
    expect(first.locator(".mark")).to_have_text(re.compile("^(solide|fragile|artefact probable)$"))
    expect(page.locator("#areas .hint")).to_contain_text("ce ne sont pas des zéros")
    assert page.locator("#map .map-hot").count() >= 1
    first.click()
    expect(page.locator("#place .verdict")).to_contain_text("Point chaud")


def test_other_levels_periods_and_groups_are_a_gesture_away_and_in_the_address(tablet: Watch) -> None:
    page = tablet.page
    page.get_by_role("button", name="Quartiers", exact=True).click()
    expect(page.locator(".map-place")).to_have_count(2)
    page.get_by_label("Période").select_option("2025-Q2")
    expect(page.locator("#legend h2")).to_have_text("Faits, 2e trimestre 2025")
    assert {"level=qpv", "period=2025-Q2"} <= set(page.url.partition("#")[2].split("&"))
    page.get_by_role("button", name="Communes", exact=True).click()
    page.get_by_label("Catégories").select_option("group:proprete")
    expect(page.locator("#place .hint").first).to_be_visible()
    page.reload()
    ready(page)
    expect(page.get_by_label("Catégories")).to_have_value("group:proprete")


def test_the_map_is_used_by_keyboard_and_says_where_it_is(tablet: Watch) -> None:
    page = tablet.page
    page.locator("#map").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#said")).to_contain_text("Secteur")
    expect(page.locator("#place h2")).to_contain_text("Secteur")
    first = page.locator("#place h2").inner_text()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#place h2")).not_to_have_text(first)
    before = page.locator("#map svg").get_attribute("viewBox")
    page.keyboard.press("+")
    expect(page.locator("#map svg")).not_to_have_attribute("viewBox", before or "")
    expect(page.locator("#map")).to_be_focused()


def test_requests_are_answered_by_closed_lists_alone(tablet: Watch) -> None:
    page = tablet.page
    assert page.locator("textarea, input").count() == 0
    expect(page.locator("#requests li")).to_have_count(2)
    mine = page.locator("#requests li", has_text="Quartier des Tilleuls")
    mine.get_by_role("button", name="Vu").click()
    expect(mine.locator(".answer")).to_contain_text("Vu, le")
    mine.get_by_role("combobox").select_option("acces")
    mine.get_by_role("button", name="Pas possible").click()
    expect(mine.locator(".answer")).to_contain_text("Accès impossible")
    expect(mine.get_by_role("button")).to_have_count(0)  # answered for good


def test_meeting_mode_is_large_and_edits_nothing(tablet: Watch) -> None:
    page = tablet.page
    page.get_by_role("button", name="Mode réunion").click()
    expect(page.locator("#meeting h1")).to_be_visible()
    first = page.locator("#meeting h1").inner_text()
    assert page.locator("select:visible, input:visible, #requests:visible").count() == 0
    size = page.evaluate("() => parseFloat(getComputedStyle(document.querySelector('#meeting h1')).fontSize)")
    assert size >= 30
    page.get_by_role("button", name="Suivant").click()
    expect(page.locator("#meeting h1")).not_to_have_text(first)
    page.keyboard.press("PageUp")
    expect(page.locator("#meeting h1")).to_have_text(first)
    assert page.evaluate(WIDE) <= 0
    page.keyboard.press("Escape")
    expect(page.locator("#meeting")).to_be_hidden()
    expect(page.get_by_role("button", name="Mode réunion")).to_be_focused()


@pytest.mark.parametrize("size", [PORTRAIT, LANDSCAPE, {"width": 390, "height": 844}, {"width": 320, "height": 500}],
                         ids=["portrait", "paysage", "telephone", "400pc"])
def test_targets_are_large_nothing_overflows_and_axe_is_clean(browser: Browser, surface: Surface, size: dict[str, int]) -> None:
    for watch in signed_in(browser, surface, size):
        page = watch.page
        page.locator("#every summary").click()
        assert page.evaluate(SMALL) == []
        assert page.evaluate(WIDE) <= 0
        assert problems(page) == []
        page.goto(f"{page.url.partition('#')[0]}#meeting=1")
        expect(page.locator("#meeting h1")).to_be_visible()
        assert page.evaluate(SMALL) == []
        assert problems(page) == []


def problems(page: Page) -> list[str]:
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['html'][:120]} {one['nodes'][0].get('failureSummary', '')[:200]}" for one in found]


def test_names_from_elsewhere_stay_text(tablet: Watch) -> None:
    page = tablet.page
    expect(page.locator("#zones")).to_contain_text(f"Quartier {CANARY}")
    assert page.locator("img").count() == 0


def test_without_webgl_it_is_the_same_page(blind_browser: Browser, surface: Surface) -> None:
    for watch in signed_in(blind_browser, surface, LANDSCAPE):
        assert watch.page.evaluate("() => document.createElement('canvas').getContext('webgl2')") is None
        expect(watch.page.locator(".map-place")).to_have_count(24)


def test_the_page_of_a_link_needs_no_script(browser: Browser, surface: Surface) -> None:
    context = browser.new_context(viewport=PORTRAIT, locale="fr-FR", java_script_enabled=False)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{surface.address}/p/{surface.link}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Épinay-les-Bois")
    expect(page.locator("tbody tr")).to_have_count(24)
    page.get_by_label("Période").select_option("2025-Q1")
    page.get_by_role("button", name="Afficher").click()
    expect(page.locator("main > p").first).to_contain_text("1er trimestre 2025")
    context.close()
    context = browser.new_context(viewport=PORTRAIT, locale="fr-FR")  # type: ignore[arg-type]
    watch = Watch(context.new_page())
    watch.page.goto(f"{surface.address}/p/{surface.link}")
    assert problems(watch.page) == []
    assert watch.page.evaluate(WIDE) <= 0
    context.close()
    watch.check()


def test_the_process_opened_nothing_but_the_shared_folder(surface: Surface, tablet: Watch) -> None:
    """There was no database beside it, and there still is none: a program that opens one makes it."""
    assert tablet.page.request.get(f"{surface.address}/api/shared/{TOWN}/values").ok
    assert [path.name for path in surface.data.iterdir()] == ["partage"]
    opened = [os.readlink(each) for each in Path(f"/proc/{surface.pid}/fd").iterdir() if each.exists()]
    inside = [name for name in opened if name.startswith(str(surface.data))]
    assert any(name.endswith("access.db") for name in inside)
    assert [name for name in inside if not name.startswith(str(surface.data / "partage"))] == []
