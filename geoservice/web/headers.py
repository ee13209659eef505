"""The outermost layer: security headers on every answer, and a plain problem where something broke."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping
from pathlib import Path

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from geoservice.web.logs import known_method
from geoservice.web.problems import unexpected

BASEMAP = "https://data.geopf.fr"
PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
log = logging.getLogger("geoservice.web")


def security_headers(basemap: bool) -> dict[str, str]:
    """Headers of every answer; the one foreign host of the policy is the basemap's, and only when it is switched on."""
    also = f" {BASEMAP}" if basemap else ""
    policy = ("default-src 'none'", "script-src 'self'", "worker-src 'self'", "style-src 'self'",
              f"img-src 'self' data: blob:{also}", "font-src 'self'", f"connect-src 'self'{also}", "form-action 'self'",
              "base-uri 'none'", "frame-ancestors 'none'")
    return {
        "Content-Security-Policy": "; ".join(policy),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": PERMISSIONS,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }


class Guard:
    """Adds headers that an answer does not set itself; turns an unforeseen exception into a 500 and a line without data."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self.app = app
        self.headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def guarded(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                given = message.setdefault("headers", [])
                names = {name.lower() for name, _ in given}
                message["headers"] = [*given, *(pair for pair in self.headers if pair[0] not in names)]
            await send(message)

        try:
            await self.app(scope, receive, guarded)
        except Exception as error:
            log.error("%s %s", known_method(scope["method"]), describe(error))
            if not started:
                await unexpected()(scope, receive, guarded)


def describe(error: BaseException) -> str:
    """Class and places of an exception, without its text: a message may hold an address or a name."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    places = " < ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in reversed(frames))
    return f"{type(error).__name__} at {places}"
