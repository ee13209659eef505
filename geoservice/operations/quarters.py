"""A quarter's page beyond its own facts: both generations side by side, the ring around, the rest of the commune, every kind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from geoservice.core.query import FactQuery, ZoneRef
from geoservice.core.stats.trend import Trend
from geoservice.operations.analyse import Reason
from geoservice.operations.comparison import Span
from geoservice.operations.indexing import FACTS
from geoservice.operations.official import Official, official
from geoservice.operations.quarter_change import Redrawn, redrawn
from geoservice.operations.quarter_ground import CODES, GENERATIONS, RING_M, Ground, ground_of, rows_of
from geoservice.operations.reader import Reader
from geoservice.operations.residences import Portrait, Rate, listed, portrait
from geoservice.operations.reuse import Shelf
from geoservice.operations.rhythm import days_of_months, trend_of
from geoservice.operations.zones import ZoneView
from geoservice.types import Kind

_NIGHT = (*range(20, 24), *range(6))  # local hours that start between 20:00 and 05:59
_LAYERS = ("patrimoine", "qpv", "limites", "aggregates")
_shelf: Shelf[Quarter] = Shelf(32)
_homes: Shelf[Homes] = Shelf(8)


@dataclass(frozen=True, eq=False)
class Homes:
    """Residences with a place: their middles (n, 2), facts that name them, dwellings (0: unknown)."""

    points: np.ndarray
    counts: np.ndarray
    dwellings: np.ndarray


@dataclass(frozen=True, eq=False)
class Piece:
    """One piece of ground: `2024`, `2015`, `ring` or `rest`. Facts with a point in it; `night` of the `timed` ones.

    `rate`: facts that name its residences over their known dwellings; None without any, or where no fact names a residence.
    """

    code: str
    label: str
    zones: tuple[ZoneView, ...]
    portrait: Portrait
    night: int
    timed: int
    trend: Trend | None
    reason: Reason | None
    rate: Rate | None


@dataclass(frozen=True, eq=False)
class Quarter:
    """Pieces of ground under one filter; counts of every kind side by side (never added); the redrawn boundary; what the State
    publishes of the commune and its département."""

    ground: Ground
    kind: Kind | None
    pieces: tuple[Piece, ...]
    kinds: dict[Kind, dict[str, int]]
    redrawn: Redrawn
    official: tuple[Official, ...]


def quarter(reader: Reader, reference: ZoneRef, query: FactQuery, other: Span | None = None) -> Quarter:
    """A QPV or a commune; NotFound without one of this name, BadInput for two periods that share a day."""
    query, _ = reader.resolved(query.with_(zone=None, bbox=None))
    return _shelf.get((*_state(reader, query), str(reference), other), lambda: _made(reader, reference, query, other))


def _state(reader: Reader, query: FactQuery) -> tuple:
    """Changes whenever an answer under a query could."""
    versions = [reader.version(layer) for layer in (FACTS, *_LAYERS) if layer in reader.catalog.layers]
    return reader.shelf.organisations, tuple(versions), query.canonical()


def _made(reader: Reader, reference: ZoneRef, query: FactQuery, other: Span | None) -> Quarter:
    ground = ground_of(reader, reference)
    codes = tuple(code for code in CODES if _exists(ground, code))
    rows = rows_of(reader, ground, query, codes)
    rates = _rates(_homes.get(_state(reader, query), lambda: _listed(reader, query)), ground, codes)
    pieces = tuple(_piece(reader, ground, query, code, rows[code], rates.get(code)) for code in codes)
    kinds = {kind: {code: sum(len(some) for _, some in found) for code, found in
                    (rows if kind == query.kind else rows_of(reader, ground, query.with_(kind=kind), codes)).items()}
             for kind in reader.kinds()}
    told = official(reader, None if ground.commune is None else ground.commune.reference.code)
    return Quarter(ground, query.kind, pieces, kinds, redrawn(reader, ground, query, other), told)


def _exists(ground: Ground, code: str) -> bool:
    if code == "rest":
        return ground.commune is not None
    return bool(ground.zones[ground.own if code == "ring" else code])


def _piece(reader: Reader, ground: Ground, query: FactQuery, code: str, rows: list, rate: Rate | None) -> Piece:
    found = portrait(reader, query, rows)
    hours = found.calendar.counts
    movement, _, reason = trend_of(found.series.counts, days_of_months(*found.period))
    return Piece(code, label_of(ground, code), ground.zones.get(code, ()), found, int(hours[:, _NIGHT].sum()), int(hours.sum()),
                 movement, reason, rate)


def label_of(ground: Ground, code: str) -> str:
    """What a piece of ground is called."""
    many = ground.of_commune or len(ground.zones.get(code, ())) > 1
    if code in GENERATIONS:
        return f"{'Quartiers' if many else 'Quartier'} de {code}"
    if code == "ring":
        return f"Anneau de {RING_M:.0f} m autour de {'ceux' if ground.of_commune else 'celui'} de {ground.own}"
    return "Reste de la commune"


def _listed(reader: Reader, query: FactQuery) -> Homes:
    known = [(each.residence, each.count) for each in listed(reader, query)[1] if each.residence.point is not None]
    return Homes(np.array([each.point for each, _ in known]).reshape(-1, 2), np.array([count for _, count in known], np.int64),
                 np.array([each.dwellings or 0 for each, _ in known], np.int64))


def _rates(homes: Homes, ground: Ground, codes: tuple[str, ...]) -> dict[str, Rate]:
    """Facts that name the residences of each piece, per dwelling that is known there."""
    if not homes.counts.any():
        return {}  # facts of this kind name no residence: 0 would be made up
    inside = _residences_of(ground, homes.points, codes)
    known = {code: some & (homes.dwellings > 0) for code, some in inside.items()}
    return {code: Rate(int(homes.counts[some].sum()), int(homes.dwellings[some].sum()))
            for code, some in known.items() if some.any()}


def _residences_of(ground: Ground, points: np.ndarray, codes: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Which points lie in each piece of ground, by the rules of facts; (n,) bool by code."""
    lon, lat = points.T
    found = {code: _any_of(ground.zones[code], lon, lat) for code in GENERATIONS}
    commune = _any_of(() if ground.commune is None else (ground.commune,), lon, lat)
    if ground.of_commune:
        found = {code: inside & commune for code, inside in found.items()}
    outside = ~_any_of(ground.zones[ground.own], lon, lat)
    ring = np.zeros(len(lon), dtype=bool)
    ring[outside] = ground.in_ring(lon[outside], lat[outside])
    found["ring"] = ring & commune if ground.of_commune else ring
    found["rest"] = commune & ~found[ground.own] & ~found["ring"]
    return {code: found[code] for code in codes}


def _any_of(zones: tuple[ZoneView, ...], lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    inside = np.zeros(len(lon), dtype=bool)
    for zone in zones:
        shapely.prepare(zone.geometry)
        inside |= shapely.intersects_xy(zone.geometry, lon, lat)
    return inside
