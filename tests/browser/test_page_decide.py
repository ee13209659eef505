"""« Décider » in a real browser: a plan on the demo's quarter, a camera moved by keys and by hand, and the same on paper."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.page_watch import Watch
from tests.browser.test_page_safety import no_serious_violation

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PLAN = "/decider?zone=residence%3AOH001&kind=bailleur&cameras=3"


def cell(page: Page, camera: str, what: str) -> str:
    return page.locator(f'#table tr[data-code="{camera}"] [data-is="{what}"]').inner_text()


def test_a_plan_is_asked_for_and_stands_beside_other_answers(watch: Watch, demo: str) -> None:
    page = watch.page
    page.goto(f"{demo}/decider")
    page.get_by_label("Lieu", exact=True).select_option("residence:OH001")
    page.get_by_label("Caméras", exact=True).fill("3")
    page.get_by_role("button", name="Proposer un plan").click()
    expect(page.locator(".verdict")).to_contain_text("c’est prouvé", timeout=90_000)
    assert page.locator(".camera").count() == page.locator("#table tbody tr").count() == 3
    answers = page.locator("#answers tbody tr")
    assert answers.first.locator("th").inner_text() == "Ce plan de caméras"
    assert [answers.nth(row).locator("td").nth(3).inner_text() for row in range(answers.count())] == [
        "oui", *["non"] * (answers.count() - 1)]
    assert answers.count() >= 5
    for width, height in ((1280, 800), (820, 1180), (360, 740)):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
        no_serious_violation(page)


def test_a_camera_is_moved_by_keys_and_shows_its_field(watch: Watch, demo: str) -> None:
    page = watch.page
    page.goto(demo + PLAN)
    expect(page.locator("body")).to_have_attribute("data-state", "ready")
    camera, field = page.locator('.camera[data-code="C1"]'), page.locator('.field[data-code="C1"] .detect')
    before, area = field.get_attribute("d"), cell(page, "C1", "area")
    camera.focus()
    with page.expect_response(lambda answer: "/api/siting/field" in answer.url) as turned:
        page.keyboard.press("+")
    assert turned.value.status == 200
    expect(page.locator("#moved")).to_contain_text("C1")
    assert cell(page, "C1", "kind") == "façade", "it still hangs where it hung"
    assert cell(page, "C1", "area") != area
    with page.expect_response(lambda answer: "/api/siting/field" in answer.url) as moved:
        page.keyboard.press("Shift+ArrowDown")
    asked = parse_qs(urlsplit(moved.value.url).query)
    down_m = (float(camera.get_attribute("data-lat") or 0) - float(asked["lat"][0])) * 111_320
    assert down_m == pytest.approx(5, abs=0.2)
    expect(page.locator('#table tr[data-code="C1"] [data-is="kind"]')).to_have_text("posée à la main")
    assert field.get_attribute("d") != before
    no_serious_violation(page)


def test_what_the_page_draws_and_counts_is_what_the_server_said(watch: Watch, demo: str) -> None:
    """Turned all round, a camera is where it was: the same facts in view."""
    page = watch.page
    page.goto(demo + PLAN)
    expect(page.locator("body")).to_have_attribute("data-state", "ready")
    facts = int(re.sub(r"\D", "", cell(page, "C2", "facts")))
    page.locator('.camera[data-code="C2"]').focus()
    for key in ("+", "-"):
        with page.expect_response(lambda answer: "/api/siting/field" in answer.url):
            page.keyboard.press(key)
        page.wait_for_timeout(150)
    assert int(re.sub(r"\D", "", cell(page, "C2", "facts"))) == facts


def test_a_camera_is_dragged_onto_the_street_and_refused(watch: Watch, demo: str) -> None:
    page = watch.page
    page.goto(demo + PLAN)
    expect(page.locator("body")).to_have_attribute("data-state", "ready")
    camera = page.locator('.camera[data-code="C3"]')
    camera.scroll_into_view_if_needed()
    x, y = page.evaluate("""() => { const road = document.querySelector('.siteplan .road'), svg = road.ownerSVGElement;
      const { width, height } = svg.viewBox.baseVal;
      for (let x = 20; x < width; x += 4) for (let y = 20; y < height; y += 4) {
        if (!road.isPointInFill(new DOMPoint(x, y))) continue;
        const on = new DOMPoint(x, y).matrixTransform(svg.getScreenCTM());
        if (on.x > 0 && on.y > 80 && on.y < innerHeight - 8 && on.x < innerWidth) return [on.x, on.y];
      } }""")
    box = camera.locator(".dot").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(x, y, steps=5)
    page.mouse.up()
    expect(page.locator('#table tr[data-code="C3"] [data-is="place"]')).to_have_text("voie publique")
    assert "ne permet pas de filmer ce lieu" in cell(page, "C3", "refusals")
    assert "refused" in (camera.get_attribute("class") or "")


def test_a_place_that_is_too_large_is_a_sentence(watch: Watch, demo: str) -> None:
    page = watch.page
    page.goto(f"{demo}/decider?zone=commune%3A99901&kind=ville")
    expect(page.get_by_role("alert")).to_contain_text("1,5 km au plus")
    no_serious_violation(page)


def test_on_paper_there_is_the_plan_and_no_form(watch: Watch, demo: str) -> None:
    page = watch.page
    page.goto(demo + PLAN)
    page.emulate_media(media="print")
    assert not page.locator("#ask").is_visible()
    assert page.locator(".siteplan").is_visible()
    assert page.locator("#answers").is_visible()
    assert "Alouettes" in page.locator(".about").inner_text(), "where, when and which facts, in words"
    page.emulate_media(media="screen")


def test_waiting_says_each_step_and_can_be_ended(watch: Watch, demo: str) -> None:
    page, said, deleted = watch.page, {"state": "running", "step": "preuve", "part": 0.6}, []

    def told(route: Route) -> None:
        if route.request.method == "DELETE":
            deleted.append(route.request.url)
            said.update(state="cancelled")
            route.continue_()
        else:
            steps = ["terrain", "lignes de vue", "choix", "preuve"]
            route.fulfill(json={"id": "x", "steps": steps, "result": None, "problem": None, **said})

    page.route("**/api/siting/plans/*", told)
    page.route("**/api/siting/plans", lambda route: route.fulfill(status=202, json={
        "id": "x", "state": "waiting", "step": "", "part": 0, "steps": ["terrain", "lignes de vue", "choix", "preuve"]}))
    page.goto(demo + PLAN)
    before = page.url
    watch.expected = ["404"]  # nobody computes « x »
    page.get_by_role("button", name="Proposer un plan").click()
    stop = page.locator("#wait").get_by_role("button", name="Annuler")
    expect(stop).to_be_focused()
    expect(page.locator("#wait .step")).to_contain_text("Preuve")
    assert page.locator("#wait [aria-current=step]").inner_text() == "preuve"
    assert page.locator("#wait progress").evaluate("bar => bar.value") == pytest.approx(0.6)
    for width, height in ((1280, 800), (820, 1180), (360, 740)):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
        no_serious_violation(page)
    page.keyboard.press("Enter")
    expect(page.locator("#wait")).to_contain_text("Calcul annulé")
    assert deleted == [f"{demo}/api/siting/plans/x"]
    assert page.url == before
    expect(page.get_by_role("button", name="Proposer un plan")).to_be_focused()


def test_without_scripts_the_same_form_answers(browser: Browser, demo: str) -> None:
    context = browser.new_context(java_script_enabled=False, locale="fr-FR")
    page = context.new_page()
    page.goto(f"{demo}/decider")
    page.get_by_label("Lieu", exact=True).select_option("residence:OH001")
    page.get_by_role("button", name="Proposer un plan").click()
    expect(page.locator(".verdict")).to_contain_text("c’est prouvé", timeout=90_000)
    context.close()
