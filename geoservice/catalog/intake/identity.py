"""What makes a fact itself (its key) and what makes one version of it differ from another (its content)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import numpy as np

from geoservice.catalog.intake.common import EMPTY, Memo, text

KEY_LENGTH = 120
NO_DEGREE = np.iinfo(np.int64).min


class Identity:
    """Contents and keyless keys of one file; both are the same on every machine and run."""

    def __init__(self, kind: str) -> None:
        self._person = kind.encode()
        self._codes = Memo(_code)
        self._once: set[int] = set()
        self._again: Counter[int] = Counter()

    def contents(self, numbers: Sequence[np.ndarray], words: Sequence[Sequence[Any]]) -> list[bytes]:
        """16 bytes a row from columns of numbers (see `_packed`) and columns of codes."""
        packed = _packed((*numbers, *(self._column(column) for column in words)))
        return [blake2b(row, digest_size=16, person=self._person).digest() for row in packed]

    def _column(self, column: Sequence[Any]) -> np.ndarray:
        """A column of codes as integers that stand for their text; (n,) int64."""
        if column.count(column[0]) == len(column):
            return np.full(len(column), self._codes[column[0]], dtype=np.int64)
        return np.array(self._codes.column(column), dtype=np.int64)

    def ordinal(self, digest: bytes) -> str:
        """A key for a row that has none: what it says, and the how-manieth of the file says it."""
        short = int.from_bytes(digest[:8], "big", signed=True)
        if short not in self._once:
            self._once.add(short)
            return f"~{digest.hex()}.1"
        self._again[short] += 1
        return f"~{digest.hex()}.{self._again[short] + 1}"


def digests(numbers: Sequence[np.ndarray], words: Sequence[tuple[str | None, ...]]) -> list[bytes]:
    """12 bytes a row from columns of numbers and the texts of each row."""
    return [blake2b(row + repr(said).encode(), digest_size=12).digest()
            for row, said in zip(_packed(numbers), words, strict=True)]


def given_keys(columns: Sequence[Sequence[Any]]) -> list[str | None]:
    """Identifiers from the columns of a key, None where one of them is empty."""
    parts = [_texts(column) for column in columns]
    if len(parts) == 1:
        return parts[0]
    return [None if None in part else "|".join(map(str, part)) for part in zip(*parts, strict=True)]


def unfit(keys: Sequence[str | None]) -> list[int]:
    """Rows whose identifier is too long to be one, or looks like ours."""
    return [row for row, key in enumerate(keys) if key is not None and (len(key) > KEY_LENGTH or key[0] == "~")]


def _texts(column: Sequence[Any]) -> list[str | None]:
    """A column of mostly distinct texts, trimmed; the common case (all text, none empty) at the speed of `map`."""
    try:
        trimmed = list(map(str.strip, column))
    except TypeError:
        return [text(value) for value in column]
    return trimmed if EMPTY.isdisjoint(map(str.lower, trimmed)) else [text(value) for value in column]  # type: ignore[return-value]


def _code(code: Any) -> int:
    """A code as an integer that is the same on every machine and run; 0 for none."""
    if code is None:
        return 0
    return int.from_bytes(blake2b(repr(code).encode(), digest_size=8).digest(), "little", signed=True)


def _degrees(values: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(values), np.round(np.nan_to_num(values) * 1e7), NO_DEGREE).astype(np.int64)


def _packed(columns: Sequence[np.ndarray]) -> list[bytes]:
    """Columns of integers, and of degrees as floats (NaN for none, kept to 1e-7), as one byte string a row."""
    whole = [_degrees(c) if c.dtype.kind == "f" else c for c in columns]
    table, width = np.column_stack(whole).astype("<i8").tobytes(), 8 * len(whole)
    return [table[start:start + width] for start in range(0, len(table), width)]
