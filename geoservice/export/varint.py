"""Protocol-buffer varints of whole arrays at once.

Flat unsigned arrays in, flat bytes out and no Python loop over values, so that a compiled version can replace
either function without touching its callers. Source: https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

import numpy as np


def zigzag(values: np.ndarray) -> np.ndarray:
    """Signed int64 (...) to unsigned uint64 (...): 0, -1, 1, -2 become 0, 1, 2, 3."""
    return ((values << 1) ^ (values >> 63)).view(np.uint64)


def lengths(values: np.ndarray) -> np.ndarray:
    """Bytes that each uint64 takes as a varint, uint8 of the same shape, 1 to 10."""
    out = np.ones(values.shape, np.uint8)
    flat, size = values.reshape(-1), out.reshape(-1)
    longer = np.flatnonzero(flat >= 128)
    shift = np.uint64(14)
    while longer.size:
        size[longer] += 1
        if shift > 63:
            break
        longer = longer[(flat[longer] >> shift) > 0]
        shift += np.uint64(7)
    return out


def pack(values: np.ndarray, sizes: np.ndarray) -> bytes:
    """The varints of `values` (m,) uint64 one after another; `sizes` (m,) is `lengths(values)`."""
    if not values.size:
        return b""
    at = np.cumsum(sizes, dtype=np.int64)
    out = np.empty(at[-1], np.uint8)
    at -= sizes
    out[at] = _group(values, sizes > 1)
    left = np.flatnonzero(sizes > 1)
    at, values, sizes = at[left], values[left], sizes[left]
    byte = 1
    while at.size:
        values = values >> np.uint64(7)
        out[at + byte] = _group(values, sizes > byte + 1)
        byte += 1
        left = np.flatnonzero(sizes > byte)
        at, values, sizes = at[left], values[left], sizes[left]
    return out.tobytes()


def one(value: int) -> bytes:
    """One varint, for lengths and headers."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number: int, payload: bytes) -> bytes:
    """A length-delimited protocol-buffer field."""
    return one(number << 3 | 2) + one(len(payload)) + payload


def _group(values: np.ndarray, more: np.ndarray) -> np.ndarray:
    """The low seven bits of each value, with the continuation bit where `more` bytes follow."""
    return (values.astype(np.uint8) & 127) | (more.view(np.uint8) << 7)
