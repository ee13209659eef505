"""Where people live, as the State publishes it: households by square of 200 m, and social dwellings by address."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from geoservice.testing.frame import DECIMALS, FRAME
from geoservice.testing.furniture import nearest_address

if TYPE_CHECKING:
    from geoservice.testing.assembly import Town

SIDE_M = 200
OCCUPIED = 0.93  # of dwellings: the others are empty, or nobody's first home
COLUMNS = ("adresse", "logements_sociaux", "lon", "lat")


def squares(town: Town) -> Iterable[dict]:
    """GeoJSON features of the squares with a household, as INSEE names their fields."""
    homes = [f for f in town.footprints if f.dwellings]
    middles = np.array([f.ring.mean(axis=0) for f in homes])
    square, where = np.unique(np.floor(middles / SIDE_M).astype(int), axis=0, return_inverse=True)
    dwellings = np.bincount(where.ravel(), weights=[f.dwellings for f in homes])
    for (x, y), number in zip(square.tolist(), dwellings.tolist(), strict=True):
        corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]) * SIDE_M + (x * SIDE_M, y * SIDE_M)
        yield {"type": "Feature", "properties": {"idcar_200m": f"FICTIF200mN{y}E{x}", "men": round(OCCUPIED * number, 1),
                                                 "i_est_200": int(number < 11)},
               "geometry": {"type": "Polygon", "coordinates": [FRAME.lonlat(corners).tolist()]}}


def social(town: Town) -> Iterable[tuple]:
    """Social dwellings by address, whoever the landlord is."""
    for residence in town.residences:
        (lon, lat), = FRAME.lonlat(np.array([(residence.x, residence.y)])).tolist()
        line = nearest_address(residence, town.addresses).line
        yield f"{line}, {residence.code}", residence.dwellings, f"{lon:.{DECIMALS}f}", f"{lat:.{DECIMALS}f}"
