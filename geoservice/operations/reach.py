"""Whose data a viewer sees: one choice, which decides index files and the rows of every transaction that acts for a viewer."""

from __future__ import annotations

from geoservice.operations.permissions import Action, can
from geoservice.storage.scope import RowScope
from geoservice.storage.tables import OPEN
from geoservice.types import Viewer


def organisations_of(viewer: Viewer) -> tuple[int, ...]:
    """THE choice of whose data a viewer sees: their own organisation's, and what is open; nobody's without the right to facts."""
    if not can(viewer, Action.READ_FACTS, viewer.organisation_id):
        return ()
    return tuple(sorted({OPEN, viewer.organisation_id}))


def scope_of(viewer: Viewer) -> RowScope:
    """What the database shows and lets change in a transaction for a viewer. Through a glass one looks, and acts for nobody."""
    return RowScope(organisations_of(viewer), None if viewer.glass else viewer.organisation_id, viewer.person)
