"""What people with another colour vision see, and how far apart two colours are for them.

Machado, Oliveira & Fernandes (2009), « A Physiologically-based Model for Simulation of Color Vision Deficiency », IEEE
TVCG 15(6): matrices of severity 1 on linear sRGB. Differences are CIEDE2000 (Sharma, Wu & Dalal 2005), under D65.
"""

from __future__ import annotations

import math

import numpy as np

VISIONS = {
    "usual": np.eye(3),
    "protanopia": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    "deuteranopia": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
    "tritanopia": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
    "none": np.tile([0.2126, 0.7152, 0.0722], (3, 1)),  # a photocopy
}
_XYZ = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]])
_WHITE = _XYZ.sum(axis=1)


def linear(colour: str) -> np.ndarray:
    """`#rrggbb` as linear light, 0 to 1."""
    coded = np.array([int(colour[at:at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)


def over(colour: str, opacity: float, ground: str) -> str:
    """What is seen of a translucent colour on a ground, mixed as screens do."""
    mixed = [round(opacity * int(colour[at:at + 2], 16) + (1 - opacity) * int(ground[at:at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{part:02x}" for part in mixed)


def lab(colour: str, vision: str = "usual") -> np.ndarray:
    """CIELAB of a colour as someone with this vision sees it."""
    seen = np.clip(VISIONS[vision] @ linear(colour), 0, 1)
    ratio = (_XYZ @ seen) / _WHITE
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def difference(one: str, other: str, vision: str = "usual") -> float:
    """ΔE00 of two colours for someone with this vision."""
    return ciede2000(lab(one, vision), lab(other, vision))


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio, 1 to 21."""
    low, high = sorted(float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def ciede2000(one: np.ndarray, other: np.ndarray) -> float:
    """CIEDE2000 with unit weights, after Sharma's supplementary notes."""
    (l1, a1, b1), (l2, a2, b2) = one.tolist(), other.tolist()
    chroma = (math.hypot(a1, b1) + math.hypot(a2, b2)) / 2
    g = (1 - math.sqrt(chroma**7 / (chroma**7 + 25**7))) / 2
    a1, a2 = a1 * (1 + g), a2 * (1 + g)
    c1, c2 = math.hypot(a1, b1), math.hypot(a2, b2)
    h1, h2 = math.degrees(math.atan2(b1, a1)) % 360, math.degrees(math.atan2(b2, a2)) % 360
    turn = 0.0 if c1 * c2 == 0 else (h2 - h1 + 180) % 360 - 180
    if c1 * c2 and h2 - h1 == 180:
        turn = 180.0
    hue = h1 + h2 if c1 * c2 == 0 else _middle(h1, h2)
    lightness, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    t = (1 - 0.17 * _cos(hue - 30) + 0.24 * _cos(2 * hue) + 0.32 * _cos(3 * hue + 6) - 0.20 * _cos(4 * hue - 63))
    sl = 1 + 0.015 * (lightness - 50) ** 2 / math.sqrt(20 + (lightness - 50) ** 2)
    sc, sh = 1 + 0.045 * chroma, 1 + 0.015 * chroma * t
    bend = 60 * math.exp(-(((hue - 275) / 25) ** 2))
    rt = -math.sin(math.radians(bend)) * 2 * math.sqrt(chroma**7 / (chroma**7 + 25**7))
    dl, dc = (l2 - l1) / sl, (c2 - c1) / sc
    dh = 2 * math.sqrt(c1 * c2) * math.sin(math.radians(turn / 2)) / sh
    return math.sqrt(dl**2 + dc**2 + dh**2 + rt * dc * dh)


def _middle(h1: float, h2: float) -> float:
    if abs(h1 - h2) <= 180:
        return (h1 + h2) / 2
    return (h1 + h2 + 360) / 2 if h1 + h2 < 360 else (h1 + h2 - 360) / 2


def _cos(degrees: float) -> float:
    return math.cos(math.radians(degrees))
