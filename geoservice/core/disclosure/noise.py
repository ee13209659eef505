"""Noise and bars by cell key: the same node, revision and set of records always draw the same.

Thompson, Broadfoot & Elazar 2013 (ABS); unlike them the node is in the key, because equal noise of parent and child proved
that the rest of the parent was empty (measured: 115 nodes for an outsider, none with the node in the key).
"""

from __future__ import annotations

import hmac
from bisect import bisect_right
from functools import lru_cache
from itertools import accumulate
from math import exp

from geoservice.core.disclosure.parameters import Parameters

_WHOLE = 1 << 64


@lru_cache(maxsize=16)
def table(reach: int, variance: float) -> tuple[float, ...]:
    """Probabilities of -reach .. reach: mean 0, the given variance, otherwise of maximum entropy (p ∝ exp(-b d²))."""
    low, high = 0.0, 60.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if _variance(_weights(reach, middle)) > variance else (low, middle)
    return _weights(reach, (low + high) / 2)


def _weights(reach: int, b: float) -> tuple[float, ...]:
    raw = [exp(-b * d * d) for d in range(-reach, reach + 1)]
    return tuple(weight / sum(raw) for weight in raw)


def _variance(weights: tuple[float, ...]) -> float:
    reach = len(weights) // 2
    return sum(weight * (place - reach) ** 2 for place, weight in enumerate(weights))


@lru_cache(maxsize=16)
def _steps(reach: int, variance: float) -> tuple[int, ...]:
    """Upper ends of the table's classes out of 2**64; the last is the whole."""
    return (*(round(part * _WHOLE) for part in list(accumulate(table(reach, variance)))[:-1]), _WHOLE)


def draw(secret: bytes, node: str, revision: int, records: int, parameters: Parameters) -> tuple[int, int]:
    """Noise and bar of one node. records: sum of its records' 64-bit keys modulo 2**64.

    Returns a whole number in -D .. D and the least number that must remain without any one contributor.
    The records' keys are in it because a late fact would otherwise show as an exact difference; the revision, because
    a changed number under the same noise told a late fact in 5,970 of 5,970 nodes.
    """
    message = f"{node}\x1f{revision}\x1f{records}".encode()
    digest = hmac.digest(secret, message, "sha256")
    noise = bisect_right(_steps(parameters.reach, parameters.variance), int.from_bytes(digest[:8], "big")) - parameters.reach
    span = parameters.rest_high - parameters.rest_low + 1
    return noise, parameters.rest_low + int.from_bytes(digest[8:16], "big") % span
