"""What the page must never do, and who can use it: hostile names, other hosts, keyboards, screen readers, no WebGL."""

from __future__ import annotations

import json
import re
import subprocess

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import COMMAND, SCREEN, served
from tests.browser.page_watch import Watch, settle, total, wait_drawn

pytestmark = pytest.mark.browser

CANARY = "<img src=x onerror=\"document.title='pwned'\"><script>document.title='pwned'</script>"
TEXTS = {"name", "title", "label", "organisation", "attribution", "licence"}
SIZES = [(1280, 800), (1920, 1080), (820, 1180), (1024, 768), (320, 200), (390, 844)]
OVERLAPS = """() => {
  const shown = [...document.querySelectorAll('.top, #left, #map, #table, #right, #time, #status')]
    .filter(e => e.offsetParent !== null && getComputedStyle(e).visibility === 'visible')
    .filter(e => getComputedStyle(e).position !== 'fixed')
    .map(e => [e.id || e.className, e.getBoundingClientRect()]);
  const wrong = [];
  const meet = (p, q) => p.left < q.right - 1 && q.left < p.right - 1 && p.top < q.bottom - 1 && q.top < p.bottom - 1;
  for (const [a, p] of shown) for (const [b, q] of shown) if (a < b && meet(p, q)) wrong.push(`${a} / ${b}`);
  return {count: shown.length, wrong, wide: Math.max(0, document.documentElement.scrollWidth - innerWidth)};
}"""


SMALL = """() => [...document.querySelectorAll('button, select, summary, .panel .choice, input[type=text], [role=slider]')]
  .filter(e => e.offsetParent !== null && getComputedStyle(e).visibility === 'visible' && !e.closest('.hours, #right, #help'))
  .filter(e => e.getBoundingClientRect().height < 43.5)
  .map(e => `${e.outerHTML.slice(0, 90)} ${e.getBoundingClientRect().height}`)"""


@pytest.mark.slow
def test_hostile_names_stay_text(watch: Watch, demo: str) -> None:
    page = watch.page
    page.route(re.compile(r"/api/(session|layers|zones|cells/|search|residences|facets)"), poison)
    watch.open(f"{demo}/#kind=bailleur")
    page.keyboard.press("t")
    page.locator("#table tbody button").first.press("Enter")
    expect(page.locator("#card")).to_contain_text("<img src=x")
    expect(page.locator("#ranking")).to_contain_text("<img src=x")
    page.get_by_role("combobox", name="Chercher").fill("les")
    expect(page.locator("#search-list")).to_contain_text("<img src=x")
    page.keyboard.press("Enter")
    expect(page.locator("#found")).to_contain_text("<img src=x")
    page.get_by_label("Quartier (QPV) ou commune").click()
    expect(page.locator("#zone-list")).to_contain_text("<img src=x")
    page.mouse.move(560, 250)
    expect(page.locator("#territory")).to_contain_text("<script>")
    assert "pwned" not in page.title().replace(CANARY, "")
    assert page.locator("img[src=x], body script").count() == 0
    page.goto(f"{demo}/lieux#kind=bailleur")
    expect(page.locator("#content")).to_contain_text("<img src=x")
    page.locator("#content a").first.click()
    expect(page.locator("#title")).to_contain_text("<img src=x")
    assert page.locator("img[src=x], body script").count() == 0
    page.unroute_all(behavior="ignoreErrors")


def poison(route: Route) -> None:
    """The server's real answer with markup after every text that somebody could have written."""
    answer = route.fetch()
    route.fulfill(response=answer, body=json.dumps(poisoned(answer.json())))


def poisoned(value):
    if isinstance(value, list):
        return [poisoned(item) for item in value]
    if isinstance(value, dict):
        return {key: item + CANARY if key in TEXTS and isinstance(item, str) and not is_layer_name(key, value) else poisoned(item)
                for key, item in value.items()}
    return value


def is_layer_name(key: str, holder: dict) -> bool:
    return key == "name" and "stores" in holder


def test_nothing_overlaps(page: Page) -> None:
    """320 × 200 is 1280 × 800 at 400 %."""
    page.keyboard.press("t")
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        settle(page)
        found = page.evaluate(OVERLAPS)
        assert found["count"] >= 4
        assert (width, height, found["wrong"]) == (width, height, [])
        assert (width, height, found["wide"]) == (width, height, 0)


@pytest.mark.parametrize("state", ["first", "card", "compare", "help", "share", "tablet"])
def test_axe_finds_nothing_serious(page: Page, state: str) -> None:
    wait_drawn(page)
    if state == "card":
        page.keyboard.press("t")
        page.locator("#table tbody button").first.press("Enter")
        expect(page.locator("#card .figure")).to_be_visible()
    if state == "compare":
        page.get_by_role("button", name="N / N−1").click()
        expect(page.locator("#twin canvas")).to_be_visible()
    if state == "help":
        page.get_by_role("button", name="Aide").click()
    if state == "share":
        page.locator(".menu summary").click()
    if state == "tablet":
        page.set_viewport_size({"width": 820, "height": 1180})
        open_filters(page)
    no_serious_violation(page)
    if state == "share":
        page.keyboard.press("Escape")
        expect(page.locator(".menu-body")).to_be_hidden()


