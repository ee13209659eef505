"""Several reports of one fact: proposed, merged by somebody, taken apart again. Reports stay whole; counts have the fact once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from geoservice.core import crs
from geoservice.core.observatory.alike import Reports, alike, gathered
from geoservice.errors import BadInput, NotFound
from geoservice.operations import audit, routing
from geoservice.operations.indexing import FACTS
from geoservice.operations.permissions import Action, require
from geoservice.operations.reach import scope_of
from geoservice.storage import facts, imports, mergers
from geoservice.storage.facts import Told, Wanted
from geoservice.storage.store import Storage
from geoservice.types import Viewer

LOOKED_BACK = 31  # days
MOST_LOOKED = 20_000
MOST_REPORTS = 8  # that one proposal shows
SHOWN = 50
MOST_MERGED = 500
FARTHEST_DAYS = 7  # between reports that people merge


@dataclass(frozen=True)
class Merged:
    """A fact and its reports, as rows; the fact that counts comes first."""

    head: Told
    reports: list[Told]


def proposals(storage: Storage, viewer: Viewer, day: int | None = None) -> list[Merged]:
    """Facts of the last 31 days that may be one, the latest first; of one's own organisation alone."""
    end = (routing.today() if day is None else day) + 2
    with storage.read(scope_of(viewer)) as connection:
        rows = facts.told(connection, viewer.organisation_id, Wanted(days=(end - LOOKED_BACK - 2, end)), MOST_LOOKED)
    found = [[rows[each] for each in group.tolist()] for group in gathered(columns(rows))]
    return [Merged(group[0], group[1:MOST_REPORTS + 1]) for group in sorted(found, key=lambda group: -group[0].day)[:SHOWN]]


def near(storage: Storage, viewer: Viewer, source: str, key: str) -> list[Told]:
    """Facts that one just entered may tell again, latest first."""
    with storage.read(scope_of(viewer)) as connection:
        number, _ = facts.entry(connection, viewer.organisation_id, source, key) or (0, 0)
        mine = facts.told(connection, viewer.organisation_id, Wanted(numbers=(number,)), 1)
        if not mine:
            return []
        rows = facts.told(connection, viewer.organisation_id, Wanted(days=(mine[0].day - 1, mine[0].day + 2)), MOST_LOOKED)
    others = [row for row in rows if row.id != mine[0].id]
    if not others:
        return []
    together = columns([mine[0], *others])
    like = alike(together, np.zeros(len(others), np.int64), np.arange(1, len(others) + 1))
    return [row for row, chosen in zip(others, like.tolist(), strict=True) if chosen][:MOST_REPORTS]


def columns(rows: Sequence[Told]) -> Reports:
    """Tolds of `facts.TOLD` as arrays; codes become numbers."""
    lon, lat = (np.array([np.nan if getattr(row, name) is None else getattr(row, name) for row in rows], float)
                for name in ("lon", "lat"))
    return Reports(
        _numbered([(row.kind, row.category) for row in rows]), np.array([row.day for row in rows], np.int64),
        np.array([-1 if row.minute is None else row.minute for row in rows], np.int64),
        *(_numbered([getattr(row, name) for row in rows]) for name in ("subcategory", "place", "hall", "residence")),
        metres(lon, lat))


def _numbered(words: list) -> np.ndarray:
    known: dict = {None: 0}
    return np.array([known.setdefault(word, len(known)) for word in words], np.int64)


def metres(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """(n, 2) metres in the CRS of the first point's territory; NaN without a point."""
    found, there = np.full((len(lon), 2), np.nan), np.isfinite(lon) & np.isfinite(lat)
    territory = crs.territory_of(lon[there][0], lat[there][0]) if there.any() else None
    if territory is not None:
        found[there] = np.column_stack(crs.project(lon[there], lat[there], territory.epsg))
    return found


def merge(storage: Storage, viewer: Viewer, head: int, reports: Sequence[int]) -> None:
    """Somebody says that reports tell the fact `head`. BadInput where they cannot be one."""
    require(viewer, Action.RECORD, viewer.organisation_id)
    wanted = tuple(dict.fromkeys(report for report in reports if report != head))
    if not wanted:
        raise BadInput("Choisissez au moins deux signalements à réunir.")
    with storage.write(scope_of(viewer)) as connection:
        found = facts.told(connection, viewer.organisation_id, Wanted(numbers=(head, *wanted)), len(wanted) + 1)
        rows = {row.id: row for row in found}
        if set(rows) != {head, *wanted}:
            raise NotFound("Un de ces signalements n’est pas dans votre registre, ou ne compte déjà plus : rechargez la page.")
        if len({(row.kind, row.category) for row in rows.values()}) > 1:
            raise BadInput("Ces signalements n’ont pas la même origine et la même catégorie : ils ne sont pas un seul fait.")
        if max(row.day for row in rows.values()) - min(row.day for row in rows.values()) > FARTHEST_DAYS:
            raise BadInput("Ces signalements sont à plus de sept jours les uns des autres : ils ne sont pas un seul fait.")
        mergers.merge(connection, viewer.organisation_id, head, wanted)
        imports.touch(connection, FACTS, viewer.organisation_id)
        audit.note(connection, viewer.organisation_id, audit.actor_of(viewer), "signalements.reunis", f"fait {head}")


def join(storage: Storage, viewer: Viewer, report: tuple[str, str], head: int) -> None:
    """An entry, by its source and key, is a report of a fact; once it is, the same again changes nothing."""
    with storage.read(scope_of(viewer)) as connection:
        number, _ = facts.entry(connection, viewer.organisation_id, *report) or (0, 0)
        known = mergers.heads(connection, [number, head])
    if not number:
        raise NotFound("Ce fait n’est pas dans votre registre.")
    if number not in known or known[number] != known.get(head, head):
        merge(storage, viewer, known.get(head, head), [number])


def separate(storage: Storage, viewer: Viewer, report: int) -> None:
    """A report counts for itself again."""
    require(viewer, Action.RECORD, viewer.organisation_id)
    with storage.write(scope_of(viewer)) as connection:
        head = mergers.heads(connection, [report]).get(report, report)
        mine = facts.told(connection, viewer.organisation_id, Wanted(numbers=(report,), reports=True), 1)
        if not mine or head == report:
            raise NotFound("Ce signalement n’est réuni à aucun fait de votre registre.")
        mergers.release(connection, report)
        imports.touch(connection, FACTS, viewer.organisation_id)
        audit.note(connection, viewer.organisation_id, audit.actor_of(viewer), "signalement.separe", f"fait {report}")


def merged(storage: Storage, viewer: Viewer) -> list[Merged]:
    """Facts that stand for several reports, the latest first."""
    with storage.read(scope_of(viewer)) as connection:
        heads = tuple(sorted(mergers.sizes(connection, viewer.organisation_id), reverse=True)[:MOST_MERGED])
        under = mergers.reports(connection, heads)
        numbers = (*heads, *(report for reports in under.values() for report in reports))
        told = facts.told(connection, viewer.organisation_id, Wanted(numbers=numbers, reports=True), len(numbers))
    rows = {row.id: row for row in told}
    found = [Merged(rows[head], [rows[report] for report in under[head]]) for head in heads]
    return sorted(found, key=lambda each: (-each.head.day, each.head.id))[:SHOWN]
