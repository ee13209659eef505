"""A shared surface in its own process, with something of everything: for the tests of its page, and for pictures of it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from geoservice.core.disclosure.release import NOT_SHOWN, Release
from geoservice.operations import shared_access, shared_links, shared_patrol
from geoservice.operations.shared_access import Guest, KeyWish
from geoservice.operations.shared_links import LinkWish
from geoservice.operations.shared_patrol import PatrolWish
from tests.browser.conftest import COMMAND, free_port, wait_until_ready
from tests.web import shared_world
from tests.web.shared_world import QPV, TOWN

MEMBER = Guest(frozenset([TOWN]), organisation="rives", asks=True)


@dataclass(frozen=True)
class Surface:
    """The shared surface of its own process; `key` is a liaison's, `link` the secret of a share link."""

    address: str
    key: str
    link: str
    data: Path
    pid: int


def with_a_hot_area() -> Release:
    """The small town's release, its hexagons of resolution 8 as somebody would publish them around one hot place."""
    release = shared_world.release()
    tables = []
    for table in release.tables:
        if (table.level, table.period, table.detail) == ("r8", "year", "all"):
            dwellings = release.places["r8"].dwellings
            values = np.maximum(6, np.round(dwellings / dwellings.mean() * 15)).astype(np.int32)
            values[int(np.argmax(dwellings))] *= 12
            values[int(np.argmin(dwellings))] = NOT_SHOWN
            table = replace(table, values=values.reshape(table.values.shape))
        tables.append(table)
    return replace(release, tables=tuple(tables))


@contextmanager
def running(data: Path, logs: Path, other_name: str = "Quartier de la Source") -> Iterator[Surface]:
    """The surface, ready; `other_name` is what somebody called the second quarter."""
    folder = shared_world.build(data / "partage")
    shared_world.put(folder, TOWN, with_a_hot_area())
    shared_world.beside(folder, TOWN, title="Épinay-les-Bois", names={
        QPV: "Quartier des Tilleuls", "qpv2024:QN00001": other_name, "commune:00000": "Épinay-les-Bois"})
    shared_world.beside(folder, TOWN, halls=[
        {"residence": "Les Tilleuls", "hall": "3", "state": "orange", "date": "2026-01-12", "owner": "rives"}])
    shared = shared_access.open_shared(folder)
    key = shared_access.make_key(shared, KeyWish(TOWN, "Brigade", zone=QPV, liaison=True))
    wished = (datetime.now(UTC).date() + timedelta(days=4)).isoformat()
    for level, place in (("qpv", QPV), ("hall", "Les Tilleuls/3")):
        shared_patrol.ask(shared, MEMBER, PatrolWish(TOWN, level, place, "group:tranquillite", "soiree", wished))
    link = shared_links.make(shared, MEMBER, LinkWish(TOWN, "bailleur", "r8", "commune:00000", 30))
    shared.close()
    alone = Alone(data, logs)
    with alone as address:
        yield Surface(address, key, link, data, alone.process.pid)


class Alone:
    """`geoservice serve --surface shared` on a data folder in which there is nothing else."""

    def __init__(self, data: Path, logs: Path) -> None:
        self.port, self.log = free_port(), (logs / "shared.log").open("w")
        self.process = subprocess.Popen(
            [COMMAND, "serve", "--surface", "shared", "--data", data, "--port", str(self.port)], stdout=self.log, stderr=self.log,
            env={**os.environ})

    def __enter__(self) -> str:
        wait_until_ready(f"http://127.0.0.1:{self.port}", self.process, Path(self.log.name))
        return f"http://127.0.0.1:{self.port}"

    def __exit__(self, *_error: object) -> None:
        self.process.terminate()
        self.process.wait(30)
        self.log.close()
