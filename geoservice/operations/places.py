"""Where a fact may be placed: the codes of the organisation's patrimoine, and addresses."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from geoservice.storage import features
from geoservice.storage.store import Storage


class Addresses:
    """The imported BAN addresses, as the offline geocoder asks for them."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def lookup(self, street: str, postcode: str | None = None, citycode: str | None = None) -> Sequence[tuple]:
        """ADDRESS rows of a normalised street within a postcode or an INSEE code."""
        with self._storage.read() as connection:
            return features.addresses(connection, street, postcode, citycode)

    def communes(self, postcode: str | None = None, citycode: str | None = None) -> Sequence[tuple[str, str]]:
        """(citycode, city) of the communes that have addresses under a code."""
        with self._storage.read() as connection:
            return features.communes(connection, postcode, citycode)


def patrimoine(storage: Storage, organisations: tuple[int, ...]) -> list[dict[str, Any]]:
    """Residences, buildings and halls in reach: `{"level", "code", "lon", "lat", **properties}`; a shape gives its centre."""
    with storage.read() as connection:
        rows = features.places(connection, organisations)
    return [{**json.loads(properties), "level": "hall" if layer == "halls" else json.loads(properties).get("level", "residence"),
             "code": key, "lon": (west + east) / 2, "lat": (south + north) / 2}
            for layer, key, properties, west, south, east, north in rows]
