"""Does a source still speak? Facts per source and month, and the months in which a source that usually speaks said nothing."""

from __future__ import annotations

import numpy as np

from geoservice.core.profiles import step_starts

USUAL = 3.0  # facts a month below which a month without any is nothing unusual: chance alone gives 1 in 20


def months(day: np.ndarray, source: np.ndarray, sources: int, period: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """First days (m,) of the months of a period (first, last, both included); facts by source and month, (sources, m) int64."""
    starts = step_starts("month", *period)
    inside = (day >= period[0]) & (day <= period[1])
    at = np.searchsorted(starts, day[inside].astype(np.int64), side="right") - 1
    counts = np.bincount(source[inside].astype(np.int64) * len(starts) + at, minlength=sources * len(starts))
    return starts, counts.reshape(sources, len(starts)).astype(np.int64)


def silent(counts: np.ndarray) -> np.ndarray:
    """Months without a fact of sources that usually have at least USUAL, after their first month; like counts, bool.

    Usual is the median of the months from a source's first to its last with any.
    """
    out = np.zeros(counts.shape, dtype=bool)
    for row, line in enumerate(counts):
        some = np.flatnonzero(line)
        if len(some) and np.median(line[some[0]:some[-1] + 1]) >= USUAL:
            out[row, some[0]:] = line[some[0]:] == 0
    return out
