"""Values with their intervals as a drawing of a notebook: one SVG, no library, words and numbers as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

import numpy as np

from geoservice.errors import BadInput
from geoservice.export import french
from geoservice.export.eventchart import HEIGHT, WIDTH, Study, svg

_WIDTH, _ROW, _HEAD, _FOOT = 760, 30, 44, 40
_LABEL, _VALUE = 270, 150  # pixels kept for words at the left and numbers at the right
_XMLNS = 'xmlns="http://www.w3.org/2000/svg"'
_INK, _SOFT, _LINE, _MARK = "#1b2733", "#51616e", "#d9dfe3", "#311f6b"
# as leviers.css; under .events, since a style in a picture holds for the whole notebook
_STYLE = ("<style>.events text{fill:#51616e}.events .band{fill:#dcd8ec;fill-opacity:.7}.events .zero{stroke:#8a97a1}"
          ".events .start{stroke:#1b2733;stroke-width:1.5;stroke-dasharray:6 4}.events .line{stroke:#0b6670}"
          ".events .dot{fill:#0b6670;stroke:#fff}.events .outside{fill:#4b2e83}</style>")


@dataclass(frozen=True)
class Chart:
    """A drawing that notebooks show."""

    svg: str = field(repr=False)

    def _repr_svg_(self) -> str:
        return self.svg

    def save(self, path: str | Path) -> None:
        """Write it as a file."""
        Path(path).write_text(self.svg, encoding="utf-8")


@dataclass(frozen=True)
class Axis:
    """What is measured; `reference`: a value that a line marks (1 for ratios, 0 for changes)."""

    title: str
    unit: str = ""
    reference: float = 0.0
    decimals: int = 1


def dots(labels: Sequence[str], values: Sequence[float], axis: Axis,
         intervals: Sequence[tuple[float, float]] | None = None) -> Chart:
    """A dot a row, with its interval, or without one a bar from the reference; BadInput when lengths differ or are none."""
    if not len(labels) == len(values) == len(intervals or values) or not len(values):
        raise BadInput("Il faut autant de noms que de valeurs et d’intervalles, et au moins un.")
    pairs = intervals or [(min(axis.reference, value), max(axis.reference, value)) for value in values]
    low, high = min(axis.reference, *(a for a, _ in pairs), *values), max(axis.reference, *(b for _, b in pairs), *values)
    room = (high - low) or 1.0

    def x(value: float) -> float:
        return round(_LABEL + (_WIDTH - _LABEL - _VALUE) * (value - low) / room, 1)

    rows = [_row(place, label, value, pair, (x, axis, intervals is not None))
            for place, (label, value, pair) in enumerate(zip(labels, values, pairs, strict=True))]
    height = _HEAD + _ROW * len(rows) + _FOOT
    bottom = _HEAD + _ROW * len(rows)
    mark = x(axis.reference)
    frame = [f'<text x="0" y="18" font-size="15" font-weight="600" fill="{_INK}">{escape(french.typeset(axis.title))}</text>',
             f'<line x1="{mark}" x2="{mark}" y1="{_HEAD - 12}" y2="{bottom}" stroke="{_SOFT}" stroke-dasharray="3 3"/>',
             f'<text x="{mark}" y="{bottom + 18}" font-size="12" text-anchor="middle" fill="{_SOFT}">'
             f"{french.number(axis.reference, 0 if float(axis.reference).is_integer() else axis.decimals)}</text>"]
    said = "; ".join(f"{label}: {_number(value, axis)}" for label, value in zip(labels, values, strict=True))
    size = f'viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}"'
    return Chart(f'<svg {_XMLNS} {size} role="img" '
                 f'aria-label="{escape(f"{axis.title}. {said}")}" font-family="\'Source Sans 3\', Arial, sans-serif">'
                 f'<rect width="100%" height="100%" fill="#ffffff"/>{"".join(frame + rows)}</svg>')


def events(study: Study, title: str) -> Chart:
    """An event study as the page of a lever draws it, with the colours that the page's style sheet would give."""
    drawn = svg(study, title)
    size = f'{_XMLNS} width="{WIDTH}" height="{HEIGHT}" font-family="\'Source Sans 3\', Arial, sans-serif" font-size="12"'
    ground = '<rect width="100%" height="100%" fill="#ffffff"/>'
    head, _, rest = drawn.partition(">")
    return Chart(f"{head.replace('<svg', f'<svg {size}', 1)}>{_STYLE}{ground}{rest}")


def _row(place: int, label: str, value: float, pair: tuple[float, float], how: tuple) -> str:
    x, axis, interval = how
    y = _HEAD + _ROW * place + _ROW / 2
    low, high = pair
    bounds = f" ({_number(low, axis)} à {_number(high, axis)})" if interval else ""
    thick, told = 4 if interval else 12, f"{_number(value, axis)}{bounds}"
    return (f'<line x1="0" x2="{_WIDTH}" y1="{y + _ROW / 2}" y2="{y + _ROW / 2}" stroke="{_LINE}"/>'
            f'<text x="0" y="{y + 5}" font-size="14" fill="{_INK}">{escape(french.typeset(label))}</text>'
            f'<line x1="{x(low)}" x2="{x(high)}" y1="{y}" y2="{y}" stroke="#8aa4d8" stroke-width="{thick}"/>'
            f'<circle cx="{x(value)}" cy="{y}" r="5" fill="{_MARK}"/>'
            f'<text x="{_WIDTH}" y="{y + 5}" font-size="14" text-anchor="end" fill="{_INK}">{told}</text>')


def _number(value: float, axis: Axis) -> str:
    if not np.isfinite(value):
        raise BadInput("Un graphique ne montre que des nombres finis.")
    text = french.number(abs(value), axis.decimals)
    unit = f"{french.NNBSP}{escape(axis.unit)}" if axis.unit else ""
    return f"{'−' if value < 0 and float(round(value, axis.decimals)) else ''}{text}{unit}"
