"""Two landlords with buildings, through the door: what tests of camera plans ask."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import shapely
from starlette.testclient import TestClient

from geoservice.operations import setup
from geoservice.web import heavy
from geoservice.web.app import create_app
from tests.operations import hotworld
from tests.web import world as worlds
from tests.web.world import PLAINE, RIVES


@contextmanager
def landlords(folder: Path, follow_redirects: bool = True) -> Iterator[dict[str, TestClient]]:
    """Doors of « rives », « plaine » and nobody; a building of 12 m stands on every residence of both."""
    made = worlds.build(folder)
    storage = setup.open_storage(made.settings)
    hotworld.put(storage, "batiments", {f"B{middle}{n}": (
        "", "", shapely.Point(middle[0] + n / 1000, middle[1]).buffer(0.0001, quad_segs=1), {"height": 12.0})
        for middle in (RIVES, PLAINE) for n in range(3)})
    storage.close()
    with TestClient(create_app(made.settings)) as door:
        signed = {"rives": {"Authorization": f"Bearer {made.rives}"}, "plaine": {"Authorization": f"Bearer {made.plaine}"}}
        yield {name: TestClient(door.app, headers=headers, follow_redirects=follow_redirects)
               for name, headers in {**signed, "nobody": {}}.items()}
    heavy.stop()
