"""Slow, plain versions of what the encoders do, to compare them with."""

from __future__ import annotations

from typing import Any

import mapbox_vector_tile
import numpy as np

from geoservice.export.tile import Tile

ORLY = Tile(12, 2075, 1410)


def decode(data: bytes) -> dict[str, Any]:
    """Decoded layers with y growing southwards, as the format stores them."""
    return mapbox_vector_tile.decode(data, default_options={"y_coord_down": True})


def hexagon_grid(tile: Tile, across: int, rng: np.random.Generator) -> np.ndarray:
    """Slightly turned and jittered hexagons (across², 6, 2) over a tile and a little beyond, half of them clockwise."""
    west, north, east, south = tile.buffered(200)
    radius = (east - west) / across / 2
    x, y = np.meshgrid(np.linspace(west, east, across), np.linspace(north, south, across))
    angle = np.arange(6) * np.pi / 3 + 0.3
    corners = radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    rings = np.stack([x.ravel(), y.ravel()], axis=1)[:, None] + corners
    rings += rng.normal(0, radius / 50, rings.shape)
    rings[::2] = rings[::2, ::-1]
    return rings


def ring_in_tile(tile: Tile, ring: list[tuple[float, float]]) -> list[list[int]]:
    """Round, drop repeats, wind so that the surveyor's area is positive; closed."""
    side = 2**tile.z
    whole = [[round((x * side - tile.x) * tile.extent), round((y * side - tile.y) * tile.extent)] for x, y in ring]
    kept: list[list[int]] = []
    for point in whole:
        if not kept or kept[-1] != point:
            kept.append(point)
    while len(kept) > 1 and kept[0] == kept[-1]:
        kept.pop(0)
    if area2(kept) < 0:
        kept.reverse()
    return [*kept, kept[0]]


def area2(ring: list[list[int]]) -> int:
    """Twice the area of an open or closed ring by the surveyor's formula."""
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, [*ring[1:], ring[0]], strict=True))


def same_ring(left: list[list[int]], right: list[list[int]]) -> bool:
    """Equal closed rings, wherever they begin."""
    left, right = left[:-1], right[:-1]
    return len(left) == len(right) and any(left[k:] + left[:k] == right for k in range(len(left)))
