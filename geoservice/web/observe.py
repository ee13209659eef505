"""Around every request: a number to find it by, one log line, one count."""

from __future__ import annotations

import os
import secrets
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from geoservice.web import logs
from geoservice.web.metrics import Metrics

UNKNOWN_ROUTE = "-"
HEADER = b"x-request-id"


class Observer:
    """Names each request, then logs and counts it by its route's template. A number that a client sends is not taken over.

    Without `told` the answer does not carry the number: answers of the shared surface follow from release and request alone.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics | None, told: bool = True) -> None:
        self.app, self.metrics, self.told = app, metrics, told

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        number, status, begun = secrets.token_hex(8), 0, time.perf_counter()
        named = logs.request_id.set(number)

        async def numbered(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if self.told:
                    message["headers"] = [*message.get("headers", ()), (HEADER, number.encode())]
            await send(message)

        try:
            await self.app(scope, receive, numbered)
        finally:
            self._note(scope, status, time.perf_counter() - begun)
            logs.request_id.reset(named)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        method, route = logs.known_method(scope["method"]), getattr(scope.get("route"), "path", UNKNOWN_ROUTE)
        logs.requests.info(
            "request",
            extra={"method": method, "route": route, "status": status, "ms": round(1_000 * seconds, 1), "pid": os.getpid()},
        )
        if self.metrics is not None:
            self.metrics.count(method, route, status, seconds)
