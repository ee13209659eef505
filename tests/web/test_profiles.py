"""Series, calendar and facets through the door, beside what the cells say."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest

from tests.web.world import CITY_FACTS, RIVES_AGP, RIVES_FACTS

ROUTES = ("/api/series", "/api/calendar", "/api/facets", "/api/values", "/api/geometry")


def total(client, **filters: str) -> int:
    return client.get("/api/cells", params=filters).json()["total"]


@pytest.mark.parametrize("step", ["day", "week", "month"])
def test_series_has_every_step_and_adds_up(rives, step):
    found = rives.get(f"/api/series?kind=ville&step={step}").json()
    days = [date.fromisoformat(day) for day in found["days"]]
    assert (found["kind"], found["step"], found["total"], found["unplaced"]) == ("ville", step, CITY_FACTS, 0)
    assert sum(found["counts"]) == CITY_FACTS
    assert days == sorted(set(days))
    if step == "day":
        assert (days[0], days[-1], len(days)) == (date(2024, 1, 1), date(2024, 12, 28), 363)
    elif step == "week":
        assert {(later - day).days for day, later in pairwise(days)} == {7}
        assert {day.weekday() for day in days} == {0}
    else:
        assert [day.isoformat() for day in days] == [f"2024-{month:02}-01" for month in range(1, 13)]
        for day, count in zip(days, found["counts"], strict=True):
            until = (day + timedelta(32)).replace(day=1)
            assert count == total(rives, kind="ville", **{"from": day.isoformat(), "to": until.isoformat()})


def test_series_is_cut_by_the_period_and_never_shows_days_without_data(rives):
    found = rives.get("/api/series?kind=ville&step=day&from=2024-02-10&to=2024-02-13").json()
    assert found["days"] == ["2024-02-10", "2024-02-11", "2024-02-12"]
    assert rives.get("/api/series?kind=ville&from=1990-01-01&to=2140-01-01&step=month").json()["days"][0] == "2024-01-01"
    outside = rives.get("/api/series?kind=ville&from=1990-01-01&to=1991-01-01").json()
    assert (outside["days"], outside["counts"], outside["total"]) == ([], [], 0)


def test_calendar_adds_up_and_follows_the_filter_of_hours(rives):
    found = rives.get("/api/calendar?kind=bailleur").json()
    assert [len(day) for day in found["counts"]] == [24] * 7
    assert sum(map(sum, found["counts"])) + found["unknown"] == RIVES_FACTS
    night = sum(sum(day[22:]) + sum(day[:5]) for day in found["counts"])
    assert night == total(rives, kind="bailleur", hours="22-5") > 0
    monday = sum(found["counts"][0])
    assert monday == total(rives, kind="bailleur", weekdays="1") > 0
    dates = rives.get("/api/calendar?kind=ville").json()
    assert (sum(map(sum, dates["counts"])), dates["unknown"]) == (0, CITY_FACTS)  # a date without a time has no hour


def test_facets_say_what_each_choice_would_give(rives):
    found = rives.get("/api/facets?kind=bailleur&category=DEG&from=2024-02-01&to=2024-06-01").json()
    period = {"from": "2024-02-01", "to": "2024-06-01"}
    counts = {entry["code"]: entry["count"] for entry in found["category"]}
    assert counts["DEG"] > 0
    assert counts["OCC"] > 0  # its own condition is lifted
    assert counts["OCC"] == total(rives, kind="bailleur", category="OCC", **period)
    assert counts["AGP"] == 0  # never on the map
    assert found["category"][2]["label"] == "Dégradations"
    for name in ("nature", "place", "gravity"):
        assert sum(entry["count"] for entry in found[name]) == total(rives, kind="bailleur", category="DEG", **period)
        assert found[name][-1]["code"] is None
    both = rives.get("/api/facets?kind=bailleur").json()
    assert sum(entry["count"] for entry in both["category"]) == RIVES_FACTS


def test_matching_facts_without_a_point_are_told_apart(rives):
    found = rives.get("/api/series?kind=bailleur&category=AGP").json()
    assert (found["total"], found["unplaced"]) == (0, RIVES_AGP)


@pytest.mark.parametrize("route", ROUTES)
def test_kinds_are_never_added_and_unknown_parameters_are_refused(rives, route):
    assert rives.get(route).json()["type"].endswith("nature-de-source-requise")
    for wrong in ("format=json", "x=1", "level=residence"):
        answer = rives.get(f"{route}?kind=ville&{wrong}")
        assert answer.status_code == 400, wrong
        assert answer.json()["type"].endswith("parametre-inconnu")


def test_a_step_is_one_of_three(rives):
    answer = rives.get("/api/series?kind=ville&step=year")
    assert answer.status_code == 400
    assert "day, week, month" in answer.json()["detail"]


def test_one_cell_in_time_adds_up_to_its_card(rives):
    counts = rives.get("/api/cells?kind=ville&resolution=9").json()
    busiest, cell = max(zip(counts["counts"], counts["cells"], strict=True))
    found = rives.get(f"/api/series?kind=ville&step=month&cell={cell}").json()
    assert (sum(found["counts"]), found["total"]) == (busiest, busiest)
    calendar = rives.get(f"/api/calendar?kind=ville&cell={cell}").json()
    assert sum(map(sum, calendar["counts"])) + calendar["unknown"] == busiest
    assert rives.get("/api/series?kind=ville&cell=zz").status_code == 400
    assert rives.get("/api/calendar?kind=ville&cell=801ffffffffffff").status_code == 400  # resolution 0
