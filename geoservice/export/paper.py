"""A paper of headings, paragraphs, lists and tables: as Markdown to be completed, and as one HTML file to be read and printed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from geoservice.export.drawing import Drawing
from geoservice.export.eventchart import Study
from geoservice.export.french import typeset
from geoservice.export.svg import to_svg

TO_COMPLETE = "à compléter par le responsable de traitement"
MARK = f"« {TO_COMPLETE} »"
TENTH_MM = 0.1  # a pixel of a drawing to scale
_STYLE = """
body{font:11pt/1.45 "Source Sans 3",system-ui,sans-serif;color:#1b2733;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.7rem;line-height:1.2} h2{font-size:1.25rem;margin-top:2.2rem;border-bottom:1px solid #c9d1d9} h3{font-size:1.05rem}
table{border-collapse:collapse;width:100%;margin:.8rem 0}
th,td{border:1px solid #c9d1d9;padding:.35rem .5rem;text-align:left;vertical-align:top} th{background:#eef2f5}
mark{background:#fff1b8} p.note{color:#4d5b67}
@media print{h2{break-after:avoid} tr{break-inside:avoid}}
"""


@dataclass(frozen=True)
class Heading:
    """Level 2 or 3; the paper's title is level 1."""

    text: str
    level: int = 2


@dataclass(frozen=True)
class Paragraph:
    """Plain text; `note`: an aside."""

    text: str
    note: bool = False


@dataclass(frozen=True)
class Bullets:
    """A list of plain texts; `boxes`: to be ticked."""

    items: tuple[str, ...]
    boxes: bool = False


@dataclass(frozen=True)
class Table:
    """Rows of plain texts under heads, equally many."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Picture:
    """A drawing, whose own description is read to those who do not see it; what its colours mean (colour, words)."""

    drawing: Drawing
    caption: str
    legend: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Pictures:
    """Drawings side by side, of one size."""

    items: tuple[Picture, ...]


@dataclass(frozen=True)
class Scaled:
    """A drawing of tenths of a millimetre at its true size, on a page of its own with the heading before it (wider than A4: on
    A3); legend: small drawings with their words."""

    drawing: Drawing
    caption: str
    legend: tuple[tuple[Drawing, str], ...]


@dataclass(frozen=True)
class Bars:
    """A series as columns: a caption, values, what stands under some of them, and the series in words."""

    caption: str
    values: tuple[int, ...]
    labels: tuple[str, ...]
    words: str


@dataclass(frozen=True)
class Charts:
    """Series side by side; each has its own scale."""

    items: tuple[Bars, ...]


@dataclass(frozen=True)
class Events:
    """An event study: a caption, its months, and the series in words."""

    caption: str
    study: Study
    words: str


Block = Heading | Paragraph | Bullets | Table | Pictures | Scaled | Charts | Events


@dataclass(frozen=True)
class Paper:
    """What is written; texts are plain, in French, and may hold anything that people type."""

    title: str
    blocks: tuple[Block, ...]


def to_markdown(paper: Paper) -> str:
    """The paper as Markdown (tables as GitHub writes them)."""
    parts = [f"# {_plain(paper.title)}"]
    for block in paper.blocks:
        if isinstance(block, Heading):
            parts.append(f"{'#' * block.level} {_plain(block.text)}")
        elif isinstance(block, Paragraph):
            parts.append(f"> {_plain(block.text)}" if block.note else _plain(block.text))
        elif isinstance(block, Bullets):
            parts.append("\n".join(f"- {'[ ] ' if block.boxes else ''}{_plain(item)}" for item in block.items))
        elif isinstance(block, Pictures | Charts):
            parts += [_plain(f"{item.caption} — {_words_of(item)}") for item in block.items]
        elif isinstance(block, Scaled):
            parts.append(_plain(f"{block.caption} — {block.drawing.description}"))
        elif isinstance(block, Events):
            parts.append(_plain(f"{block.caption} — {block.words}"))
        else:
            lines = [block.head, ("---",) * len(block.head), *block.rows]
            parts.append("\n".join("| " + " | ".join(_plain(cell) for cell in line) + " |" for line in lines))
    return "\n\n".join(parts) + "\n"


def to_html(paper: Paper) -> str:
    """The paper as one file without script or reference outside; what is to be completed stands out."""
    body = "\n".join([f"<h1>{_marked(paper.title)}</h1>", *(_html(block) for block in paper.blocks)])
    return (f'<!doctype html>\n<html lang="fr"><head><meta charset="utf-8"><title>{typeset(escape(paper.title))}</title>'
            f"<style>{_STYLE}</style></head><body>\n{body}\n</body></html>\n")


def _words_of(item: Picture | Bars) -> str:
    return item.drawing.description if isinstance(item, Picture) else item.words


def _html(block: Block) -> str:
    if isinstance(block, Heading):
        return f"<h{block.level}>{_marked(block.text)}</h{block.level}>"
    if isinstance(block, Paragraph):
        return f'<p class="note">{_marked(block.text)}</p>' if block.note else f"<p>{_marked(block.text)}</p>"
    if isinstance(block, Bullets):
        box = "☐ " if block.boxes else ""
        return "<ul>" + "".join(f"<li>{box}{_marked(item)}</li>" for item in block.items) + "</ul>"
    if isinstance(block, Pictures):
        return "".join(f"<figure>{to_svg(item.drawing).decode()}<figcaption>{_marked(item.caption)}</figcaption></figure>"
                       for item in block.items)
    if isinstance(block, Scaled):
        return f"<figure>{to_svg(block.drawing, TENTH_MM).decode()}<figcaption>{_marked(block.caption)}</figcaption></figure>"
    if isinstance(block, Charts):
        return "".join(f"<p>{_marked(f'{item.caption}. {item.words}')}</p>" for item in block.items)
    if isinstance(block, Events):
        return f"<p>{_marked(f'{block.caption}. {block.words}')}</p>"
    head = "".join(f'<th scope="col">{_marked(cell)}</th>' for cell in block.head)
    rows = "".join("<tr>" + "".join(f"<td>{_marked(cell)}</td>" for cell in row) + "</tr>" for row in block.rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _marked(text: str) -> str:
    mark = typeset(escape(MARK))
    return typeset(escape(text)).replace(mark, f"<mark>{mark}</mark>")


def _plain(text: str) -> str:
    """A text that Markdown leaves alone."""
    line = " ".join(text.split(" ")).replace("\n", " ").replace("\r", " ")
    for letter in "\\`*_<>|#":
        line = line.replace(letter, f"\\{letter}")
    return typeset(line)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """A table of anything that is a row."""
    return Table(tuple(head), tuple(tuple(row) for row in rows))


def bullets(*items: str, boxes: bool = False) -> Bullets:
    """A list."""
    return Bullets(tuple(items), boxes)
