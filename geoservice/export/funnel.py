"""A funnel plot as SVG: rates of places by size, with the limits of chance and of ordinary diversity. No style within."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

import numpy as np

from geoservice.core.stats.words import number

WIDTH, HEIGHT = 720, 380
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 16, 20, 48
_STEPS, _NAMED, _TOLD = 80, 12, 600  # names of places outside would cover one another; places within that tell who they are


@dataclass(frozen=True, eq=False)
class Dots:
    """Places: sizes (n,) dwellings, rates (n,) per 100 of them, +1 / 0 / -1 outside the limits, and names."""

    sizes: np.ndarray
    rates: np.ndarray
    outside: np.ndarray
    names: Sequence[str]


Limits = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


def svg(dots: Dots, target: float, inner: Limits, outer: Limits, title: str) -> str:
    """The plot; `inner`, `outer` give low and high rates per 100 at sizes. Places outside are squares, named while few."""
    wide = float(dots.sizes.max()) * 1.05
    sizes = np.linspace(max(1.0, float(dots.sizes.min()) * 0.6), wide, _STEPS)
    curves = [(name, side) for name, both in (("inner", inner(sizes)), ("outer", outer(sizes))) for side in both]
    tall = max(float(dots.rates.max()), target) * 1.15 or 1.0

    def at(x: float, y: float) -> tuple[str, str]:
        return (f"{_LEFT + (WIDTH - _LEFT - _RIGHT) * x / wide:.1f}",
                f"{HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * min(max(y, 0.0), tall) / tall:.1f}")

    parts = [f'<svg class="funnel" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title, {chr(34): "&quot;"})}">']
    parts += [_axis(at, wide, tall), _level(at, target, wide)]
    for name, side in curves:
        points = " ".join(",".join(at(float(x), float(y))) for x, y in zip(sizes, side, strict=True) if y <= tall)
        parts.append(f'<polyline class="limit {name}" points="{points}" fill="none"/>')
    named = int((dots.outside != 0).sum()) <= _NAMED
    many = len(dots.names) > _TOLD
    parts += [_dot(at, dots, row, (named, many)) for row in np.argsort(np.abs(dots.outside), kind="stable").tolist()]
    return "".join([*parts, "</svg>"])


def _axis(at: Callable[[float, float], tuple[str, str]], wide: float, tall: float) -> str:
    x0, y0 = at(0, 0)
    lines = [f'<path class="axis" d="M{x0} {at(0, tall)[1]}V{y0}H{at(wide, 0)[0]}" fill="none"/>']
    for value in _ticks(wide):
        x = at(value, 0)[0]
        lines.append(f'<text class="tick" x="{x}" y="{HEIGHT - _BOTTOM + 18}" text-anchor="middle">{number(value, 0)}</text>')
    for value in _ticks(tall):
        y = at(0, value)[1]
        lines.append(f'<text class="tick" x="{_LEFT - 8}" y="{float(y) + 4:.1f}" text-anchor="end">{number(value)}</text>'
                     f'<path class="grid" d="M{x0} {y}H{at(wide, 0)[0]}" fill="none"/>')
    lines.append(f'<text class="name" x="{WIDTH - _RIGHT}" y="{HEIGHT - 10}" text-anchor="end">logements de la résidence</text>')
    lines.append(f'<text class="name" x="{_LEFT}" y="12">faits pour 100 logements</text>')
    return "".join(lines)


def _ticks(most: float) -> list[float]:
    """Four to eight round values below a maximum."""
    step = 10 ** np.floor(np.log10(most / 4))
    step = next(step * factor for factor in (1, 2, 5, 10) if most / (step * factor) <= 8)
    return [float(value) for value in np.arange(step, most, step)]


def _level(at: Callable[[float, float], tuple[str, str]], target: float, wide: float) -> str:
    x0, y = at(0, target)
    return f'<path class="target" d="M{x0} {y}H{at(wide, 0)[0]}" fill="none"/>'


def _dot(at: Callable[[float, float], tuple[str, str]], dots: Dots, row: int, crowd: tuple[bool, bool]) -> str:
    size, rate, name = float(dots.sizes[row]), float(dots.rates[row]), escape(dots.names[row])
    x, y = at(size, rate)
    named, many = crowd
    told = f"<title>{name}, {number(size, 0)} logements, {number(rate)} faits pour 100</title>"
    if not dots.outside[row] and many:
        return f'<circle class="dot" cx="{x}" cy="{y}" r="2"/>'
    if not dots.outside[row]:
        return f'<circle class="dot" cx="{x}" cy="{y}" r="4">{told}</circle>'
    end = float(x) > WIDTH * 0.7
    label = f'<text class="label" x="{float(x) + (-9 if end else 9):.1f}" y="{float(y) + 4:.1f}"' \
        f'{" text-anchor=" + chr(34) + "end" + chr(34) if end else ""}>{name}</text>'
    square = f'<rect class="dot outside" x="{float(x) - 5:.1f}" y="{float(y) - 5:.1f}" width="10" height="10">{told}</rect>'
    return square + (label if named else "")
