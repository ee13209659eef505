"""Batches as bytes between a process that reads a file and the one that asked: JSON and WKB, nothing that could run.

A frame is two lengths (4 bytes each, big-endian), a JSON document and a run of WKB.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import IO, Any

from geoservice.catalog.rows import Batch, Reject

# A record heavier than this is nobody's incident or residence: a polygon of a million vertices weighs as much.
FRAME_BYTES = 16 << 20
_LENGTHS = struct.Struct(">II")
_LONE = re.compile("[\ud800-\udfff]")
_PLAIN = {str, int, float, bool, type(None)}
# What JSON has no word for travels as [name, text]; a cell is never a list, so nothing else looks like that.
_NAMED: tuple[tuple[type, str, Callable[[Any], str], Callable[[str], Any]], ...] = (
    (datetime, "datetime", datetime.isoformat, datetime.fromisoformat), (date, "date", date.isoformat, date.fromisoformat),
    (time, "time", time.isoformat, time.fromisoformat), (Decimal, "decimal", str, Decimal),
    (timedelta, "seconds", lambda value: repr(value.total_seconds()), lambda text: timedelta(seconds=float(text))))
_DECODE = {name: back for _, name, _, back in _NAMED}


def send(stream: IO[bytes], message: dict[str, Any], blob: bytes = b"") -> None:
    """Write one frame. Half a pair of UTF-16, which JSON can hold and no database can, becomes U+FFFD."""
    body = json.dumps(message).encode("ascii")
    if b"\\ud" in body:
        body = json.dumps(_whole(message)).encode("ascii")
    stream.write(_LENGTHS.pack(len(body), len(blob)) + body + blob)
    stream.flush()


def receive(stream: IO[bytes]) -> tuple[dict[str, Any], bytes] | None:
    """Read one frame; None where the other side ended, in the middle of one or not."""
    head = stream.read(_LENGTHS.size)
    if len(head) < _LENGTHS.size:
        return None
    length, extra = _LENGTHS.unpack(head)
    body, blob = stream.read(length), stream.read(extra)
    return (json.loads(body), blob) if len(body) == length and len(blob) == extra else None


def send_batch(stream: IO[bytes], batch: Batch) -> None:
    """A batch in as many frames as its weight asks for; a single line too heavy for one becomes a reject."""
    for piece in _light(batch):
        lines = piece.lines
        wkb = _wkb(piece)
        message = {
            "file": piece.file, "crs": piece.crs, "rejects": [asdict(reject) for reject in piece.rejects],
            "lines": {"from": lines.start, "to": lines.stop} if isinstance(lines, range) else list(lines),
            "columns": {name: _encoded(values) for name, values in piece.columns.items()},
            "wkb": None if wkb is None else [-1 if shape is None else len(shape) for shape in wkb],
        }
        send(stream, message, b"".join(shape for shape in wkb or () if shape is not None))


def batch_of(message: dict[str, Any], blob: bytes) -> Batch:
    """The batch that a frame holds."""
    lines = message["lines"]
    return Batch(message["file"], range(lines["from"], lines["to"]) if isinstance(lines, dict) else lines,
                 {name: _decoded(values) for name, values in message["columns"].items()}, _shapes(message["wkb"], blob),
                 message["crs"], tuple(Reject(**reject) for reject in message["rejects"]))


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return _LONE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_whole(name): _whole(item) for name, item in value.items()}
    return [_whole(item) for item in value] if isinstance(value, list | tuple) else value


def _encoded(values: Sequence[Any]) -> list[Any]:
    return list(values) if set(map(type, values)) <= _PLAIN else [_named(value) for value in values]


def _named(value: Any) -> Any:
    if type(value) in _PLAIN:
        return value
    return next(([name, there(value)] for kind, name, there, _ in _NAMED if isinstance(value, kind)), str(value))


def _decoded(values: list[Any]) -> list[Any]:
    if list not in set(map(type, values)):
        return values
    return [_DECODE[value[0]](value[1]) if isinstance(value, list) else value for value in values]


def _wkb(batch: Batch) -> list[bytes | None] | None:
    import shapely

    return None if batch.geometry is None else list(shapely.to_wkb(batch.geometry))


def _shapes(lengths: list[int] | None, blob: bytes) -> Any:
    import numpy as np
    import shapely

    if lengths is None:
        return None
    pieces, at = np.empty(len(lengths), dtype=object), 0
    for row, length in enumerate(lengths):
        if length >= 0:
            pieces[row], at = blob[at:at + length], at + length
    return shapely.from_wkb(pieces)


def _light(batch: Batch) -> Iterator[Batch]:
    """The batch cut in halves until every piece is light enough to send."""
    if _weight(batch) <= FRAME_BYTES:
        yield batch
    elif len(batch.lines) == 1:
        yield Batch(batch.file, [], {name: [] for name in batch.columns}, None if batch.geometry is None else batch.geometry[:0],
                    batch.crs, (*batch.rejects, _heavy(batch.file, batch.lines[0])))
    else:
        half = len(batch.lines) // 2
        yield from _light(_part(batch, slice(half), batch.rejects))
        yield from _light(_part(batch, slice(half, None), ()))


def _weight(batch: Batch) -> int:
    import shapely

    shapes = 0 if batch.geometry is None else 24 * int(shapely.get_num_coordinates(batch.geometry).sum())
    texts = sum(len(value) if isinstance(value, str) else 8 for values in batch.columns.values() for value in values)
    return shapes + (texts if len(batch.lines) else 0)


def _part(batch: Batch, rows: slice, rejects: tuple[Reject, ...]) -> Batch:
    return Batch(batch.file, batch.lines[rows], {name: values[rows] for name, values in batch.columns.items()},
                 None if batch.geometry is None else batch.geometry[rows], batch.crs, rejects)


def _heavy(file: str, line: int) -> Reject:
    return Reject(file, line, "", "", "enregistrement-lourd", f"L’enregistrement pèse plus de {FRAME_BYTES >> 20} Mo : "
                  "simplifiez sa géométrie, ou raccourcissez ses textes.")
