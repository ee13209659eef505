"""Functional neighbours: through-routes and streets, by hand, each rule alone."""

from __future__ import annotations

import numpy as np
import pytest

from geoservice.core.impact.neighbours import REACH_M, Halls, linked

# residence -> metres east, whether one walks through its hall, street, landlord; the treated one is row 0
HOMES = {
    "treated": (0, True, 1, -1), "through, near": (200, True, 2, -1), "through, far": (REACH_M + 1, True, 2, -1),
    "closed, near": (150, False, 2, -1), "street, near": (-200, False, 1, -1), "street, far": (-REACH_M - 1, False, 1, -1),
    "both, another landlord": (100, True, 1, 5), "street unknown": (-100, False, -1, -1), "nowhere": (np.nan, True, 1, -1),
}


def halls(**other: tuple) -> Halls:
    homes = {**HOMES, **other}
    east, through, street, landlord = zip(*homes.values(), strict=True)
    return Halls(np.column_stack([east, np.zeros(len(homes))]).astype(float), np.arange(len(homes)), np.array(through),
                 np.array(street), np.array(landlord))


def names(rows: np.ndarray) -> list[str]:
    return [list(HOMES)[row] for row in rows.tolist()]


def test_a_short_walk_through_both_or_along_one_street_of_one_landlord() -> None:
    found = linked(halls(), np.array([0]))
    assert names(found.by_route) == ["through, near"]
    assert names(found.by_street) == ["street, near"]
    assert names(found.rows) == ["through, near", "street, near"]


@pytest.mark.parametrize(("treated", "lost"), [((0, False, 1, -1), "through, near"), ((0, True, -1, -1), "street, near")])
def test_a_closed_hall_or_an_unknown_street_links_nobody(treated, lost) -> None:
    found = linked(halls(treated=treated), np.array([0]))
    assert lost not in names(found.rows)
    assert len(found.rows) == 1


def test_treated_residences_are_no_neighbours_of_each_other_and_reach_is_an_argument() -> None:
    assert names(linked(halls(), np.array([0, 1])).rows) == ["through, far", "closed, near", "street, near"]
    wide = names(linked(halls(), np.array([0]), 300.0).rows)
    assert wide == ["through, near", "through, far", "street, near", "street, far"]
