"""Hot spots on the page, beside what the API says of the same filters: map, list, card, table, words, address."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator

import pypdfium2
import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import SCREEN, opened
from tests.browser.page_watch import DRAWN_MS, NNBSP, Watch, api, api_cells, numbers, origin, settle, settle_side, total, view
from tests.browser.test_page_safety import no_serious_violation

pytestmark = pytest.mark.browser

SEVERAL = "#kind=ville&category=DEG&from=2025-11-01&to=2026-11-01&mode=points-chauds&mesh=11"  # solid ones and a fragile one
OPENED = "#kind=ville&category=VEH&mode=points-chauds&mesh=11"  # of which cards are opened: those settle the verdicts of a list
NAMES = {"solide": "Solide", "fragile": "Fragile", "artefact probable": "Artefact probable"}


@pytest.fixture(scope="module")
def hot_window(browser, demo: str) -> Iterator[tuple[Watch, str]]:
    """One window on the first view, which nobody has asked anything of."""
    with opened(browser, f"{demo}/") as found:
        yield found


@pytest.fixture
def first(hot_window) -> Iterator[Page]:
    """The first view itself."""
    watch, address = hot_window
    watch.wrong, watch.expected = [], []
    watch.page.unroute_all(behavior="ignoreErrors")
    go(watch.page, f"#{address.partition('#')[2]}")
    yield watch.page
    watch.check()


@pytest.fixture
def several(first: Page) -> Page:
    """A view with several areas and two verdicts."""
    go(first, SEVERAL)
    return first


def go(page: Page, address: str) -> None:
    page.evaluate("hash => { document.activeElement?.blur(); location.hash = hash; }", address)
    page.wait_for_timeout(150)
    settle_side(page)
    expect(page.locator("body")).to_have_attribute("data-hot", re.compile("ready|none"), timeout=DRAWN_MS)


def hotspots(page: Page) -> dict:
    return api(page, "/api/hotspots", resolution=view(page)["mesh"])


def awaited(expected: float) -> str:
    """As the page writes a number of facts that one expects."""
    if expected < 0.1:
        return "moins de 0,1"
    if expected >= 20:
        return f"{round(expected):,}".replace(",", NNBSP)
    return f"{expected:.1f}".replace(".0", "").replace(".", ",")


def close(words: str, expected: float) -> bool:
    """Halves may be rounded either way."""
    return words in {awaited(expected), awaited(expected + 0.05), awaited(expected - 0.05)}


def listed(page: Page) -> list[tuple[str, str, int, str]]:
    """Name, verdict, counted and expected of each line of the list."""
    found = []
    for item in page.locator("#ranking li[data-rank]").all():
        said = item.locator(".rank-numbers").inner_text()
        counted, wanted = re.fullmatch(rf"([\d{NNBSP}]+) faits? pour (.+) attendus?", said).groups()
        found.append((item.locator(".rank-name").inner_text(), item.locator(".rank-verdict strong").inner_text(),
                      numbers([counted])[0], wanted))
    return found


def same(shown: list[tuple[str, str, int, str]], areas: list[dict]) -> bool:
    return len(shown) == min(8, len(areas)) > 0 and all(
        (name, verdict, counted) == (area["name"], NAMES[area["verdict"]], area["observed"]) and close(wanted, area["expected"])
        for (name, verdict, counted, wanted), area in zip(shown, areas, strict=False))


def test_the_first_view_ranks_solid_areas_without_a_click(first: Page) -> None:
    answer = hotspots(first)
    assert (view(first)["mode"], answer["enough"]) == ("points-chauds", True)
    assert view(first)["from"] == "2025-11-01"  # the last twelve months of the record
    solid = [area for area in answer["areas"] if area["verdict"] == "solide"]
    assert solid
    assert same(listed(first), answer["areas"])
    expect(first.locator("#map")).to_have_attribute("data-areas", ",".join(str(area["rank"]) for area in answer["areas"]))
    expect(first.locator("#map-words")).to_contain_text(f"{len(solid)} point{'s' if len(solid) > 1 else ''} chaud")
    expect(first.locator("#map-words")).to_contain_text(solid[0]["name"])
    assert total(first) == api_cells(first)["total"]
    shown = numbers(first.locator("#legend li .cells").all_inner_texts())
    assert shown == [sum(area["verdict"] == verdict for area in answer["areas"]) for verdict in NAMES]


def test_a_filter_looks_again(several: Page) -> None:
    answer = hotspots(several)
    assert same(listed(several), answer["areas"])
    assert {area["verdict"] for area in answer["areas"]} == {"solide", "fragile"}
    several.get_by_label("Véhicules").check()
    settle_side(several)
    assert view(several)["category"] == "DEG,VEH"
    changed = hotspots(several)
    assert changed["areas"] != answer["areas"]
    assert same(listed(several), changed["areas"])
    expect(several.locator("#map")).to_have_attribute("data-areas", ",".join(str(area["rank"]) for area in changed["areas"]))
    several.get_by_label("Hexagones", exact=True).select_option("10")
    settle_side(several)
    assert view(several)["mesh"] == "10"
    coarser = hotspots(several)
    assert coarser["resolution"] == 10
    if coarser["areas"]:
        assert same(listed(several), coarser["areas"])


def test_zooming_keeps_the_list(several: Page) -> None:
    before = listed(several)
    several.get_by_role("button", name="Zoomer", exact=True).click()
    several.wait_for_timeout(400)
    settle_side(several)
    assert listed(several) == before
    assert several.locator("#map").get_attribute("data-resolution") == "11"


def test_the_card_gives_the_verdict_and_its_reasons(several: Page) -> None:
    go(several, OPENED)
    area = hotspots(several)["areas"][0]
    several.locator("#ranking li[data-rank] button").first.click()
    expect(several.locator(".verdict-word")).to_be_visible()
    cell = view(several)["cell"]
    assert cell in area["cells"]
    expect(several.locator(".verdict")).to_have_attribute("data-final", "true", timeout=DRAWN_MS)
    card = api(several, f"/api/cells/{cell}", verdict="1")["hotspot"]
    assert card["of"] == "area"
    start = card["sentence"][:30].replace(" :", f"{NNBSP}:")
    expect(several.locator(".verdict-sentence")).to_have_text(re.compile(re.escape(start)))
    drawing = several.locator(".interval").get_attribute("aria-label")
    assert numbers([drawing.partition(" ")[0]])[0] == card["observed"]
    assert f"de {card['low']} à {card['high']}." in drawing
    where = several.locator(".interval").evaluate("""svg => { const x = name => svg.querySelector(`.interval-${name}`);
      const bar = x('chance'), width = +bar.getAttribute('width'), left = +bar.getAttribute('x');
      return [left, +x('expected').getAttribute('x1'), left + width, +x('counted').getAttribute('cx')]; }""")
    assert where == sorted(where)  # chance from, expected, chance to, counted: a hot spot lies beyond chance
    steady = card["stability"]
    expect(several.locator(".steady")).to_have_text(f"Chaud dans {steady['hot']} découpages sur {steady['variants']}.")
    # the list, the map and the legend say what the card found
    expect(several.locator("#ranking li[data-rank]").first.locator(".rank-verdict strong")).to_have_text(NAMES[card["verdict"]])
    expect(several.locator(".verdict-word")).to_have_text(NAMES[card["verdict"]])
    several.locator(".reasons summary").click()
    assert several.locator(".reasons li").count() == len(card["reasons"]) > 0
    expect(several.get_by_role("heading", name="Pourquoi ici")).to_be_visible()
    assert several.locator("#card .why li").count() == len(card["why"]) <= 5
    months = api(several, "/api/trend", cell=cell)
    assert several.locator("#card .trend-bar").count() == len(months["counts"])
    assert sum(numbers(re.findall(r"[\d\u202f]+", several.locator("#card .bars-chart").get_attribute("aria-label")
                                  .partition(": ")[2].partition(". ")[0]))) == sum(months["counts"])


def test_a_place_that_is_not_hot_says_so(several: Page) -> None:
    answer = hotspots(several)
    tested = zip(answer["cells"], answer["hot"], answer["observed"], strict=True)
    cold = next(cell for cell, hot, count in tested if not hot and count)
    go(several, f"{SEVERAL}&cell={cold}")
    expect(several.locator(".verdict-word")).to_have_text("Pas un point chaud")
    expect(several.locator("#card .why")).to_be_empty()


def test_why_here_and_hours_that_filter(first: Page) -> None:
    """A landlord's register has hours: they stand in the card and are a filter there too."""
    go(first, "#kind=bailleur&category=OCC&mode=points-chauds&mesh=11")
    area = hotspots(first)["areas"][0]
    first.locator("#ranking li[data-rank] button").first.click()
    expect(first.locator(".verdict-word")).to_be_visible()
    card = api(first, f"/api/cells/{area['cells'][0]}")["hotspot"]
    sentences = [" ".join(text.split()) for text in first.locator("#card .why li").all_inner_texts()]
    assert sentences == [" ".join(one["sentence"].split()) for one in card["why"]]
    assert sentences
    first.locator("#card .hour[data-day='4'][data-hour='22']").click()
    settle_side(first)
    assert (view(first)["hours"], view(first)["weekdays"]) == ("22-23", "5")
    assert total(first) == api_cells(first)["total"]


