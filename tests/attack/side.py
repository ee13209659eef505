"""A9: what answers tell beside their words: size, marks, order, time, errors and logs, of `geoservice serve --surface shared`.

The process is the real one, on a real socket. It is asked about places whose counts are masked: some are empty, some are not.
"""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from geoservice.operations import shared_access, shared_links
from tests.attack.client import Answer
from tests.attack.judging import Scene
from tests.attack.serving import Surface

_CHANGING = ("date", "server", "connection")  # of any server, about its own clock and name


@dataclass
class Told:
    """different: pairs of answers that differ beyond the names they were asked for; said: words of ours found in logs; superior:
    probability that an empty place is answered later than one with facts (0.5: nothing to see); p: of Mann and Whitney's test."""

    pairs: int = 0
    different: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    superior: float = 0.5
    p: float = 1.0
    probes: int = 0


@contextmanager
def process(surface: Surface, log: Path) -> Iterator[http.client.HTTPConnection]:
    """The shared surface as its users run it, and a connection to it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "GEOSERVICE_SHARED": str(surface.folder), "GEOSERVICE_DATA": str(surface.folder / "none")}
    with log.open("wb") as out:
        running = subprocess.Popen([sys.executable, "-m", "geoservice.cli", "serve", "--surface", "shared", "--port", str(port),
                                    "--log-format", "json"], env=environment, stdout=out, stderr=out)
        connection = None
        try:
            connection = _connected(port, running)
            yield connection
        finally:
            if connection is not None:
                connection.close()
            running.terminate()
            running.wait(30)


def _connected(port: int, running: subprocess.Popen) -> http.client.HTTPConnection:
    for _ in range(600):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request("GET", "/health/live")
            connection.getresponse().read()
            return connection
        except OSError:
            connection.close()
            assert running.poll() is None, "the surface did not start"
            time.sleep(0.1)
    raise AssertionError("the surface did not answer within a minute")


def ask(connection: http.client.HTTPConnection, path: str, key: str) -> tuple[Answer, float]:
    """An answer and how long it took."""
    begun = time.perf_counter()
    connection.request("GET", path, headers={"Authorization": f"Bearer {key}"})
    answer = connection.getresponse()
    body = answer.read()
    seconds = time.perf_counter() - begun
    headers = tuple((name.lower().encode(), value.encode("latin-1")) for name, value in answer.getheaders()
                    if name.lower() not in _CHANGING)
    return Answer(answer.status, headers, body), seconds


def masked_places(scene: Scene) -> tuple[list[str], list[str], str]:
    """Names of places whose year is masked: the empty ones, those with facts; and their level."""
    lattice = scene.found.lattice
    column = lattice.slots.column(str(lattice.slots.year), "all")
    for level in reversed(lattice.places.published):
        found = [place for place in lattice.places.published[level] if scene.view.published[place.node, column]
                 and not scene.view.shown[place.node, column]]
        empty = [place.name for place in found if scene.counts[place.node, column] == 0]
        some = [place.name for place in found if scene.counts[place.node, column] > 0]
        if empty and some:
            return empty, some, level
    raise AssertionError("no level has masked places of both sorts")


def listen(surface: Surface, scene: Scene, probes: int, folder: Path) -> Told:
    """Everything of A9 about one town."""
    found, log = Told(probes=probes), folder / "journal"
    empty, some, level = masked_places(scene)
    paths = [[f"{surface.api}/trend?level={level}&place={name}&by=year" for name in names] for names in (empty, some)]
    secrets = _links(surface)
    with process(surface, log) as connection:
        _same(found, surface, connection, (paths[0][0], paths[1][0]), (empty[0], some[0]))
        _refusals(found, surface, connection, secrets)
        times = _times(lambda path: ask(connection, path, surface.key)[1], paths, probes)
    found.superior, found.p = _compared(*times)
    text = log.read_text("utf-8")
    assert "/api/shared/{territory}/trend" in text, "the log was kept"
    words = (surface.key, *secrets, *empty, *some, str(surface.folder), "place=", surface.territory)
    found.said = [word for word in words if word in text]
    return found


def _same(found: Told, surface: Surface, connection: http.client.HTTPConnection, paths: tuple[str, str],
          names: tuple[str, str]) -> None:
    """An empty masked place and one with facts: the same answer but for the name and the mark of the address; and the mark of an
    address is the one that another process gives."""
    (one, _), (other, _) = (ask(connection, path, surface.key) for path in paths)
    found.pairs += 3
    renamed = other.body.replace(names[1].encode(), names[0].encode())
    if (one.status, len(one.body), one.body) != (other.status, len(other.body), renamed):
        found.different.append("body of an empty place and of one with facts")
    if [pair for pair in one.headers if pair[0] != b"etag"] != [pair for pair in other.headers if pair[0] != b"etag"]:
        found.different.append("headers of an empty place and of one with facts")
    inside = surface.client.get(paths[0])
    if (inside.body, inside.header("etag")) != (one.body, one.header("etag")):
        found.different.append("the answer of another process")


def _links(surface: Surface) -> list[str]:
    """A share link that was taken back, and one that never was."""
    shared = shared_access.open_shared(surface.folder)
    guest = shared_access.Guest(frozenset([surface.territory]), organisation="ville")
    release = shared.folder.open(surface.territory).release
    wish = shared_links.LinkWish(surface.territory, next(iter(release.kinds)), "commune", release.places["commune"].names[0], 7)
    secret = shared_links.make(shared, guest, wish)
    shared_links.revoke(shared, "ville", int(shared_links.listing(shared, "ville")[0].id))
    shared.close()
    return [secret, "A" * 43]


def _refusals(found: Told, surface: Surface, connection: http.client.HTTPConnection, secrets: list[str]) -> None:
    """A territory of others is answered as one that does not exist; a link that was taken back as one that never was."""
    other = surface.folder / "voisine.release"
    other.write_bytes((surface.folder / f"{surface.territory}.release").read_bytes())
    pairs = (("/api/shared/voisine", "/api/shared/absente"), ("/api/shared/voisine/values", "/api/shared/absente/values"),
             *((f"/p/{secrets[0]}{form}", f"/p/{secrets[1]}{form}") for form in ("", "?format=json")))
    for pair in pairs:
        one, two = (ask(connection, path, surface.key)[0] for path in pair)
        found.pairs += 1
        if one != two or one.status != 404:
            found.different.append(f"{one.status} and {two.status}: {pair[0].rpartition('/')[0]}")
    other.unlink()


def _times(probe: Callable[[str], float], paths: list[list[str]], probes: int) -> tuple[list[float], list[float]]:
    """Times of both sorts of places, asked in turn."""
    for path in (paths[0][0], paths[1][0]):
        for _ in range(10):
            probe(path)
    out: tuple[list[float], list[float]] = ([], [])
    for at in range(probes):
        order = (0, 1) if at % 2 else (1, 0)
        for sort in order:
            out[sort].append(probe(paths[sort][at % len(paths[sort])]))
    return out


def _compared(empty: list[float], some: list[float]) -> tuple[float, float]:
    from scipy.stats import mannwhitneyu

    test = mannwhitneyu(empty, some)
    return float(test.statistic / (len(empty) * len(some))), float(test.pvalue)


def naive_times(scene: Scene, probes: int) -> tuple[float, float]:
    """The same measurement on a surface that counts facts when it is asked."""
    empty, some, level = masked_places(scene)
    node = {place.name: set(scene.found.lattice.places.of(place.node).tolist())
            for place in scene.found.lattice.places.published[level]}
    facts: dict[str, list[Any]] = {name: np.flatnonzero(np.isin(scene.found.piece, list(node[name]))).tolist()
                                   for name in (*empty, *some)}

    def probe(name: str) -> float:
        begun = time.perf_counter()
        sum(1 for row in facts[name] if int(scene.found.facts.category[row]) > 0)
        return time.perf_counter() - begun

    return _compared(*_times(probe, [empty, some], probes))
