"""Progress of long work: a bar on a terminal, plain lines elsewhere; and a stop between two steps of it."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from types import FrameType, TracebackType
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


class Stopped(KeyboardInterrupt):
    """The work was asked to stop (SIGTERM); `code` is what the process then ends with."""

    code = 128 + signal.SIGTERM


class Stoppable:
    """Passes progress on; SIGTERM is answered after the step that runs, a second one at once. Main thread only."""

    def __init__(self, progress: Callable[[str, int], None], say: Callable[[str], None]) -> None:
        self._progress, self._say = progress, say
        self._asked, self._begun = False, False

    def __call__(self, name: str, lines: int) -> None:
        self._begun = True
        self._progress(name, lines)
        if self._asked:
            raise Stopped

    def _ask(self, _signal: int, _frame: FrameType | None) -> None:
        if self._asked or not self._begun:  # no step is done yet: there is nothing to wait for
            raise Stopped
        self._asked = True
        self._say("Arrêt demandé : le lot en cours se termine.")

    def __enter__(self) -> Self:
        self._before = signal.signal(signal.SIGTERM, self._ask)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        signal.signal(signal.SIGTERM, self._before)
