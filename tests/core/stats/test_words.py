"""Numbers in French sentences."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoservice.core.stats import words


@pytest.mark.parametrize(("value", "digits", "text"), [
    (0, 1, "0"), (2.0, 1, "2"), (2.44, 1, "2,4"), (2.05, 2, "2,05"), (99.96, 1, "100"), (123.4, 1, "123"),
    (1234567.8, 1, "1\u202f234\u202f568"),
    (-0.01, 1, "0"), (-3.5, 1, "−3,5"), (0.034, 3, "0,034"),
])
def test_numbers(value, digits, text):
    assert words.number(value, digits) == text


@pytest.mark.parametrize(("share", "text"), [(0, "0"), (0.001, "moins de 1"), (0.42, "42"), (0.996, "plus de 99"), (1, "100")])
def test_shares_are_never_rounded_to_nothing_or_all(share, text):
    assert words.percent(share) == f"{text}\u00a0%"


def test_plurals_begin_at_two():
    assert [words.facts(count) for count in (0, 1, 1.5, 2)] == ["0\u00a0fait", "1\u00a0fait", "1,5\u00a0fait", "2\u00a0faits"]
    assert words.awaited(1.9).endswith("attendu")
    assert words.awaited(2).endswith("attendus")
    assert words.times(2.44) == "2,4\u00a0fois"


def test_a_bound_never_reads_as_one_that_is_not():
    assert words.between(1.9, 4.0) == "entre 1,9 et 4"
    assert words.between(1.04, 1.6) == "entre 1,04 et 1,6"
    assert words.between(1, 2) == "entre 1 et 2"


@given(st.floats(-1e12, 1e12), st.integers(0, 3))
def test_every_number_is_read_back(value, digits):
    text = words.number(value, digits)
    assert re.fullmatch(r"−?\d{1,3}(\u202f\d{3})*(,\d{1,3})?", text)
    read = float(text.replace("\u202f", "").replace(",", ".").replace("−", "-"))
    assert read == pytest.approx(value, abs=0.5 * 10**-digits + 0.5 * (abs(value) >= 99) + 1e-6 * abs(value))
