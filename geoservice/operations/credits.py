"""Whom to name for a layer: the sources whose files were imported, not those that the layer could have had."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from geoservice.operations.indexing import FACTS
from geoservice.operations.reader import Reader
from geoservice.storage import sources
from geoservice.types import Kind

FICTIVE = "ville-fictive"  # the sources of the synthetic town are called so, and nobody published them


@dataclass(frozen=True)
class Credit:
    """Who published a file, and under which licence; the licence of an organisation's own file is empty."""

    whom: str
    licence: str


OWN = "données de l’organisation"
TOWN = Credit("Ville fictive", "données inventées")


def of(reader: Reader, layer: str, kind: Kind | None = None) -> tuple[Credit, ...]:
    """Credits of what a viewer sees of a layer (of one kind, for facts), in the order of their text; none without an import."""
    found = {_credit(reader, layer, name, kind) for name in _sources(reader, layer)}
    return tuple(sorted((credit for credit in found if credit is not None), key=lambda credit: (credit.whom, credit.licence)))


def dated(reader: Reader, layer: str) -> tuple[tuple[Credit, date | None], ...]:
    """Credits of a layer with the day of the last import of each; None where it is not known."""
    found: dict[Credit, date | None] = {}
    for name, day in _sources(reader, layer).items():
        credit = _credit(reader, layer, name, None)
        if credit is not None:
            days = [each for each in (day, found.get(credit)) if each is not None]
            found[credit] = max(days, default=None)
    return tuple(sorted(found.items(), key=lambda pair: (pair[0].whom, pair[0].licence)))


def texts(reader: Reader, layer: str) -> tuple[str, str]:
    """Attribution and licence of a layer as two texts; those that the layer declares while nothing is imported. Where licences
    differ, each is followed by whose it is: one of them may ask what another does not."""
    found = of(reader, layer)
    if not found:
        spec = reader.catalog.layer(layer)
        return spec.attribution, spec.licence
    licences = {credit.licence or OWN for credit in found}
    told = licences if len(licences) == 1 else [f"{credit.licence or OWN} ({credit.whom})" for credit in found]
    return " ; ".join(dict.fromkeys(credit.whom for credit in found)), " ; ".join(told)


def _sources(reader: Reader, layer: str) -> dict[str, date | None]:
    """Sources whose files are within reach, with the day of the last import: an open one is, whoever imported it."""
    storage, known = reader.shelf.storage, reader.catalog.sources.get(layer, {})

    def ask() -> list[tuple[str, str, int, date | None]]:
        with storage.read() as connection:
            return sources.imported(connection)

    found: dict[str, date | None] = {}
    for each, name, organisation, day in storage.memory.get(("sources",), ask):
        if each == layer and (organisation in reader.shelf.organisations or name.startswith(FICTIVE)
                              or (name in known and known[name].access == "open")):
            found[name] = max([one for one in (day, found.get(name)) if one is not None], default=None)
    return found


def _credit(reader: Reader, layer: str, name: str, kind: Kind | None) -> Credit | None:
    if name.startswith(FICTIVE):
        return TOWN
    source = reader.catalog.sources.get(layer, {}).get(name)
    if source is None or not source.attribution:
        return Credit(f"fichier de {reader.viewer.organisation}", "")
    return Credit(source.attribution, source.licence) if layer != FACTS or kind in (None, source.kind) else None
