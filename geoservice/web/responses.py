"""Answers: bytes with a validator and a private cache, compressed when that helps."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from fastapi import Request
from starlette.responses import Response

from geoservice import __version__

JSON = "application/json"
MVT = "application/vnd.mapbox-vector-tile"
PNG = "image/png"
_WORTH_BYTES = 1_000
_COMPRESSIBLE = (JSON, MVT, "application/geo+json", "text/", "application/schema", "image/svg+xml")
NO_CACHE = "private, no-cache"
FOR_EVER = "private, max-age=31536000, immutable"  # of an address that carries its version
_VARY = "Cookie, Authorization, Accept-Encoding"


def to_json(value: Any) -> bytes:
    """JSON text; NaN and infinities are a mistake of ours, never something a reader sees."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8", "replace")


def tag_of(*ingredients: object) -> str:
    """An opaque mark that changes with any of its ingredients and with the version of the service."""
    text = "\0".join([__version__, *(str(one) for one in ingredients)])
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()


def respond(request: Request, tag: str, make: Callable[[], bytes], media_type: str, filename: str | None = None,
            cache: str = NO_CACHE) -> Response:
    """200 with the bytes, 304 when the client has them, 204 when there are none.

    `tag` must be taken before the data is read: if the data changes in between, the client asks again once too often and
    never once too little.
    """
    zipped = accepts_gzip(request) and media_type.startswith(_COMPRESSIBLE)
    headers = {"Cache-Control": cache, "Vary": _VARY, "ETag": f'"{tag}-gzip"' if zipped else f'"{tag}"'}
    if is_known(request, tag):
        return Response(status_code=304, headers=headers)
    body = make()
    if not body:
        return Response(status_code=204, headers=headers)
    if filename is not None:
        headers["Content-Disposition"] = f'attachment; filename="{safe_name(filename)}"'
    if zipped and len(body) > _WORTH_BYTES:
        body = gzip.compress(body, 1, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Response(body, 200, headers, media_type)


def is_known(request: Request, tag: str) -> bool:
    """Whether If-None-Match names a tag, in any of its encodings."""
    given = request.headers.get("if-none-match")
    if given is None:
        return False
    marks = {mark.strip().removeprefix("W/").strip('"').removesuffix("-gzip") for mark in given.split(",")}
    return tag in marks or given.strip() == "*"


def accepts_gzip(request: Request) -> bool:
    """Whether the client understands gzip."""
    for choice in request.headers.get("accept-encoding", "").lower().split(","):
        coding, _, weight = choice.partition(";")
        if coding.strip() in ("gzip", "*"):
            return not re.fullmatch(r"q=0(\.0*)?", weight.strip().replace(" ", ""))
    return False


def safe_name(name: str) -> str:
    """A file name of letters, digits, dots and dashes, whatever it was made of."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name)[:120]
