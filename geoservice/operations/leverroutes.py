"""What links residences besides nearness, as the patrimoine has it: halls one walks through, streets, landlords."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from geoservice.catalog.streets import Address, parse
from geoservice.core.impact.neighbours import Halls
from geoservice.operations.analyse import index_version
from geoservice.operations.reader import Reader
from geoservice.operations.residences import Residence, residences
from geoservice.operations.reuse import Shelf
from geoservice.operations.stock import Stock

_kept: Shelf[Halls] = Shelf(8)
_known: Shelf[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = Shelf(8)


def routes(reader: Reader, stock: Stock) -> Halls:
    """The halls of a stock with what links them, kept until the patrimoine or the facts change."""
    layers = tuple(reader.version(name) for name in ("patrimoine", "halls") if name in reader.catalog.layers)
    whose = (str(reader.shelf.storage.settings.data), reader.shelf.organisations, layers)
    # addresses are read when the patrimoine changes; a new fact may name a new hall, and that alone is looked up again
    known = _known.get(whose, lambda: {code: (_street(each), _landlord(each)) for code, each in residences(reader).items()})
    return _kept.get((*whose, index_version(reader)), lambda: _made(reader, stock, known))


def _made(reader: Reader, stock: Stock, known: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]) -> Halls:
    homes = [known.get(code, ((), ())) for code in stock.residences]
    through = np.zeros(len(stock), dtype=bool)
    if "halls" in reader.catalog.layers:
        layer = reader.shelf.features("halls")
        open_both = {key for key, said in zip(layer.keys, layer.properties, strict=True) if said.get("traversant") is True}
        through = np.array([key in open_both for key in stock.keys], dtype=bool)
    return Halls(stock.ground.metres, stock.home, through, _numbers([street for street, _ in homes]),
                 _numbers([landlord for _, landlord in homes]))


def _street(home: Residence) -> tuple[str, ...]:
    """A street of a town in its normal form; () where the register has none. Towns are known by any of their codes."""
    line = str(home.properties.get("address") or "")
    if not line:
        return ()
    said = home.properties
    found = parse(Address(line, said.get("postcode"), said.get("citycode"), said.get("city")))
    return (found.street, found.citycode or found.postcode or found.city) if found.street else ()


def _landlord(home: Residence) -> tuple[str, ...]:
    said = str(home.properties.get("landlord") or "").strip().casefold()
    return (said,) if said else ()


def _numbers(values: Sequence[tuple[str, ...]]) -> np.ndarray:
    """The same number for the same value, -1 for ()."""
    seen: dict[tuple[str, ...], int] = {}
    return np.array([seen.setdefault(each, len(seen)) if each else -1 for each in values], dtype=np.int64)
