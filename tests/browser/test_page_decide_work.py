"""« Décider » as a place to work: cameras added and removed, places drawn by hand and by keys, undone, sent by their address."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.page_watch import Watch
from tests.browser.test_page_decide import PLAN, cell
from tests.browser.test_page_safety import no_serious_violation

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SIZES = ((1280, 800), (820, 1180), (360, 740))
TOGETHER = "**/api/siting/together*"


def open_plan(watch: Watch, demo: str, more: str = "") -> Page:
    watch.page.goto(demo + PLAN + more)
    expect(watch.page.locator("body")).to_have_attribute("data-state", "ready")
    return watch.page


def asked(page: Page, name: str) -> list[str]:
    text = parse_qs(urlsplit(page.url).query).get(name, [""])[0]
    return text.split(";") if text else []


def seen(page: Page) -> int:
    """Facts that the sentence says the set has in view."""
    found = re.search(r"les lieux de ([\d\u202f]+)", page.locator("#verdict").inner_text())
    assert found, page.locator("#verdict").inner_text()
    return int(found[1].replace("\u202f", ""))


def click(page: Page, x: float, y: float) -> None:
    """On the drawing, in shares of its sides."""
    drawing = page.locator(".siteplan")
    box = drawing.bounding_box()
    assert box is not None
    drawing.click(position={"x": box["width"] * x, "y": box["height"] * y})


def fits(page: Page) -> None:
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0, width
        no_serious_violation(page)


def test_a_moved_camera_changes_the_total_of_the_set_and_the_address(watch: Watch, demo: str) -> None:
    page = open_plan(watch, demo)
    proposed = seen(page)
    page.locator('.camera[data-code="C1"]').focus()
    with page.expect_response(TOGETHER) as counted:
        page.keyboard.press("Shift+ArrowDown")
    found = counted.value.json()
    expect(page.locator("#verdict")).to_contain_text("posées à la main")
    assert seen(page) == found["covered"] <= proposed
    assert found["covered"] <= sum(found["cameras"])
    assert not page.locator("#proof").is_visible(), "the proof is of the plan that was proposed"
    assert len(asked(page, "spots")) == 3
    before, again = page.locator("#verdict").inner_text(), page.url
    page.goto("about:blank")
    page.goto(again)
    assert page.locator("#verdict").inner_text() == before, "the address alone says where they are"
    assert cell(page, "C1", "kind") == "posée à la main"
    assert cell(page, "C2", "kind") == "façade"


def test_without_a_script_the_address_and_the_links_do_it(browser: Browser, demo: str) -> None:
    context = browser.new_context(java_script_enabled=False, locale="fr-FR")
    page = context.new_page()
    page.goto(demo + PLAN)
    page.get_by_role("link", name="Retirer C2").click()
    assert page.locator(".camera").count() == page.locator("#table tbody tr").count() == 2
    assert len(asked(page, "spots")) == 2
    assert not page.locator("#tools").is_visible()
    page.get_by_role("button", name="Partir du terrain nu").click()
    assert page.locator(".camera").count() == 0
    expect(page.locator("#verdict")).to_contain_text("Aucune caméra")
    context.close()


def test_cameras_are_added_and_removed_by_hand_and_by_keys(watch: Watch, demo: str) -> None:
    page = open_plan(watch, demo, "&spots=none")
    page.get_by_role("button", name="Ajouter une caméra").press("Enter")
    expect(page.locator(".aim")).to_be_focused()
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("Enter")
    expect(page.locator('.camera[data-code="C1"]')).to_be_focused()
    expect(page.locator('#table tr[data-code="C1"] [data-is="area"]')).to_contain_text("m²")
    page.get_by_role("button", name="Ajouter une caméra").click()
    click(page, 0.3, 0.3)
    expect(page.locator(".camera")).to_have_count(2)
    assert len(asked(page, "spots")) == 2
    expect(page.locator("#verdict")).to_contain_text("2\u202fcaméras verraient")
    page.locator('.camera[data-code="C1"]').focus()
    page.keyboard.press("Delete")
    expect(page.locator(".camera")).to_have_count(1)
    assert page.locator("#table tbody th").all_inner_texts() == ["C1"]
    expect(page.locator('.camera[data-code="C1"]')).to_be_focused()
    page.get_by_role("button", name="Défaire").click()
    expect(page.locator(".camera")).to_have_count(2)
    page.get_by_role("button", name="Retirer C2").click()
    page.get_by_role("button", name="Retirer C1").click()
    expect(page.locator("#verdict")).to_contain_text("Aucune caméra")
    assert asked(page, "spots") == ["none"]
    assert not page.locator("#keep").is_visible()


def test_places_are_drawn_listed_undone_and_asked_for(watch: Watch, demo: str) -> None:
    page = open_plan(watch, demo)
    page.get_by_role("button", name="Ajouter un emplacement").press("Enter")
    for key in ("Enter", "Shift+ArrowLeft", "Enter"):
        page.keyboard.press(key)
    assert len(asked(page, "points")) == 2
    page.keyboard.press("Control+z")
    assert len(asked(page, "points")) == 1
    expect(page.locator("#drawn-list li")).to_have_count(1)
    page.get_by_role("button", name="Interdire une zone").click()
    corners = ((0.1, 0.1), (0.95, 0.1), (0.95, 0.9), (0.1, 0.9))
    for x, y in (*corners, corners[0]):  # the first one closes it
        click(page, x, y)
    expect(page.locator(".drawn .forbidden")).to_have_count(1)
    assert len(asked(page, "forbidden")[0].split()) == 4
    fits(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Proposer un plan").click()
    expect(page.locator(".note[role=status]")).to_contain_text("Aucun")
    page.get_by_role("link", name="à la main").click()
    expect(page.locator("body")).to_have_attribute("data-state", "ready")
    expect(page.locator("#drawn-list li")).to_have_count(2)
    page.get_by_role("button", name="Retirer zone interdite 1").click()
    page.get_by_role("button", name="Proposer un plan").click()
    expect(page.locator("#verdict")).to_contain_text("c’est prouvé")
    assert asked(page, "forbidden") == []
    assert page.locator(".drawn .point").count() == 1


def test_a_plan_is_kept_seen_again_and_withdrawn(watch: Watch, demo: str) -> None:
    page = open_plan(watch, demo)
    page.locator('.camera[data-code="C1"]').focus()
    with page.expect_response(TOGETHER):
        page.keyboard.press("Shift+ArrowDown")
    expect(page.locator("#verdict")).to_contain_text("posées à la main")
    moved = page.locator("#verdict").inner_text()
    page.get_by_role("button", name="Garder ce plan").click()
    expect(page.locator("h1")).to_contain_text("Les Alouettes")
    assert page.locator(".verdict").inner_text() == moved
    assert cell(page, "C1", "kind") == "posée à la main"
    expect(page.locator("#since")).to_contain_text("Les données n’ont pas changé depuis")
    fits(page)
    name = page.locator("h1").inner_text().partition(": ")[2]
    page.get_by_role("link", name="Tous les plans gardés").click()
    page.get_by_role("link", name=name).click()
    page.get_by_text("Retirer ce plan", exact=True).click()
    page.get_by_role("button", name="Oui, retirer ce plan").click()
    expect(page.locator("#plans")).to_be_visible()
    assert page.get_by_role("link", name=name).count() == 0


def test_plans_stand_side_by_side_on_every_screen_and_lying_on_paper(watch: Watch, demo: str) -> None:
    page = open_plan(watch, demo)
    page.get_by_role("button", name="Garder ce plan").click()
    number = page.url.rpartition("/")[2]
    page.goto(f"{demo}{PLAN}&lens=6&spots=none")
    page.get_by_label("Comparer", exact=True).select_option(number)
    page.get_by_label("à", exact=True).select_option("")
    page.get_by_role("button", name="Voir côte à côte").click()
    assert page.locator("#beside .siteplan").count() == 2
    expect(page.locator(".question")).to_contain_text("6 mm, moyen")
    fits(page)
    paper = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 1, "one sheet, lying"


@pytest.mark.parametrize("width", [820, 1024, 1280])
def test_the_bar_keeps_one_line_and_whole_names(watch: Watch, demo: str, width: int) -> None:
    page = watch.page
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{demo}/decider")
    parts = page.locator(".top .brand, .top .places a, .top form")
    tops = parts.evaluate_all("all => all.map(e => e.getBoundingClientRect().top)")
    assert max(tops) - min(tops) < 30