def test_the_table_says_the_same_and_aloud(several: Page) -> None:
    several.keyboard.press("t")
    settle(several)
    answer = hotspots(several)
    at = {cell: place for place, cell in enumerate(answer["cells"])}
    verdicts = {cell: area["verdict"] for area in answer["areas"] for cell in area["cells"]}
    several.locator("#table th button", has_text="Verdict").click()
    several.locator("#table th button", has_text="Verdict").click()
    several.locator("#table th button", has_text="Verdict").click()
    rows = several.locator("#table tbody tr").all()[:15]
    seen = set()
    for row in rows:
        cell, texts = row.get_attribute("data-cell"), row.locator("td").all_inner_texts()
        place = at[cell]
        assert numbers(texts[3:4]) == [answer["observed"][place]]
        assert close(texts[4], answer["expected"][place]), texts
        assert texts[5] == (NAMES[verdicts[cell]] if cell in verdicts else "Rien d’inhabituel")
        seen.add(texts[5])
    assert "Solide" in seen
    solid = next(row for row in rows if "Solide" in row.inner_text())
    said = solid.locator("button").get_attribute("aria-label")
    assert re.search(rf"\d+ faits?{NNBSP}; \d+ faits? avec les cases voisines, attendu [\d,]+, point chaud solide$", said), said
    several.locator("#legend").get_by_role("button", name="Hexagones").click()
    settle(several)
    expect(several.locator("#table th button", has_text="Verdict")).to_have_count(0)


