"""Everything that an answer says, as text: tables, tiles, sheets and pictures are opened, compressed texts unpacked."""

from __future__ import annotations

import html
import io
import json
import re
import sqlite3
import struct
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from httpx2 import Response

from tests.attack.tenants import Tenant


def texts(answer: Response) -> Iterator[str]:
    """What a person or a program could read in an answer, headers included."""
    yield "\n".join(f"{name}: {value}" for name, value in answer.headers.multi_items())
    body, kind = answer.content, answer.headers.get("content-type", "").partition(";")[0]
    yield body.decode("utf-8", "replace")
    yield body.decode("utf-16-le", "replace")
    if body:
        yield from OPENED.get(kind, lambda _: iter(()))(body)


def _json(body: bytes) -> Iterator[str]:
    yield json.dumps(json.loads(body), ensure_ascii=False)  # without \\u escapes


def _html(body: bytes) -> Iterator[str]:
    yield html.unescape(body.decode())


def _tile(body: bytes) -> Iterator[str]:
    import mapbox_vector_tile

    yield json.dumps(mapbox_vector_tile.decode(body), ensure_ascii=False, default=str)


def _geopackage(body: bytes) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.gpkg"
        path.write_bytes(body)
        database = sqlite3.connect(path)
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"):
            yield str(database.execute(f'SELECT * FROM "{name}"').fetchall())
        database.close()


def _parquet(body: bytes) -> Iterator[str]:
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(io.BytesIO(body))
    yield str(table.schema.metadata)
    yield str(table.to_pylist())


def _pdf(body: bytes) -> Iterator[str]:
    import pypdfium2

    document = pypdfium2.PdfDocument(body)
    yield str(document.get_metadata_dict())
    for page in document:
        yield page.get_textpage().get_text_range()
    document.close()


def _png(body: bytes) -> Iterator[str]:
    """Its chunks of text: tEXt, zTXt, iTXt, eXIf."""
    at = 8
    while at < len(body):
        size, kind = struct.unpack(">I4s", body[at:at + 8])
        chunk = body[at + 8:at + 8 + size]
        if kind in (b"tEXt", b"iTXt", b"eXIf"):
            yield chunk.decode("utf-8", "replace")
        elif kind == b"zTXt":
            yield zlib.decompress(chunk.partition(b"\0")[2][1:]).decode("latin-1")
        at += size + 12


OPENED: dict[str, Any] = {
    "application/json": _json, "application/geo+json": _json, "application/problem+json": _json, "text/html": _html,
    "image/svg+xml": _html, "application/vnd.mapbox-vector-tile": _tile, "application/geopackage+sqlite3": _geopackage,
    "application/vnd.apache.parquet": _parquet, "application/pdf": _pdf, "image/png": _png}


_CELLS = re.compile(r"(?<![0-9a-z])(?:8[0-9a-f]{14}|[0-9]{18})(?![0-9a-z])")


def leaks(said: Iterable[str], of: Tenant, asked: str) -> list[str]:
    """What of a landlord is said, but for what the request itself said: its word, its cells (in both ways of writing)."""
    lower, asked = "\n".join(said).lower(), asked.lower()
    found = {of.word} if of.word.lower() in lower and of.word.lower() not in asked else set()
    cells = {text if text.startswith("8") and len(text) == 15 else f"{int(text):x}" for text in _CELLS.findall(lower)}
    return sorted(found | {cell for cell in cells & of.cells if cell not in asked})


def zeros(answer: Response) -> list[str]:
    """Counts above zero in an answer about a place where the viewer has nothing."""
    if "json" not in answer.headers.get("content-type", "") or answer.status_code != 200:
        return []
    return [f"{name}={value}" for name, value in _leaves(answer.json()) if name in ("count", "total", "facts") and value]


def _leaves(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, below in value.items():
            yield from ((name, below),) if isinstance(below, int | float) else _leaves(below)
    elif isinstance(value, list):
        for below in value:
            yield from _leaves(below)
