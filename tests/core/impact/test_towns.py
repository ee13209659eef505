"""The plans of five hundred towns whose truth is known, and towns as they say."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from tests.core.impact.towns import FILES, plan, town

DIGESTS = {"impact-1": "651cefd056c7a77876c3f9f29d0e35670f6884cea154a1b3d8c9a747ea4f2013",
           "impact-2": "31452909c8bf57d492e2ff7d6aeac3a0cb39e45061bfd97d0165efdfbd0bbe17",
           "impact-3": "3f4ed89a6b90284a5b4e93632a4fddbb128acf623e5b56fb9db1f08274361f11"}
TOWNS = {"impact-1": 500, "impact-2": 500, "impact-3": 5000}


def test_the_plans_are_those_that_were_fixed() -> None:
    assert {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in FILES.items()} == DIGESTS


@pytest.mark.parametrize("name", DIGESTS)
def test_towns_are_what_the_plan_says(name: str) -> None:
    given = plan(name)
    assert (given["name"], given["towns"]) == (name, TOWNS[name])
    towns = [town(given, number) for number in range(500)]
    assert [one.reduction for one in towns[:5]] == given["effect"]["reductions"]
    assert all((one.prevented > 0) == (one.reduction > 0) for one in towns)
    assert all(np.sign(one.around) == np.sign(one.prevented * given["effect"]["spread"][number % 3])
               for number, one in enumerate(towns))
    low, high = given["places"]["treated"]
    assert {len(one.counts["treated"]) for one in towns} == set(range(low, high + 1))
    assert all(one.counts["treated"].shape[1] == given["history"] + 2 * given["months"] for one in towns)
    again = town(given, 7)
    assert all((again.counts[group] == towns[7].counts[group]).all() for group in again.counts)
