"""Entering a fact on a phone: three taps, without a network too, sent exactly once, undone by whoever made it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

pytestmark = pytest.mark.browser
JS = Path(__file__).parents[2] / "geoservice" / "web" / "page" / "js"
PHONE = {"width": 360, "height": 740}


@pytest.fixture
def phone(browser, demo: str) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport=PHONE, locale="fr-FR", has_touch=True, is_mobile=True,
                                  geolocation={"latitude": 48.9, "longitude": 2.45})
    yield context
    context.close()


@pytest.fixture
def form(phone: BrowserContext, demo: str) -> Page:
    """The form, opened, whose files the service worker has."""
    page = phone.new_page()
    page.goto(f"{demo}/saisie")
    expect(page.locator("body")).to_have_attribute("data-state", "ready")
    page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    return page


def tap(page: Page, name: str, value: str) -> None:
    page.locator(f'input[name="{name}"][value="{value}"]').check()


def enter(page: Page, category: str = "DEG", more: str = "tag") -> None:
    page.locator('input[name="where"]').first.check()
    tap(page, "category", category)
    tap(page, "subcategory", more)
    page.get_by_role("button", name="Enregistrer").click()


def sent(page: Page) -> list[str]:
    """Paths of what was posted from now on."""
    found: list[str] = []
    page.on("request", lambda request: found.append(urlsplit(request.url).path) if request.method == "POST" else None)
    return found


def entered(page: Page) -> int:
    """Lines of today's import of entries, whoever made them."""
    runs = page.evaluate("fetch('/api/imports').then((answer) => answer.json())")["imports"]
    return sum(run["accepted"] for run in runs if run["source"] == "Saisie directe")


def test_a_fact_is_entered_and_taken_back(form: Page) -> None:
    before, posts = entered(form), sent(form)
    enter(form)
    expect(form.locator("#done")).to_contain_text("Enregistré.")
    expect(form.locator("#queue")).to_be_empty()
    assert (entered(form), posts) == (before + 1, ["/api/facts"])
    form.get_by_role("button", name="Annuler").click()
    expect(form.locator("#entries li")).to_have_attribute("data-state", "undone")
    assert posts[1].endswith("/annuler")
    assert entered(form) == before + 1  # nothing is lost: it stays in its place and counts nowhere


def test_without_a_network_facts_are_kept_and_sent_exactly_once(form: Page, phone: BrowserContext) -> None:
    before = entered(form)
    phone.set_offline(True)
    form.reload()  # the page itself opens without a network
    expect(form.locator("body")).to_have_attribute("data-state", "ready")
    enter(form)
    enter(form, "SAL", "depot")
    expect(form.locator("#queue")).to_contain_text("2 faits en attente d’envoi")
    expect(form.locator("#entries li")).to_have_count(2)
    form.reload()
    expect(form.locator("#queue")).to_contain_text("2 faits en attente d’envoi")
    other = phone.new_page()  # a second window on the same device
    other.goto(form.url)
    expect(other.locator("body")).to_have_attribute("data-state", "ready")
    posts, more = sent(form), sent(other)
    phone.set_offline(False)
    for page in (form, other):
        page.evaluate("dispatchEvent(new Event('online'))")
    expect(form.locator("#queue")).to_be_empty()
    assert entered(form) == before + 2
    assert posts + more == ["/api/facts"] * 2


def test_an_answer_that_is_lost_is_asked_again_and_counts_once(form: Page) -> None:
    before = entered(form)
    lost: list[str] = []

    def lose(route) -> None:
        route.fetch()  # it arrives; what comes back does not
        lost.append(route.request.url)
        route.abort()

    form.route("**/api/facts", lose)
    enter(form)
    expect(form.locator("#queue")).to_contain_text("dès que le réseau revient")
    assert len(lost) == 1
    form.unroute("**/api/facts")
    posts = sent(form)
    form.get_by_role("button", name="Annuler").click()  # it may have arrived: it is sent again, then taken back there
    expect(form.locator("#entries li")).to_have_attribute("data-state", "undone")
    expect(form.locator("#queue")).to_be_empty()
    assert [path.rpartition("/")[2] for path in posts] == ["facts", "annuler"]
    assert entered(form) == before + 1


