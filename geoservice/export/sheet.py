"""An A4 sheet: title, filters in words, the map drawn as lines and fills, legend, table, sources and method. PDF by fpdf2."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path as File
from typing import TYPE_CHECKING

from geoservice.export import french
from geoservice.export.drawing import Drawing, Group, Label
from geoservice.export.fonts import fixed
from geoservice.export.palette import ACCENT, HAIRLINE, INK, PAPER, rgb

if TYPE_CHECKING:
    from fpdf import FPDF

MARGIN_MM, WIDTH_MM = 15.0, 180.0
_FAMILY = "Source Sans 3"
_GREY = "#4d5b67"
_POINTS_A_MM = 72 / 25.4


@dataclass(frozen=True)
class Row:
    """A line of the table; texts as people read them. `tested`: what stands after the count, by the columns of the table."""

    number: int
    place: str
    count: str
    tested: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """What stands beside the legend: a heading, then columns after « N° », « Repère » and « Faits » with their widths (mm)."""

    heading: str
    columns: tuple[tuple[str, float], ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Sheet:
    """Everything on the sheet, already in French; `legend` is (colour, bounds, cells)."""

    title: str
    territory: str
    period: str
    filters: tuple[str, ...]
    figures: tuple[str, ...]
    drawing: Drawing
    scale_m: tuple[float, str]  # metres a pixel of the drawing, and the words under the legend
    legend: tuple[tuple[str, str, str], ...]
    legend_title: str
    table: Table
    sources: tuple[str, ...]
    method: tuple[str, ...]
    edited: datetime


def to_pdf(sheet: Sheet, font: File) -> bytes:
    """The PDF; `font` is the variable Source Sans 3 (woff2) of the page, embedded as the letters that are used."""
    pdf = _document(sheet, font)
    _head(pdf, sheet)
    top = pdf.get_y() + 2
    height = WIDTH_MM * sheet.drawing.height / sheet.drawing.width
    draw(pdf, sheet.drawing, (MARGIN_MM, top, WIDTH_MM, height))
    _scale_bar(pdf, sheet, top + height)
    pdf.set_y(top + height + 4)
    below = pdf.get_y()
    _legend(pdf, sheet)
    after = pdf.get_y()
    pdf.set_y(below)
    _table(pdf, sheet.table)
    pdf.set_y(max(after, pdf.get_y()) + 4)
    _notes(pdf, "Comment lire cette carte", sheet.method)
    _notes(pdf, "Sources et licences", sheet.sources)
    return bytes(pdf.output())


def _document(sheet: Sheet, font: File) -> FPDF:
    from fpdf import FPDF

    class Numbered(FPDF):
        """Pages that say which they are, and of how many."""

        def footer(self) -> None:
            self.set_y(-11)
            _ink(self, _GREY, 8.5)
            self.cell(WIDTH_MM / 2, 5, safe(f"{sheet.title} – édité le {french.day(sheet.edited.date())}"))
            self.cell(WIDTH_MM / 2, 5, f"Page {self.page_no()} sur {{nb}}", align="R")

    pdf = Numbered(format="A4")
    pdf.set_lang("fr-FR")
    pdf.set_title(safe(sheet.title))
    pdf.set_creator("geoservice")
    pdf.set_creation_date(sheet.edited.astimezone(UTC))
    pdf.set_margins(MARGIN_MM, 13, MARGIN_MM)
    pdf.set_auto_page_break(True, 16)
    for style, file in fixed(font).items():
        pdf.add_font(_FAMILY, style, file)
    pdf.c_margin = 0
    pdf.add_page()
    return pdf


def _head(pdf: FPDF, sheet: Sheet) -> None:
    _ink(pdf, INK, 19, bold=True)
    pdf.multi_cell(WIDTH_MM, 8, safe(sheet.territory), new_x="LMARGIN", new_y="NEXT")
    _ink(pdf, INK, 12.5)
    pdf.multi_cell(WIDTH_MM, 5.6, safe(f"{sheet.title}, {sheet.period}"), new_x="LMARGIN", new_y="NEXT")
    _ink(pdf, _GREY, 10)
    text = f" {french.NNBSP}· ".join(sheet.filters) or "Aucun autre filtre."
    pdf.multi_cell(WIDTH_MM, 4.8, safe(text), new_x="LMARGIN", new_y="NEXT")
    _ink(pdf, INK, 10, bold=True)
    pdf.multi_cell(WIDTH_MM, 4.8, safe(" ".join(sheet.figures)), new_x="LMARGIN", new_y="NEXT")


def draw(pdf: FPDF, drawing: Drawing, place: tuple[float, float, float, float]) -> None:
    """The drawing in a rectangle of millimetres (x, y, width, height), cut at its edge."""
    x, y, width, height = place
    scale = width / drawing.width
    with pdf.local_context(), pdf.rect_clip(x, y, width, height):
        pdf.set_fill_color(*rgb(drawing.ground))
        pdf.rect(x, y, width, height, style="F")
        for group in drawing.groups:
            if group.paths:
                _group(pdf, group, (x, y, scale))
        for label in drawing.labels:
            _label(pdf, label, (x, y, scale))
    pdf.set_draw_color(*rgb(HAIRLINE))
    pdf.set_line_width(0.2)
    pdf.rect(x, y, width, height)


def _group(pdf: FPDF, group: Group, place: tuple[float, float, float]) -> None:
    """One path for the whole group: a PDF of 3,000 hexagons stays small."""
    from fpdf.drawing import PaintedPath
    from fpdf.drawing_primitives import DeviceRGB
    from fpdf.enums import IntersectionRule, StrokeCapStyle, StrokeJoinStyle

    x, y, scale = place
    paint = group.paint
    path = PaintedPath()
    for part, closed in ((part, path_.closed) for path_ in group.paths for part in path_.parts):
        points = (part * scale + (x, y)).round(3).tolist()
        path.move_to(*points[0])
        for point in points[1:]:
            path.line_to(*point)
        if closed:
            path.close()
    style = path.style
    style.auto_close = False
    style.fill_color = DeviceRGB(*(part / 255 for part in rgb(paint.fill))) if paint.fill else None
    style.stroke_color = DeviceRGB(*(part / 255 for part in rgb(paint.stroke))) if paint.stroke else None
    style.fill_opacity = paint.opacity if paint.fill else 1
    style.stroke_opacity = 1 if paint.fill else paint.opacity
    style.stroke_width = paint.width * scale
    style.stroke_join_style = StrokeJoinStyle.ROUND
    style.stroke_cap_style = StrokeCapStyle.BUTT if paint.dash else StrokeCapStyle.ROUND
    style.stroke_dash_pattern = [length * scale for length in paint.dash] or None
    style.intersection_rule = IntersectionRule.EVENODD
    with pdf.drawing_context() as context:
        context.add_item(path, clone=False)  # it is ours alone: the copy of 5,000 hexagons takes a second


def _label(pdf: FPDF, label: Label, place: tuple[float, float, float]) -> None:
    """A text, on a small disc of paper unless it stands free."""
    x, y, scale = place
    size, text = label.size * scale * _POINTS_A_MM, safe(label.text)
    middle, centre, radius = x + label.x * scale, y + label.y * scale, label.size * scale * 0.85
    if label.anchor == "middle":
        pdf.set_fill_color(*rgb(PAPER))
        pdf.set_draw_color(*rgb(label.colour))
        pdf.set_line_width(0.2)
        pdf.ellipse(middle - radius, centre - radius, 2 * radius, 2 * radius, style="DF")
    _ink(pdf, label.colour, size, label.bold)
    before = 0 if label.anchor == "start" else pdf.get_string_width(text) / 2
    pdf.text(middle - before, centre + 0.34 * size / _POINTS_A_MM, text)


def _scale_bar(pdf: FPDF, sheet: Sheet, bottom: float) -> None:
    """A round length on the ground, at the foot of the map."""
    metres_a_mm = sheet.scale_m[0] * sheet.drawing.width / WIDTH_MM
    steps = [step * 10**power for power in range(7) for step in (1, 2, 5)]
    length = max([1, *(step for step in steps if step <= 35 * metres_a_mm)])
    words = f"{french.number(length)}{french.NNBSP}m" if length < 1_000 else f"{french.number(length / 1_000)}{french.NNBSP}km"
    words = safe(words)
    width, x, y = length / metres_a_mm, MARGIN_MM + 3, bottom - 4
    pdf.set_fill_color(*rgb(PAPER))
    pdf.rect(x - 1.5, y - 4.8, width + 3, 6.6, style="F")
    pdf.set_draw_color(*rgb(INK))
    pdf.set_line_width(0.4)
    pdf.line(x, y, x + width, y)
    for end in (x, x + width):
        pdf.line(end, y - 1.2, end, y)
    _ink(pdf, INK, 8.5)
    pdf.text(x + width / 2 - pdf.get_string_width(words) / 2, y - 1.5, words)


def _legend(pdf: FPDF, sheet: Sheet) -> None:
    _heading(pdf, sheet.legend_title, 58)
    for colour, bounds, cells in sheet.legend:
        y = pdf.get_y()
        pdf.set_fill_color(*rgb(colour))
        pdf.set_draw_color(*rgb(_GREY))
        pdf.set_line_width(0.15)
        pdf.rect(MARGIN_MM, y + 0.8, 6, 3.6, style="DF")
        _ink(pdf, INK, 10)
        pdf.set_x(MARGIN_MM + 8)
        pdf.cell(max(22, pdf.get_string_width(safe(bounds)) + 3), 5.2, safe(bounds))
        _ink(pdf, _GREY, 9)
        pdf.cell(26, 5.2, safe(cells), new_x="LMARGIN", new_y="NEXT")
    _ink(pdf, _GREY, 8.5)
    pdf.ln(0.8)
    pdf.multi_cell(58, 4, safe(sheet.scale_m[1]), new_x="LMARGIN", new_y="NEXT", align="L")
    _line_key(pdf)


def _line_key(pdf: FPDF) -> None:
    """What the dashed line means."""
    y = pdf.get_y() + 3
    pdf.set_draw_color(*rgb(INK))
    pdf.set_line_width(0.35)
    pdf.set_dash_pattern(1.2, 0.8)
    pdf.line(MARGIN_MM, y, MARGIN_MM + 6, y)
    pdf.set_dash_pattern()
    _ink(pdf, INK, 10)
    pdf.set_xy(MARGIN_MM + 8, y - 2.6)
    pdf.cell(50, 5.2, "Quartier prioritaire (QPV)", new_x="LMARGIN", new_y="NEXT")


def _table(pdf: FPDF, table: Table) -> None:
    """Beside the legend; numbers are those on the map. Nothing where there are no rows."""
    if not table.rows:
        return
    left, more = MARGIN_MM + 64, tuple(width for _, width in table.columns)
    widths = (8.0, 116.0 - 8.0 - 14.0 - sum(more), 14.0, *more)
    aligned = "LLR" + "R" * len(more)
    pdf.set_x(left)
    _heading(pdf, table.heading, sum(widths), left)
    _ink(pdf, _GREY, 9)
    pdf.set_x(left)
    for text, width, align in zip(("N°", "Repère", "Faits", *(name for name, _ in table.columns)), widths, aligned, strict=True):
        pdf.cell(width, 4.6, safe(text), align=align)
    pdf.ln()
    for row in table.rows:
        y = pdf.get_y()
        pdf.set_draw_color(*rgb(HAIRLINE))
        pdf.set_line_width(0.2)
        pdf.line(left, y, left + sum(widths), y)
        pdf.set_x(left)
        _ink(pdf, INK, 10)
        for text, width, align in zip((str(row.number), row.place, row.count, *row.tested), widths, aligned, strict=True):
            pdf.cell(width, 5.2, _fitted(pdf, safe(text), width - 2), align=align)
        pdf.ln()


def _heading(pdf: FPDF, text: str, width: float, left: float = MARGIN_MM) -> None:
    _ink(pdf, ACCENT, 10.5, bold=True)
    pdf.set_x(left)
    pdf.multi_cell(width, 5.4, safe(text), new_x="LMARGIN", new_y="NEXT", align="L")


def _notes(pdf: FPDF, title: str, sentences: Sequence[str]) -> None:
    _heading(pdf, title, WIDTH_MM)
    _ink(pdf, INK, 9)
    pdf.multi_cell(WIDTH_MM, 4.3, safe(" ".join(sentences)), new_x="LMARGIN", new_y="NEXT", align="L")
    pdf.ln(1.6)


def _ink(pdf: FPDF, colour: str, points: float, bold: bool = False) -> None:
    pdf.set_font(_FAMILY, "B" if bold else "", points)
    pdf.set_text_color(*rgb(colour))


def _fitted(pdf: FPDF, text: str, width: float) -> str:
    """A text cut to a width, with an ellipsis where something is missing."""
    if pdf.get_string_width(text) <= width:
        return text
    while text and pdf.get_string_width(f"{text}…") > width:
        text = text[:-1]
    return f"{text.rstrip()}…"


def safe(text: str) -> str:
    """Without controls and lone surrogates, which no font can show; the font has no narrow space, so the usual one."""
    shown = text.replace(french.NNBSP, "\u00a0")
    return "".join(c for c in shown if c >= " " and not 0xD800 <= ord(c) <= 0xDFFF and not 0x7F <= ord(c) < 0xA0)
