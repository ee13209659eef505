"""Two dates as people of Python write them."""

from __future__ import annotations

from datetime import date
from typing import Any

from geoservice.errors import BadInput
from geoservice.operations import comparison


def span_of(value: Any, name: str) -> comparison.Span:
    """Two dates, or their text `2024-01-01..2024-07-01`, the second excluded; BadInput."""
    if isinstance(value, str):
        return comparison.span(value, name)
    try:
        first, after = value
    except (TypeError, ValueError):
        raise BadInput(f"« {name} » attend deux dates, ou un texte comme 2024-01-01..2024-07-01.") from None
    texts = [f"{day:%Y-%m-%d}" if isinstance(day, date) else str(day) for day in (first, after)]
    return comparison.span("..".join(texts), name)