def test_too_little_data_is_a_sentence(first: Page) -> None:
    go(first, "#kind=ville&from=2026-10-30&to=2026-10-31&category=TEC&mode=points-chauds&mesh=11")
    answer = hotspots(first)
    assert not answer["enough"]
    expect(first.locator("#ranking .no-area")).to_contain_text("Pas assez de données")
    start = answer["reason"]["sentence"].replace(" :", f"{NNBSP}:")[:40]
    expect(first.locator("#ranking .no-area")).to_contain_text(start)
    expect(first.locator("#legend")).to_contain_text(start)
    assert first.locator("#map").get_attribute("data-areas") == ""


@pytest.mark.slow
def test_where_nothing_stands_out_counts_are_shown(browser, demo: str) -> None:
    """The first view falls back to counts, and says that nothing stands out."""
    context = browser.new_context(viewport=SCREEN, locale="fr-FR")
    watch = Watch(context.new_page())
    watch.page.route("**/api/hotspots?*", lambda route: altered(route, lambda answer: answer.update(areas=[], areas_total=0)))
    watch.open(f"{demo}/")
    settle_side(watch.page)
    assert "mode" not in view(watch.page)
    expect(watch.page.locator("#ranking .no-area")).to_contain_text("Aucun point chaud")
    assert watch.page.locator("#ranking li .rank-count").count() > 3
    watch.page.unroute_all(behavior="ignoreErrors")
    context.close()
    watch.check()


def altered(route: Route, change) -> None:
    """The server's answer with something else in it."""
    answer = route.fetch()
    said = answer.json()
    change(said)
    route.fulfill(response=answer, body=json.dumps(said))


def test_every_verdict_has_its_look(several: Page) -> None:
    """Fills, lines and the hatch on the canvas: the second area is turned into an artefact, since the demo has none."""
    def artefact(answer: dict) -> None:
        answer["areas"][1]["verdict"] = "artefact probable"
    several.route("**/api/hotspots?*", lambda route: altered(route, artefact))
    go(several, f"{SEVERAL.replace('DEG', 'VEH')}&at=1.71465,47.55928,14")
    several.unroute_all(behavior="ignoreErrors")
    assert several.locator("#ranking li[data-rank][data-verdict=artefact]").count() == 1
    expect(several.locator("#legend li", has_text="Artefact probable").locator(".cells")).to_have_text("1")
    before = several.locator("#map").get_attribute("data-areas")
    several.locator("#legend button.class", has_text="Artefact probable").click()
    several.wait_for_timeout(200)
    after = several.locator("#map").get_attribute("data-areas")
    assert set(before.split(",")) - set(after.split(",")) == {"2"}
    assert view(several)["hide"] == "2"


def test_residences_are_points(several: Page) -> None:
    """Where residences are what was tested, each stands at its point; facts of the demo do not, so the answer is altered."""
    def residences(answer: dict) -> None:
        answer.update(unit="residence", points=[[1.71, 47.56], [1.72, 47.562]], units=["a", "b"], names=["A", "B"])
    several.route("**/api/hotspots?*", lambda route: altered(route, residences))
    go(several, SEVERAL.replace("DEG", "SAL"))
    several.unroute_all(behavior="ignoreErrors")
    expect(several.locator("#legend")).to_contain_text("selon leurs logements")
    expect(several.locator("#ranking .hint").last).to_contain_text("Résidences où il y a plus de faits signalés")
    assert several.locator("#map").get_attribute("data-areas") != ""


