"""A quarter beside its other generation, its ring and its commune, and the glossary: what is shown is what the API says."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.page_watch import Watch, numbers, origin, settle
from tests.browser.test_page_safety import no_serious_violation

pytestmark = pytest.mark.browser


@pytest.mark.slow
def test_a_quarter_shows_its_ground_its_boundary_and_what_the_state_publishes(watch: Watch, demo: str) -> None:
    page = watch.page
    page.goto(f"{demo}/lieux#kind=bailleur&zone=qpv2024:QN99901M")
    settle(page)
    page.locator("#quarter").wait_for()
    found = page.request.get(f"{origin(page)}/api/quarters/qpv2024:QN99901M", params={"kind": "bailleur"}).json()
    ground = page.get_by_role("region", name="Faits par morceau de terrain")
    shown = numbers(ground.locator("tbody tr").first.locator("td").all_inner_texts())
    assert shown == [piece["count"] for piece in found["pieces"]]
    assert_hours_stand_side_by_side(page, found["pieces"])
    account = page.get_by_role("region", name="Ce que le contour a changé")
    assert account.locator("tbody tr").count() == 4
    last = account.locator("tbody tr").last.locator("td")
    assert numbers(last.all_inner_texts()[:2]) == [found["boundary"]["old"], found["boundary"]["new"]]
    expect(page.locator("#quarter")).to_contain_text(found["boundary"]["sentence"][:40])
    expect(page.locator("#quarter")).to_contain_text("non diffusé")
    expect(page.get_by_role("region", name="Faits par origine").locator("tbody tr")).to_have_count(len(found["kinds"]))
    no_serious_violation(page)
    page.get_by_role("link", name="glossaire", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Glossaire")
    expect(page.locator("main")).to_contain_text("ne se recouvre qu’en partie")
    no_serious_violation(page)


def assert_hours_stand_side_by_side(page: Page, pieces: list[dict]) -> None:
    """A drawing of each piece with facts enough, on one scale; every count in a table."""
    hours = [[sum(day[hour] for day in piece["calendar"]["counts"]) for hour in range(24)] for piece in pieces]
    days = [[sum(day) for day in piece["calendar"]["counts"]] for piece in pieces]
    drawn = [at for at, counts in enumerate(hours) if sum(counts) >= 20]
    assert len(pieces) == 4 > len(drawn) >= 2
    figures = page.locator(".profile")
    expect(figures).to_have_count(4)
    most = max(count / sum(hours[at]) for at in drawn for count in hours[at])
    for at in range(4):
        charts = figures.nth(at).locator("svg")
        expect(charts).to_have_count(2 if at in drawn else 0)
        expect(figures.nth(at)).to_contain_text("Le plus de" if at in drawn else "trop peu pour un profil")
        if at in drawn:
            highs = charts.first.locator("rect").evaluate_all("all => all.map((one) => Number(one.getAttribute('height')))")
            wanted = [100 * count / sum(hours[at]) / most for count in hours[at]]
            assert highs == pytest.approx([max(2, high) if high else 0 for high in wanted], abs=0.01)
    page.get_by_text("Les nombres, heure par heure").click()
    for name, counts in (("Faits par heure", hours), ("Faits par jour de la semaine", days)):
        rows = page.get_by_role("region", name=name).locator("tbody tr")
        expect(rows).to_have_count(1 + len(counts[0]))
        told = [numbers([text.split(" ")[0] for text in rows.nth(row).locator("td").all_inner_texts()])
                for row in range(1 + len(counts[0]))]
        assert told == [[sum(piece) for piece in counts], *(list(row) for row in zip(*counts, strict=True))]


def test_a_residence_says_how_many_reports_were_merged(watch: Watch, demo: str) -> None:
    page = watch.page

    def merged(route) -> None:
        found = route.fetch()
        route.fulfill(response=found, json={**found.json(), "merged": {"reports": 5, "facts": 2}})

    code = page.request.get(f"{demo}/api/residences", params={"kind": "bailleur"}).json()["residences"][0]["code"]
    page.route(f"**/api/residences/{code}?*", merged)
    page.goto(f"{demo}/lieux#kind=bailleur&zone=residence:{code}")
    expect(page.locator(".merged")).to_have_text("Dont 5 signalements réunis en 2 faits.")
