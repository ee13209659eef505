"""Answers kept while nothing they depend on changes: bounded, shared by threads, the least recently used go first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

V = TypeVar("V")


class Shelf(Generic[V]):
    """At most `most` values, and at most `weight` of them together as `weigh` counts (one each by default).

    Two threads that miss together both make the value: nobody waits for a lock while something is computed.
    """

    def __init__(self, most: int, weight: int | None = None, weigh: Callable[[V], int] = lambda _value: 1) -> None:
        self.most, self.weight, self.weigh = most, weight or most, weigh
        self._values: OrderedDict[Hashable, tuple[V, int]] = OrderedDict()
        self._held = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._values

    def kept(self, key: Hashable) -> V | None:
        """The value under a key, None where there is none."""
        with self._lock:
            found = self._values.get(key)
        return None if found is None else found[0]

    def get(self, key: Hashable, make: Callable[[], V]) -> V:
        """The value under a key, made when it is not there."""
        with self._lock:
            found = self._values.get(key)
            if found is not None:
                self._values.move_to_end(key)
                return found[0]
        value = make()
        with self._lock:
            self._put(key, value)
        return value

    def _put(self, key: Hashable, value: V) -> None:
        old = self._values.pop(key, None)
        weight = self.weigh(value)
        self._held += weight - (0 if old is None else old[1])
        self._values[key] = (value, weight)
        while len(self._values) > self.most or (self._held > self.weight and len(self._values) > 1):
            self._held -= self._values.popitem(last=False)[1][1]
