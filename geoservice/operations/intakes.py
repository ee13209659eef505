"""Which intake validates the rows of a layer, and what it may look things up in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from operator import itemgetter
from typing import Any

from geoservice.catalog.geocoding import Geocoder, OfflineGeocoder
from geoservice.catalog.intake.addresses import AddressIntake
from geoservice.catalog.intake.aggregates import AggregateIntake
from geoservice.catalog.intake.facts import FactIntake, snapshot_of
from geoservice.catalog.intake.features import FeatureIntake
from geoservice.catalog.readers import Reader
from geoservice.catalog.rows import ADDRESS, AGGREGATE, FACT, FEATURE, Taken
from geoservice.catalog.schema import SourceSpec
from geoservice.operations.places import Addresses, GeocodingCache, Patrimoine
from geoservice.storage.store import Storage
from geoservice.storage.tables import OPEN

# What makes two rows of one file the same line twice, by what a layer stores.
_SAME: dict[str, tuple[str, ...]] = {"facts": ("key", "content"), "features": ("generation", "key", "content"),
                                     "aggregates": AGGREGATE, "addresses": ADDRESS}
_ROWS = {"facts": FACT, "features": FEATURE, "aggregates": AGGREGATE, "addresses": ADDRESS}


@dataclass(frozen=True)
class Context:
    """For whom rows are read: the data folder (None for a dry run without one), the owner, the number of the import."""

    storage: Storage | None
    owner: int
    import_id: int

    @cached_property
    def places(self) -> Patrimoine | None:
        """The codes of the owner's patrimoine, and of open ones."""
        return None if self.storage is None else Patrimoine(self.storage, tuple(sorted({OPEN, self.owner})))

    @cached_property
    def geocoder(self) -> Geocoder | None:
        """Imported addresses; the Géoplateforme instead when it is switched on."""
        if self.storage is None:
            return None
        settings = self.storage.settings
        if not settings.geocoding:
            return OfflineGeocoder(Addresses(self.storage))
        from geoservice.catalog.geoplateforme import Geoplateforme, Service

        return Geoplateforme(Service(settings.geocoding_url, settings.geocoding_score_min), GeocodingCache(self.storage))


def make(stores: str, source: SourceSpec, context: Context, table: Reader) -> Any:
    """The intake of one file: an object whose `take(batch)` gives a Taken."""
    today = latest_day()
    if stores == "facts":
        seen = snapshot_of(table, source, today)
        return FactIntake(source, today, context.import_id if seen is None else seen, context.places, context.geocoder)
    intake: Callable[..., Any] = {"features": FeatureIntake, "aggregates": AggregateIntake, "addresses": AddressIntake}[stores]
    return intake(source, today)


def finish(intake: Any) -> Iterator[Taken]:
    """Rows that an intake gives only once it has seen the whole file."""
    if isinstance(intake, FeatureIntake):
        yield from intake.finish()


def identity(stores: str) -> Callable[[tuple], tuple]:
    """The part of a row that makes it the same line twice within a file."""
    positions = [_ROWS[stores].index(name) for name in _SAME[stores]]
    return itemgetter(*positions)


def latest_day() -> date:
    """The last day a fact may bear: it is already tomorrow in Wallis when it is today in Paris."""
    return (datetime.now(UTC) + timedelta(hours=14)).date()
