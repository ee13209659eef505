"""Snapshots of a meeting: data, filters and parameters frozen under a digest, and every figure made again from what was frozen.

A snapshot is computed from the frozen facts alone, never from the register beside them, so that whoever holds the file makes the
same figures by the same functions.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np
import shapely

from geoservice import __version__
from geoservice.core import grid
from geoservice.core.query import FactQuery, day_number
from geoservice.core.snapshotfile import Snapshot, pack, sealed, unpack, without
from geoservice.errors import Conflict, NotFound
from geoservice.operations import audit, freezing, meetings
from geoservice.operations.analyse import Wanted, index_version
from geoservice.operations.freezing import Ground
from geoservice.operations.meetings import KINDS, LEVERS, Meeting
from geoservice.operations.permissions import Action, require
from geoservice.operations.reach import scope_of
from geoservice.operations.reader import Reader
from geoservice.operations.snapshotfigures import Erased, compute, same
from geoservice.operations.snapshotplan import plan
from geoservice.operations.snapshotview import View
from geoservice.storage import meetings as stored
from geoservice.storage.store import Storage
from geoservice.types import Viewer

YEAR = 365
MONTHS = 24
RESOLUTIONS = (9, 10, 11)  # the first with enough cells to compare, for every kind whose facts allow it
ENOUGH_CELLS = 100


@dataclass(frozen=True)
class Checked:
    """What became of each figure: made again and equal, made again and different, resting on facts that have been erased."""

    digest: str
    right: tuple[str, ...]
    wrong: tuple[str, ...]
    erased: tuple[str, ...]

    @property
    def fine(self) -> bool:
        """Whether nothing is different."""
        return not self.wrong

    def as_json(self) -> dict[str, Any]:
        """What `snapshot verify --json` prints."""
        return asdict(self)


@dataclass(frozen=True)
class Kept:
    """A snapshot of the organisation, without its content. `whole`: its frozen facts are all there."""

    number: int
    meeting: int
    digest: str
    created: Any
    size: int


def make(reader: Reader, number: int, today: date) -> int:
    """Freeze what a meeting looks at, as it is now; the snapshot's number. Conflict for a meeting that is closed, or without
    facts."""
    viewer, storage = reader.viewer, reader.shelf.storage
    require(viewer, Action.RECORD, viewer.organisation_id)
    meeting = meetings.one(storage, viewer, number)
    if meeting.closed:
        raise Conflict("Cette réunion est close : son bilan est le dernier instantané.")
    found = built(reader, meeting, today)
    with storage.write(scope_of(viewer)) as connection:
        made = stored.add_snapshot(connection, {"organisation_id": viewer.organisation_id, "meeting_id": number,
                                                "sha256": found.digest, "content": pack(found)})
        audit.note(connection, viewer.organisation_id, audit.actor_of(viewer), "instantane.fait",
                   f"instantane {made} {found.digest}")
    return made


def built(reader: Reader, meeting: Meeting, today: date) -> Snapshot:
    """The snapshot of a meeting, not yet kept."""
    spans = spans_of(reader, meeting)
    pairs = {name: (first, after) for name, (first, after) in spans.items()}
    ground = Ground(_resolved(reader, meeting), meeting.perimeter)
    frozen = freezing.freeze(reader, ground, freezing.window_of(tuple(pairs.values())), (pairs["now"], pairs["before"]))
    header = {"format": 1, "software": __version__, "data": index_version(reader), "day": day_number(today), "spans": spans,
              "organisation": reader.viewer.organisation, "test": asdict(Wanted()), "meeting": _meeting(reader, meeting),
              "decisions": _decisions(reader, today), **frozen.header}
    begun = sealed({**header, "figures": []}, frozen.columns)
    view = View(begun)
    figures = []
    for place, wish in enumerate(plan(reader, view), 1):
        value, reason = compute(view, wish.how)
        figures.append({"id": str(place), "key": wish.key, "what": wish.what, "unit": wish.unit, "value": value, "how": wish.how,
                        "data": header["data"], **({} if reason is None else {"reason": reason}), **wish.told})
    return sealed({**header, "figures": figures}, frozen.columns)


def _resolved(reader: Reader, meeting: Meeting) -> FactQuery:
    """The filter of a meeting, at the coarsest resolution that has enough cells in its ground."""
    query = meetings.query_of(meeting)
    shape = Ground(query, meeting.perimeter).shape(reader)
    for resolution in RESOLUTIONS:
        held = [reader.cells(query.with_(kind=kind, zone=None, resolution=resolution)).cells for kind in reader.kinds()]
        cells = max(held, key=len)
        if shape is not None:
            shapely.prepare(shape)
            cells = cells[shapely.intersects_xy(shape, *grid.centres(cells).T)] if len(cells) else cells
        if len(cells) >= ENOUGH_CELLS:
            break
    return query.with_(resolution=resolution)


def spans_of(reader: Reader, meeting: Meeting) -> dict[str, list[int]]:
    """Days (the last excluded) that a meeting looks at, as long just before, whole months, and since the meeting before it."""
    known = reader.period()
    if known is None:
        raise Conflict("Il n’y a encore aucun fait : importez un fichier sur la page Données.")
    after = min(day_number(meeting.day), day_number(known[1]) + 1)
    first = after - YEAR
    if meeting.since is not None and meeting.until is not None:
        first, after = day_number(meeting.since), min(day_number(meeting.until), day_number(known[1]) + 1)
    if first >= after or after <= day_number(known[0]):
        raise Conflict("Aucun fait n’est connu dans la période de cette réunion : vérifiez ses dates.")
    month = np.datetime64(after, "D").astype("datetime64[M]")
    spans = {"now": [first, after], "before": [2 * first - after, first],
             "months": [int((month - MONTHS).astype("datetime64[D]").astype(int)), after]}
    previous = meetings.before(reader.shelf.storage, reader.viewer, meeting)
    if previous is not None and after - YEAR <= day_number(previous.day) < after:
        begun = day_number(previous.day)
        spans |= {"since": [begun, after], "since_before": [begun - YEAR, after - YEAR]}
    return spans


def _meeting(reader: Reader, meeting: Meeting) -> dict[str, Any]:
    zone = "" if meeting.zone is None else str(meeting.zone)
    previous = meetings.before(reader.shelf.storage, reader.viewer, meeting)
    return {"number": meeting.number, "kind": meeting.kind, "title": meeting.title, "label": KINDS[meeting.kind],
            "day": day_number(meeting.day), "zone": zone, "place": _place(reader, meeting),
            "perimeter": None if meeting.perimeter is None else _rounded(meeting.perimeter),
            "previous": None if previous is None else previous.title}


def _place(reader: Reader, meeting: Meeting) -> str:
    if meeting.perimeter is not None:
        return "Périmètre tracé"
    if meeting.zone is None:
        return f"Tout le territoire suivi par {reader.viewer.organisation}"
    return meetings.place_name(reader, str(meeting.zone))


def _rounded(shape: Any) -> Any:
    return json.loads(shapely.to_geojson(shapely.transform(shape, lambda points: points.round(6))))


def _decisions(reader: Reader, today: date) -> list[dict[str, Any]]:
    """Decisions as they were, in words and days: what is still open, and what was settled within a year."""
    found = meetings.decisions(reader.shelf.storage, reader.viewer)
    return [{"number": each.number, "meeting": each.title, "lever": LEVERS.get(each.lever, each.lever),
             "place": meetings.place_name(reader, each.place), "in_charge": meetings.IN_CHARGE.get(each.in_charge,
                                                                                                   each.in_charge),
             "due": None if each.due is None else day_number(each.due), "status": each.status, "late": each.late(today)}
            for each in found if each.open or (each.told is not None and (today - each.told).days <= YEAR)]


# --- kept

def listing(storage: Storage, viewer: Viewer, meeting: int | None = None) -> list[Kept]:
    """Snapshots of the viewer's organisation, or of one meeting; the newest first."""
    require(viewer, Action.READ_FACTS, viewer.organisation_id)
    with storage.read(scope_of(viewer)) as connection:
        return [Kept(row.id, row.meeting_id, row.sha256, row.created, row.size)
                for row in stored.snapshots(connection, viewer.organisation_id, meeting)]


