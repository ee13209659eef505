"""An event-study chart as SVG: month by month, facts beyond what controls let expect, around a start. No style within."""

from __future__ import annotations

from dataclasses import dataclass
from xml.sax.saxutils import escape

import numpy as np

from geoservice.core.stats.words import number

WIDTH, HEIGHT = 720, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 16, 28, 44
_NARROW = 2  # months between labels, at the least


@dataclass(frozen=True, eq=False)
class Study:
    """gap (months,): facts beyond expectation; half: of the band that chance keeps to; start: months before; names of months."""

    gap: np.ndarray
    half: float
    start: int
    names: list[str]


def svg(study: Study, title: str) -> str:
    """The chart; a month outside the band is a square, one within a dot; the start is an upright line."""
    size = len(study.gap)
    most = most_of(study)
    wide, tall = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM

    def x(month: float) -> str:
        return f"{_LEFT + wide * (month + 0.5) / size:.1f}"

    def y(value: float) -> str:
        return f"{_TOP + tall * (most - value) / (2 * most):.1f}"

    edge = x(study.start - 0.5)
    parts = [f'<svg class="events" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title, {chr(34): "&quot;"})}">',
             f'<rect class="band" x="{_LEFT}" y="{y(study.half)}" width="{wide}" '
             f'height="{float(y(-study.half)) - float(y(study.half)):.1f}"/>',
             f'<path class="zero" d="M{_LEFT} {y(0)}H{WIDTH - _RIGHT}" fill="none"/>',
             f'<path class="start" d="M{edge} {_TOP - 8}V{HEIGHT - _BOTTOM}" fill="none"/>',
             f'<text class="name" x="{float(edge) + 6:.1f}" y="{_TOP - 2}">début</text>',
             f'<text class="name" x="{_LEFT}" y="12">faits par mois, au-delà des témoins</text>']
    for value in ticks(most):
        parts.append(f'<text class="tick" x="{_LEFT - 8}" y="{float(y(value)) + 4:.1f}" text-anchor="end">{number(value)}</text>')
    every = max(_NARROW, -(-size // 8))
    for month in range(0, size, every):
        parts.append(f'<text class="tick" x="{x(month)}" y="{HEIGHT - _BOTTOM + 18}" text-anchor="middle">'
                     f'{escape(study.names[month])}</text>')
    line = " ".join(f"{x(month)},{y(float(value))}" for month, value in enumerate(study.gap))
    parts.append(f'<polyline class="line" points="{line}" fill="none"/>')
    return "".join([*parts, *(_mark(study, month, float(x(month)), float(y(float(study.gap[month]))))
                              for month in range(size)), "</svg>"])


def most_of(study: Study) -> float:
    """Facts at the upper edge of the chart; at the lower, as many below zero."""
    return max(float(np.abs(study.gap).max()), study.half, 1.0) * 1.1


def ticks(most: float) -> list[float]:
    """Three to nine round values around zero."""
    step = 10 ** np.floor(np.log10(most))
    step = next(step * factor for factor in (0.2, 0.5, 1, 2, 5) if most / (step * factor) < 4)
    count = int(most / step)
    return [float(value) for value in np.arange(-count, count + 1) * step]


def _mark(study: Study, month: int, x: float, y: float) -> str:
    told = f"<title>{escape(study.names[month])} : {number(float(study.gap[month]))}</title>"
    if abs(float(study.gap[month])) > study.half:
        return f'<rect class="dot outside" x="{x - 4.5:.1f}" y="{y - 4.5:.1f}" width="9" height="9">{told}</rect>'
    return f'<circle class="dot" cx="{x:.1f}" cy="{y:.1f}" r="4">{told}</circle>'
