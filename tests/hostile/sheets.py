"""Workbooks (XLSX, ODS): entities, external entities, cells far away, formulas, tables of texts that grow."""
# ruff: noqa: E501, UP030, UP032  (attacks are quoted whole; a body holds two kinds of holes)

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from random import Random

from tests.hostile.case import HEADER, ROWS, Case, bytes_case
from tests.hostile.packed import archive

_TYPES = (
    b'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" '
    b'ContentType="application/xml"/><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    b'<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    b"</Types>"
)
_RELS = (
    b'<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
    b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/%s" Target="%s"/></Relationships>'
)
_BOOK = (
    b'<?xml version="1.0"?>%s<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" '
    b'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="%s" sheetId="1" '
    b'r:id="r1"/></sheets></workbook>'
)
_SHEET = '<?xml version="1.0"?>%s<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">%s<sheetData>%s</sheetData></worksheet>'
_XXE = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
_LAUGHS = '<!DOCTYPE x [<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)) + "]>"


def book(sheet: str, name: bytes = b"F", doctype: bytes = b"", **also: bytes) -> bytes:
    """A workbook of one sheet, written by hand."""
    return archive(
        {
            "[Content_Types].xml": _TYPES,
            "_rels/.rels": _RELS % (b"officeDocument", b"xl/workbook.xml"),
            "xl/workbook.xml": _BOOK % (doctype, name),
            "xl/_rels/workbook.xml.rels": _RELS % (b"worksheet", b"worksheets/s.xml"),
            "xl/worksheets/s.xml": sheet.encode("utf-8", "replace"),
            **also,
        }
    )


def _rows(*rows: str) -> str:
    return "".join(f'<row r="{number}">{cells}</row>' for number, cells in enumerate(rows, 1))


def _cell(text: str, at: str = "") -> str:
    place = f' r="{at}"' if at else ""
    return f'<c{place} t="inlineStr"><is><t>{text}</t></is></c>'


def _good() -> list[str]:
    names = HEADER.split(";")
    values = [[f"F{n}", "01/03/2025", "22:15", "tag", f"2.4{n}", "48.9"] for n in range(ROWS)]
    return [
        "".join(_cell(text, f"{chr(65 + column)}{number}") for column, text in enumerate(line))
        for number, line in enumerate([names, *values], 1)
    ]


def _with(extra: str, doctype: str = "", head: str = "") -> bytes:
    return book(_SHEET % (doctype, head, _rows(*_good()) + extra))


def cases() -> Iterator[Case]:
    """Every case of this module."""
    yield bytes_case("xlsx-good:by-hand", "faits.xlsx", _with(""), good=ROWS, refused=False, quick=True)
    yield bytes_case("xlsx-entity:external", "faits.xlsx", _with(f"<row>{_cell('&e;')}</row>", _XXE), quick=True)
    yield bytes_case("xlsx-entity:laughs", "faits.xlsx", _with(f"<row>{_cell('&a9;')}</row>", _LAUGHS), quick=True)
    yield bytes_case("xlsx-entity:in-workbook", "faits.xlsx", book(_SHEET % ("", "", _rows(*_good())), b"&e;", _XXE.encode()))
    yield bytes_case(
        "xlsx-entity:parameter", "faits.xlsx", _with("", '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:1/"> %p;]>')
    )
    for name, at in {
        "last": "XFD1048576",
        "beyond": "ZZZZ99999999",
        "zero": "A0",
        "row-only": "1048576",
        "tall": "A1048576",
        "wide": "XFD1",
        "negative": "A-1",
        "huge": "A" + "9" * 30,
    }.items():
        yield bytes_case(
            f"xlsx-far:{name}", "faits.xlsx", _with(f'<row r="9">{_cell("x", at)}</row>'), quick=name in ("last", "huge")
        )
    for name, head in {
        "everything": '<dimension ref="A1:XFD1048576"/>',
        "beyond": '<dimension ref="A1:ZZZZ99999999"/>',
        "turned": '<dimension ref="Z9:A1"/>',
        "nothing": '<dimension ref=""/>',
    }.items():
        yield bytes_case(f"xlsx-dimension:{name}", "faits.xlsx", _with("", head=head), quick=name == "everything")
    kinds = {
        "shared-missing": '<c t="s"><v>999999</v></c>',
        "shared-negative": '<c t="s"><v>-1</v></c>',
        "error": '<c t="e"><v>#REF!</v></c>',
        "formula": "<c><f>1/0</f><v>=cmd|x</v></c>",
        "number": f"<c><v>{'9' * 400}</v></c>",
        "nan": "<c><v>NaN</v></c>",
        "1e999": "<c><v>1e999</v></c>",
        "date": '<c t="d"><v>99999-01-01</v></c>',
        "boolean": '<c t="b"><v>7</v></c>',
        "type": '<c t="zz"><v>1</v></c>',
        "style": '<c s="99999"><v>1</v></c>',
        "serial": '<c s="1"><v>1e300</v></c>',
        "nested": "<c>" * 5_000 + "</c>" * 5_000,
        "long": _cell("y" * 3_000_000),
        "nul": _cell("&#0;"),
        "surrogate": _cell("&#xD800;"),
        "escape": _cell("_x0000__xD800_"),
    }
    for name, cell in kinds.items():
        yield bytes_case(
            f"xlsx-cell:{name}", "faits.xlsx", _with(f'<row r="9">{cell}</row>'), quick=name in ("serial", "surrogate")
        )
    yield from _whole()
    yield from _ods()


