"""The page as people use it: a first view, filters, the table, the card, the keyboard, an address that restores."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.page_watch import DRAWN_MS, api, api_cells, numbers, origin, settle, settle_side, total, view, wait_drawn

pytestmark = pytest.mark.browser


def test_first_view_answers_without_a_click(page: Page) -> None:
    catalog = page.request.get(f"{origin(page)}/api/layers").json()
    most = max(catalog["kinds"], key=lambda kind: kind["facts"])
    assert wait_drawn(page) > 20
    assert view(page)["kind"] == most["code"]
    assert view(page)["to"] > catalog["period"]["to"] >= view(page)["from"]
    assert total(page) == api_cells(page)["total"] > 0
    expect(page.locator("#status-counts")).to_contain_text("faits affichés sur")
    expect(page.locator("#status-sources")).to_contain_text("Ville fictive")
    cells = numbers(page.locator("#legend .cells").all_inner_texts())
    assert len(cells) >= 3
    assert sum(cells) == len(api_cells(page, resolution=str(page_resolution(page)))["cells"])


def test_the_hexagons_on_the_canvas_hold_the_facts_of_the_filter(page: Page) -> None:
    """The whole town is in view, so the hexagons that MapLibre drew add up to the total, before and after a filter."""
    map_region, before = page.locator("#map"), total(page)
    expect(map_region).to_have_attribute("data-facts", str(before), timeout=DRAWN_MS)
    page.get_by_label("Dégradations").check()
    settle_side(page)
    assert view(page)["category"] == "DEG"
    assert 0 < total(page) == api_cells(page)["total"] < before
    expect(map_region).to_have_attribute("data-facts", str(total(page)), timeout=DRAWN_MS)
    boxes = page.locator("input[name=category]").all()
    counts = numbers(page.locator(".choice:has(input[name=category]) .count").all_text_contents())
    shown = {box.get_attribute("value"): count for box, count in zip(boxes, counts, strict=True)}
    facets = {word["code"]: word["count"] for word in api(page, "/api/facets")["category"]}
    assert len(shown) > 5
    assert {code: facets[code] for code in shown} == shown  # each says what it would give, itself lifted
    page.get_by_role("button", name="Effacer les filtres").click()
    settle(page)
    assert total(page) == before


def test_a_hidden_class_leaves_the_map_and_only_the_map(page: Page) -> None:
    wait_drawn(page)
    expect(page.locator("#map")).to_have_attribute("data-facts", str(total(page)), timeout=DRAWN_MS)
    drawn, lowest = int(page.locator("#map").get_attribute("data-cells")), page.locator("#legend button.class").first
    cells = numbers([lowest.locator(".cells").inner_text()])[0]
    lowest.click()
    expect(page.locator("#map")).to_have_attribute("data-cells", str(drawn - cells), timeout=DRAWN_MS)
    assert view(page)["hide"] == "0"
    assert total(page) == api_cells(page)["total"]
    expect(page.locator("#legend button.class").first).to_be_focused()
    page.get_by_label("Propreté").check()
    settle(page)
    assert "hide" not in view(page)  # another filter has other classes


def test_hours_say_how_many_facts_have_none(page: Page) -> None:
    page.locator("input[name=kind][value=bailleur]").check()
    settle_side(page)
    calendar = api(page, "/api/calendar")
    cell = page.locator("#filters .hour[data-day='4'][data-hour='22']")
    expect(cell).to_have_attribute("aria-label", re.compile(rf"^vendredi 22\u202fh, {calendar['counts'][4][22]} faits?$"))
    expect(page.locator("#filters")).to_contain_text(f"{calendar['unknown']:,} faits sans heure connue".replace(",", "\u202f"))
    cell.focus()
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Enter")
    settle_side(page)
    assert (view(page)["hours"], view(page)["weekdays"]) == ("22-24", "5,6")
    answer = api_cells(page)
    assert total(page) == answer["total"] == sum(calendar["counts"][day][hour] for day in (4, 5) for hour in (22, 23))
    assert answer["unknown"]["hour"] > 0
    expect(page.locator("#status-counts")).to_contain_text("sans heure connue")
    page.get_by_label("De", exact=True).select_option("22")
    page.get_by_label("À", exact=True).select_option("2")
    settle_side(page)
    assert view(page)["hours"] == "22-2"  # past midnight
    drag(page, "#filters .hour[data-day='0'][data-hour='8']", "#filters .hour[data-day='4'][data-hour='17']")
    settle_side(page)
    assert (view(page)["hours"], view(page)["weekdays"]) == ("8-18", "1,2,3,4,5")
    assert total(page) == api_cells(page)["total"]


def test_the_period_has_two_handles(page: Page) -> None:
    start, end = page.get_by_role("slider", name="Début de la période"), page.get_by_role("slider", name="Fin de la période")
    series = api(page, "/api/series", **{"from": "", "to": "", "step": "week"})
    assert page.locator("#time rect").count() == len(series["counts"]) == int(end.get_attribute("aria-valuemax"))
    before = int(start.get_attribute("aria-valuenow"))
    start.focus()
    page.keyboard.press("ArrowRight")
    settle_side(page)
    assert int(start.get_attribute("aria-valuenow")) == before + 1
    assert view(page)["from"] == series["days"][before + 1]
    expect(start).to_be_focused()
    assert total(page) == api_cells(page)["total"]
    end.focus()
    page.keyboard.press("ArrowLeft")
    settle_side(page)
    assert (view(page)["to"], end.get_attribute("aria-valuenow")) == (series["days"][-1], str(len(series["days"]) - 1))
    box = page.locator(".time-track").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 20, steps=4)
    page.mouse.up()
    page.wait_for_timeout(150)  # the last step of a drag is asked a moment later
    settle_side(page)
    first, last = (int(handle.get_attribute("aria-valuenow")) for handle in (start, end))
    assert abs(first / len(series["days"]) - 0.2) < 0.02
    assert abs(last / len(series["days"]) - 0.4) < 0.02
    assert (view(page)["from"], view(page)["to"]) == (series["days"][first], series["days"][last])
    assert total(page) == api_cells(page)["total"] == sum(series["counts"][first:last])


def test_dates_are_both_included_and_in_order(page: Page) -> None:
    page.get_by_label("Du", exact=True).fill("2024-03-01")
    page.get_by_label("Au (compris)").fill("2024-03-31")
    settle(page)
    assert (view(page)["from"], view(page)["to"]) == ("2024-03-01", "2024-04-01")
    expect(page.locator("#overview")).to_contain_text("du 1er\u00a0mars\u00a02024 au 31\u00a0mars\u00a02024")
    assert total(page) == api_cells(page)["total"]
    page.get_by_label("Au (compris)").fill("1999-01-01")
    expect(page.locator("#period-wrong")).to_contain_text("La date de fin précède")
    assert view(page)["to"] == "2024-04-01"


def test_two_periods_side_by_side(page: Page) -> None:
    wait_drawn(page)
    page.get_by_role("button", name="N / N−1").click()
    settle_side(page)
    page.keyboard.press("t")
    curtain = page.get_by_role("slider", name="Rideau entre les deux périodes")
    expect(page.locator("#twin canvas")).to_be_visible()
    first, last = view(page)["compare"].split("..")
    assert (int(view(page)["from"][:4]) - 1, view(page)["from"][4:]) == (int(first[:4]), first[4:])
    resolution = str(page_resolution(page))
    now, then = (dict(zip(found["cells"], found["counts"], strict=True)) for found in (
        api_cells(page, resolution=resolution), api_cells(page, resolution=resolution, **{"from": first, "to": last})))
    told = api(page, "/api/change", compare=f"{first}..{last}", resolution=resolution)["sentence"]
    assert " ".join(page.locator("#change").inner_text().split()) == " ".join(told.split())
    rows = page.locator("#table tbody tr").all()
    assert len(rows) > 10
    for row in rows[:12]:
        cell, texts = row.get_attribute("data-cell"), row.locator("td").all_inner_texts()
        assert numbers(texts[2:4]) == [now.get(cell, 0), then.get(cell, 0)]
        more = now.get(cell, 0) - then.get(cell, 0)
        assert int(re.sub(r"[^\d-]", "", texts[4].replace("−", "-"))) == more
        assert ("▲" in texts[4], "▼" in texts[4]) == (more > 0, more < 0)
    curtain.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Home")
    assert view(page)["swipe"] == "0"
    assert page.locator("#twin").evaluate("element => element.style.clipPath").startswith("inset(0px 100%")
    page.get_by_role("button", name="N / N−1").click()
    settle(page)
    expect(page.locator("#twin")).to_be_hidden()


def test_kinds_are_a_choice_of_one(page: Page) -> None:
    radios = page.locator("input[name=kind]")
    assert radios.count() >= 2
    next(radio for radio in radios.all() if not radio.is_checked()).check()
    settle(page)
    assert view(page)["kind"] == page.locator("input[name=kind]:checked").input_value()
    assert total(page) == api_cells(page)["total"]
    assert page.locator("input[name=kind]:checked").count() == 1


def test_places_are_searched_and_zones_filter(page: Page) -> None:
    before = total(page)
    zone = page.request.get(f"{origin(page)}/api/zones", params={"layer": "qpv"}).json()["zones"][0]
    page.keyboard.press("/")
    search = page.get_by_role("combobox", name="Chercher une adresse")
    expect(search).to_be_focused()
    page.keyboard.type(zone["name"][:12])
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    expect(search).to_have_attribute("aria-activedescendant", "hit-0")
    page.keyboard.press("Enter")
    expect(page.locator("#found h2")).to_have_text(zone["name"])
    expect(page.locator(".maplibregl-marker")).to_be_visible()
    page.get_by_role("button", name="Ne compter que ce lieu").click()
    settle_side(page)
    assert view(page)["zone"].startswith("qpv")
    assert total(page) == api_cells(page)["total"] < before
    page.locator(".chips").get_by_role("button", name="Tout le territoire").click()
    settle(page)
    assert total(page) == before
    search.fill("zzzz")
    expect(page.locator("#search-list")).to_contain_text("Rien de ce nom")
    page.keyboard.press("Escape")
    expect(page.locator("#search-list")).to_be_hidden()


def test_residences_are_ranked_with_counts_beside_rates(page: Page) -> None:
    page.locator("input[name=kind][value=bailleur]").check()
    settle_side(page)
    rows = [one for one in api(page, "/api/residences")["residences"] if one["count"]][:8]
    items = page.locator("#ranking li")
    assert numbers(items.locator(".rank-count").all_inner_texts()) == [one["count"] for one in rows]
    assert items.locator(".rank-name").all_inner_texts() == [one["name"] for one in rows]
    expect(items.first).to_contain_text(f"pour 100 logements ({rows[0]['dwellings']})")
    expect(page.locator("#ranking")).to_contain_text("le hasard n’est pas écarté")
    items.first.locator("button").click()
    expect(page.locator(".maplibregl-marker")).to_have_attribute("aria-label", rows[0]["name"])
    page.locator("#ranking").get_by_role("button", name="Cases").click()
    assert view(page)["rank"] == "cases"
    expect(page.locator("#ranking li").first).to_have_attribute("data-cell", re.compile("^8"))


def test_table_shows_the_cells_of_the_map_and_goes_to_one(page: Page) -> None:
    wait_drawn(page)
    page.keyboard.press("t")
    settle(page)
    rows = page.locator("#table tbody tr")
    whole = api_cells(page, resolution=str(page_resolution(page)))
    counts = dict(zip(whole["cells"], whole["counts"], strict=True))
    shown = {row.get_attribute("data-cell"): numbers([row.locator("td").nth(2).inner_text()])[0] for row in rows.all()}
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
    page.locator("#table th button", has_text="Faits").click()
    ascending = numbers(page.locator("#table tbody td:nth-child(3)").all_inner_texts())
    assert ascending == sorted(ascending)
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
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*middle)
    expect(page.locator("#hover")).to_contain_text("fait")
    page.mouse.click(*middle)
    expect(page.locator("#card .figure strong")).to_have_text(re.compile(r"\d"))
    assert view(page)["cell"] == cell
    whole = api_cells(page, resolution=str(int(cell[1], 16)))
    count = dict(zip(whole["cells"], whole["counts"], strict=True))[cell]
    assert numbers([page.locator("#card .figure strong").inner_text()]) == [count]
    expect(page.locator("#card .bars-chart")).to_have_attribute("aria-label", re.compile("Faits par mois"))
    assert sum(api(page, "/api/series", step="month", cell=cell)["counts"]) == count
    for words in ("sur", "Origine", "Par mois", "Catégories", "Quartiers prioritaires touchés", "Résidence la plus proche"):
        expect(page.locator("#card")).to_contain_text(words)


@pytest.mark.slow
def test_an_address_restores_the_view(page: Page, browser) -> None:
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
    expect(again.locator("#overview")).to_have_text(re.compile(re.escape(seen.splitlines()[-1])))
    assert again.locator("#overview").inner_text() == seen
    expect(again.locator("#table")).to_be_visible()
    expect(again.get_by_role("button", name="Chaleur")).to_have_attribute("aria-pressed", "true")
    expect(again.locator("#legend")).to_contain_text("Densité")
    expect(again.locator("#card .figure")).to_be_visible()
    assert {**view(again), "at": ""} == {**view(page), "at": ""}
    assert near(view(again)["at"], view(page)["at"])
    context.close()


def test_an_address_pasted_in_the_same_window_is_followed(page: Page) -> None:
    kind, before = view(page)["kind"], total(page)
    page.evaluate("hash => { location.hash = hash; }", f"#kind={kind}&category=DEG&table=1")
    expect(page.locator("#table")).to_be_visible()
    expect(page.get_by_label("Dégradations")).to_be_checked()
    settle(page)
    assert total(page) == api_cells(page)["total"] != before
    page.evaluate("hash => { location.hash = hash; }", f"#kind={kind}&from=1971-01-01&to=1971-01-02&table=1")
    expect(page.locator("#overview")).to_contain_text("Élargissez la période")
    expect(page.locator("#table-body")).to_contain_text("Aucun fait avec ces filtres")


def test_a_spoilt_address_falls_back_to_the_first_view(watch, demo: str) -> None:
    watch.open(f"{demo}/#kind=<script>&from=demain&category=%00&cell=xyz&mode=3d&at=a,b,c&layers=__proto__:x&hours=99-3"
               "&compare=hier..demain&swipe=999&spot=<b>&hide=9")
    assert total(watch.page) > 0
    assert set(view(watch.page)) <= {"kind", "from", "to", "at", "layers", "mode", "mesh"}


def test_layers_go_on_and_off(page: Page) -> None:
    box = page.locator("input[name=layer][value=qpv]")
    expect(box).to_be_checked()
    expect(page.locator("#status-sources")).to_contain_text("Quartiers prioritaires")
    box.uncheck()
    expect(page.locator("#status-sources")).not_to_contain_text("Quartiers prioritaires")
    assert "qpv" not in view(page)["layers"]
    for other in page.locator("#layers > .layer input[name=layer]:not([disabled])").all():
        other.check()
    wait_drawn(page)
    settle(page)
    assert page.locator("input[name=layer]:checked").count() >= 4


def test_heat_asks_for_images(page: Page) -> None:
    with page.expect_response(re.compile(r"/tiles/incidents/.*\.png\?")) as answered:
        page.get_by_role("button", name="Chaleur").click()
    assert answered.value.status in (200, 204)
    expect(page.locator("#legend")).to_contain_text("Densité")


def test_failure_is_a_sentence_and_the_old_picture_stays(page: Page, window) -> None:
    window[0].expected = ["Failed to load resource", "net::ERR"]
    before = page.locator("#overview").inner_text()
    page.route("**/api/values?*", lambda route: route.abort())
    page.get_by_label("Dégradations").check()
    expect(page.locator("#alert")).to_contain_text("Le serveur ne répond pas")
    expect(page.locator("#alert")).to_contain_text("décomptes d’avant")
    assert page.locator("#overview").inner_text() == before
    page.unroute("**/api/values?*")
    page.get_by_role("button", name="Réessayer").click()
    settle(page)
    expect(page.locator("#alert")).to_be_empty()
    assert total(page) == api_cells(page)["total"]


def test_an_answer_that_comes_too_late_is_dropped(page: Page) -> None:
    held = []
    page.route("**/api/values?*", lambda route: held.append(route) if "category=DEG&" in route.request.url else route.continue_())
    page.get_by_label("Dégradations").check()
    expect(page.locator("#busy")).to_contain_text("Calcul des nouveaux décomptes")
    page.get_by_label("Propreté").check()
    settle(page)
    assert len(held) == 1
    held[0].continue_()
    page.wait_for_timeout(500)  # time for a late answer to do harm
    assert view(page)["category"] == "DEG,SAL"
    assert total(page) == api_cells(page)["total"]


@pytest.mark.slow
def test_a_territory_too_large_to_send_whole_comes_in_tiles(watch, demo: str) -> None:
    page = watch.page
    watch.expected = ["Failed to load resource", "carte :"]
    problem = {"status": 400, "content_type": "application/problem+json", "body": '{"detail": "trop"}'}
    page.route("**/api/values?*", lambda route: route.fulfill(**problem))
    watch.open(f"{demo}/#mode=hexagones")
    expect(page.locator("#map")).to_have_attribute("data-facts", str(total(page)), timeout=DRAWN_MS)
    assert total(page) == api_cells(page)["total"]
    page.route("**/tiles/incidents/**", lambda route: route.abort())
    page.get_by_label("Dégradations").check()
    expect(page.locator("#alert")).to_contain_text("Une partie de la carte n’a pas pu être chargée", timeout=DRAWN_MS)
    settle(page)
    assert total(page) == api_cells(page)["total"]


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


def drag(page: Page, start: str, end: str) -> None:
    """With the mouse, from the middle of one element to that of another."""
    page.locator(start).scroll_into_view_if_needed()
    boxes = [page.locator(which).bounding_box() for which in (start, end)]
    middles = [(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2) for box in boxes]
    page.mouse.move(*middles[0])
    page.mouse.down()
    page.mouse.move(*middles[1], steps=5)
    page.mouse.up()


def near(one: str, other: str) -> bool:
    return all(abs(float(a) - float(b)) < 0.02 for a, b in zip(one.split(","), other.split(","), strict=True))
