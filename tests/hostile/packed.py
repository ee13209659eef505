"""Archives: bombs, paths, links, device names, packings in packings, tables of contents that lie."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator

from tests.hostile.case import HEADER, ROWS, Case, bytes_case, row, table

GOOD = table().encode()
PATHS = (
    "../faits.csv",
    "../../../../tmp/pwned.csv",
    "/tmp/pwned.csv",
    "C:\\pwned.csv",
    "..\\..\\pwned.csv",
    "a/../../faits.csv",
    "CON.csv",
    "NUL",
    "aux.csv",
    "/dev/stdout.csv",
    "faits.csv/",
    "x" * 4_000 + ".csv",
    "\x1b[31m.csv",
    "\u202evsc.csv",
    "~/.csv",
    "a\nb.csv",
    "$(id).csv",
    "-rf.csv",
    "vsizip.csv",
    "/vsicurl/http%3A//x.csv",
)


def cases() -> Iterator[Case]:
    """Every case of this module."""
    for number, name in enumerate(PATHS):
        yield bytes_case(f"zip-path:{number}", "faits.zip", archive({name: GOOD}), quick=number in (1, 12))
    yield from _bombs()
    yield from _lies()
    yield from _nested()


def archive(members: dict[str, bytes], attributes: int = 0, level: int = 6) -> bytes:
    """A zip; `attributes` make its members links or devices."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as packed:
        for name, body in members.items():
            info = zipfile.ZipInfo(name)
            info.external_attr, info.compress_type, info.create_system = attributes << 16, zipfile.ZIP_DEFLATED, 3
            packed.writestr(info, body)
    return out.getvalue()