def load(storage: Storage, viewer: Viewer, number: int) -> Snapshot:
    """One snapshot; NotFound when the viewer's organisation has none of this number, Conflict when it is not what was kept."""
    require(viewer, Action.READ_FACTS, viewer.organisation_id)
    return unpack_kept(*content(storage, viewer, number))


def content(storage: Storage, viewer: Viewer, number: int) -> tuple[bytes, str]:
    """The bytes of one snapshot, and the digest that was noted when it was made."""
    require(viewer, Action.READ_FACTS, viewer.organisation_id)
    with storage.read(scope_of(viewer)) as connection:
        row = stored.snapshot(connection, viewer.organisation_id, number)
    if row is None:
        raise NotFound("Cet instantané n’existe pas.")
    return bytes(row.content), row.sha256


def unpack_kept(data: bytes, digest: str) -> Snapshot:
    """A snapshot whose digest is the one that was noted; Conflict otherwise."""
    found = unpack(data)
    if found.digest != digest:
        raise Conflict("Cet instantané n’est pas celui qui a été figé : son empreinte est une autre.")
    return found


def verify(snapshot: Snapshot) -> Checked:
    """Make every figure again from the frozen facts, and compare."""
    view = View(snapshot)
    right, wrong, erased = [], [], []
    for figure in snapshot.header["figures"]:
        try:
            value, reason = compute(view, figure["how"])
        except Erased:
            erased.append(figure["id"])
            continue
        (right if same(value, figure["value"]) and reason == figure.get("reason") else wrong).append(figure["id"])
    return Checked(snapshot.digest, tuple(right), tuple(wrong), tuple(erased))


def lighten(storage: Storage, viewer: Viewer, number: int) -> None:
    """Erase the frozen facts of a snapshot (an import that should not have been there was undone): its figures stay proven, and
    can no longer be made again."""
    require(viewer, Action.RECORD, viewer.organisation_id)
    snapshot = load(storage, viewer, number)
    light = pack(without(snapshot, snapshot.columns))
    with storage.write(scope_of(viewer)) as connection:
        stored.lighten(connection, number, light)
        audit.note(connection, viewer.organisation_id, audit.actor_of(viewer), "instantane.allege", f"instantane {number}")


__all__ = ["Checked", "Kept", "built", "content", "lighten", "listing", "load", "make", "spans_of", "unpack_kept",
           "verify"]
