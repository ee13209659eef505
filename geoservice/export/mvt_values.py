"""The key and value tables of a vector-tile layer: every distinct key and value once, features point at them.

Source: Mapbox Vector Tile specification 2.1, §4.1 and §4.4. Non-negative integers are `uint_value`, negative ones
`sint_value`, floats `double_value`. None (a missing value) leaves the tag out of its feature.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from geoservice.errors import BadInput
from geoservice.export import varint

Properties = Mapping[str, "Sequence[Any] | np.ndarray | Texts"]

_LUT_SPAN = 65_536  # below this range distinct integers are found by a table instead of a sort


@dataclass(frozen=True)
class Texts:
    """Texts of one length that are all different, as value fields ready for a tile: (n, bytes) uint8."""

    fields: np.ndarray

    @classmethod
    def of(cls, texts: Sequence[str]) -> Texts:
        """From texts of one length in bytes, at most 120."""
        made = [varint.field(4, varint.field(1, text.encode())) for text in texts]
        return cls(np.frombuffer(b"".join(made), np.uint8).reshape(len(made), len(made[0]) if made else 0))

    def take(self, rows: np.ndarray) -> Texts:
        """Some of them."""
        return Texts(self.fields[rows])


@dataclass(frozen=True)
class Tags:
    """`words` (n, 2p) uint64 key and value numbers; `present` (n, 2p) bool; `tables` the layer fields 3 and 4."""

    words: np.ndarray
    present: np.ndarray
    tables: bytes


def tags(properties: Properties, count: int) -> Tags:
    """Tags of `count` features. BadInput for NaN, infinite numbers, integers beyond 64 bits and other types."""
    words = np.zeros((count, 2 * len(properties)), np.uint64)
    present = np.zeros(words.shape, bool)
    table = _Table({}, [], 0)
    for position, (name, data) in enumerate(properties.items()):
        inverse = table.add_all(data) if isinstance(data, Texts) else table.add(*_column(name, data))
        if len(inverse) != count:
            raise ValueError(f"property {name!r} has {len(inverse)} values for {count} features")
        words[:, 2 * position] = position
        words[:, 2 * position + 1] = np.maximum(inverse, 0)
        present[:, 2 * position : 2 * position + 2] = (inverse >= 0)[:, None]
    keys = b"".join(varint.field(3, name.encode()) for name in properties)
    return Tags(words, present, keys + b"".join(table.fields))


@dataclass
class _Table:
    """The values of a layer in the order of their numbers."""

    numbers: dict[bytes, int]
    fields: list[bytes]
    size: int

    def add(self, encoded: list[bytes], inverse: np.ndarray) -> np.ndarray:
        """Numbers (n,) in the layer, from distinct values and the number of each feature's among them (-1 = missing)."""
        for value in encoded:
            if value not in self.numbers:
                self.numbers[value] = self.size
                self.fields.append(_field(value))
                self.size += 1
        of_value = np.array([self.numbers[value] for value in encoded] or [0], np.int64)
        return np.where(inverse >= 0, of_value[inverse], -1)

    def add_all(self, texts: Texts) -> np.ndarray:
        """Numbers (n,) of texts that are all different."""
        self.fields.append(texts.fields.tobytes())
        self.size += len(texts.fields)
        return np.arange(self.size - len(texts.fields), self.size)


def _column(name: str, data: Sequence[Any] | np.ndarray) -> tuple[list[bytes], np.ndarray]:
    """The encoded distinct values of one property, and for each feature the number of its value (-1 = missing)."""
    if isinstance(data, np.ndarray) and data.dtype.kind in "biuf":
        distinct, inverse = _distinct(data)
        if data.dtype.kind in "iu" and distinct.min(initial=0) >= 0:
            return [_small(value) for value in distinct.tolist()], inverse
        return [_value(name, value) for value in distinct.tolist()], inverse
    seen: dict[tuple[type, Any], int] = {}
    inverse = np.full(len(data), -1, np.int64)
    for row, value in enumerate(data.tolist() if isinstance(data, np.ndarray) else data):
        if value is not None:
            value = value.item() if isinstance(value, np.generic) else value
            inverse[row] = seen.setdefault((type(value), value), len(seen))
    return [_value(name, value) for _, value in seen], inverse


def _distinct(data: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """np.unique with its inverse; integers of a small range without sorting."""
    if data.dtype.kind in "iu" and data.size:
        low = data.min()
        if int(data.max()) - int(low) < _LUT_SPAN:
            offset = (data - low).astype(np.int64)
            used = np.bincount(offset) > 0
            return np.flatnonzero(used).astype(data.dtype) + low, (np.cumsum(used) - 1)[offset]
    return np.unique(data, return_inverse=True)


def _value(name: str, value: Any) -> bytes:
    """One Value message."""
    if isinstance(value, str):
        return varint.field(1, value.encode("utf-8", "replace"))
    if isinstance(value, bool):
        return b"\x38\x01" if value else b"\x38\x00"
    if isinstance(value, int):
        return _integer(name, value)
    if isinstance(value, float):
        if math.isfinite(value):
            return b"\x19" + struct.pack("<d", value)
        raise BadInput(f"La propriété « {name} » contient un nombre indéfini (NaN ou infini) : la laisser vide.")
    kind = type(value).__name__
    raise BadInput(f"La propriété « {name} » contient un type inconnu ({kind}) : la donner en texte ou en nombre.")


@lru_cache(maxsize=65_536)
def _field(value: bytes) -> bytes:
    """A value as a field of its layer."""
    return varint.field(4, value)


@lru_cache(maxsize=65_536)
def _small(value: int) -> bytes:
    """`_integer` of a count: the same few come in every tile."""
    return b"\x28" + varint.one(value)


def _integer(name: str, value: int) -> bytes:
    if 0 <= value < 2**64:
        return _small(value)
    if -(2**63) <= value < 0:
        return b"\x30" + varint.one(-2 * value - 1)
    raise BadInput(f"La propriété « {name} » contient un entier de plus de 64 bits : le donner en texte.")
