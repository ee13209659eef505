"""An event-study chart on a page of a PDF, as vectors: the same marks as `eventchart.svg`, for a paper that is printed."""

from __future__ import annotations

from fpdf import FPDF

from geoservice.core.stats.words import number
from geoservice.export import sheet
from geoservice.export.eventchart import Study, most_of, ticks
from geoservice.export.palette import ACCENT, HAIRLINE, HOT, INK, PAPER, rgb
from geoservice.export.tagged import FAMILY

HEIGHT_MM = 50.0
_GREY, _BAND = "#4d5b67", "#dcd8ec"
_LEFT, _TOP, _BOTTOM = 10.0, 5.0, 6.0  # millimetres kept for numbers, the word at the start, months
_MARK = 0.95  # radius of a month's dot
_LABEL_MM = 17.0  # between names of months, at the least


class _Frame:
    """From months and facts to millimetres."""

    def __init__(self, study: Study, box: tuple[float, float, float, float]) -> None:
        left, top, width, height = box
        self.left, self.right, self.top, self.bottom = left + _LEFT, left + width, top + _TOP, top + height - _BOTTOM
        self.size, self.most = len(study.gap), most_of(study)

    def x(self, month: float) -> float:
        return self.left + (self.right - self.left) * (month + 0.5) / self.size

    def y(self, facts: float) -> float:
        return self.top + (self.bottom - self.top) * (self.most - facts) / (2 * self.most)


def draw(pdf: FPDF, study: Study, box: tuple[float, float, float, float]) -> None:
    """The chart in a rectangle of millimetres (x, y, width, height); a month outside the band is a square."""
    frame = _Frame(study, box)
    pdf.set_fill_color(*rgb(_BAND))
    pdf.rect(frame.left, frame.y(study.half), frame.right - frame.left, frame.y(-study.half) - frame.y(study.half), style="F")
    _scales(pdf, study, frame)
    edge = frame.x(study.start - 0.5)
    with pdf.local_context():
        pdf.set_draw_color(*rgb(INK))
        pdf.set_line_width(0.4)
        pdf.set_dash_pattern(dash=1.6, gap=1.1)
        pdf.line(edge, frame.top - 3, edge, frame.bottom)
    _ink(pdf, INK, 8.5)
    pdf.text(edge + 1.2, frame.top - 0.6, "début")
    pdf.set_draw_color(*rgb(ACCENT))
    pdf.set_line_width(0.25)
    pdf.polyline([(frame.x(month), frame.y(float(gap))) for month, gap in enumerate(study.gap)])
    for month, gap in enumerate(study.gap.tolist()):
        _mark(pdf, frame.x(month), frame.y(gap), abs(gap) > study.half)


def _scales(pdf: FPDF, study: Study, frame: _Frame) -> None:
    """Round numbers of facts, names of some months."""
    _ink(pdf, _GREY, 8)
    for value in ticks(frame.most):
        y, words = frame.y(value), sheet.safe(number(value))
        pdf.set_draw_color(*rgb(_GREY if value == 0 else HAIRLINE))
        pdf.set_line_width(0.25 if value == 0 else 0.12)
        pdf.line(frame.left, y, frame.right, y)
        pdf.text(frame.left - 1.5 - pdf.get_string_width(words), y + 1, words)
    every = max(1, -(-int(_LABEL_MM * frame.size) // int(frame.right - frame.left)))
    for month in range(0, frame.size, every):
        words = sheet.safe(study.names[month])
        x = frame.x(month) - pdf.get_string_width(words) / 2
        pdf.text(max(x, frame.left), frame.bottom + 4.6, words)


def _mark(pdf: FPDF, x: float, y: float, outside: bool) -> None:
    pdf.set_draw_color(*rgb(PAPER))
    pdf.set_line_width(0.2)
    pdf.set_fill_color(*rgb(HOT["solide"].fill if outside else ACCENT))
    if outside:
        pdf.rect(x - _MARK, y - _MARK, 2 * _MARK, 2 * _MARK, style="DF")
    else:
        pdf.circle(x, y, _MARK, style="DF")


def _ink(pdf: FPDF, colour: str, points: float) -> None:
    pdf.set_font(FAMILY, "", points)
    pdf.set_text_color(*rgb(colour))