def _whole() -> Iterator[Case]:
    yield _saved(
        "xlsx-grown:formulas", lambda sheet: [sheet.append([f"=1+{n}", "=NOW()", "=A1", "tag", "=2.4", "48.9"]) for n in range(5)]
    )
    yield _saved("xlsx-grown:dates", lambda sheet: sheet.append(["F9", date(1900, 1, 1), "25:00", "tag", 1e308, -1e308]))
    yield _saved("xlsx-grown:columns", lambda sheet: sheet.append(["x"] * 16_384))
    yield bytes_case("xlsx-bomb:zeros", "faits.xlsx", lambda: archive({"[Content_Types].xml": b" " * (300 << 20)}), refused=True)
    many = "".join(f'<row r="{n}"><c r="A{n}"><v>1</v></c><c r="XFD{n}"><v>1</v></c></row>' for n in range(7, 2_000))
    yield bytes_case("xlsx-bomb:wide-rows", "faits.xlsx", _with(many), quick=True)
    yield bytes_case("xlsx-bomb:60-MB-of-rows", "faits.xlsx", lambda: _with("<row><c><v>1</v></c></row>" * 2_400_000))
    yield bytes_case("xlsx-bomb:shared-texts", "faits.xlsx", _shared)
    yield bytes_case(
        "xlsx-shape:no-sheet", "faits.xlsx", archive({"[Content_Types].xml": _TYPES, "xl/workbook.xml": _BOOK % (b"", b"F")})
    )
    yield bytes_case("xlsx-shape:no-workbook", "faits.xlsx", archive({"[Content_Types].xml": _TYPES}), refused=True)
    yield bytes_case("xlsx-shape:empty", "faits.xlsx", book(_SHEET % ("", "", "")), refused=True)
    yield bytes_case("xlsx-shape:cut-xml", "faits.xlsx", book((_SHEET % ("", "", _rows(*_good())))[:-40]))
    yield bytes_case(
        "xlsx-shape:name", "faits.xlsx", book(_SHEET % ("", "", _rows(*_good())), b"&lt;script&gt;&#x1b;[31m" + b"x" * 5_000)
    )
    yield bytes_case("xlsx-shape:deep", "faits.xlsx", book(_SHEET % ("", "", "<row>" * 100_000)))
    yield bytes_case(
        "xlsx-shape:macro", "faits.xlsm", book(_SHEET % ("", "", _rows(*_good())), **{"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0"})
    )


def _shared() -> bytes:
    texts = (
        b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">' + b"<si><t>x</t></si>" * 3_000_000 + b"</sst>"
    )
    return book(_SHEET % ("", "", _rows(*_good())), **{"xl/sharedStrings.xml": texts})


def _saved(name: str, add: object) -> Case:
    def build(path: Path, _random: Random) -> None:
        from openpyxl import Workbook

        workbook = Workbook()
        workbook.active.append(HEADER.split(";"))
        for number in range(ROWS):
            workbook.active.append([f"F{number}", "01/03/2025", "22:15", "tag", 2.44 + number / 1000, 48.9])
        add(workbook.active)  # type: ignore[operator]
        workbook.save(path)

    return Case(name, "faits.xlsx", build, good=ROWS, refused=None if "columns" in name else False)


def _ods() -> Iterator[Case]:
    spaces = (
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
    )
    body = '<?xml version="1.0"?>%s<office:document-content {0}><office:body><office:spreadsheet><table:table table:name="F">%s</table:table></office:spreadsheet></office:body></office:document-content>'.format(
        spaces
    )
    one = '<table:table-cell office:value-type="string"><text:p>x</text:p></table:table-cell>'
    rows = {
        "repeated-rows": f'<table:table-row table:number-rows-repeated="1048576">{one}</table:table-row>',
        "repeated-columns": f"<table:table-row>{_wide(one, 2_000_000_000)}</table:table-row>",
        "repeated-both": f'<table:table-row table:number-rows-repeated="4000000000">{_wide(one, 16_384)}</table:table-row>',
        "negative": f'<table:table-row table:number-rows-repeated="-1">{one}</table:table-row>',
        "not-a-number": f'<table:table-row table:number-rows-repeated="x">{one}</table:table-row>',
    }
    for name, inside in rows.items():
        yield bytes_case(f"ods-bomb:{name}", "faits.ods", _document(body % ("", inside)), quick=name == "repeated-both")
    yield bytes_case(
        "ods-entity:external",
        "faits.ods",
        _document(body % (_XXE, "<table:table-row>" + one.replace(">x<", ">&e;<") + "</table:table-row>")),
    )
    yield bytes_case(
        "ods-entity:laughs",
        "faits.ods",
        _document(body % (_LAUGHS, "<table:table-row>" + one.replace(">x<", ">&a9;<") + "</table:table-row>")),
    )
    for name, junk in {
        "magic": b"",
        "random": Random(3).randbytes(20_000),
        "zeros": b"\0" * 20_000,
        "ones": b"\xff" * 20_000,
    }.items():
        yield bytes_case(
            f"xls-junk:{name}", "faits.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + junk, refused=True, quick=name == "random"
        )


def _wide(cell: str, times: int) -> str:
    return cell.replace(" office", f' table:number-columns-repeated="{times}" office')


def _document(content: str) -> bytes:
    out = io.BytesIO()
    import zipfile

    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        packed.writestr("content.xml", content)
        packed.writestr("META-INF/manifest.xml", "<x/>")
    return out.getvalue()
