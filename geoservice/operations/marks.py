"""What maps show of places beside what their file gave: the state of a hall, the silence of a residence; one word a feature."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from geoservice.core.observatory.halls import WORDS
from geoservice.core.stats.given import NotEnough
from geoservice.operations import census, overrides, silence
from geoservice.operations.analyse import index_version
from geoservice.operations.reader import Reader
from geoservice.operations.reuse import Shelf

SILENT, HEARD, UNTOLD = "silence", "signale", "non jugé"
_kept: Shelf[dict[str, str]] = Shelf(32)


@dataclass(frozen=True)
class Marks:
    """What is added to features of a layer of `COLUMNS` for a viewer on a day; asked for its tag, nothing is computed."""

    reader: Reader
    layer: str
    today: date

    @property
    def tag(self) -> str:
        """Changes with the data, with what people said of halls, and with the day."""
        said = overrides.listing(self.reader.shelf.storage, self.reader.viewer) if self.layer == "halls" else ()
        state = sorted((row.id, row.revoked is None) for row in said)
        return f"{self.layer}|{index_version(self.reader)}|{state}|{self.today}|{self.reader.viewer.organisation_id}"

    def columns(self) -> dict[str, dict[str, str]]:
        """Name of the property → key of the feature → word."""
        column, words = COLUMNS[self.layer]
        key = (str(self.reader.shelf.storage.settings.data), self.tag)
        return {column: _kept.get(key, lambda: words(self.reader, self.today))}


def _states(reader: Reader, today: date) -> dict[str, str]:
    """The census; halls of which nothing is known have the word for it."""
    try:
        found = census.census(reader, census.Wanted(today))
    except NotEnough:
        return dict.fromkeys(reader.features("halls").keys, WORDS[-1])
    return {key: WORDS[state] for key, state in zip(found.stock.keys, found.now.tolist(), strict=True)}


def _silences(reader: Reader, today: date) -> dict[str, str]:
    """Residences that report less than expected, those that do not, and those of which it cannot be told."""
    try:
        found = silence.silences(reader, silence.Wanted(today))
    except NotEnough:
        return {}
    told = zip(found.rows.tolist(), found.watch.judged.tolist(), found.watch.silent.tolist(), strict=True)
    return {found.stock.residences[row]: SILENT if silent else HEARD if judged else UNTOLD for row, judged, silent in told}


# layer → the property that is added to its features, and what makes its words
COLUMNS: dict[str, tuple[str, Callable[[Reader, date], dict[str, str]]]] = {"halls": ("etat", _states),
                                                                            "patrimoine": ("silence", _silences)}
