"""No page of a paper ends with a heading: what is headed stands under it."""

from __future__ import annotations

from datetime import UTC, datetime

import pypdfium2
import pytest

from geoservice.export.fonts import FONT
from geoservice.export.paper import Heading, Paper, Paragraph
from geoservice.export.paperpdf import Edition, to_pdf

EDITION = Edition(("",), "pied de page", datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("lines", range(28, 44))
def test_a_heading_stays_with_what_it_heads(lines):
    filler = tuple(Paragraph(f"ligne {number}") for number in range(lines))
    made = to_pdf(Paper("Essai", (*filler, Heading("DESSUS"), Heading("DESSOUS", 3), Paragraph("contenu"))), EDITION, FONT)
    pages = [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(made)]
    of = {word: next(number for number, text in enumerate(pages) if word in text) for word in ("DESSUS", "DESSOUS", "contenu")}
    assert len(set(of.values())) == 1, (lines, of)
