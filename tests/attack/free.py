"""A naive surface that answers free questions: any dates and any box, behind a threshold; and what breaks it."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any
from urllib.parse import parse_qs

import numpy as np

from geoservice.core import grid
from geoservice.core.disclosure.cubes import Facts
from tests.attack.client import Client
from tests.attack.naive import BAR

PATH = "/api/shared/libre/values"


def surface(facts: Facts) -> Any:
    """An ASGI application: `since`, `until` (days since 1970) and `bbox` choose facts; fewer than five are « non diffusé »."""
    lon, lat = grid.centres(facts.cell).T

    async def app(scope: dict[str, Any], _receive: Any, send: Any) -> None:
        asked = {name: values[0] for name, values in parse_qs(scope["query_string"].decode()).items()}
        west, south, east, north = (float(part) for part in asked.get("bbox", "-180,-90,180,90").split(","))
        inside = (lon >= west) & (lon < east) & (lat >= south) & (lat < north)
        inside &= (facts.day >= _day(asked.get("since", "0"))) & (facts.day <= _day(asked.get("until", "99999")))
        count = int(inside.sum())
        body = json.dumps({"values": [count if count >= BAR else None]}).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": body})

    return app


def _day(text: str) -> int:
    """A day since 1970 by its number or its date."""
    return int(text) if text.isdigit() else int(np.datetime64(text, "D").astype(int))


def windows(client: Client, first: int, last: int, bbox: str) -> dict[int, int]:
    """Facts of each day in a box from windows that grow by one day: every difference of two answers that are shown."""
    told = [client.get(f"{PATH}?since={first}&until={day}&bbox={bbox}").json()["values"][0] for day in range(first, last + 1)]
    return {first + at: told[at] - told[at - 1] for at in range(1, len(told)) if None not in (told[at], told[at - 1])}


def recovered(facts: Facts, days: int = 120) -> tuple[int, int]:
    """Days of one to four facts whose count the windows give exactly, in a box of two kilometres round a fact; of how many."""
    first, (lon, lat) = int(facts.day.min()), grid.centres(facts.cell).T
    middle = int(np.argmin(np.abs(lon - np.median(lon)) + np.abs(lat - np.median(lat))))
    west, south = lon[middle] - 0.012, lat[middle] - 0.009
    east, north = lon[middle] + 0.012, lat[middle] + 0.009
    inside = (lon >= west) & (lon < east) & (lat >= south) & (lat < north)
    with closing(Client(surface(facts))) as client:
        found = windows(client, first, first + days, f"{west},{south},{east},{north}")
    truth = np.bincount(facts.day[inside] - first, minlength=days + 1)
    small = [day for day in range(1, days + 1) if 0 < truth[day] < BAR]
    return sum(int(found.get(first + day) == truth[day]) for day in small), len(small)
