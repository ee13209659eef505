"""Names of the files that people take away: whose territory, which view, which dates; a folder of them explains itself."""

from __future__ import annotations

import unicodedata
from datetime import date, timedelta

from geoservice.core.query import FactQuery
from geoservice.operations.reader import Reader


def file_name(what: str, reader: Reader, query: FactQuery, edited: date, ending: str) -> str:
    """`carte-orvelle-habitat-ville-2025-11-01-2026-10-31-edition-2026-11-22.pdf`: ASCII, last day included."""
    known = reader.period()
    first = query.since or (known[0] if known else None)
    last = query.until - timedelta(1) if query.until else known[1] if known else None
    parts = [what, reader.viewer.organisation, query.kind or "", str(query.zone or ""), str(first or ""), str(last or ""),
             f"edition-{edited}"]
    return f"{'-'.join(_plain(part) for part in parts if part)}.{ending}"


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return "-".join("".join(c if c.isalnum() else " " for c in letters).lower().split())
