"""The members of a JSON document one after the other: a large file never stands in memory as objects."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_PIECE = 1 << 18  # characters
VALUE_MAX = 24 << 20  # characters of one record
_BLANK = re.compile(r"[ \t\n\r]*")


class TooLong(ValueError):
    """One record is longer than VALUE_MAX."""


def _integer(digits: str) -> int | str:
    """An integer that a database can hold; a longer one is an identifier, and stays text."""
    return int(digits) if len(digits) <= 18 else digits


class Scanner:
    """Walks a file: `peek`, `take`, `value`; ValueError where it is no JSON, RecursionError where it is too deep."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as start:
            encoding = json.detect_encoding(start.read(4))
        self._file = path.open(encoding=encoding, newline="")
        self._text, self._at, self._left = "", 0, 0
        self._decoder = json.JSONDecoder(parse_int=_integer)

    def close(self) -> None:
        self._file.close()

    @property
    def position(self) -> int:
        """Characters walked over so far."""
        return self._left + self._at

    def peek(self) -> str:
        """The next character that is no blank; empty at the end."""
        while True:
            self._at = _BLANK.match(self._text, self._at).end()  # type: ignore[union-attr]  # matches anything
            if self._at < len(self._text) or not self._more():
                return self._text[self._at:self._at + 1]

    def take(self, *wanted: str) -> str:
        """Step over one of these characters."""
        found = self.peek()
        if found not in wanted or not found:
            raise ValueError("JSON")
        self._at += 1
        return found

    def value(self) -> Any:
        """The next value, whole."""
        self.peek()
        while True:
            try:
                found, end = self._decoder.raw_decode(self._text, self._at)
            except json.JSONDecodeError:
                if not self._more():
                    raise
                continue
            if end < len(self._text) or not self._more():  # a number may go on in the next piece
                self._at = end
                return found

    def _more(self) -> bool:
        """Read on, as much again as waits already: a long value is tried a few times only."""
        waiting = len(self._text) - self._at
        if waiting > VALUE_MAX:
            raise TooLong
        piece = self._file.read(max(_PIECE, waiting))
        if piece:
            self._left += self._at
            self._text, self._at = self._text[self._at:] + piece, 0
        return bool(piece)


def members(path: Path, lists: tuple[str, ...]) -> Iterator[tuple[str, Any, int]]:
    """(name, value, position after it) of an object; each item of a list at the top ("" for a name) or under one of `lists`.

    A list that is streamed is announced by EMPTY for a value, whether it has items or not.
    """
    scanner = Scanner(path)
    try:
        if scanner.peek() == "[":
            yield from _items(scanner, "")
        elif scanner.peek() == "{":
            yield from _object(scanner, lists)
        else:
            scanner.value()
        if scanner.peek():
            raise ValueError("JSON")
    finally:
        scanner.close()


EMPTY = object()


def _object(scanner: Scanner, lists: tuple[str, ...]) -> Iterator[tuple[str, Any, int]]:
    scanner.take("{")
    if scanner.peek() == "}":
        scanner.take("}")
        return
    while True:
        name = scanner.value() if scanner.peek() == '"' else None
        if name is None:
            raise ValueError("JSON")
        scanner.take(":")
        if name in lists and scanner.peek() == "[":
            yield from _items(scanner, name)
        else:
            yield name, scanner.value(), scanner.position
        if scanner.take(",", "}") == "}":
            return


def _items(scanner: Scanner, name: str) -> Iterator[tuple[str, Any, int]]:
    scanner.take("[")
    yield name, EMPTY, scanner.position
    if scanner.peek() == "]":
        scanner.take("]")
        return
    while True:
        yield name, scanner.value(), scanner.position
        if scanner.take(",", "]") == "]":
            return
