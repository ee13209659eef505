"""The filters of the HTTP API, written as Python keywords."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from numbers import Real
from typing import Any

from geoservice.core.query import FactQuery, ZoneRef, parse, parse_box
from geoservice.errors import BadInput
from geoservice.types import Box

# `from` is a word of Python itself
ALIASES = {"from_": "from", "since": "from", "until": "to"}


def query(filters: Mapping[str, Any] | None, named: Mapping[str, Any]) -> FactQuery:
    """A FactQuery from `{"from": …}` and keywords; lists, dates and numbers are welcome. BadInput, UnknownParameter."""
    given = [*(filters or {}).items(), *named.items()]
    texts: dict[str, str] = {}
    for name, value in given:
        plain = ALIASES.get(name, name)
        if plain in texts:
            raise BadInput(f"Le filtre « {plain} » est donné deux fois.")
        if value is not None:
            texts[plain] = _text(plain, value)
    if "format" in texts:
        raise BadInput("Ici les réponses sont des GeoDataFrames : « format » est à retirer ; pour un fichier, "
                       "« cellules.to_parquet(…) » ou « cellules.to_file(…) ».")
    return parse(texts)


def box(value: Any) -> Box | None:
    """A Box from `west,south,east,north` as text or four numbers; BadInput when it is none."""
    return value if value is None or isinstance(value, Box) else parse_box(_text("bbox", value))


def _text(name: str, value: Any) -> str:
    if isinstance(value, str | ZoneRef):
        return str(value)
    if isinstance(value, date):  # datetime and pandas.Timestamp too
        return f"{value:%Y-%m-%d}"
    if isinstance(value, Box):
        return ",".join(repr(side) for side in (value.west, value.south, value.east, value.north))
    if isinstance(value, Real) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, Iterable) and not isinstance(value, Mapping | bytes):
        return ",".join(_text(name, each) for each in value)
    raise BadInput(f"Le filtre « {name} » attend un texte, un nombre, une date ou une liste.")
