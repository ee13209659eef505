"""Requests to the real shared application, in this process: its ASGI door is called as a server calls it, without sockets.

No answer of the application is replaced. Its blocking functions run where they are called and not in threads, and who holds a key
is remembered: a hundred thousand requests take minutes instead of hours. A9 asks the real process on a socket.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import anyio.to_thread
from fastapi.dependencies import utils

from geoservice.operations import shared_access

Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True)
class Answer:
    """All that somebody outside sees of an answer."""

    status: int
    headers: Headers
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        wanted = name.lower().encode()
        return next((value.decode("latin-1") for key, value in self.headers if key == wanted), None)


class Client:
    """Somebody who holds a reading key. asked: how many requests were made."""

    def __init__(self, app: Callable[..., Any], key: str | None = None) -> None:
        self.app, self.asked = app, 0
        self._loop = asyncio.new_event_loop()
        self._headers: Headers = ((b"host", b"partage.test"),
                                  *(((b"authorization", f"Bearer {key}".encode()),) if key else ()))

    def get(self, path: str, params: dict[str, str] | None = None, headers: Headers = (), method: str = "GET") -> Answer:
        """One request. path: as it is sent, percent-encoded where it must be; it may hold the query already."""
        path, _, query = path.partition("?")
        if params:
            query = urlencode(params)
        self.asked += 1
        scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
                 "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
                 "headers": [*self._headers, *headers], "client": ("127.0.0.1", 40_000), "server": ("partage.test", 80),
                 "state": {}}
        return self._loop.run_until_complete(_call(self.app, scope))

    def close(self) -> None:
        """Close the application's database of keys, and the loop."""
        door = getattr(getattr(self.app, "state", None), "door", None)
        if door is not None:
            door.shared.close()
        self._loop.close()


async def _call(app: Callable[..., Any], scope: dict[str, Any]) -> Answer:
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    begun = next(message for message in sent if message["type"] == "http.response.start")
    body = b"".join(message.get("body", b"") for message in sent if message["type"] == "http.response.body")
    return Answer(begun["status"], tuple((name.lower(), value) for name, value in begun["headers"]), body)


@contextmanager
def without_threads() -> Iterator[None]:
    """Blocking functions run in the caller's thread; signatures are read, and keys looked up in the database, once."""
    kept, read, guest = anyio.to_thread.run_sync, utils.get_dependant, shared_access.guest_of_key
    guests: dict[str, Any] = {}
    known: dict[Any, Any] = {}

    def once(**options: Any) -> Any:
        key = (options.pop("call"), *(options.get(name) for name in ("path", "name", "scope", "use_cache")))
        if key not in known:
            known[key] = read(call=key[0], **options)
        return known[key]

    async def inline(function: Callable[..., Any], *arguments: Any, **_options: Any) -> Any:
        return function(*arguments)

    def known_guest(shared: shared_access.Shared, secret: str) -> Any:
        if secret not in guests:
            guests[secret] = guest(shared, secret)
        return guests[secret]

    anyio.to_thread.run_sync, utils.get_dependant = inline, once  # type: ignore[assignment]
    shared_access.guest_of_key = known_guest
    try:
        yield
    finally:
        anyio.to_thread.run_sync, utils.get_dependant, shared_access.guest_of_key = kept, read, guest