def repeated(piece: bytes, times: int) -> bytes:
    """A gzip of one piece many times, made without holding what it becomes."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    body = [squeeze.compress(piece) for _ in range(times)]
    return b"".join([*body, squeeze.flush()])


def _bombs() -> Iterator[Case]:
    megabyte = b"0" * (1 << 20)
    yield bytes_case("gzip-bomb:1-GB-one-line", "faits.csv.gz", lambda: repeated(megabyte, 1_024), refused=True, quick=True)
    yield bytes_case("gzip-bomb:1-GB-quoted-field", "faits.csv.gz", lambda: repeated(b'"' + megabyte, 1_024), refused=True)
    yield bytes_case("gzip-bomb:60-MB-one-line", "faits.csv.gz", lambda: repeated(megabyte, 60), refused=True)
    yield bytes_case(
        "gzip-bomb:60-MB-one-field-after-good-lines",
        "faits.csv.gz",
        lambda: gzip.compress(GOOD + b'"' + megabyte * 60),
        good=ROWS,
        rejects=1,
        refused=False,
    )
    yield bytes_case(
        "gzip-bomb:1-GB-of-good-lines", "faits.csv.gz", lambda: repeated((row(1) + "\n").encode() * 20_000, 1_200), refused=True
    )
    yield bytes_case("gzip-bomb:sheet", "faits.xlsx.gz", lambda: repeated(megabyte, 300), refused=True)
    yield bytes_case("zip-bomb:one-member", "faits.zip", lambda: archive({"faits.csv": megabyte * 300}), refused=True, quick=True)
    yield bytes_case(
        "zip-bomb:many-members", "faits.zip", lambda: archive({f"f{n}.csv": megabyte * 5 for n in range(60)}), refused=True
    )
    yield bytes_case(
        "zip-bomb:20000-members",
        "faits.zip",
        lambda: archive({f"{n}.csv": b"a" for n in range(20_000)}),
        refused=True,
        quick=True,
    )
    yield bytes_case(
        "zip-bomb:long-names", "faits.zip", lambda: archive({"x" * 60_000 + f"{n}.csv": b"a" for n in range(90)}), refused=True
    )
    yield bytes_case("zip-bomb:overlap", "faits.zip", lambda: _overlapping(GOOD + megabyte * 8, 200), refused=True)


def _overlapping(body: bytes, times: int) -> bytes:
    """Many names for the same compressed bytes (the bomb of David Fifield, 2019)."""
    plain = archive({"a.csv": body})
    start = plain.index(b"PK\x01\x02")
    entry = plain[start : plain.rindex(b"PK\x05\x06")]
    directory = b"".join(entry[:-5] + f"{chr(97 + n % 26)}".encode() + entry[-4:] for n in range(times))
    return plain[:start] + directory + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, times, times, len(directory), start, 0)


def _lies() -> Iterator[Case]:
    good = archive({"faits.csv": GOOD})
    end = good.rindex(b"PK\x05\x06")
    sizes = good.rindex(b"PK\x01\x02")
    yield bytes_case("zip-lie:size", "faits.zip", good[: sizes + 24] + struct.pack("<I", 10) + good[sizes + 28 :], quick=True)
    yield bytes_case("zip-lie:huge-size", "faits.zip", good[: sizes + 24] + struct.pack("<I", 0xFFFFFFF0) + good[sizes + 28 :])
    yield bytes_case("zip-lie:checksum", "faits.zip", good[: sizes + 16] + b"\0\0\0\0" + good[sizes + 20 :], refused=True)
    yield bytes_case("zip-lie:method", "faits.zip", good[: sizes + 10] + b"\x63\0" + good[sizes + 12 :], refused=True)
    yield bytes_case(
        "zip-lie:encrypted", "faits.zip", good[: sizes + 8] + b"\x01\0" + good[sizes + 10 :], refused=True, quick=True
    )
    yield bytes_case("zip-lie:count", "faits.zip", good[: end + 8] + b"\xff\xff\xff\xff" + good[end + 12 :])
    yield bytes_case(
        "zip-lie:directory", "faits.zip", good[: end + 12] + b"\xff\xff\xff\x7f" + good[end + 16 :], refused=True, quick=True
    )
    yield bytes_case("zip-lie:offset", "faits.zip", good[: end + 16] + b"\xff\xff\xff\x7f" + good[end + 20 :], refused=True)
    yield bytes_case("zip-lie:comment", "faits.zip", good[:-2] + b"\xff\xff" + b"c" * 65_535)
    yield bytes_case("zip-lie:before", "faits.zip", b"PK\x03\x04" + b"junk" * 100 + good)
    yield bytes_case("zip-lie:only-end", "faits.zip", good[end:])
    yield bytes_case("zip-lie:name-not-text", "faits.zip", good.replace(b"faits.csv", b"\xff\xfe\x80ts.csv"))
    wide = struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, 1, 1, 1 << 40, 0) + struct.pack(
        "<IIQI", 0x07064B50, 0, end, 1
    )
    yield bytes_case("zip-lie:wide-directory", "faits.zip", good[:end] + wide + good[end:], refused=True)
    gz = gzip.compress(GOOD)
    yield bytes_case("gzip-lie:checksum", "faits.csv.gz", gz[:-8] + b"\0" * 8, refused=True, quick=True)
    yield bytes_case("gzip-lie:cut", "faits.csv.gz", gz[:-20], refused=True)
    yield bytes_case("gzip-lie:junk-after", "faits.csv.gz", gz + b"junk" * 100)
    yield bytes_case(
        "gzip-lie:two-members", "faits.csv.gz", gz + gzip.compress((row(40) + "\n").encode()), good=ROWS, refused=False
    )
    yield bytes_case("gzip-lie:name", "faits.csv.gz", gz[:3] + b"\x08" + gz[4:10] + b"../../pwned\0" + gz[10:], good=ROWS)
    yield bytes_case("gzip-lie:header-only", "faits.csv.gz", b"\x1f\x8b", refused=True)


def _nested() -> Iterator[Case]:
    gz = GOOD
    for _ in range(12):
        gz = gzip.compress(gz)
    yield bytes_case("nested:gzip-12-times", "faits.csv.gz", gz, refused=True, quick=True)
    yield bytes_case("nested:zip-in-gzip", "faits.zip.gz", gzip.compress(archive({"faits.csv": GOOD})), good=ROWS, refused=False)
    yield bytes_case("nested:zip-in-zip", "faits.zip", archive({"dedans.zip": archive({"faits.csv": GOOD})}), refused=True)
    yield bytes_case("nested:gzip-in-zip", "faits.zip", archive({"faits.csv.gz": gzip.compress(GOOD)}), refused=True)
    yield bytes_case("nested:csv-is-a-gzip-in-zip", "faits.zip", archive({"faits.csv": gzip.compress(GOOD)}), refused=True)
    yield bytes_case(
        "nested:bomb-in-bomb", "faits.csv.gz", lambda: gzip.compress(repeated(b"0" * (1 << 20), 200) * 2), refused=True
    )
    yield bytes_case(
        "nested:sheet-bomb-in-zip", "faits.zip", lambda: archive({"f.xlsx": archive({"[Content_Types].xml": b"0" * (50 << 20)})})
    )
    link, device, folder = 0o120777, 0o020666, 0o040755
    yield bytes_case(
        "zip-kind:link-to-passwd", "faits.zip", archive({"faits.csv": b"/etc/passwd"}, link), refused=True, quick=True
    )
    yield bytes_case("zip-kind:link-folder", "faits.zip", archive({"d": b"/", "d/faits.csv": GOOD}, link), good=ROWS)
    yield bytes_case("zip-kind:device", "faits.zip", archive({"faits.csv": GOOD}, device), good=ROWS, refused=False)
    yield bytes_case("zip-kind:folder", "faits.zip", archive({"faits.csv/": b""}, folder), refused=True)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as twice:
        for _ in range(2):
            with _quiet():
                twice.writestr("faits.csv", GOOD)
    yield bytes_case("zip-kind:same-name-twice", "faits.zip", out.getvalue(), good=ROWS, refused=False, quick=True)
    yield bytes_case("zip-kind:two-tables-that-differ", "faits.zip", archive({"a.csv": GOOD, "b.csv": b"x;y\n1;2\n"}))
    yield bytes_case("zip-kind:case", "faits.zip", archive({"FAITS.CSV": GOOD, "faits.csv": GOOD}))
    yield bytes_case("zip-kind:empty", "faits.zip", archive({}), refused=True)
    yield bytes_case("zip-kind:no-table", "faits.zip", archive({"lisez-moi.pdf": b"%PDF"}), refused=True)
    yield bytes_case("zip-kind:header", "faits.zip", archive({"faits.csv": HEADER.encode()}))


def _quiet() -> object:
    import warnings

    context = warnings.catch_warnings()
    warnings.simplefilter("ignore", UserWarning)
    return context
