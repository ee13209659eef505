"""Log lines without data: JSON lines or text, of a closed set of fields.

A line says which route answered (its template, never the address that was asked), with which status and how fast. No address of a
visitor, parameter, token, name or coordinate is in it, nor the text of an exception: what other libraries say is cut down to
where they said it.
"""

from __future__ import annotations

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

QUIET, TEXT, JSON = FORMS = ("quiet", "text", "json")
FIELDS = ("method", "route", "status", "ms", "pid")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
request_id: ContextVar[str] = ContextVar("request_id", default="")
requests = logging.getLogger("geoservice.requests")


def known_method(method: str) -> str:
    """A method of HTTP; anything else a client may write there is `OTHER`."""
    return method if method in METHODS else "OTHER"


def configure(form: str, stream: TextIO | None = None) -> None:
    """One handler for every logger of this process; `quiet` tells warnings and errors only, the others every request too."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if form == JSON else Text())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in list(logging.root.manager.loggerDict):
        logger = logging.getLogger(name)
        logger.handlers[:], logger.propagate = [], True  # nobody prints past the handler above
    requests.setLevel(logging.WARNING if form == QUIET else logging.INFO)
    logging.captureWarnings(True)


def fields(record: logging.LogRecord) -> dict[str, object]:
    """What a line may say, in order."""
    found: dict[str, object] = {
        "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "event": _event(record),
    }
    if number := request_id.get():
        found["request"] = number
    return found | {name: value for name in FIELDS if (value := getattr(record, name, None)) is not None and _ours(record)}


def _ours(record: logging.LogRecord) -> bool:
    return record.name.split(".")[0] == "geoservice"


def _event(record: logging.LogRecord) -> str:
    """Our own words; of others only where they spoke, and which exception it was: their texts may quote what was sent."""
    if _ours(record):
        return record.getMessage()
    error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
    return " ".join(filter(None, (record.name, f"{Path(record.pathname).name}:{record.lineno}", error)))


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(fields(record), ensure_ascii=False)


class Text(logging.Formatter):
    """The same fields for people."""

    def format(self, record: logging.LogRecord) -> str:
        said = fields(record)
        first = f"{said.pop('time')} {str(said.pop('level')).upper()} {said.pop('event')}"
        return " ".join([first, *(f"{name}={value}" for name, value in said.items())])
