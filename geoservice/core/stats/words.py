"""Numbers as French sentences write them: decimal comma, narrow no-break spaces, an honest number of digits."""

from __future__ import annotations

_NARROW = "\u202f"
_FIXED = "\u00a0"


def number(value: float, digits: int = 1) -> str:
    """`1 234,5`; no decimals when they would be zeros, and none from 100 on."""
    text = f"{value:,.{0 if abs(value) >= 100 else digits}f}"
    whole, _, decimals = text.partition(".")
    decimals = decimals.rstrip("0")
    whole = whole.replace(",", _NARROW).replace("-", "−")
    if whole == "−0" and not decimals:
        whole = "0"
    return f"{whole},{decimals}" if decimals else whole


def percent(share: float) -> str:
    """A share from 0 to 1 as `42 %`; never 0 % nor 100 % for what is neither nothing nor all."""
    if 0 < share < 0.005:
        return f"moins de 1{_FIXED}%"
    if 0.995 <= share < 1:
        return f"plus de 99{_FIXED}%"
    return f"{number(100 * share, 0)}{_FIXED}%"


def facts(count: float) -> str:
    """`1 fait`, `12 faits`, `2,5 faits`."""
    return f"{number(count)}{_FIXED}fait{'s' if count >= 2 else ''}"


def awaited(count: float) -> str:
    """`1,5 attendu`, `12 attendus`."""
    return f"{number(count)}{_FIXED}attendu{'s' if count >= 2 else ''}"


def times(ratio: float) -> str:
    """`2,4 fois`."""
    return f"{number(ratio)}{_FIXED}fois"


def between(low: float, high: float) -> str:
    """`entre 1,2 et 3,4`, for an interval whose level is stated elsewhere; a bound never reads as 1 that is not."""
    digits = 2 if any(round(end, 1) == 1 != end for end in (low, high)) else 1
    return f"entre {number(low, digits)} et {number(high, digits)}"
