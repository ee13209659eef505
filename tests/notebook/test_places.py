"""Quarters, boundaries and what lies around features, as a session tells them."""

from __future__ import annotations

import pytest

from geoservice.errors import BadInput, NotFound


def test_a_quarter_is_a_row_for_each_piece_of_ground(session):
    found = session.quarter("qpv2024:QN09300A", kind="bailleur")
    assert found.set_index("piece")["facts"].to_dict() == {"2024": 6, "ring": 0}  # three more lie in the next quarter
    assert found.attrs["kinds"] == {"bailleur": {"2024": 6, "ring": 0}, "ville": {"2024": 4, "ring": 0}}
    assert found.attrs["ring_m"] == 300
    with pytest.raises(NotFound):
        session.quarter("qpv2024:RIEN", kind="bailleur")


def test_a_boundary_that_cannot_be_told_says_why(session):
    found = session.boundary("qpv2024:QN09300A", kind="bailleur")
    assert (len(found), found.attrs["reason"]["code"]) == (0, "une_generation")
    assert "contours" in found.attrs["sentence"]


def test_facts_around_features_are_counted_once_at_the_nearest(session):
    near = session.around("patrimoine", 50, kind="bailleur")
    assert near[["key", "count"]].to_numpy().tolist() == [["R1", 6]]
    assert session.around("patrimoine", 900, kind="bailleur")["count"].tolist() == [9]  # 732 m away three more
    assert session.around("patrimoine", 50, kind="bailleur", category="SAL")["count"].tolist() == [3]
    both = session.around("qpv", 50, kind="bailleur")  # outlines: inside is no distance at all
    assert both.set_index("key")["count"].to_dict() == {"QN09300A": 6, "QN09300B": 3}
    for metres in (0, -1, 2_000, float("nan")):
        with pytest.raises(BadInput):
            session.around("patrimoine", metres, kind="bailleur")
