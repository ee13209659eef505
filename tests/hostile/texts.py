"""CSV and JSON: endless fields and lines, encodings, names, formulas, numbers and dates that cannot be."""

from __future__ import annotations

import codecs
import gzip
import json
from collections.abc import Iterator
from random import Random

from tests.hostile.case import HEADER, ROWS, Case, bytes_case, row, table

# value -> what a line that holds it may become: "reject", "keep", or None for either
COORDINATES = (
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "-1e999",
    "1e-999",
    "9" * 400,
    "0x10",
    "２.４４",
    "2,44,1",
    "1_0",
    "--2",
    "180.0000001",
    "-0",
    "∞",
    "1e308",
    "2.44\u202e",
    "=2.44",
    "null",
    "2.44;",
    "٢.٤",
)
DATES = (
    "31/02/2025",
    "00/00/0000",
    "01/01/0001",
    "31/12/9999",
    "01/01/99999",
    "1e9",
    "2025-13-01",
    "99999999999999999999",
    "-1",
    "45717",
    "29/02/2023",
    "2025-03-30 02:30",
    "٠١/٠٣/٢٠٢٥",
    "01/03/2025\u2028",
    "NaT",
    "9" * 400,
    "=TODAY()",
    "0000-00-00T00:00:00Z",
    "2262-04-12",
    "1677-09-20",
)
TIMES = ("25:00", "24:00", "99:99", "-1:00", "1e9", "12:60", "22:15:99.999999999", "٢٢:١٥", "🕙")
FORMULAS = (
    '=cmd|"/c calc"!A1',
    "+1+1",
    "-2+3",
    "@SUM(1)",
    '=HYPERLINK("http://x")',
    "\t=1",
    "＝1",
    "=IMPORTXML(A1)",
    "|calc",
    "%0A=1",
)
TEXTS = (
    "'; DROP TABLE fact; --",
    "<script>alert(1)</script>",
    "../../../etc/passwd",
    "${7*7}",
    "{{7*7}}",
    "%s%n%x",
    "\x1b[2J\x1b]0;pwn\x07",
    "\u202egnp.exe",
    "a\u0301" * 300,
    "￾",
    "\U0010ffff",
    "NULL",
    "nan",
    "\\x00",
    "x" * 100_000,
)
NAMES = (
    "",
    " ",
    "date",
    "__proto__",
    "constructor",
    "rowid",
    "'; DROP TABLE fact; --",
    "=1+1",
    "<script>alert(1)</script>",
    "\x1b[31m",
    "\u202e",
    "x" * 100_000,
    "a\nb",
    "identifiant (2)",
    "﻿",
    "🙂" * 50,
)


def cases() -> Iterator[Case]:
    """Every case of this module."""
    yield from _values()
    yield from _names()
    yield from _structure()
    yield from _encodings()
    yield from _json()


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _values() -> Iterator[Case]:
    for kind, field, values in (
        ("coordinate", "longitude", COORDINATES),
        ("latitude", "latitude", COORDINATES[:8]),
        ("date", "date", DATES),
        ("time", "heure", TIMES),
        ("formula", "type", FORMULAS),
        ("text", "identifiant", TEXTS),
        ("formula-key", "identifiant", FORMULAS[:4]),
    ):
        for number, value in enumerate(values):
            bad = row(90, **{field: _quoted(value)})
            yield bytes_case(f"csv-{kind}:{number}", "faits.csv", table(bad), good=ROWS, refused=False, quick=number in (0, 3))


def _names() -> Iterator[Case]:
    for number, name in enumerate(NAMES):
        body = f"{HEADER};{_quoted(name)}\n" + "".join(f"{row(n)};v\n" for n in range(ROWS))
        # a value under no name at all may belong to a column before it: such lines are refused, with the reason
        yield bytes_case(
            f"csv-name:{number}", "faits.csv", body, good=ROWS if name.strip() else 0, refused=False, quick=number in (3, 9)
        )
    yield bytes_case(
        "csv-name:same-twice", "faits.csv", "\n".join([f"{HEADER};{HEADER}", *(f"{row(n)};{row(n)}" for n in range(3))])
    )
    for number in (100_000, 1_000_000):
        yield bytes_case(
            f"csv-columns:{number}", "faits.csv", lambda number=number: _wide(number), refused=True, quick=number < 10**6
        )
    yield bytes_case("csv-columns:100000-same", "faits.csv", lambda: ";".join(["a"] * 100_000) + "\n1\n", refused=True)
    yield bytes_case("csv-columns:100000-empty", "faits.csv", lambda: ";" * 100_000 + "\n1\n", refused=True, quick=True)
    yield bytes_case("csv-columns:in-one-line", "faits.csv", lambda: table(";" * 1_000_000), good=ROWS, rejects=0, refused=False)


