"""A PDF whose content says what it is: a tree of headings, paragraphs, lists, tables and figures, as ISO 14289 (PDF/UA) asks.

fpdf2 marks pictures alone and in one flat list; here elements hold elements, table heads say what they head, and what is there
for the eye alone (rules, page feet) is marked as such.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from fpdf import FPDF
from fpdf.prefs import ViewerPreferences
from fpdf.structure_tree import StructElem, StructureTreeBuilder
from fpdf.syntax import PDFArray, PDFObject

from geoservice.export.fonts import fixed

FAMILY = "Source Sans 3"


class Element(StructElem):
    """A node of the tree; `a`: its attributes, as PDF writes them."""

    def __init__(self, kind: str, parent: PDFObject, more: tuple[int | None, str | None, str | None]) -> None:
        page, alt, attributes = more
        super().__init__(f"/{kind}", parent, [], page, None, alt)
        self.a = attributes


class _Leaves(PDFArray):
    """What fpdf2 looks through for pages: every element with content; written: the top of the tree."""

    def __init__(self) -> None:
        super().__init__()
        self.top: list[Element] = []

    def serialize(self, _security_handler: Any = None, _obj_id: int | None = None) -> str:
        return f"[{' '.join(each.ref for each in self.top)}]"


class Tree(StructureTreeBuilder):
    """The structure of a document."""

    def __init__(self) -> None:
        super().__init__()
        self.leaves = _Leaves()
        self.doc_struct_elem.k = self.leaves
        self.open: list[Element] = []
        self.elements: list[Element] = []
        self.marks: dict[int, int] = {}

    def add(self, kind: str, page: int | None = None, alt: str | None = None, attributes: str | None = None) -> Element:
        """A new element under the one that is open."""
        parent = self.open[-1] if self.open else self.doc_struct_elem
        element = Element(kind, parent, (page, alt, attributes))
        (self.open[-1].k if self.open else self.leaves.top).append(element)
        self.elements.append(element)
        return element

    def mark(self, element: Element, page: int) -> int:
        """The number of the next content of a page, which is an element's."""
        number = self.marks.get(page, 0)
        self.marks[page] = number + 1
        spid = self.spid_per_page_number.setdefault(page, len(self.spid_per_page_number))
        element.k.append(number)
        self.leaves.append(element)
        self.struct_tree_root.parent_tree.nums[spid].append(element)
        return number

    def __iter__(self) -> Iterator[PDFObject]:
        yield self.struct_tree_root
        yield self.doc_struct_elem
        yield self.struct_tree_root.parent_tree
        yield from self.elements


class Tagged(FPDF):
    """An A4 document in French whose content is drawn inside `leaf` or `beside`, and nowhere else."""

    def __init__(self, title: str, moment: datetime, font: Path) -> None:
        super().__init__(format="A4")
        self.struct_builder: Tree = Tree()
        self.set_lang("fr-FR")
        self.set_title(title)
        self.set_creator("geoservice")
        self.set_creation_date(moment.astimezone(UTC))
        self.viewer_preferences = ViewerPreferences(display_doc_title=True)
        self.set_xmp_metadata(_xmp(title, moment))
        for style, file in fixed(font).items():
            self.add_font(FAMILY, style, file)
        self.c_margin = 0

    @contextmanager
    def within(self, kind: str) -> Iterator[None]:
        """An element that holds elements: a table, a row, a list."""
        self.struct_builder.open.append(self.struct_builder.add(kind))
        yield
        self.struct_builder.open.pop()

    @contextmanager
    def leaf(self, kind: str, alt: str | None = None, attributes: str | None = None) -> Iterator[None]:
        """An element with content, which stays on one page."""
        page = self.page
        number = self.struct_builder.mark(self.struct_builder.add(kind, page, alt, attributes), page)
        self.pages[page].struct_parents = self.struct_builder.spid_per_page_number[page]
        self._out(f"/{kind} <</MCID {number}>> BDC")
        yield
        assert self.page == page
        self._out("EMC")

    @contextmanager
    def beside(self) -> Iterator[None]:
        """What is there for the eye alone."""
        self._out("/Artifact BMC")
        yield
        self._out("EMC")


def _xmp(title: str, moment: datetime) -> str:
    """Title, language and date for whoever reads the file's own description."""
    when = moment.astimezone(UTC).isoformat(timespec="seconds")
    return ('<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
            '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/">'
            f'<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{escape(title)}</rdf:li></rdf:Alt></dc:title>'
            f"<dc:language><rdf:Bag><rdf:li>fr-FR</rdf:li></rdf:Bag></dc:language><xmp:CreateDate>{when}</xmp:CreateDate>"
            "<xmp:CreatorTool>geoservice</xmp:CreatorTool></rdf:Description></rdf:RDF></x:xmpmeta>")
