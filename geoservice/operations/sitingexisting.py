"""Cameras that exist (layer `cameras`) and see the demand of a plan already: of few is it known where they look, as is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from geoservice.catalog.intake.common import number as number_in
from geoservice.core.siting.coverage import Cameras, sights
from geoservice.core.siting.visibility import Camera
from geoservice.operations import sitingground
from geoservice.operations.reader import Reader
from geoservice.operations.sitingasked import Asked
from geoservice.operations.sitingdemand import Seen
from geoservice.operations.sitingground import MARGIN_M, Ground
from geoservice.operations.sitingplaces import served

AZIMUTH = "azimuth"  # of a camera in its layer: degrees clockwise from north


@dataclass(frozen=True, eq=False)
class Existing:
    """on (m,) int64: how many existing cameras that count have each place of the demand in view; directed, undirected: how many
    there are near it whose direction is known, and is not; counted: how many count."""

    on: np.ndarray
    directed: int
    undirected: int
    counted: int


@dataclass(frozen=True, eq=False)
class Tally:
    """Facts in view of a plan's own cameras; of them, those that no existing camera has; facts in view of two cameras or more,
    and of an existing one."""

    covered: int
    added: int
    twice: int
    before: int


def existing_of(reader: Reader, ground: Ground, seen: Seen, asked: Asked) -> Existing:
    """Existing cameras with a place of the demand in reach, with the plan's lens, height and purpose: theirs are not known."""
    places, azimuth = _near(reader, ground, seen, asked.reach_m)
    known = ~np.isnan(azimuth)
    counts = {"none": np.zeros(len(known), bool), "directed": known, "all": np.ones(len(known), bool)}[asked.existing]
    optics = sitingground.optics_of(asked.lens)
    cameras = Cameras.of([Camera(x, y, asked.reach_m, 0.0 if np.isnan(away) else away % 360,
                                 360.0 if np.isnan(away) else optics.field_deg, asked.height_m)
                          for (x, y), away in zip(places[counts].tolist(), azimuth[counts].tolist(), strict=True)])
    found = served(sights(ground.walls, cameras, seen.places), optics, asked.purpose, asked.night_m)
    return Existing(np.bincount(found.indices, minlength=len(seen.places)), int(known.sum()), int((~known).sum()),
                    int(counts.sum()))


def tally_of(seen: Seen, own: np.ndarray, existing: Existing) -> Tally:
    """What a plan has in view beside what is in view already; own (m,) how many of its cameras see each place."""
    held = (own > 0, (own > 0) & (existing.on == 0), own + existing.on > 1, existing.on > 0)
    return Tally(*(int(seen.facts[which].sum()) for which in held))


def _near(reader: Reader, ground: Ground, seen: Seen, reach: float) -> tuple[np.ndarray, np.ndarray]:
    """Places (n, 2) in metres and azimuth (n,), NaN where it is not known, of cameras with a place of the demand in reach."""
    from scipy.spatial import cKDTree

    found = reader.features("cameras", sitingground.widened(ground.box, MARGIN_M)) if "cameras" in reader.catalog.layers else None
    kept = [] if found is None else np.flatnonzero(~shapely.is_missing(found.geometry)).tolist()
    if found is None or not kept:
        return np.empty((0, 2)), np.empty(0)
    middles = shapely.get_coordinates(shapely.centroid(found.geometry[kept]))
    places, azimuth = ground.metres(middles), np.array([_degrees(found.properties[row].get(AZIMUTH)) for row in kept])
    near = np.isfinite(cKDTree(seen.places).query(places, distance_upper_bound=reach)[0])
    return places[near], azimuth[near]


def _degrees(value: Any) -> float:
    """A direction, NaN where it is none."""
    try:
        found = number_in(value)
    except (ValueError, OverflowError):
        return np.nan
    return np.nan if found is None or not np.isfinite(found) else float(found)
