"""The plan of five hundred towns whose truth is known, and towns as it says."""

from __future__ import annotations

import hashlib

import numpy as np

from tests.core.impact.towns import FILE, plan, town

DIGEST = "651cefd056c7a77876c3f9f29d0e35670f6884cea154a1b3d8c9a747ea4f2013"


def test_the_plan_is_the_one_that_was_fixed() -> None:
    assert hashlib.sha256(FILE.read_bytes()).hexdigest() == DIGEST


def test_towns_are_what_the_plan_says() -> None:
    given = plan()
    towns = [town(given, number) for number in range(given["towns"])]
    assert len(towns) == 500
    assert [one.reduction for one in towns[:5]] == given["effect"]["reductions"]
    assert all((one.prevented > 0) == (one.reduction > 0) for one in towns)
    assert all(np.sign(one.around) == np.sign(one.prevented * given["effect"]["spread"][number % 3])
               for number, one in enumerate(towns))
    assert {len(one.counts["treated"]) for one in towns} == set(range(6, 21))
    assert all(one.counts["treated"].shape[1] == given["history"] + 2 * given["months"] for one in towns)
    again = town(given, 7)
    assert all((again.counts[group] == towns[7].counts[group]).all() for group in again.counts)
