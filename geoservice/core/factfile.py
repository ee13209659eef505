"""The FactIndex on disk: one immutable file, memory-mapped by every reader, replaced by rename.

Layout: 8 magic bytes, the header's length (u8), a JSON header padded to 64 bytes, then the columns, the blocks and the starts
of cells, each aligned to 64 bytes. Little-endian.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from geoservice.core.facts import COLUMNS, FactIndex, Units
from geoservice.errors import NotReady
from geoservice.types import Kind

MAGIC = b"GEOFACT2"  # a changed layout changes it: an index is never misread, it is built again
_UNREADABLE = "Un fichier d’index est illisible ; lancez « geoservice doctor » pour le reconstruire."
_ALIGN = 64


def write(index: FactIndex, path: Path) -> None:
    """Write durably beside `path`, then rename over it: another process sees the old file or the new one, whole.

    One writer at a time: what a killed one left beside it is written over.
    """
    arrays = {**{name: index[name] for name in COLUMNS}, "blocks": index.blocks,
              **{_start_name(resolution): starts for resolution, starts in index.starts.items()}}
    temporary = path.with_name(f"{path.name}.tmp")
    with temporary.open("wb") as file:
        file.write(_header(index, arrays))
        for array in arrays.values():
            file.write(b"\0" * (-file.tell() % _ALIGN))
            file.write(np.ascontiguousarray(array).data if array.size else b"")
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
    sync_folder(path.parent)


def _header(index: FactIndex, arrays: dict[str, np.ndarray]) -> bytes:
    units = index.units
    text = json.dumps({
        "facts": len(index), "placed_from": index.placed_from, "version": index.version,
        "kinds": {str(kind): number for kind, number in index.kinds.items()}, "blocks": len(index.blocks),
        "starts": {str(resolution): len(starts) for resolution, starts in index.starts.items()},
        "units": [units.level, units.code, units.residence, units.commune]}, ensure_ascii=False).encode()
    start = len(MAGIC) + 8
    text += b" " * (-(start + len(text)) % _ALIGN)
    return MAGIC + len(text).to_bytes(8, "little") + text


def sync_folder(folder: Path) -> None:
    """Put a rename on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def open_index(path: Path) -> FactIndex:
    """A FactIndex whose columns are views of the mapped file; NotReady when the file is not one."""
    mapped, header, position = _opened(path)
    columns: dict[str, np.ndarray] = {}
    resolutions = {int(text): number for text, number in header["starts"].items()}
    layout = {**{name: ((header["facts"],), kind) for name, kind in COLUMNS.items()}, "blocks": ((header["blocks"], 6), "<i8"),
              **{_start_name(resolution): ((number,), "<u4") for resolution, number in resolutions.items()}}
    for name, (shape, text) in layout.items():
        kind = np.dtype(text)
        position += -position % _ALIGN
        size = int(np.prod(shape)) * kind.itemsize
        if position + size > len(mapped):
            raise NotReady(_UNREADABLE)
        columns[name] = mapped[position:position + size].view(kind).reshape(shape).view(np.ndarray)
        position += size
    units = Units(*(tuple(values) for values in header["units"]))
    kinds = {Kind(name): number for name, number in header["kinds"].items()}
    starts = {resolution: columns[_start_name(resolution)] for resolution in resolutions}
    return FactIndex({name: columns[name] for name in COLUMNS}, units, columns["blocks"], header["placed_from"], kinds, starts,
                     header["version"])


def _start_name(resolution: int) -> str:
    return f"starts of {resolution}"


def _opened(path: Path) -> tuple[np.ndarray, dict[str, Any], int]:
    """The mapped bytes, the header, and where the header ends; all of one file, though another is swapped in meanwhile."""
    with path.open("rb") as file:
        start = file.read(len(MAGIC) + 8)
        length = int.from_bytes(start[len(MAGIC):], "little")
        if start[:len(MAGIC)] != MAGIC or len(start) + length > os.fstat(file.fileno()).st_size:
            raise NotReady(_UNREADABLE)
        header = json.loads(file.read(length))
        return np.memmap(file, dtype=np.uint8, mode="r"), header, len(start) + length
