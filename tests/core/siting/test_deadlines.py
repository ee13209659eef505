"""Days of an authorisation, worked out by hand."""

from __future__ import annotations

from datetime import date

import pytest
from pydantic import ValidationError

from geoservice.catalog import regimes
from geoservice.catalog.regimes import Deadline
from geoservice.core.siting.deadlines import dues, months_after

COMMON, STREET = (regimes.load()[name] for name in ("parties-communes", "voie-publique"))


def test_an_authorisation_of_the_prefect_ends_after_five_years_and_is_asked_for_four_months_before():
    found = {each.code: each for each in dues(STREET, date(2026, 12, 1))}
    assert {code: each.first for code, each in found.items()} == {
        "urgence": date(2027, 4, 1), "images": date(2027, 1, 1), "affiches": date(2027, 12, 1), "bilan": date(2027, 12, 1),
        "aipd": date(2029, 12, 1), "renouvellement": date(2031, 8, 1), "fin": date(2031, 12, 1)}
    assert found["images"].until == date(2031, 12, 1)
    assert found["fin"].every_months is None
    assert [each.first for each in dues(STREET, date(2026, 12, 1))] == sorted(each.first for each in found.values())


def test_common_parts_have_no_end():
    found = dues(COMMON, date(2026, 12, 1))
    assert {each.code for each in found} == {"images", "affiches", "bilan", "aipd"}
    assert {each.until for each in found} == {None}


def test_without_a_day_there_are_rules_in_words():
    found = {each.code: each for each in dues(STREET, None)}
    assert {each.first for each in found.values()} == {None}
    assert {found[code].words for code in ("fin", "renouvellement", "images", "aipd", "urgence")} == {
        "5 ans après", "4 mois avant la fin", "tous les mois", "tous les 36 mois", "4 mois après"}


def test_every_rule_has_a_text_and_a_day():
    for regime in (COMMON, STREET):
        for due in dues(regime, None):
            assert due.reference
            assert due.as_of >= regime.as_of


@pytest.mark.parametrize(("day", "months", "found"), [
    (date(2024, 2, 29), 60, date(2029, 2, 28)), (date(2026, 10, 31), 4, date(2027, 2, 28)),
    (date(2026, 1, 31), -2, date(2025, 11, 30)), (date(2026, 12, 15), 1, date(2027, 1, 15))])
def test_a_month_that_is_too_short_has_its_last_day(day, months, found):
    assert months_after(day, months) == found


@pytest.mark.parametrize("rule", [{}, {"after_months": 4, "every_months": 1}, {"every_months": 0}])
def test_a_rule_says_one_thing(rule):
    with pytest.raises(ValidationError):
        Deadline(code="x", label="x", reference="x", **rule)
