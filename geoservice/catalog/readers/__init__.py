"""Readers: any file → batches of columns. `open_table` looks at the bytes first and at the name second."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from geoservice.catalog.readers.base import Reader
from geoservice.catalog.readers.detect import detect
from geoservice.catalog.readers.unpack import Workspace, unpacked

if TYPE_CHECKING:
    from geoservice.catalog.schema import ReadHints, SourceSpec

__all__ = ["Reader", "open_table"]


def open_table(path: Path, source: SourceSpec | None, name: str | None = None, also: ReadHints | None = None) -> Reader:
    """A Reader on a file of any supported format. `name` is the file's original name (uploads are kept under
    another), `also` says how to read it where no source does.

    Raises UnreadableFile, in French, for a file that cannot be read at all. Close the Reader (it is a context manager):
    compressed files are unpacked into a temporary folder. Everything but CSV is read by another process, within limits.
    """
    from geoservice.catalog.readers.limited import LimitedReader
    from geoservice.catalog.schema import ReadHints

    hints = source.read if source is not None else also or ReadHints()
    workspace = Workspace()
    try:
        members = unpacked(Path(path), name or Path(path).name, hints, workspace)
        found = hints.format or detect(members[0].path, members[0].name)
        if found == "csv":
            return reader_class(found)(members, hints, workspace)
        return LimitedReader(found, members, hints, workspace)
    except BaseException:
        workspace.close()
        raise


def reader_class(found: str) -> type[Reader]:
    """The reader of a format; only `child` makes one of another format than csv."""
    if found == "csv":
        from geoservice.catalog.readers.text import CsvReader as opened
    elif found in ("xlsx", "ods", "xls"):
        from geoservice.catalog.readers.sheet import SheetReader as opened
    elif found == "parquet":
        from geoservice.catalog.readers.parquet import ParquetReader as opened
    elif found in ("geojson", "json"):
        from geoservice.catalog.readers.jsons import JsonReader as opened
    else:
        from geoservice.catalog.readers.vector import VectorReader as opened
    return opened
