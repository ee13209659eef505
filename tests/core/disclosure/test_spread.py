from __future__ import annotations

import numpy as np
import pytest
import shapely

from geoservice.core import crs, grid
from geoservice.core.disclosure.spread import spread
from geoservice.errors import BadInput

X, Y = (float(value[0]) for value in crs.project(np.array([2.4936]), np.array([48.9022]), 2154))


def test_households_go_where_homes_are_and_none_is_lost() -> None:
    squares = np.array([shapely.box(X, Y, X + 200, Y + 200), shapely.box(X + 200, Y, X + 400, Y + 200)])
    homes = np.array([shapely.box(X + 10, Y + 10, X + 30, Y + 20), shapely.box(X + 150, Y + 150, X + 190, Y + 165),
                      shapely.box(X + 190, Y + 50, X + 210, Y + 60)])  # the last one straddles the squares
    source = spread("carreaux", squares, np.array([90.0, 30.0]), homes, 2154)
    assert source.complete
    assert source.dwellings.sum() == pytest.approx(120)
    assert source.dwellings[source.dwellings == 30].size == 1   # all of the second square in its half of the third home
    share = 90 * np.array([200, 600, 100]) / 900
    assert np.sort(source.dwellings) == pytest.approx(np.sort([*share, 30]))
    assert set(grid.resolutions(source.cells).tolist()) == {12}


def test_a_square_without_homes_is_spread_evenly_inside_it() -> None:
    square = np.array([shapely.box(X, Y, X + 200, Y + 200)])
    source = spread("carreaux", square, np.array([50.0]), np.empty(0, dtype=object), 2154)
    assert source.dwellings.sum() == pytest.approx(50)
    east, north = crs.project(*grid.centres(source.cells).T, 2154)
    assert (np.abs(east - X - 100) < 115).all()
    assert (np.abs(north - Y - 100) < 115).all()


def test_unknown_households_are_refused() -> None:
    with pytest.raises(BadInput):
        spread("c", np.array([shapely.box(0, 0, 1, 1)]), np.array([np.nan]), np.empty(0, dtype=object), 2154)
