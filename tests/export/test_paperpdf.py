"""A paper as a tagged PDF: the structure that a screen reader walks, nothing drawn outside it, and the words in their order."""

from __future__ import annotations

import ctypes
import re
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium
import pytest

from geoservice.export.drawing import Drawing, Group, Label, Paint, Path
from geoservice.export.eventchart import Study
from geoservice.export.fonts import FONT
from geoservice.export.paper import Bars, Charts, Events, Heading, Paper, Paragraph, Picture, Pictures, bullets, table
from geoservice.export.paperpdf import Edition, to_pdf

ROWS = 60
WORDS = "Carte de trois hexagones."
STUDIED = "Un mois après le début sort de la bande."


def drawn() -> Drawing:
    ring = Path((np.array([[10.0, 10.0], [90.0, 10.0], [50.0, 80.0]]),), True)
    return Drawing(100, 90, "Carte", WORDS, "#f4f6f7", (Group("a", Paint("#5c6eb2"), (ring,)),),
                   (Label(50, 40, "1", 12, "#1b2733"),))


@pytest.fixture(scope="module")
def made() -> bytes:
    paper = Paper("CLSPD du 12 sept. 2026", (
        Heading("À retenir"), bullets("Bailleur : 12 faits.", "Ville : 4 faits, « côte à côte »."),
        Paragraph("Une phrase. " * 60),
        Pictures((Picture(drawn(), "Faits", (("#5c6eb2", "1 à 3 faits"),)),)),
        Charts((Bars("Mois", (3, 0, 7), ("janv.", "", "mars"), "Faits par mois : 3, 0, 7."),)),
        Events("Au-delà des témoins", Study(np.array([1.0, -0.5, -9.0]), 2.0, 2, ["04/2026", "05/2026", "06/2026"]), STUDIED),
        Heading("Résidences", 3),
        table(("Résidence", "Faits", "N°"), [(f"Résidence {row} \x00\ud800 <b>", str(row), f"[{row}]") for row in range(ROWS)])))
    return to_pdf(paper, Edition(("Tout le territoire",), "pied", datetime(2026, 9, 12, tzinfo=UTC)), FONT)


def walk(made: bytes) -> Iterator[tuple[int, int, str, str]]:
    """(page, depth, kind, alternative) of every element, as a reader of PDF sees them."""
    def text(get, element) -> str:
        size = get(element, None, 0)
        buffer = ctypes.create_string_buffer(size)
        get(element, buffer, size)
        return buffer.raw[:size].decode("utf-16-le").rstrip("\0")

    def below(element, page: int, depth: int) -> Iterator[tuple[int, int, str, str]]:
        yield page, depth, text(pdfium.FPDF_StructElement_GetType, element), text(pdfium.FPDF_StructElement_GetAltText, element)
        for place in range(pdfium.FPDF_StructElement_CountChildren(element)):
            child = pdfium.FPDF_StructElement_GetChildAtIndex(element, place)
            if child:
                yield from below(child, page, depth + 1)

    with pypdfium2.PdfDocument(made) as document:
        for number in range(len(document)):
            page = document[number]
            tree = pdfium.FPDF_StructTree_GetForPage(page.raw)
            for place in range(pdfium.FPDF_StructTree_CountChildren(tree)):
                yield from below(pdfium.FPDF_StructTree_GetChildAtIndex(tree, place), number, 0)
            pdfium.FPDF_StructTree_Close(tree)
            page.close()


def test_the_tree_says_what_everything_is(made) -> None:
    found = list(walk(made))
    kinds = [kind for _, _, kind, _ in found]
    assert {"Document", "H1", "H2", "H3", "P", "L", "LI", "Lbl", "LBody", "Table", "TR", "TH", "TD", "Figure",
            "Caption"} == set(kinds)
    assert kinds.count("H1") == 1
    assert kinds.count("LI") == 2
    assert kinds.count("TD") == 2 * ROWS
    assert kinds.count("TH") == 3 + ROWS
    assert [alt for _, _, kind, alt in found if kind == "Figure"] == [WORDS, "Faits par mois : 3, 0, 7.", STUDIED]
    depth = {kind: depth for _, depth, kind, _ in found}
    assert depth["TD"] == depth["TR"] + 1 == depth["Table"] + 2
    assert len({page for page, *_ in found}) >= 2  # the table goes on over a page


def contents(made: bytes) -> list[str]:
    """The content of each page."""
    streams = [zlib.decompress(found) for found in re.findall(rb"/FlateDecode.*?stream\r?\n(.*?)\r?\nendstream", made, re.DOTALL)
               if found[:1] == b"x"]
    return [stream.decode("latin-1") for stream in streams if b" BDC" in stream]


def test_nothing_is_drawn_outside_the_structure(made) -> None:
    looked = 0
    for content in contents(made):
        depth = 0
        for line in content.splitlines():
            opened, closed = len(re.findall(r"\b(?:BDC|BMC)\b", line)), len(re.findall(r"\bEMC\b", line))
            if re.search(r"(?:Tj|TJ|\bre f|\bS$|\bf$|\bB$|\bf\*$|\bB\*$)", line):
                assert depth > 0 or opened, line[:200]
                looked += 1
            depth += opened - closed
            assert depth in (0, 1), line[:200]
        assert depth == 0
    assert looked > 3 * ROWS


def test_it_says_its_language_title_and_heads(made) -> None:
    assert b"/Lang (fr-FR)" in made or b"/Lang <" in made
    for words in (b"/MarkInfo <</Marked true>>", b"/StructTreeRoot", b"/DisplayDocTitle true", b"/O /Table /Scope /Column",
                  b"/O /Table /Scope /Row", b"/O /Layout /BBox"):
        assert words in made or words.replace(b" <<", b"\n<<") in made, words
    with pypdfium2.PdfDocument(made) as document:
        assert document.get_metadata_dict()["Title"] == "CLSPD du 12 sept. 2026"
        text = document[0].get_textpage().get_text_range()
        assert "« côte à côte »" in text.replace("\u202f", "\xa0").replace("\xa0", " ")
    assert b"/Subtype /Image" not in made  # the map is lines and fills


def test_every_row_is_there_once(made) -> None:
    with pypdfium2.PdfDocument(made) as document:
        text = "".join(page.get_textpage().get_text_range() for page in document)
    assert all(f"Résidence {row} " in text for row in range(ROWS))
    assert text.count("Page 1 sur") == 1
