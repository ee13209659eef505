"""Where a fact may be placed: the codes of the organisation's patrimoine, and addresses."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from geoservice.catalog.geocoding import Match
from geoservice.catalog.intake.placing import Spot
from geoservice.storage import features, geocoded
from geoservice.storage.scope import RowScope
from geoservice.storage.store import Storage
from geoservice.types import Placement


class Addresses:
    """The imported BAN addresses, as the offline geocoder asks for them."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def lookup(self, street: str, postcode: str | None = None, citycode: str | None = None) -> Sequence[tuple]:
        """ADDRESS rows of a normalised street within a postcode or an INSEE code."""
        with self._storage.read(RowScope()) as connection:
            return features.addresses(connection, street, postcode, citycode)

    def communes(self, postcode: str | None = None, citycode: str | None = None) -> Sequence[tuple[str, str]]:
        """(citycode, city) of the communes that have addresses under a code."""
        with self._storage.read(RowScope()) as connection:
            return features.communes(connection, postcode, citycode)


class Patrimoine:
    """Residences, buildings and halls in reach, found by the codes that landlords write."""

    def __init__(self, storage: Storage, organisations: tuple[int, ...]) -> None:
        with storage.read(RowScope(organisations)) as connection:
            rows = features.places(connection, organisations)
        self._spots: dict[tuple[str, ...], Spot | None] = {}
        for layer, key, text, west, south, east, north in rows:
            known = json.loads(text)
            level = "hall" if layer == "halls" else known.get("level") or "residence"
            self._add(level, key, known, ((west + east) / 2, (south + north) / 2))

    def _add(self, level: str, key: str, known: dict[str, Any], point: tuple[float, float]) -> None:
        """A shape is placed at the middle of its box. A code that two places share is kept as a doubt (None)."""
        # Two residences may both have a hall or building « A »: its key is longer than the code that landlords write.
        code = str(known.get({"hall": "hall", "batiment": "building"}.get(level, "")) or key)
        residence, building = known.get("residence"), known.get("building")
        commune = known.get("citycode")
        if level == "residence":
            spot = Spot(Placement.RESIDENCE, *point, code, commune=commune)
        elif level == "batiment":
            spot = Spot(Placement.BATIMENT, *point, residence, code, commune=commune)
        else:
            spot = Spot(Placement.HALL, *point, residence, building, code, commune=commune)
        within = [(level, code, residence)] if residence and level != "residence" else []
        for name in [(level, code), *within]:
            self._spots[name] = None if name in self._spots and self._spots[name] != spot else spot

    def find(self, hall: str | None, building: str | None, residence: str | None) -> Spot | None:
        """The finest of the three codes that is known; a hall or building is looked for within its residence first."""
        for level, code in (("hall", hall), ("batiment", building)):
            if code:
                spot = self._spots.get((level, code, residence)) if residence else self._spots.get((level, code))
                if spot is not None:
                    return self._with_commune(spot)
        return self._spots.get(("residence", residence)) if residence else None

    def _with_commune(self, spot: Spot) -> Spot:
        home = self._spots.get(("residence", spot.residence)) if spot.residence and not spot.commune else None
        return spot if home is None else replace(spot, commune=home.commune)


class GeocodingCache:
    """Answers of the geocoding service, kept so that no address is sent twice."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def get(self, keys: Sequence[str]) -> Mapping[str, Match]:
        """Known answers by normalised address."""
        with self._storage.read() as connection:
            return {key: _match(json.loads(answer)) for key, answer in geocoded.get(connection, keys).items()}

    def put(self, answers: Mapping[str, Match]) -> None:
        """Keep answers."""
        texts = {key: json.dumps(asdict(match), ensure_ascii=False) for key, match in answers.items()}
        with self._storage.write() as connection:
            geocoded.put(connection, texts)


def _match(answer: dict[str, Any]) -> Match:
    placement = answer.pop("placement")
    return Match(placement=None if placement is None else Placement(placement), **answer)
