"""States of halls on the map: one word a hall, beside the properties that its file gave it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from geoservice.core.observatory.halls import WORDS
from geoservice.core.stats.given import NotEnough
from geoservice.operations import overrides
from geoservice.operations.analyse import index_version
from geoservice.operations.census import Wanted, census
from geoservice.operations.reader import Reader
from geoservice.operations.reuse import Shelf

LAYER, COLUMN = "halls", "etat"
_kept: Shelf[dict[str, str]] = Shelf(16)


@dataclass(frozen=True)
class Marks:
    """What is added to features of `LAYER` for a viewer on a day; asked for its tag, nothing is computed."""

    reader: Reader
    today: date

    @property
    def tag(self) -> str:
        """Changes with the data, with what people said of halls, and with the day."""
        said = overrides.listing(self.reader.shelf.storage, self.reader.viewer)
        state = sorted((row.id, row.revoked is None) for row in said)
        return f"{index_version(self.reader)}|{state}|{self.today}|{self.reader.viewer.organisation_id}"

    def columns(self) -> dict[str, dict[str, str]]:
        """Name of the property → key of the feature → word. Halls of which nothing is known have the word for it."""
        key = (str(self.reader.shelf.storage.settings.data), self.tag)
        return {COLUMN: _kept.get(key, self._states)}

    def _states(self) -> dict[str, str]:
        try:
            found = census(self.reader, Wanted(self.today))
        except NotEnough:
            return dict.fromkeys(self.reader.features(LAYER).keys, WORDS[-1])
        return {key: WORDS[state] for key, state in zip(found.stock.keys, found.now.tolist(), strict=True)}
