"""A snapshot as bytes: a header that says everything, the columns that its figures rest on, and digests that show any change.

Layout: 8 bytes that say what it is, the day of the oldest fact (so that a database can tell which are due), zlib of (the list of
the columns that are there, the header, their bytes), and the SHA-256 of all that. The snapshot's own digest is that of its
header alone, which names the SHA-256 of every column: when the frozen facts are erased, what was shown is still proven, and only
its arithmetic cannot be done again.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from geoservice.errors import UnreadableFile

WHOLE, LIGHT = b"GEOSNAP1", b"GEOSNAP2"  # every column is there; some were erased
PRECISE = ("cell", "point", "hall", "hour", "span")  # what the register itself forgets first: see geoservice/retention.toml
FIRST = slice(8, 12)  # where the oldest day stands, big-endian: bytes in its order
TYPES = ("|u1", "<u2", "<u4", "<u8", "<i4", "<i8", "<f8")
MOST_BYTES = 1 << 29  # unpacked: a snapshot of five million facts is half of it
_LEVEL = 4  # of zlib: a tenth larger than 6, twice as fast
_SHA = hashlib.sha256
_CHANGED = "Cet instantané est abîmé ou a été modifié : ses empreintes ne concordent plus."


@dataclass(frozen=True, eq=False)
class Snapshot:
    """header: JSON values, `columns` and `first` (the oldest day) among them; columns: arrays by name, those that are still
    there."""

    header: Mapping[str, Any]
    columns: Mapping[str, np.ndarray]

    @property
    def digest(self) -> str:
        """The snapshot's name, which its paper prints: SHA-256 of the header."""
        return _SHA(canonical(self.header)).hexdigest()

    @property
    def lacking(self) -> tuple[str, ...]:
        """Columns that were frozen and have been erased since."""
        return tuple(sorted(set(self.header["columns"]) - set(self.columns)))


def canonical(value: Any) -> bytes:
    """One text for one value: sorted names, no spaces, whole numbers exact, floats in their shortest exact form; no NaN."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("utf-8")


def sealed(header: Mapping[str, Any], columns: Mapping[str, np.ndarray]) -> Snapshot:
    """A new snapshot: the header gets the type, length and SHA-256 of every column (one-dimensional, of one of TYPES)."""
    arrays = {name: np.ascontiguousarray(column, np.dtype(column.dtype).newbyteorder("<")) for name, column in columns.items()}
    told = {name: {"type": column.dtype.str, "rows": len(column), "sha256": _SHA(column.data if column.size else b"").hexdigest()}
            for name, column in arrays.items()}
    assert {each["type"] for each in told.values()} <= set(TYPES)
    # through JSON once, so that what is kept is what will be read
    return Snapshot(json.loads(canonical({**header, "columns": told})), arrays)


def without(snapshot: Snapshot, names: Iterable[str]) -> Snapshot:
    """The same snapshot, under the same digest, without the bytes of some columns."""
    gone = set(names)
    return Snapshot(snapshot.header, {name: column for name, column in snapshot.columns.items() if name not in gone})


def pack(snapshot: Snapshot) -> bytes:
    """The bytes of a snapshot."""
    kept = sorted(snapshot.columns)
    press = zlib.compressobj(_LEVEL)
    parts = [LIGHT if snapshot.lacking else WHOLE, first_bytes(snapshot.header["first"])]
    for text in (canonical(kept), canonical(snapshot.header)):
        parts.append(press.compress(len(text).to_bytes(4, "little") + text))
    parts += [press.compress(np.ascontiguousarray(snapshot.columns[name]).tobytes()) for name in kept]
    body = b"".join([*parts, press.flush()])
    return body + _SHA(body).digest()


def unpack(data: bytes) -> Snapshot:
    """A snapshot from its bytes; UnreadableFile where they are none, or any of them was changed."""
    if data[:FIRST.start] not in (WHOLE, LIGHT) or len(data) < FIRST.stop + 32:
        raise UnreadableFile("Ce fichier n’est pas un instantané de réunion.")
    if _SHA(data[:-32]).digest() != data[-32:]:
        raise UnreadableFile(_CHANGED)
    try:
        found = _read(_inflated(data[FIRST.stop:-32]))
        if data[FIRST] != first_bytes(found.header["first"]):
            raise ValueError
        return found
    except (zlib.error, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        raise UnreadableFile(_CHANGED) from None


def first_bytes(day: int) -> bytes:
    """Days since 1970-01-01 as they stand in a snapshot."""
    return int(day).to_bytes(4, "big")


def _inflated(body: bytes) -> bytes:
    press = zlib.decompressobj()
    raw = press.decompress(body, MOST_BYTES)
    if press.unconsumed_tail or not press.eof or press.unused_data:
        raise ValueError
    return raw


def _read(raw: bytes) -> Snapshot:
    texts, at = [], 0
    for _ in range(2):
        length = int.from_bytes(raw[at:at + 4], "little")
        texts.append(raw[at + 4:at + 4 + length])
        at += 4 + length
    kept, header = (json.loads(text) for text in texts)
    if canonical(header) != texts[1]:
        raise ValueError
    columns = {}
    for name in kept:
        told = header["columns"][name]
        size = told["rows"] * np.dtype(_known(told["type"])).itemsize
        held = raw[at:at + size]
        if len(held) != size or _SHA(held).hexdigest() != told["sha256"]:
            raise ValueError
        columns[name] = np.frombuffer(held, dtype=told["type"])
        at += size
    if at != len(raw):
        raise ValueError
    return Snapshot(header, columns)


def _known(name: str) -> str:
    if name not in TYPES:
        raise ValueError
    return name