@pytest.mark.slow
def test_the_address_keeps_hot_spots(several: Page, browser) -> None:
    go(several, OPENED)
    several.locator("#ranking li[data-rank] button").nth(1).click()
    expect(several.locator(".verdict")).to_have_attribute("data-final", "true", timeout=DRAWN_MS)
    settle_side(several)
    context = browser.new_context(viewport=several.viewport_size, locale="fr-FR")
    again = context.new_page()
    again.goto(several.url)
    settle_side(again)
    expect(again.locator(".verdict")).to_have_attribute("data-final", "true", timeout=DRAWN_MS)
    assert [line[0] for line in listed(again)] == [line[0] for line in listed(several)]
    expect(again.locator(".verdict-word")).to_have_text(several.locator(".verdict-word").inner_text())
    expect(again.locator("#legend").get_by_role("button", name="Points chauds")).to_have_attribute("aria-pressed", "true")
    context.close()


def test_files_of_the_view_are_of_hot_spots(several: Page) -> None:
    told = hotspots(several)
    several.locator(".menu summary").click()
    links = {text: several.get_by_role("link", name=text).get_attribute("href") for text in
             ("Tableau (CSV)", "Page A4 (PDF)", "Image de la carte (PNG)")}
    several.keyboard.press("Escape")
    answers = {text: several.request.get(f"{origin(several)}{href}") for text, href in links.items()}
    assert {answer.status for answer in answers.values()} == {200}
    rows = list(csv.DictReader(io.StringIO(answers["Tableau (CSV)"].body().decode("utf-8-sig")), delimiter=";"))
    assert len(rows) == len(told["cells"])
    text = pypdfium2.PdfDocument(answers["Page A4 (PDF)"].body())[0].get_textpage().get_text_range()
    assert told["areas"][0]["name"] in text


def test_two_periods_are_compared_in_hexagons(several: Page) -> None:
    several.get_by_role("button", name="N / N−1").click()
    settle_side(several)
    assert "mode" not in view(several)
    several.locator("#legend").get_by_role("button", name="Points chauds").click()
    settle_side(several)
    assert "compare" not in view(several)


@pytest.mark.parametrize("state", ["first", "card", "table"])
def test_axe_finds_nothing_serious(several: Page, state: str) -> None:
    if state == "card":
        go(several, OPENED)
        several.locator("#ranking li[data-rank] button").first.click()
        expect(several.locator(".verdict")).to_have_attribute("data-final", "true", timeout=DRAWN_MS)
        for folded in several.locator("#card summary").all():
            folded.click()
    if state == "table":
        several.keyboard.press("t")
    no_serious_violation(several)


def test_the_keyboard_reaches_an_area(several: Page) -> None:
    go(several, OPENED)
    several.locator("#ranking li[data-rank] button").first.focus()
    several.keyboard.press("Enter")
    expect(several.locator(".verdict-word")).to_be_visible()
    expect(several.locator("#ranking li[data-rank] button").first).to_be_focused()  # after the list was drawn again
    several.keyboard.press("Escape")
    expect(several.locator("#card")).to_be_empty()


def test_sides_that_cells_share_are_not_drawn(several: Page) -> None:
    squares = [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]], [[1, 0], [2, 0], [2, 1], [1, 1], [1, 0]]]
    script = """async rings => { const a = (await import('/static/js/hot-shapes.js')).around(rings);
      const { joined } = await import('/static/js/map-hot.js'); return [a.length, joined(a).map(line => line.length)]; }"""
    assert several.evaluate(script, squares) == [6, [7]]


@pytest.mark.slow
def test_without_webgl_hot_spots_are_drawn_too(blind_browser, demo: str) -> None:
    context = blind_browser.new_context(viewport=SCREEN, locale="fr-FR")
    watch = Watch(context.new_page())
    watch.expected = ["WebGL"]
    page = watch.page
    watch.open(f"{demo}/{SEVERAL}")
    settle_side(page)
    ranks = page.locator("svg#still-map g[data-rank]").evaluate_all("all => all.map(one => +one.dataset.rank)")
    areas = hotspots(page)["areas"]
    assert ranks == [area["rank"] for area in areas]
    assert page.locator(".still-solide").count() == sum(area["verdict"] == "solide" for area in areas)
    no_serious_violation(page)
    page.locator("#legend").get_by_role("button", name="Hexagones").click()
    settle(page)
    expect(page.locator("img#still-map")).to_have_js_property("complete", True)
    context.close()
    watch.check()
