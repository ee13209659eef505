"""Whether compiled loops are at hand: loaded behind the answers, never before one, and never missed where they cannot be had.

Loading a module takes half a second (several the first time, when it is compiled). Nothing small is worth that, so it begins
with the first large question, on a thread of its own, and numpy answers until it is done; only a process that said `allow()`
begins at all. The results are the same either way: tests compare them.
"""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

LARGE = 50_000  # rows, vertices or points: numpy works through fewer within about a millisecond

_OPTIONS = {"nogil": True, "boundscheck": False, "error_model": "numpy"}
Source = Callable[[], ModuleType]  # imports a module of compiled loops and returns it

_loaded: dict[Source, ModuleType] = {}
_threads: dict[Source, threading.Thread] = {}
_state = {"allowed": False}
_lock = threading.Lock()


def allow() -> None:
    """This process may load compiled loops when a large question comes: a server, or somebody who calculates for long."""
    _state["allowed"] = True


def options(probe: Callable[..., Any]) -> dict[str, Any]:
    """How numba compiles the loops of a file, of which `probe` is any function: kept on the disk where there is a folder for it,
    else compiled anew by every process."""
    from numba import njit

    try:
        njit(cache=True)(probe)
    except RuntimeError:  # a read-only folder of programs, and no other that numba may write
        return {**_OPTIONS, "cache": False}
    return {**_OPTIONS, "cache": True}


def at_hand(source: Source, work: int = LARGE) -> ModuleType | None:
    """A module of compiled loops, None until it is loaded; a question of LARGE or more begins the loading."""
    found = _loaded.get(source)
    if found is None and work >= LARGE and _state["allowed"] and source not in _threads:
        with _lock:
            if source not in _threads:
                atexit.register(settle)
                _threads[source] = threading.Thread(target=load, args=(source,), name="geoservice-compiled", daemon=True)
                _threads[source].start()
    return found


def load(source: Source) -> bool:
    """Load a module of compiled loops now; whether it is at hand. Where that cannot be, numpy goes on answering."""
    try:
        _loaded[source] = source()
    except Exception:  # no numba or an unfit one, a folder that cannot be written: all cost speed and nothing else
        return False
    return True


def settle(timeout_s: float = 60.0) -> None:
    """Wait for loadings that have begun: a process must not end in the middle of one."""
    for thread in list(_threads.values()):
        thread.join(timeout_s)
