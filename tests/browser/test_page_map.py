"""The page as people use it: a first view, filters, the table, the card, the keyboard, an address that restores."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.page_watch import DRAWN_MS, api_cells, origin, settle, total, view, wait_drawn

pytestmark = pytest.mark.browser


def test_first_view_answers_without_a_click(page: Page) -> None:
    catalog = page.request.get(f"{origin(page)}/api/layers").json()
    most = max(catalog["kinds"], key=lambda kind: kind["facts"])
    assert wait_drawn(page) > 20
    assert view(page)["kind"] == most["code"]
    assert view(page)["to"] > catalog["period"]["to"] >= view(page)["from"]
    assert total(page) == api_cells(page)["total"] > 0
    expect(page.locator("#status-counts")).to_contain_text("faits affichés sur")
    expect(page.locator("#status-sources")).to_contain_text("Licence")
    assert page.locator("#legend li").count() >= 3


def test_legend_counts_every_cell_once(page: Page) -> None:
    cells = [int(re.sub(r"\D", "", text)) for text in page.locator("#legend .cells").all_inner_texts()]
    resolution = page_resolution(page)
    assert sum(cells) == len(api_cells(page, resolution=str(resolution))["cells"])


def test_a_category_changes_the_counts_as_the_api_says(page: Page) -> None:
    before = total(page)
    page.get_by_label("Dégradations").check()
    settle(page)
    assert view(page)["category"] == "DEG"
    assert 0 < total(page) == api_cells(page)["total"] < before
    page.get_by_role("button", name="Effacer les filtres").click()
    settle(page)
    assert total(page) == before


def test_the_hexagons_on_the_canvas_hold_the_facts_of_the_table(page: Page) -> None:
    """The whole town is in view, so the hexagons that MapLibre drew add up to the total, before and after a filter."""
    map_region = page.locator("#map")
    expect(map_region).to_have_attribute("data-facts", str(total(page)), timeout=DRAWN_MS)
    before = total(page)
    page.get_by_label("Propreté").check()
    settle(page)
    assert 0 < total(page) < before
    expect(map_region).to_have_attribute("data-facts", str(total(page)), timeout=DRAWN_MS)


def test_hours_say_how_many_facts_have_none(page: Page) -> None:
    page.locator("summary", has_text="Heures et jours").click()
    page.get_by_label("De", exact=True).select_option("22")
    page.get_by_label("À", exact=True).select_option("2")
    settle(page)
    answer = api_cells(page)
    assert view(page)["hours"] == "22-2"
    assert total(page) == answer["total"]
    assert answer["unknown"]["hour"] > 0
    expect(page.locator("#status-counts")).to_contain_text("sans heure connue")


def test_dates_are_both_included(page: Page) -> None:
    page.get_by_label("Du", exact=True).fill("2024-03-01")
    page.get_by_label("Au (compris)").fill("2024-03-31")
    settle(page)
    assert (view(page)["from"], view(page)["to"]) == ("2024-03-01", "2024-04-01")
    expect(page.locator("#overview")).to_contain_text("du 1er\u00a0mars\u00a02024 au 31\u00a0mars\u00a02024")
    assert total(page) == api_cells(page)["total"]


def test_a_period_that_ends_before_it_begins_is_refused_in_words(page: Page) -> None:
    before = view(page)
    page.get_by_label("Au (compris)").fill("1999-01-01")
    expect(page.locator("#period-wrong")).to_contain_text("La date de fin précède")
    assert view(page)["to"] == before["to"]


def test_kinds_are_a_choice_of_one(page: Page) -> None:
    radios = page.locator("input[name=kind]")
    assert radios.count() >= 2
    other = next(radio for radio in radios.all() if not radio.is_checked())
    other.check()
    settle(page)
    assert view(page)["kind"] == other.input_value()
    assert total(page) == api_cells(page)["total"]
    assert page.locator("input[name=kind]:checked").count() == 1


def test_a_zone_is_found_by_name_and_filters(page: Page) -> None:
    before = total(page)
    zone = page.request.get(f"{origin(page)}/api/zones", params={"layer": "qpv"}).json()["zones"][0]
    page.keyboard.press("/")
    expect(page.get_by_label("Quartier (QPV) ou commune")).to_be_focused()
    page.keyboard.type(zone["name"][:12])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    settle(page)
    assert view(page)["zone"].startswith("qpv")
    assert total(page) == api_cells(page)["total"] < before
    page.locator(".chips").get_by_role("button", name="Tout le territoire").click()
    settle(page)
    assert total(page) == before


def test_table_shows_the_cells_of_the_map_and_goes_to_one(page: Page) -> None:
    wait_drawn(page)
    page.keyboard.press("t")
    settle(page)
    rows = page.locator("#table tbody tr")
    whole = api_cells(page, resolution=str(page_resolution(page)))
    counts = dict(zip(whole["cells"], whole["counts"], strict=True))
    shown = {row.get_attribute("data-cell"): int(re.sub(r"\D", "", row.locator("td").nth(2).inner_text())) for row in rows.all()}
    assert len(shown) > 10
    assert all(counts[cell] == count for cell, count in shown.items())
    assert list(shown.values()) == sorted(shown.values(), reverse=True)
    chosen = rows.nth(2).get_attribute("data-cell")
    rows.nth(0).locator("button").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#card .figure strong")).to_have_text(re.compile(r"\d"))
    settle(page)
    assert view(page)["cell"] == chosen
    expect(page.locator("#table tr[aria-current=true]")).to_have_attribute("data-cell", chosen)
    expect(page.locator(f"#table tr[data-cell='{chosen}'] button")).to_be_focused()


def test_sorting_the_table(page: Page) -> None:
    page.keyboard.press("t")
    page.locator("#table th button", has_text="Faits").click()
    counts = [int(re.sub(r"\D", "", text)) for text in page.locator("#table tbody td:nth-child(3)").all_inner_texts()]
    assert len(counts) > 10
    assert counts == sorted(counts)
    expect(page.locator("#table th[aria-sort=ascending]")).to_contain_text("Faits")


def test_a_click_on_the_map_opens_the_card_of_that_cell(page: Page) -> None:
    cell = go_to_the_fullest_cell(page)
    page.keyboard.press("Escape")
    expect(page.locator("#card")).to_be_empty()
    page.keyboard.press("Escape")
    expect(page.locator("#table")).to_be_hidden()
    wait_drawn(page)
    box = page.locator("#canvas").bounding_box()
    page.wait_for_timeout(500)  # the map has just grown back: one frame to redraw
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator("#card .figure strong")).to_have_text(re.compile(r"\d"))
    assert view(page)["cell"] == cell
    whole = api_cells(page, resolution=str(int(cell[1], 16)))
    count = dict(zip(whole["cells"], whole["counts"], strict=True))[cell]
    assert int(re.sub(r"\D", "", page.locator("#card .figure strong").inner_text())) == count
    for words in ("sur", "Origine", "Catégories", "Quartiers prioritaires touchés", "Résidence la plus proche"):
        expect(page.locator("#card")).to_contain_text(words)


def test_an_address_restores_the_view(page: Page, watch, browser) -> None:
    go_to_the_fullest_cell(page)
    page.get_by_label("Dégradations").check()
    page.get_by_role("button", name="Chaleur").click()
    settle(page)
    page.wait_for_timeout(300)
    address, seen = page.url, page.locator("#overview").inner_text()
    context = browser.new_context(viewport=page.viewport_size, locale="fr-FR")
    again = context.new_page()
    again.goto(address)
    settle(again)
    expect(again.locator("#overview")).to_have_text(re.compile(re.escape(seen.splitlines()[0])))
    assert again.locator("#overview").inner_text() == seen
    expect(again.locator("#table")).to_be_visible()
    expect(again.get_by_role("button", name="Chaleur")).to_have_attribute("aria-pressed", "true")
    expect(again.locator("#card .figure")).to_be_visible()
    assert {**view(again), "at": ""} == {**view(page), "at": ""}
    assert near(view(again)["at"], view(page)["at"])
    context.close()


def test_an_address_pasted_in_the_same_window_is_followed(page: Page) -> None:
    kind, before = view(page)["kind"], total(page)
    page.evaluate("hash => { location.hash = hash; }", f"#kind={kind}&category=DEG&hours=8-20&table=1")
    expect(page.locator("#table")).to_be_visible()
    expect(page.get_by_label("Dégradations")).to_be_checked()
    settle(page)
    assert total(page) == api_cells(page)["total"] < before


def test_a_spoilt_address_falls_back_to_the_first_view(watch, demo: str) -> None:
    watch.open(f"{demo}/#kind=<script>&from=demain&category=%00&cell=xyz&mode=3d&at=a,b,c&layers=__proto__:x&hours=99-3")
    assert total(watch.page) > 0
    assert set(view(watch.page)) <= {"kind", "from", "to", "at", "layers"}


def test_layers_go_on_and_off(page: Page) -> None:
    box = page.locator("input[name=layer][value=qpv]")
    expect(box).to_be_checked()
    expect(page.locator("#status-sources")).to_contain_text("Quartiers prioritaires")
    box.uncheck()
    expect(page.locator("#status-sources")).not_to_contain_text("Quartiers prioritaires")
    assert "qpv" not in view(page)["layers"]
    for other in page.locator("input[name=layer]:not([disabled])").all():
        other.check()
    wait_drawn(page)
    settle(page)
    assert page.locator("input[name=layer]:checked").count() >= 4


def test_heat_asks_for_images(page: Page) -> None:
    with page.expect_response(re.compile(r"/tiles/incidents/.*\.png\?")) as answered:
        page.get_by_role("button", name="Chaleur").click()
    assert answered.value.status in (200, 204)
    expect(page.locator("#legend")).to_contain_text("Densité")


def test_failure_is_a_sentence_and_the_old_picture_stays(page: Page, watch) -> None:
    watch.expected = ["Failed to load resource", "net::ERR"]
    before = page.locator("#overview").inner_text()
    page.route("**/api/cells?*", lambda route: route.abort())
    page.get_by_label("Dégradations").check()
    expect(page.locator("#alert")).to_contain_text("Le serveur ne répond pas")
    expect(page.locator("#alert")).to_contain_text("décomptes d’avant")
    assert page.locator("#overview").inner_text() == before
    page.unroute("**/api/cells?*")
    page.get_by_role("button", name="Réessayer").click()
    settle(page)
    expect(page.locator("#alert")).to_be_empty()
    assert total(page) == api_cells(page)["total"]


def test_an_answer_that_comes_too_late_is_dropped(page: Page, watch) -> None:
    held = []
    page.route("**/api/cells?*", lambda route: held.append(route) if "category=DEG&" in route.request.url else route.continue_())
    page.get_by_label("Dégradations").check()
    expect(page.locator("#busy")).to_contain_text("Calcul des nouveaux décomptes")
    page.get_by_label("Propreté").check()
    settle(page)
    assert len(held) == 2
    for route in held:
        route.continue_()
    page.wait_for_timeout(500)  # time for a late answer to do harm
    assert view(page)["category"] == "DEG,SAL"
    assert total(page) == api_cells(page)["total"]


def test_tiles_that_do_not_come_are_said(page: Page, watch) -> None:
    watch.expected = ["Failed to load resource", "carte :"]
    page.route("**/tiles/incidents/**", lambda route: route.abort())
    page.get_by_label("Dégradations").check()
    expect(page.locator("#alert")).to_contain_text("Une partie de la carte n’a pas pu être chargée", timeout=DRAWN_MS)
    settle(page)
    assert total(page) == api_cells(page)["total"]


def test_nothing_found_is_a_sentence(watch, demo: str) -> None:
    watch.open(f"{demo}/")
    kind = view(watch.page)["kind"]
    watch.open(f"{demo}/#kind={kind}&from=1971-01-01&to=1971-01-02&table=1")
    expect(watch.page.locator("#overview")).to_contain_text("Élargissez la période")
    expect(watch.page.locator("#table-body")).to_contain_text("Aucun fait avec ces filtres")


def page_resolution(page: Page) -> int:
    """The resolution that the page should use: the server's list at the zoom in the address."""
    tilejson = page.request.get(f"{origin(page)}/tiles/incidents/tilejson.json").json()
    zoom = min(int(float(view(page)["at"].split(",")[2])), tilejson["maxzoom"]) if "at" in view(page) else None
    assert zoom is not None, "the address has no place"
    return tilejson["resolutions"][min(zoom, len(tilejson["resolutions"]) - 1)]


def go_to_the_fullest_cell(page: Page) -> str:
    """Open the table, go to its first row, and return that cell."""
    wait_drawn(page)
    page.keyboard.press("t")
    first = page.locator("#table tbody button").first
    first.press("Enter")
    expect(page.locator("#card .figure")).to_be_visible()
    settle(page)
    page.wait_for_timeout(400)  # the flight lasts 150 ms
    settle(page)
    return view(page)["cell"]


def near(one: str, other: str) -> bool:
    return all(abs(float(a) - float(b)) < 0.02 for a, b in zip(one.split(","), other.split(","), strict=True))
