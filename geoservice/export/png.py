"""A small PNG writer for palette images, several times faster than a general one.

Source: https://www.w3.org/TR/png-3/
"""

from __future__ import annotations

import struct
import zlib

import numpy as np

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_LEVEL = 1  # tiles are made once per view: a fast pass is within a few per cent of the best size


def palette_png(indices: np.ndarray, palette: np.ndarray) -> bytes:
    """PNG of `indices` uint8 (height, width) into `palette` uint8 (1 to 256, 4), red, green, blue, opacity."""
    height, width = indices.shape
    if not 1 <= len(palette) <= 256 or (indices.size and indices.max() >= len(palette)):
        raise ValueError("a palette has 1 to 256 colours and every pixel is one of them")
    rows = np.zeros((height, width + 1), np.uint8)  # each row begins with its filter: none
    rows[:, 1:] = indices
    return b"".join(
        (
            _SIGNATURE,
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            _chunk(b"PLTE", palette[:, :3].astype(np.uint8).tobytes()),
            _chunk(b"tRNS", palette[:, 3].astype(np.uint8).tobytes()),
            _chunk(b"IDAT", zlib.compress(rows, _LEVEL)),
            _chunk(b"IEND", b""),
        )
    )


def transparent_png(size: int) -> bytes:
    """A square of nothing."""
    return palette_png(np.zeros((size, size), np.uint8), np.zeros((1, 4), np.uint8))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
