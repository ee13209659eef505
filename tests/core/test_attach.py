"""To which place a fact belongs, against tables checked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from geoservice.core.observatory.attach import CERTAIN, NONE, PROBABLE, REACH_M, Known, attach, part_of
from geoservice.types import Place

KNOWN = Known(np.array(["hall", "batiment", "residence", "hall", "residence"]),
              np.array([[0.0, 0.0], [0.0, 60.0], [0.0, 120.0], [1_000.0, 0.0], [np.nan, np.nan]]))


@pytest.mark.parametrize(("point", "named", "wanted"), [
    ((0, 30), -1, (0, 30, PROBABLE)),  # the hall at its reach, though a building is as near
    ((0, 31), -1, (1, 29, PROBABLE)),  # beyond it, the building
    ((0, 111), -1, (2, 9, PROBABLE)),  # beyond 50 m of the building, the residence
    ((0, 109), -1, (1, 49, PROBABLE)),
    ((0, 220), -1, (2, 100, PROBABLE)),
    ((0, 221), -1, (-1, None, NONE)),
    ((0, 0), 3, (3, 1_000, CERTAIN)),  # a code says more than a distance
    ((np.nan, np.nan), 2, (2, None, CERTAIN)),
    ((np.nan, np.nan), -1, (-1, None, NONE)),
    ((0, 0), 4, (4, None, CERTAIN)),
])
def test_one_fact(point, named, wanted):
    found = attach(np.array([point], float), np.array([named]), KNOWN)
    metres = found.metres[0]
    assert (int(found.place[0]), None if np.isnan(metres) else round(float(metres)), int(found.certainty[0])) == wanted


def test_many_facts_are_as_one_by_one():
    dice = np.random.default_rng(5)
    xy, known = dice.uniform(0, 800, (300, 2)), Known(dice.choice(list(REACH_M), 60), dice.uniform(0, 800, (60, 2)))
    named = np.where(dice.random(300) < 0.2, dice.integers(0, 60, 300), -1)
    found = attach(xy, named, known)
    for row in range(300):
        alone = attach(xy[row:row + 1], named[row:row + 1], known)
        assert (alone.place[0], alone.certainty[0]) == (found.place[row], found.certainty[row])
        if named[row] < 0 and found.place[row] >= 0:
            assert found.metres[row] <= REACH_M[known.level[found.place[row]]]
    assert set(found.certainty.tolist()) == {NONE, PROBABLE, CERTAIN}
    nobody = attach(xy, np.full(300, -1), Known(np.empty(0, "U9"), np.empty((0, 2))))
    assert (nobody.place == -1).all()


def test_every_place_is_a_common_part_surroundings_or_a_home():
    assert {part_of(place) for place in Place} == {"parties communes", "abords", "logement"}
    assert [part_of(place) for place in (Place.HALL, Place.PARK_AIR, Place.LOGT)] == ["parties communes", "abords", "logement"]
    assert (part_of(None), part_of(None, "residence"), part_of(None, "hall")) == ("inconnu", "abords", "inconnu")