def _structure() -> Iterator[Case]:
    good = table()
    yield bytes_case(
        "csv-quote:never-closed",
        "faits.csv",
        lambda: good + '9;"' + "y\n" * 600_000,
        good=ROWS,
        rejects=1,
        refused=False,
        quick=True,
    )
    yield bytes_case(
        "csv-quote:header-never-closed", "faits.csv", lambda: '"' + HEADER + "\n" + "y" * 3_000_000, refused=True, quick=True
    )
    yield bytes_case("csv-quote:every-line", "faits.csv", good + '"x\n' * 20_000, good=ROWS, refused=False)
    yield bytes_case("csv-quote:alone", "faits.csv", '"', refused=True)
    yield bytes_case(
        "csv-line:20-MB", "faits.csv", lambda: good + "z" * (20 << 20), good=ROWS, rejects=1, refused=False, quick=True
    )
    yield bytes_case("csv-line:header-20-MB", "faits.csv", lambda: "z" * (20 << 20), refused=True)
    yield bytes_case(
        "csv-line:many-of-1-MB",
        "faits.csv",
        lambda: good + (row(9, identifiant="k" * 900_000) + "\n") * 60,
        good=ROWS,
        refused=False,
    )
    yield bytes_case("csv-line:only-separators", "faits.csv", lambda: good + (";" * 5 + "\n") * 200_000, good=ROWS, refused=False)
    yield bytes_case("csv-line:empty", "faits.csv", lambda: good + "\n" * 2_000_000, good=ROWS, refused=False)
    yield bytes_case(
        "csv-line:200000-ragged", "faits.csv", lambda: good + "1;2\n" * 200_000, good=ROWS, rejects=200_000, refused=False
    )
    yield bytes_case("csv-line:carriage-returns", "faits.csv", good.replace("\n", "\r"), good=ROWS)
    yield bytes_case("csv-line:mixed-ends", "faits.csv", good.replace("\n", "\r\r\n"))
    yield bytes_case("csv-nul:one", "faits.csv", good + "\0", refused=True, quick=True)
    yield bytes_case("csv-nul:many", "faits.csv", b"\0" * 1_000_000, refused=True)
    yield bytes_case("csv-empty:bytes", "faits.csv", b"", refused=True)
    yield bytes_case("csv-empty:blanks", "faits.csv", b" \n" * 500_000, refused=True)
    yield bytes_case("csv-empty:header-only", "faits.csv", HEADER + "\n")
    yield bytes_case(
        "csv-same:one-line-100000-times", "faits.csv", lambda: HEADER + "\n" + (row(1) + "\n") * 100_000, good=1, refused=False
    )
    yield bytes_case("csv-delimiter:none", "faits.csv", "mot\n" * 10_000, refused=True)
    yield bytes_case("csv-delimiter:mixed", "faits.csv", table("a,b\tc|d;e"), good=ROWS, rejects=1, refused=False)


def _encodings() -> Iterator[Case]:
    good = table(row(9, type="dégradation"))
    for name in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-7", "cp037", "cp1252", "cp850", "mac_roman"):
        yield bytes_case(f"csv-encoding:{name}", "faits.csv", good.encode(name), quick=name in ("utf-16-le", "utf-32"))
    marks = {
        "utf8-twice": codecs.BOM_UTF8 * 2,
        "utf16-on-utf8": codecs.BOM_UTF16_LE,
        "utf8-on-utf16": codecs.BOM_UTF8,
        "utf32-on-utf8": codecs.BOM_UTF32_LE,
        "utf7": b"+/v8-",
        "be-on-le": codecs.BOM_UTF16_BE,
    }
    for name, mark in marks.items():
        body = good.encode("utf-16-le" if name in ("utf8-on-utf16", "be-on-le") else "utf-8")
        yield bytes_case(f"csv-mark:{name}", "faits.csv", mark + body, quick=name == "utf16-on-utf8")
    for name, raw in {
        "surrogate": b"\xed\xa0\x80",
        "overlong": b"\xc0\xaf",
        "beyond": b"\xf4\x90\x80\x80",
        "cut": b"\xe2\x82",
    }.items():
        accents = "".join(row(n, type="dégradation éàù") + "\n" for n in range(20, 40))
        body = (HEADER + "\n" + accents).encode() + row(9).encode() + raw + b"\n"
        yield bytes_case(f"csv-bytes:{name}", "faits.csv", body, good=20, rejects=1, refused=False, quick=name == "surrogate")
    yield bytes_case("csv-bytes:random", "faits.csv", Random(5).randbytes(300_000))
    odd = b"\xff\xfe" + (good + "\ud800").encode("utf-16-le", "surrogatepass")
    yield bytes_case("csv-bytes:utf16-lone-surrogate", "faits.csv", odd, refused=True)


