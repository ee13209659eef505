"""What the query parameters look like, in the words of OpenAPI; and the shape of every error."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from geoservice.core.grid import COARSEST, FINEST
from geoservice.types import Category, Kind, Nature, Place


def _several(words: Iterable[StrEnum]) -> dict[str, Any]:
    one = f"({'|'.join(words)})"
    return {"type": "string", "pattern": f"^{one}(,{one})*$"}


_DAY = {"type": "string", "format": "date", "pattern": "^(19[7-9][0-9]|20[0-9]{2}|21[0-3][0-9])-[0-9]{2}-[0-9]{2}$"}
_DEGREES = r"-?[0-9]{1,2}(\.[0-9]{1,9})?"
SCHEMAS: dict[str, dict[str, Any]] = {
    "kind": {"type": "string", "enum": [str(kind) for kind in Kind]}, "from": _DAY, "to": _DAY,
    "category": _several(Category), "nature": _several(Nature), "place": _several(Place),
    "gravity_min": {"type": "integer", "minimum": 1, "maximum": 4},
    "hours": {"type": "string", "pattern": "^(1?[0-9]|2[0-3])-(1?[0-9]|2[0-4])$"},
    "weekdays": {"type": "string", "pattern": "^[1-7](-[1-7])?(,[1-7](-[1-7])?)*$"},
    "zone": {"type": "string", "pattern": "^(qpv2024|qpv2015|commune|residence):[0-9A-Za-z_.~ -]{1,64}$"},
    "bbox": {"type": "string", "pattern": f"^{_DEGREES},{_DEGREES},{_DEGREES},{_DEGREES}$"},
    "resolution": {"type": "integer", "minimum": COARSEST, "maximum": FINEST},
    "cell": {"type": "string", "pattern": "^8[4-9a-c][0-9a-f]{13}$"},
    "level": {"type": "string", "enum": ["residence", "commune"]}, "step": {"type": "string", "enum": ["day", "week", "month"]},
    "by": {"type": "string", "enum": ["all", "category"]},
    "show": {"type": "string", "enum": ["counts", "hotspots"]},
    "exposure": {"type": "string", "enum": ["auto", "area", "dwellings"]},
    "null": {"type": "string", "enum": ["beta-binomial", "binomial", "permutation"]},
    "side": {"type": "string", "enum": ["upper", "lower", "two-sided"]}, "verdict": {"type": "string", "enum": ["0", "1"]},
    "of": {"type": "string", "enum": ["residence", "hall"]}, "days": {"type": "integer", "minimum": 14, "maximum": 365},
    "back": {"type": "integer", "minimum": 1, "maximum": 24},
    "state": {"type": "string", "enum": ["vert", "jaune", "orange", "rouge", "inconnu"]},
    "lon": {"type": "number", "minimum": -180, "maximum": 180}, "lat": {"type": "number", "minimum": -90, "maximum": 90},
    "azimuth": {"type": "number", "minimum": 0, "maximum": 360}, "height_m": {"type": "number", "minimum": 2, "maximum": 30},
    "lens": {"type": "string", "enum": ["2.8", "4", "6", "12"]}, "operator": {"type": "string", "enum": ["bailleur", "commune"]},
    "weights": {"type": "string", "enum": ["count", "gravity", "excess", "hours"]},
    "backup": {"type": "number", "minimum": 0, "maximum": 100}, "night_m": {"type": "number", "minimum": 5, "maximum": 100},
    "existing": {"type": "string", "enum": ["directed", "all", "none"]},
    "purpose": {"type": "string", "enum": ["detect", "observe", "recognise", "identify"]},
    "masks": {"type": "string", "enum": ["0", "1"]}, "support": {"type": "string", "enum": ["building", "street"]},
    "compare": {"type": "string", "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}\.\.[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
}
PROBLEM: dict[str, Any] = {
    "description": "Ce qui ne va pas, et quoi faire (RFC 9457).",
    "content": {"application/problem+json": {"schema": {
        "type": "object", "required": ["type", "title", "status", "detail"],
        "properties": {"type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"},
                       "detail": {"type": "string"}}}}}}