def open_filters(page: Page) -> None:
    """The sheet of filters, open whatever an earlier test left; it slides in."""
    button = page.get_by_role("button", name="Filtres", exact=True)
    if button.get_attribute("aria-expanded") != "true":
        button.click()
    expect(button).to_have_attribute("aria-expanded", "true")
    page.wait_for_timeout(300)


def no_serious_violation(page: Page) -> None:
    report = Axe().run(page).response
    serious = [f"{one['id']}: {node['html'][:120]} {node['failureSummary'][:200]}" for one in report["violations"]
               if one["impact"] in ("serious", "critical") for node in one["nodes"]]
    assert len(report["passes"]) > 10
    assert serious == []


def test_a_finger_finds_every_control_on_a_tablet(page: Page) -> None:
    """44 pixels a side; hours have two lists beside them, and links in text are text."""
    page.set_viewport_size({"width": 820, "height": 1180})
    open_filters(page)
    assert page.evaluate(SMALL) == []
    for name in ("Résidences", "Données", "Partagée", "Compte"):  # the top bar has no room for them there
        expect(page.get_by_role("link", name=name, exact=True)).to_be_visible()


def test_every_control_has_a_name(page: Page) -> None:
    names = page.evaluate("""() => [...document.querySelectorAll('input, select, button')].map(e => [e.outerHTML.slice(0, 80),
      e.labels?.length || e.getAttribute('aria-label') || e.textContent.trim()])""")
    assert len(names) > 25
    assert [html for html, name in names if not name] == []


@pytest.mark.slow
def test_keyboard_alone(watch: Watch, demo: str) -> None:
    page = watch.page
    watch.open(f"{demo}/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Aller aux couches et aux filtres")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".maplibregl-canvas")).to_be_focused()
    expect(page.locator(".maplibregl-canvas")).to_have_attribute("aria-label", "Carte")
    page.keyboard.press("t")
    expect(page.locator("#table")).to_be_focused()
    page.keyboard.press("t")
    expect(page.locator("#table")).to_be_hidden()
    expect(page.get_by_role("button", name="Tableau")).to_be_focused()


def test_t_in_a_field_is_a_letter(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("t/")
    expect(page.get_by_role("combobox", name="Chercher")).to_have_value("t/")
    expect(page.locator("#table")).to_be_hidden()


@pytest.mark.slow
def test_without_webgl_the_table_says_the_same(blind_browser, demo: str) -> None:
    context = blind_browser.new_context(viewport=SCREEN, locale="fr-FR")
    watch = Watch(context.new_page())
    watch.expected = ["WebGL"]
    watch.open(f"{demo}/#mode=hexagones")
    expect(watch.page.locator("#no-map")).to_contain_text("voici une carte fixe")
    wait_loaded(watch.page)
    no_serious_violation(watch.page)
    assert watch.page.locator("#table tbody tr").count() > 10
    assert total(watch.page) > 0
    watch.page.locator("#table tbody button").first.press("Enter")
    expect(watch.page.locator("#card .figure")).to_be_visible()
    context.close()
    watch.check()


def wait_loaded(page: Page) -> None:
    """The server's picture has come and is a drawing, not a broken image."""
    expect(page.locator("#still-map")).to_have_js_property("complete", True)
    assert page.locator("#still-map").evaluate("image => image.naturalWidth") >= 480


@pytest.mark.slow
def test_signing_in_to_an_empty_service(watch: Watch, tmp_path) -> None:
    """`init`, `serve`, the form with a wrong token, the right one, the sentence of an empty service, and out again."""
    printed = subprocess.run([COMMAND, "init", "--data", tmp_path / "data"], capture_output=True, text=True, check=True)
    token = max(re.findall(r"[\w.-]{20,}", printed.stdout), key=len)
    watch.expected = ["Failed to load resource"]
    page = watch.page
    with served("serve", tmp_path / "data", tmp_path) as address:
        page.goto(f"{address}/")
        expect(page).to_have_url(f"{address}/connexion")
        page.get_by_label("Votre jeton").fill("pas-le-bon-jeton")
        page.get_by_role("button", name="Se connecter avec ce jeton").click()
        expect(page.get_by_role("alert")).not_to_be_empty()
        report = Axe().run(page).response
        assert [one["id"] for one in report["violations"] if one["impact"] in ("serious", "critical")] == []
        page.get_by_label("Votre jeton").fill(token)
        page.keyboard.press("Enter")
        expect(page.locator("#alert")).to_contain_text("Aucun fait n’est encore importé")
        page.get_by_role("button", name="Se déconnecter").click()
        expect(page).to_have_url(f"{address}/connexion")
