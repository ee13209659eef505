"""The picture of growth as SVG, drawn without a library: logarithmic axes, a dotted line for what would be in proportion."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

from tests.bench.figures import ROOT
from tests.bench.limit_growth import Grown

PICTURE = ROOT / "docs" / "images" / "growth.svg"
_WIDTH, _HEIGHT, _LEFT, _TOP, _GAP = 380, 250, 64, 56, 96
_COLOURS = ("#0b5fa5", "#b3541e")
_Line = tuple[str, list[tuple[float, float]]]
_Place = Callable[[float, float], tuple[float, float]]


def save(wide: list[Grown], full: list[Grown], path: Path = PICTURE) -> None:
    """Write docs/images/growth.svg."""
    path.write_text(draw(wide, full), encoding="utf-8")


def draw(wide: list[Grown], full: list[Grown]) -> str:
    """Four small charts: viewport, whole extent, building, memory; both ways to grow in each."""
    charts = (("Filtered viewport, ms", lambda one: one.viewport.cpu_s * 1e3), ("Filtered whole extent at res 8, ms",
              lambda one: one.whole.cpu_s * 1e3), ("Building and writing, s", lambda one: one.built.cost.cpu_s),
              ("Greatest memory of building, MiB", lambda one: one.built.cost.memory_mib))
    parts = []
    for at, (title, measure) in enumerate(charts):
        lines = [(name, [(one.built.facts, measure(one)) for one in worlds])
                 for name, worlds in (("more towns", wide), ("the same town fuller", full))]
        x, y = _LEFT + (at % 2) * (_WIDTH + _GAP), _TOP + (at // 2) * (_HEIGHT + _GAP)
        parts.append(f'<g transform="translate({x} {y})">{_chart(title, lines)}</g>')
    width, height = _LEFT + 2 * _WIDTH + _GAP + 32, _TOP + 2 * _HEIGHT + _GAP + 56
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12" '
            f'role="img" aria-label="Cost as facts grow"><rect width="{width}" height="{height}" fill="#fff"/>'
            f'{"".join(parts)}</svg>\n')


def _chart(title: str, lines: list[_Line]) -> str:
    points = [point for _, line in lines for point in line]
    low_x, high_x = (math.log10(pick(x for x, _ in points)) for pick in (min, max))
    low_y = math.floor(math.log10(min(y for _, y in points)))
    high_y = max(low_y + 1, math.ceil(math.log10(max(y for _, y in points))))

    def place(x: float, y: float) -> tuple[float, float]:
        return ((math.log10(x) - low_x) / max(1e-9, high_x - low_x) * _WIDTH,
                _HEIGHT - (math.log10(y) - low_y) / (high_y - low_y) * _HEIGHT)

    out = [f'<text x="0" y="-14" font-size="14" font-weight="bold">{title}</text>']
    for power in range(low_y, high_y + 1):
        y = place(10**low_x, 10.0**power)[1]
        out.append(f'<path d="M0 {y:.1f}H{_WIDTH}" stroke="#ddd"/>'
                   f'<text x="-8" y="{y + 4:.1f}" text-anchor="end">{10.0**power:g}</text>')
    for x in dict(lines[0][1]):
        left = place(x, 10.0**low_y)[0]
        out.append(f'<text x="{left:.1f}" y="{_HEIGHT + 18}" text-anchor="middle">{x / 1e6:g} M</text>')
    out.append(f'<text x="{_WIDTH / 2}" y="{_HEIGHT + 36}" text-anchor="middle">facts</text>')
    out.append(_linear(lines[0][1], place, (low_y, high_y)))
    for at, ((name, line), colour) in enumerate(zip(lines, _COLOURS, strict=True)):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in line))
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in (place(*point) for point in line)]
        out.append(f'<text x="8" y="{16 + 16 * at}" fill="{colour}">{name}</text>')
    return "".join(out)


def _linear(line: list[tuple[float, float]], place: _Place, powers: tuple[int, int]) -> str:
    """From the first point on, what would be in proportion to facts, as far as the chart goes."""
    (x, y), most = line[0], line[-1][0]
    times = min(most / x, 10.0**powers[1] / y)
    (left, bottom), (right, top) = place(x, y), place(x * times, y * times)
    return (f'<path d="M{left:.1f} {bottom:.1f}L{right:.1f} {top:.1f}" stroke="#888" stroke-dasharray="3 4"/>'
            f'<text x="8" y="48" fill="#888">dotted: in proportion</text>')
