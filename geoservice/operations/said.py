"""What stands beside every statistic: how it was made, on which data, so that it can be made again and doubted."""

from __future__ import annotations

from dataclasses import dataclass

from geoservice.operations.analyse import Reason, index_version
from geoservice.operations.reader import Reader


@dataclass(frozen=True)
class Said:
    """Test, null hypothesis, dispersion (variance / mean), correction, level, exposure, seed; None where there is none of it."""

    test: str
    sentence: str
    index_version: str
    null: str | None = None
    dispersion: float | None = None
    correction: str | None = None
    level: float | None = None
    exposure: str | None = None
    seed: int | None = None


def of_data(reader: Reader) -> str:
    """A name for the state of the data."""
    return index_version(reader)


__all__ = ["Reason", "Said", "of_data"]