def test_signed_out_what_waits_is_kept_and_asks_to_sign_in(form: Page) -> None:
    before = entered(form)
    refuse = {"status": 401, "json": {"type": "urn:geoservice:probleme:connexion-requise"}}
    form.route("**/api/session", lambda route: route.fulfill(**refuse))
    form.route("**/api/facts", lambda route: route.fulfill(**refuse))
    enter(form)
    expect(form.locator("#queue")).to_contain_text("1 fait en attente d’envoi")
    expect(form.get_by_role("link", name="Se connecter")).to_be_visible()
    form.unroute_all()
    form.evaluate("dispatchEvent(new Event('online'))")
    expect(form.locator("#queue")).to_be_empty()
    assert entered(form) == before + 1


def test_what_is_missing_is_said_and_places_are_found(form: Page, phone: BrowserContext) -> None:
    form.get_by_role("button", name="Enregistrer").click()
    expect(form.locator("#alert")).to_contain_text("Choisissez")
    phone.grant_permissions(["geolocation"])
    lists = form.evaluate("fetch('/api/saisie').then((answer) => answer.json())")
    code, name, lon, lat = next(row for row in lists["residences"] if row[2])
    phone.set_geolocation({"longitude": lon, "latitude": lat})
    form.get_by_role("button", name="Près de moi").click()
    expect(form.locator("#field-where .choice").first).to_contain_text("m")
    form.get_by_label("Chercher une résidence ou un hall").fill(name)
    expect(form.locator(f'input[name="where"][value="r:{code}"]')).to_have_count(1)
    sizes = form.locator(".choice, button, summary").evaluate_all(
        "all => all.filter((one) => one.offsetParent).map((one) => one.getBoundingClientRect().height)")
    assert len(sizes) > 30
    assert min(sizes) >= 44
    assert form.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_a_double_is_asked_about_and_counts_once(form: Page) -> None:
    tap_place = form.locator('input[name="where"]').last.get_attribute("value")
    for _ in range(2):
        form.locator(f'input[name="where"][value="{tap_place}"]').check()
        tap(form, "category", "ANI")
        form.get_by_role("button", name="Enregistrer").click()
        expect(form.locator("#done")).to_contain_text("Enregistré.")
    expect(form.locator("#done")).to_contain_text("est-ce le même fait")
    form.get_by_role("button", name="Oui, ").first.click()
    expect(form.locator('#entries [data-state="merged"]')).to_have_count(1)
    form.goto(form.url.replace("/saisie", "/doublons"))
    expect(form.get_by_role("heading", name="2 signalements")).to_have_count(1)


def test_the_service_worker_has_every_module_of_the_form() -> None:
    worker = (JS / "saisie-worker.js").read_text(encoding="utf-8")
    known = set(re.findall(r'"([a-z-]+)"', re.search(r"\.\.\.\[(.+?)\]\.map", worker)[1]))
    wanted, left = {"saisie"}, ["saisie"]
    while left:
        more = set(re.findall(r'from "\./([a-z-]+)\.js"', (JS / f"{left.pop()}.js").read_text(encoding="utf-8"))) - wanted
        wanted |= more
        left += more
    assert len(wanted) >= 7
    assert known == wanted


@pytest.mark.slow
def test_axe_finds_nothing_serious_and_nothing_overflows(form: Page, phone: BrowserContext) -> None:
    enter(form)
    expect(form.locator("#entries li")).to_have_count(1)
    code = form.evaluate("fetch('/api/saisie').then((answer) => answer.json())")["residences"][0][0]
    home = form.url.removesuffix("/saisie")
    for path in ("", "/doublons", "/suites", f"/chronologie?residence={code}", f"/patrimoine?residence={code}", "/patrimoine"):
        if path:
            form.goto(home + path)
            form.set_viewport_size({"width": 820, "height": 1180})
        found = [each for each in Axe().run(form).response["violations"] if each["impact"] in ("serious", "critical")]
        assert [(path, each["id"], [node["html"][:120] for node in each["nodes"][:3]]) for each in found] == []
        assert form.evaluate("document.documentElement.scrollWidth") <= form.viewport_size["width"]
