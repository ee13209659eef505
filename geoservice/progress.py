"""Progress of long work: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any, Self, TextIO

_EVERY_S = 5.0


class Progress:
    """Call with a file's name and the lines done so far."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._bar: Any = None
        self._said = time.monotonic()

    def __call__(self, name: str, lines: int) -> None:
        if self._out.isatty():
            self._draw(name, lines)
        elif time.monotonic() - self._said >= _EVERY_S:
            self._said = time.monotonic()
            print(f"{name} : {lines} lignes lues", file=self._out, flush=True)

    def _draw(self, name: str, lines: int) -> None:
        if self._bar is None:
            from tqdm import tqdm

            self._bar = tqdm(unit=" lignes", file=self._out, unit_scale=True)
        self._bar.set_description_str(name, refresh=False)
        self._bar.update(lines - self._bar.n)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.close()
