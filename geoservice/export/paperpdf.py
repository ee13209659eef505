"""A paper as a tagged PDF on A4: headings, paragraphs, lists, tables, drawings as vectors, series as columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from geoservice.export import eventpdf, sheet
from geoservice.export.drawing import Drawing
from geoservice.export.palette import ACCENT, COUNTS, GROUND, HAIRLINE, INK, rgb
from geoservice.export.paper import (
    TENTH_MM,
    Bars,
    Bullets,
    Charts,
    Events,
    Heading,
    Paper,
    Paragraph,
    Picture,
    Pictures,
    Scaled,
    Table,
)
from geoservice.export.sheet import MARGIN_MM, WIDTH_MM
from geoservice.export.tagged import FAMILY, Tagged

_GREY = "#4d5b67"
_BOTTOM = 279.0  # millimetres from the top: below stands the foot
_HEADED = 34.0  # with what it heads
_GAP = 6.0
_KEY_MM = 90.0  # of an entry of a legend
_LINE = {10: 4.8, 9: 4.4}
_NUMBER = re.compile(r"[\d\u202f\u00a0\s,.%+−–—×()-]*|\d.*(à|sur|×).*\d.*|non .{0,12}")


@dataclass(frozen=True)
class Edition:
    """What stands around a paper: who and what under its title, the foot of every page, and the moment."""

    subtitle: tuple[str, ...]
    foot: str
    moment: datetime


def to_pdf(paper: Paper, edition: Edition, font: Path) -> bytes:
    """The PDF; `font` is the variable Source Sans 3 of the page, embedded as the letters that are used."""
    title = sheet.safe(paper.title)

    class Numbered(Tagged):
        """Pages that say which they are, and of how many."""

        def footer(self) -> None:
            with self.beside():
                self.set_xy(MARGIN_MM, -11)
                _ink(self, _GREY, 8)
                self.cell(self.w - 2 * MARGIN_MM - 30, 5, sheet.safe(edition.foot))
                self.cell(30, 5, f"Page {self.page_no()} sur {{nb}}", align="R")

    pdf = Numbered(title, edition.moment, font)
    pdf.set_margins(MARGIN_MM, 14, MARGIN_MM)
    pdf.set_auto_page_break(False)
    pdf.add_page()
    _text(pdf, "H1", paper.title, (20, True, INK), 8.4)
    for line in edition.subtitle:
        _text(pdf, "P", line, (10.5, False, _GREY), 5.2)
    _rule(pdf)
    for place, block in enumerate(paper.blocks):
        after = paper.blocks[place + 1] if isinstance(block, Heading) and place + 1 < len(paper.blocks) else None
        if isinstance(after, Heading):
            _room(pdf, _HEADED + 14)  # a heading of headings goes where the next one goes
        elif isinstance(after, Scaled):
            pdf.add_page(*(("L", "A3") if _mm(after.drawing)[0] > WIDTH_MM else ()))
        _DRAWN[type(block)](pdf, block)
        if isinstance(block, Heading):
            continue
        pdf.set_y(pdf.get_y() + (1.2 if place + 1 < len(paper.blocks) else 0))
    return bytes(pdf.output())


def _ink(pdf: Tagged, colour: str, points: float, bold: bool = False) -> None:
    pdf.set_font(FAMILY, "B" if bold else "", points)
    pdf.set_text_color(*rgb(colour))


def _room(pdf: Tagged, height: float) -> None:
    """A new page where a thing of this height does not fit."""
    if pdf.get_y() + height > _BOTTOM:
        pdf.add_page()


def _lines(pdf: Tagged, text: str, width: float) -> int:
    shown = sheet.safe(text)
    if pdf.get_string_width(shown) <= width:
        return 1  # most are: laying words out costs more
    return max(1, len(pdf.multi_cell(width, 1, shown, dry_run=True, output="LINES", align="L")))


def _text(pdf: Tagged, kind: str, text: str, look: tuple[float, bool, str], line: float, left: float = MARGIN_MM,
          width: float = WIDTH_MM) -> None:
    """A text of one look (points, bold, colour) as an element of its own."""
    points, bold, colour = look
    _ink(pdf, colour, points, bold)
    _room(pdf, _lines(pdf, text, width) * line)
    pdf.set_x(left)
    with pdf.leaf(kind):
        _ink(pdf, colour, points, bold)
        pdf.multi_cell(width, line, sheet.safe(text), new_x="LMARGIN", new_y="NEXT", align="L")


def _rule(pdf: Tagged) -> None:
    y = pdf.get_y() + 1.6
    with pdf.beside():
        pdf.set_draw_color(*rgb(ACCENT))
        pdf.set_line_width(0.6)
        pdf.line(MARGIN_MM, y, MARGIN_MM + WIDTH_MM, y)
    pdf.set_y(y + 1.4)


def _heading(pdf: Tagged, block: Heading) -> None:
    _room(pdf, _HEADED)
    first = block.level == 2
    pdf.set_y(pdf.get_y() + (3.6 if first else 2.0))
    _text(pdf, f"H{block.level}", block.text, (14 if first else 11, True, ACCENT if first else INK), 6.4 if first else 5.2)
    pdf.set_y(pdf.get_y() + 0.6)


def _paragraph(pdf: Tagged, block: Paragraph) -> None:
    _text(pdf, "P", block.text, (9, False, _GREY) if block.note else (10, False, INK), _LINE[9 if block.note else 10])


def _bullets(pdf: Tagged, block: Bullets) -> None:
    with pdf.within("L"):
        for item in block.items:
            _ink(pdf, INK, 10)
            _room(pdf, _lines(pdf, item, WIDTH_MM - 5) * 4.8 + 0.6)
            with pdf.within("LI"):
                y = pdf.get_y()
                with pdf.leaf("Lbl"):
                    _mark(pdf, y, block.boxes)
                pdf.set_y(y)
                _text(pdf, "LBody", item, (10, False, INK), 4.8, MARGIN_MM + 5, WIDTH_MM - 5)
            pdf.set_y(pdf.get_y() + 0.6)


def _mark(pdf: Tagged, y: float, box: bool) -> None:
    """A dot, or a box to be ticked: the font has none."""
    if box:
        pdf.set_draw_color(*rgb(INK))
        pdf.set_line_width(0.25)
        pdf.rect(MARGIN_MM + 0.6, y + 1, 2.8, 2.8)
    else:
        pdf.set_x(MARGIN_MM + 0.8)
        pdf.cell(4, 4.8, "•")


# --- tables

def _table(pdf: Tagged, block: Table) -> None:
    """Columns as wide as what they hold, the first with text taking what is left; heads again on every page."""
    if not block.rows:
        return
    widths, right = _widths(pdf, block), [_numeric(block, column) for column in range(len(block.head))]
    with pdf.within("Table"):
        _room(pdf, 18)
        _row(pdf, block.head, (widths, right), head=True)
        for row in block.rows:
            _ink(pdf, INK, 9.5)
            if pdf.get_y() + _height(pdf, row, widths) > _BOTTOM:
                pdf.add_page()
                _again(pdf, block.head, (widths, right))
            _row(pdf, row, (widths, right))
    pdf.set_y(pdf.get_y() + 1)


def _numeric(block: Table, column: int) -> bool:
    """Whether a column is of numbers, which stand on the right."""
    return all(_NUMBER.fullmatch(row[column]) for row in block.rows)


def _widths(pdf: Tagged, block: Table) -> list[float]:
    wanted = []
    for column, head in enumerate(block.head):
        _ink(pdf, INK, 8.5)
        least = max(pdf.get_string_width(sheet.safe(word)) for word in (head.split(" ") or [""]))
        whole = pdf.get_string_width(sheet.safe(head))
        _ink(pdf, INK, 9.5)
        held = max(pdf.get_string_width(sheet.safe(row[column])) for row in block.rows)
        wanted.append(max(held, least, min(whole, 22.0)) + 4)
    if (spare := WIDTH_MM - sum(wanted)) > 0:
        return [wanted[0] + spare, *wanted[1:]]
    return _capped(wanted)


def _capped(wanted: list[float]) -> list[float]:
    """Columns that are wider than what fits get the same width, the others what they want."""
    left, many = WIDTH_MM, len(wanted)
    for width in sorted(wanted):
        if width > left / many:
            break
        left, many = left - width, many - 1
    return [min(width, left / max(many, 1)) for width in wanted]


def _height(pdf: Tagged, row: Sequence[str], widths: Sequence[float]) -> float:
    return max(_lines(pdf, text, width - 3) for text, width in zip(row, widths, strict=True)) * 4.5 + 1.3


def _row(pdf: Tagged, row: Sequence[str], how: tuple[list[float], list[bool]], head: bool = False) -> None:
    _cells(pdf, row, how, head, lambda first: pdf.leaf("TH", attributes="<</O /Table /Scope /Column>>") if head
           else pdf.leaf("TH", attributes="<</O /Table /Scope /Row>>") if first else pdf.leaf("TD"))


def _again(pdf: Tagged, row: Sequence[str], how: tuple[list[float], list[bool]]) -> None:
    """The heads on a further page, for the eye: the tree has them once."""
    _cells(pdf, row, how, True, lambda _first: pdf.beside(), False)


def _cells(pdf: Tagged, row: Sequence[str], how: tuple[list[float], list[bool]], head: bool, inside: Callable[[bool], Any],
           told: bool = True) -> None:
    (widths, right), look = how, ((_GREY, 8.5) if head else (INK, 9.5))
    _ink(pdf, *look)
    height, y, x = _height(pdf, row, widths), pdf.get_y(), MARGIN_MM
    if told:
        pdf.struct_builder.open.append(pdf.struct_builder.add("TR"))
    for place, (text, width, numbers) in enumerate(zip(row, widths, right, strict=True)):
        pdf.set_xy(x, y + 0.6)
        with inside(place == 0):
            _ink(pdf, *look)
            pdf.multi_cell(width - 3, 4.5, sheet.safe(text), align="R" if numbers and place else "L", new_x="RIGHT", new_y="TOP")
        x += width
    if told:
        pdf.struct_builder.open.pop()
    with pdf.beside():
        pdf.set_draw_color(*rgb(_GREY if head else HAIRLINE))
        pdf.set_line_width(0.25 if head else 0.15)
        pdf.line(MARGIN_MM, y + height, MARGIN_MM + WIDTH_MM, y + height)
    pdf.set_xy(MARGIN_MM, y + height)


# --- figures

def _pictures(pdf: Tagged, block: Pictures) -> None:
    width = (WIDTH_MM - _GAP * (len(block.items) - 1)) / len(block.items)
    height = max(width * item.drawing.height / item.drawing.width for item in block.items)
    legend = max(len(item.legend) for item in block.items)
    _room(pdf, height + 16 + 4.4 * (legend + 1) // 2)
    top, bottom = pdf.get_y(), 0.0
    for place, item in enumerate(block.items):
        x = MARGIN_MM + place * (width + _GAP)
        pdf.set_y(top)
        _text(pdf, "Caption", item.caption, (9.5, True, INK), 4.6, x, width)
        y = pdf.get_y() + 0.6
        with _figure(pdf, item.drawing.description, (x, y, width, height)):
            sheet.draw(pdf, item.drawing, (x, y, width, width * item.drawing.height / item.drawing.width))
        pdf.set_y(y + height + 1)
        _legend(pdf, item, x, width)
        bottom = max(bottom, pdf.get_y())
    pdf.set_y(bottom)


def _figure(pdf: Tagged, words: str, box: tuple[float, float, float, float]) -> Any:
    x, y, width, height = box
    points = " ".join(f"{value * 72 / 25.4:.1f}" for value in (x, 297 - y - height, x + width, 297 - y))
    return pdf.leaf("Figure", sheet.safe(words), f"<</O /Layout /BBox [{points}]>>")


def _legend(pdf: Tagged, item: Picture, left: float, width: float) -> None:
    """What the colours mean, in two columns."""
    y, half = pdf.get_y(), width / 2
    for place, (colour, words) in enumerate(item.legend):
        x, line = left + half * (place % 2), y + 4.4 * (place // 2)
        with pdf.beside():
            pdf.set_fill_color(*rgb(colour))
            pdf.set_draw_color(*rgb(_GREY))
            pdf.set_line_width(0.15)
            pdf.rect(x, line + 0.7, 5, 3, style="DF")
        pdf.set_y(line)
        _text(pdf, "P", words, (8.5, False, INK), 4.4, x + 6.5, half - 7)
    pdf.set_y(y + 4.4 * ((len(item.legend) + 1) // 2))


def _mm(drawing: Drawing) -> tuple[float, float]:
    """Width and height of a drawing to scale, in millimetres."""
    return drawing.width * TENTH_MM, drawing.height * TENTH_MM


def _scaled(pdf: Tagged, block: Scaled) -> None:
    """At its true size; the legend below, in as many columns as fit."""
    width, height = _mm(block.drawing)
    _room(pdf, height + 14)
    y = pdf.get_y()
    with _figure(pdf, block.drawing.description, (MARGIN_MM, y, width, height)):
        sheet.draw(pdf, block.drawing, (MARGIN_MM, y, width, height))
    pdf.set_y(y + height + 1)
    _text(pdf, "Caption", block.caption, (9, False, _GREY), 4.4, width=width)
    columns, top = max(1, int(width // _KEY_MM)), pdf.get_y() + 0.8
    for place, (small, words) in enumerate(block.legend):
        x, line = MARGIN_MM + width / columns * (place % columns), top + 5.0 * (place // columns)
        with pdf.beside():
            sheet.draw(pdf, small, (x, line + 0.4, *_mm(small)))
        pdf.set_y(line)
        _text(pdf, "P", words, (8.5, False, INK), 4.6, x + _mm(small)[0] + 2, width / columns - 11)
    pdf.set_y(top + 5.0 * -(-len(block.legend) // columns))


def _charts(pdf: Tagged, block: Charts) -> None:
    width, height = (WIDTH_MM - _GAP * (len(block.items) - 1)) / len(block.items), 26.0
    _room(pdf, height + 16)
    top, bottom = pdf.get_y(), 0.0
    for place, item in enumerate(block.items):
        x = MARGIN_MM + place * (width + _GAP)
        pdf.set_y(top)
        _text(pdf, "Caption", item.caption, (9.5, True, INK), 4.6, x, width)
        y = pdf.get_y() + 1
        with _figure(pdf, item.words, (x, y, width, height + 4)):
            _columns(pdf, item, (x, y, width, height))
        pdf.set_y(y + height + 5)
        bottom = max(bottom, pdf.get_y())
    pdf.set_y(bottom)


def _columns(pdf: Tagged, item: Bars, box: tuple[float, float, float, float]) -> None:
    x, y, width, height = box
    most, step = max([1, *item.values]), width / max(1, len(item.values))
    pdf.set_fill_color(*rgb(GROUND))
    pdf.rect(x, y, width, height, style="F")
    pdf.set_fill_color(*rgb(COUNTS.colours[3]))
    for place, value in enumerate(item.values):
        tall = (height - 5) * value / most
        if tall:
            pdf.rect(x + step * place + step * 0.12, y + height - tall, step * 0.76, tall, style="F")
    pdf.set_draw_color(*rgb(_GREY))
    pdf.set_line_width(0.2)
    pdf.line(x, y + height, x + width, y + height)
    _ink(pdf, _GREY, 7.5)
    for place, label in enumerate(item.labels):
        if label:
            pdf.text(x + step * place + step * 0.12, y + height + 3.4, sheet.safe(label))
    pdf.text(x + 1, y + 3.4, sheet.safe(f"jusqu’à {most}"))


def _events(pdf: Tagged, block: Events) -> None:
    _room(pdf, eventpdf.HEIGHT_MM + 8)
    _text(pdf, "Caption", block.caption, (9.5, True, INK), 4.6)
    box = (MARGIN_MM, pdf.get_y() + 1, WIDTH_MM, eventpdf.HEIGHT_MM)
    with _figure(pdf, block.words, box):
        eventpdf.draw(pdf, block.study, box)
    pdf.set_y(box[1] + box[3] + 1)


_DRAWN: dict[type, Callable[[Tagged, Any], None]] = {Heading: _heading, Paragraph: _paragraph, Bullets: _bullets, Table: _table,
                                                     Pictures: _pictures, Scaled: _scaled, Charts: _charts, Events: _events}
