"""What a folder says, as bytes and digests that can be compared."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from contextlib import contextmanager

import numpy as np
from sqlalchemy import inspect, text
from starlette.testclient import TestClient

from geoservice.core import crs
from geoservice.operations import setup
from geoservice.settings import Settings
from geoservice.storage.store import Storage
from geoservice.web.app import create_app
from tests.web.world import CITY, PLAINE, RIVES

LATER = {"alembic_version", "sighting", "replaced_row", "person", "membership", "sign_in", "attempt", "agreement", "break_glass",
         "audit", "audit_day", "identity", "shared_territory", "territory_signature", "release_state", "record_key", "disclosure"}
LATER_OF_TOKENS = {"scope", "last4", "expires", "revoked", "person_id"}
OF_THE_RUN = {"import_id", "started", "finished", "id"}


@contextmanager
def opened(settings: Settings):
    storage = setup.open_storage(settings)
    try:
        yield storage
    finally:
        storage.close()


def digest(storage: Storage, tables: Iterable[str] | None = None, without: Iterable[str] = ()) -> str:
    """SHA-256 over every row of the tables that were there from the first version on, in an order that ids do not decide."""
    without = set(without)
    found = hashlib.sha256()
    with storage.read() as connection:
        inspector = inspect(connection)
        for table in sorted(tables or set(inspector.get_table_names()) - LATER - {"service_role"}):
            later = LATER_OF_TOKENS if table == "token" else set()
            names = sorted(column["name"] for column in inspector.get_columns(table) if column["name"] not in without | later)
            columns = ", ".join(f'"{name}"' for name in names)
            for row in sorted(map(repr, connection.execute(text(f'SELECT {columns} FROM "{table}"')))):
                found.update(f"{table} {row}\n".encode())
    return found.hexdigest()


def addresses() -> list[str]:
    """200 requests of every kind: counts, exports, cards, units, zones, tiles, pages."""
    kinds, forms = ("ville", "bailleur"), ("json", "geojson", "csv")
    asked = [
        "/api/layers",
        "/api/session",
        "/api/openapi.json",
        "/api/zones?layer=qpv",
        "/api/zones?layer=patrimoine",
        "/api/zones?layer=qpv&generation=2024",
        "/tiles/incidents/tilejson.json",
        "/tiles/qpv/tilejson.json",
        "/connexion",
        "/",
    ]
    asked += [
        f"/api/cells?kind={kind}&resolution={number}&format={form}"
        for kind in kinds
        for number in (6, 7, 8, 9, 10, 11, 12)
        for form in forms
    ]
    asked += [
        f"/api/cells?kind={kind}&{only}"
        for kind in kinds
        for only in (
            "category=DEG",
            "category=SAL",
            "hours=0-6",
            "hours=22-23",
            "to=2024-02-15",
            "from=2024-11-01",
            "category=BRU",
            "category=OCC,VEH",
            "nature=gardien",
            "weekdays=6,7",
            "hours=8-12",
            "weekdays=1,2",
            "gravity_min=2",
            "from=2024-03-01&to=2024-06-30",
            "zone=qpv2024:QN07501M",
            "place=HALL",
            "bbox=2.3,48.8,2.4,48.9",
        )
    ]
    asked += [
        f"/api/units?kind={kind}&level={level}&format={form}"
        for kind in kinds
        for level in ("residence", "commune")
        for form in ("json", "csv")
    ]
    for place in (CITY, RIVES, PLAINE):
        x, y = crs.world(*np.array([place]).T)
        for zoom in range(10, 17):
            tile = f"{zoom}/{int(x[0] * 2**zoom)}/{int(y[0] * 2**zoom)}"
            asked += [
                f"/tiles/incidents/{tile}.mvt?kind=ville",
                f"/tiles/incidents/{tile}.mvt?kind=bailleur",
                f"/tiles/incidents/{tile}.png?kind=ville",
                f"/tiles/qpv/{tile}.mvt",
                f"/tiles/patrimoine/{tile}.mvt",
                f"/tiles/patrimoine/{tile}.png",
            ]
    return list(dict.fromkeys(asked))  # towns share the small tiles


def answers(settings: Settings, token: str, asked: list[str]) -> list[tuple]:
    """Status, type and bytes of each; the mark in `version` that tells two folders apart for caches is left out."""
    with TestClient(create_app(settings), headers={"Authorization": f"Bearer {token}"}, follow_redirects=False) as client:
        return [
            (one.status_code, one.headers.get("content-type"), re.sub(rb'"version":"\w+"', b"", one.content))
            for one in map(client.get, asked)
        ]


def as_json(value: object) -> str:
    return json.dumps(value, sort_keys=True, default=str)
