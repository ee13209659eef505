"""Colours of the maps: inks, the ramp of the counts, and the bounds of its classes.

The ramp goes from light to dark in equal steps of CIE lightness (about 14.5), from blue to violet, so that classes
stay in order and apart for every colour vision and in a photocopy. Never red: these are places where people live.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

INK = "#1b2733"
PAPER = "#ffffff"
GROUND = "#f4f6f7"
HAIRLINE = "#d9dfe3"
ACCENT = "#0b6670"


@dataclass(frozen=True)
class Look:
    """How a verdict on a hot spot is drawn: its fill, and the line around it."""

    fill: str
    line: str
    width: float
    dash: tuple[float, ...] = ()


# as on the page: the line tells them apart where colour does not
HOT = {"solide": Look("#4b2e83", "#2a1650", 3.0), "fragile": Look("#b09fd8", "#4b2e83", 2.5, (2.0, 4.0)),
       "artefact": Look("#eef1f3", "#5d6973", 1.5)}


@dataclass(frozen=True)
class Ramp:
    """Colours `#rrggbb` from the lowest class to the highest, all with one opacity (0 to 1)."""

    colours: tuple[str, ...]
    opacity: float = 1.0


COUNTS = Ramp(("#dbe7f6", "#abbee5", "#7797d4", "#5c6eb2", "#47468e", "#311f6b"), opacity=0.85)


def rgb(colour: str) -> tuple[int, int, int]:
    """`#rrggbb` to three bytes."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def rgba(ramp: Ramp) -> np.ndarray:
    """The classes of a ramp as uint8 (n, 4)."""
    alpha = round(ramp.opacity * 255)
    return np.array([(*rgb(colour), alpha) for colour in ramp.colours], np.uint8)


def gradient(ramp: Ramp, steps: int = 256) -> np.ndarray:
    """A continuous ramp as uint8 (steps, 4): transparent at 0, the ramp's opacity from a quarter on."""
    at = np.linspace(0, 1, steps)
    classes = np.linspace(0, 1, len(ramp.colours))
    colours = np.array([rgb(colour) for colour in ramp.colours], np.float64)
    channels = [np.interp(at, classes, colours[:, channel]) for channel in range(3)]
    alpha = np.clip(at * 4, 0, 1) * ramp.opacity * 255
    return np.rint(np.stack([*channels, alpha], axis=1)).astype(np.uint8)


def breaks(counts: np.ndarray, n: int = 6) -> list[int]:
    """Lower bounds of at most `n` classes for heavy-tailed counts: round, strictly increasing integers.

    Class i holds bounds[i] <= count < bounds[i+1], the last one everything above. Zeros have no class. With no more
    than n distinct counts each has its own class; otherwise bounds grow geometrically up to the 99th percentile,
    so that one extreme place does not flatten the rest. No positive count: [].
    """
    counts = np.asarray(counts)
    distinct = np.unique(counts[counts > 0])
    if len(distinct) <= n:
        return [int(value) for value in distinct]
    low = max(int(distinct[0]), 1)
    high = max(float(np.quantile(counts[counts > 0], 0.99)), low + 1.0)
    wanted = low * (high / low) ** (np.arange(n) / n)
    bounds = [low]
    for value, gap in zip(wanted[1:], np.diff(wanted), strict=True):
        bounds.append(max(_round(value, gap), bounds[-1] + 1))
    return bounds


def classes(counts: np.ndarray, bounds: list[int]) -> np.ndarray:
    """The class (0 to len(bounds)-1) of each count, -1 below the first bound."""
    return np.searchsorted(np.asarray(bounds), np.asarray(counts), side="right") - 1


def _round(value: float, gap: float) -> int:
    """The nearest multiple of the largest 1, 2 or 5 times a power of ten that fits in the gap to the bound before."""
    power = 10.0 ** np.floor(np.log10(max(gap, 1.0)))
    step = int(max(step for step in (1, 2, 5) if step * power <= max(gap, 1.0)) * power)
    return round(value / step) * step
