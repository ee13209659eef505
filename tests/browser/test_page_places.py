"""Pages of residences and quarters: an address of their own, the numbers of the API, links back to the map."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.page_watch import Watch, numbers, origin, settle, total, view
from tests.browser.test_page_safety import no_serious_violation

pytestmark = pytest.mark.browser


@pytest.mark.slow
def test_from_the_list_to_a_residence_to_the_map(watch: Watch, demo: str) -> None:
    page = watch.page
    page.goto(f"{demo}/lieux")
    settle(page)
    page.get_by_label("Période").select_option("tout")
    settle(page)
    found = page.request.get(f"{origin(page)}/api/residences", params={"kind": "bailleur"}).json()["residences"]
    expect(page.locator("tbody tr")).to_have_count(len(found))
    assert numbers(page.locator("tbody td:nth-child(2)").all_inner_texts()) == [one["count"] for one in found]
    no_serious_violation(page)
    page.locator("tbody a").first.click()
    settle(page)
    expect(page.get_by_role("heading", level=1)).to_have_text(found[0]["name"])
    profile = page.request.get(f"{origin(page)}/api/residences/{found[0]['code']}", params={"kind": "bailleur"}).json()
    assert numbers([page.locator(".figure strong").inner_text()]) == [profile["count"]]
    assert page.locator(".trend rect").count() == len(profile["series"]["days"])
    labels = page.locator(".hour").evaluate_all("cells => cells.map(cell => cell.getAttribute('aria-label'))")
    shown = numbers([label.rpartition(",")[2] for label in labels])
    assert shown == [count for row in profile["calendar"]["counts"] for count in row]
    halls = page.locator("table", has_text="Hall").locator("tbody td.number").all_inner_texts()
    assert sorted(numbers(halls)) == sorted(hall["count"] for hall in profile["halls"])
    expect(page.locator("#content")).to_contain_text("pour 100 logements")
    no_serious_violation(page)
    page.get_by_role("link", name=re.compile("2024")).click()
    settle(page)
    expect(page.locator("#crumbs")).to_contain_text("Quartier prioritaire")
    expect(page.locator("#content")).to_contain_text("Ses résidences")
    page.get_by_role("link", name="Ne compter que ce lieu").click()
    settle(page)
    assert view(page)["zone"].startswith("qpv2024:")
    inside = page.request.get(f"{origin(page)}/api/cells", params={"kind": "bailleur", "zone": view(page)["zone"]}).json()
    assert total(page) == inside["total"] > 0


def test_a_place_that_is_none_is_a_sentence(watch: Watch, demo: str) -> None:
    watch.expected = ["Failed to load resource"]
    watch.page.goto(f"{demo}/lieux#kind=bailleur&zone=residence:NULLE-PART")
    expect(watch.page.locator("#alert")).to_contain_text("n’est pas dans votre patrimoine")
    expect(watch.page.locator("body")).to_have_attribute("data-state", "error")
