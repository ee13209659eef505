"""Answers that were asked lately, worked out for an index before it is swapped in: who comes after finds them there.

Nothing is kept here but who asked for what. An answer is kept where it always is, under the version of its data, so that the old
one is never given for the new.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from geoservice.errors import GeoserviceError
from geoservice.operations.reach import organisations_of
from geoservice.operations.reader import Reader
from geoservice.types import Viewer
from geoservice.web.headers import describe

Make = Callable[[Reader], object]
MOST, REMEMBERED_S = 8, 1_800.0
BUDGET_S = 2.0  # of one swap: what is not begun by then is worked out when it is asked for
log = logging.getLogger("geoservice.web")


@dataclass(frozen=True)
class _Asked:
    """Who asked for something and when (monotonic seconds)."""

    viewer: Viewer
    make: Make
    at: float


class Warm:
    """What was asked lately: one of a name and a reach, the last ones of MOST."""

    def __init__(self) -> None:
        self._asked: OrderedDict[tuple, _Asked] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._asked)

    def asked(self, name: str, viewer: Viewer, make: Make) -> None:
        """Somebody asked for what `make` works out. An exceptional look leaves nothing behind."""
        if viewer.glass:
            return
        with self._lock:
            key = (name, organisations_of(viewer))
            self._asked[key] = _Asked(viewer, make, time.monotonic())
            self._asked.move_to_end(key)
            while len(self._asked) > MOST:
                self._asked.popitem(last=False)

    def forget(self) -> None:
        """Nobody asked for anything."""
        with self._lock:
            self._asked.clear()

    def again(self, organisation_id: int, open_for: Callable[[Viewer], Reader]) -> int:
        """Work out again what an organisation's facts matter to, the latest asked first; how many. Never raises."""
        begun, made = time.monotonic(), 0
        with self._lock:
            waiting = [each for each in reversed(self._asked.values()) if begun - each.at < REMEMBERED_S
                       and organisation_id in organisations_of(each.viewer)]
        for each in waiting:
            if time.monotonic() - begun >= BUDGET_S:
                break
            made += _made(each, open_for)
        return made


def _made(asked: _Asked, open_for: Callable[[Viewer], Reader]) -> bool:
    try:
        asked.make(open_for(asked.viewer))
    except GeoserviceError:
        return False  # whoever asks again is told so
    except Exception as error:  # an index must come in whatever becomes of this
        log.error("warm: %s", describe(error))
        return False
    return True