def _record(number: int, **also: object) -> dict[str, object]:
    return {
        "identifiant": f"F{number}",
        "date": "2025-03-01",
        "heure": "10:00",
        "type": "tag",
        "longitude": 2.44,
        "latitude": 48.9 + number / 1000,
        **also,
    }


def _records(*bad: str) -> str:
    return "[" + ",".join([json.dumps(_record(1)), *bad, json.dumps(_record(2))]) + "]"


def _json() -> Iterator[Case]:
    odd = {
        "nan": '{"longitude": NaN}',
        "infinity": '{"longitude": -Infinity}',
        "1e999": json.dumps(_record(9))[:-1] + ', "x": 1e999}',
        "400-digits": '{"longitude": ' + "9" * 400 + "}",
        "5000-digits": '{"longitude": ' + "9" * 5_000 + "}",
        "lone-surrogate": json.dumps(_record(9, identifiant="\ud800x", type="tag")),
        "list": "[1, 2]",
        "text": '"x"',
        "null": "null",
        "surrogate-name": '{"\\udfff": 1, "date": "2025-03-01"}',
        "nul": json.dumps(_record(9, identifiant="a\0b")),
        "proto": '{"__proto__": {"x": 1}}',
        "nested": json.dumps(_record(9, extra={"a": [1] * 1_000})),
        "same-name-twice": '{"date": 1, "date": 2, "date": "2025-03-01"}',
        "long-text": json.dumps(_record(9, x="y" * 5_000_000)),
        "date-object": json.dumps(_record(9, date={"$date": 1})),
        "booleans": json.dumps(_record(9, date=True, type=False)),
    }
    for name, bad in odd.items():
        yield bytes_case(
            f"json-record:{name}",
            "faits.json",
            _records(bad),
            good=2,
            refused=False,
            quick=name in ("lone-surrogate", "5000-digits"),
        )
    yield bytes_case("json-depth:100000-lists", "faits.json", "[" * 100_000 + "]" * 100_000, refused=True, quick=True)
    yield bytes_case("json-depth:900-lists", "faits.json", _records("[" * 900 + "]" * 900), good=2)
    yield bytes_case("json-depth:100000-objects", "faits.json", '{"a":' * 100_000 + "1" + "}" * 100_000, refused=True)
    yield bytes_case("json-depth:in-a-record", "faits.json", _records('{"x":' + "[" * 50_000 + "]" * 50_000 + "}"), refused=True)
    yield bytes_case(
        "json-columns:100000",
        "faits.json",
        lambda: _records(json.dumps({f"c{n}": n for n in range(100_000)})),
        refused=True,
        quick=True,
    )
    yield bytes_case(
        "json-columns:one-a-record",
        "faits.json",
        lambda: "[" + ",".join(f'{{"c{n}":1}}' for n in range(60_000)) + "]",
        refused=True,
    )
    for name, body in {
        "cut": _records()[:-20],
        "after": _records() + "]",
        "comment": "/* x */" + _records(),
        "trailing": "[1,]",
        "two": _records() + _records(),
        "bare": "[",
        "number": "1" * 100_000,
        "names": "[{a: 1}]",
        "single": "['a']",
        "empty-list": "[]",
        "empty-object": "{}",
        "only-text": '{"records": "x"}',
    }.items():
        yield bytes_case(f"json-shape:{name}", "faits.json", body, quick=name == "cut")
    for name in ("utf-16", "utf-32", "utf-16-le", "utf-8-sig", "cp1252"):
        yield bytes_case(
            f"json-encoding:{name}", "faits.json", _records(json.dumps(_record(9, nom="é"), ensure_ascii=False)).encode(name)
        )
    # start, piece, times, end: made when they run
    bombs = {
        "empty-lists": (b"[", b"[],", 20_000_000, b"1]"),
        "empty-objects": (b"[", b"{},", 12_000_000, b"{}]"),
        "one-record": (b'[{"x":[', b"[],", 20_000_000, b"1]}]"),
        "numbers": (b"[", b"1,", 30_000_000, b"1]"),
        "text": (b'["', b"x", 60_000_000, b'"]'),
        "zeros": (b"[", b" ", 60_000_000, b"]"),
    }
    for name, parts in bombs.items():
        yield bytes_case(
            f"json-bomb:{name}",
            "faits.json.gz",
            lambda parts=parts: gzip.compress(parts[0] + parts[1] * parts[2] + parts[3], 6),
            refused=None if name == "zeros" else True,
        )


def _wide(number: int) -> str:
    return ";".join(f"c{n}" for n in range(number)) + "\n" + ";" * (number - 1) + "\n"
