"""The page's own files. They hold no data, so anybody may have them."""

from __future__ import annotations

import gzip
from functools import lru_cache
from pathlib import Path

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from geoservice.errors import NotFound
from geoservice.web.dependencies import only
from geoservice.web.responses import accepts_gzip, is_known, tag_of

PAGE = Path(__file__).resolve().parents[1] / "page"
# a closed list: anything else in the folder (templates, locks) is not served
_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".png": "image/png",
          ".woff2": "font/woff2", ".json": "application/json", ".txt": "text/plain"}
_WORTH_BYTES = 1_000

# `v` is how MapLibre asks for its own worker: it names a version and changes nothing here
router = APIRouter(dependencies=[Depends(only("v"))], include_in_schema=False)


@router.get("/saisie/hors-ligne.js")
def worker(request: Request) -> Response:
    """What makes the form of entries open without a network: a service worker, for that page alone."""
    found = static_file(request, "js/saisie-worker.js")
    found.headers["Service-Worker-Allowed"] = "/saisie"
    return found


@router.get("/static/{path:path}")
def static_file(request: Request, path: str) -> Response:
    """A script, style, font or image of the page."""
    file = _find(path)
    status = file.stat()
    tag = tag_of(path, status.st_mtime_ns, status.st_size)
    body, zipped = _read(file, status.st_mtime_ns)
    use_zip = zipped is not None and accepts_gzip(request)
    headers = {"Cache-Control": "no-cache", "Vary": "Accept-Encoding", "ETag": f'"{tag}-gzip"' if use_zip else f'"{tag}"'}
    if is_known(request, tag):
        return Response(status_code=304, headers=headers)
    if use_zip:
        headers["Content-Encoding"] = "gzip"
    return Response(zipped if use_zip else body, 200, headers, _TYPES[file.suffix])


def _find(path: str) -> Path:
    """A file of the page's folder; NotFound for anything else, `..` included."""
    parts = path.split("/")
    if all(part and not part.startswith(".") and "\\" not in part and part.isprintable() for part in parts):
        file = PAGE.joinpath(*parts)
        if file.suffix in _TYPES and len(path) < 200 and file.is_file() and file.resolve().is_relative_to(PAGE):
            return file
    raise NotFound("Ce fichier n’existe pas.")


@lru_cache(maxsize=128)
def _read(file: Path, _modified: int) -> tuple[bytes, bytes | None]:
    """The bytes of a file, and the same compressed where that helps."""
    body = file.read_bytes()
    packed = gzip.compress(body, 6, mtime=0) if len(body) > _WORTH_BYTES else body
    return body, packed if len(packed) < 0.9 * len(body) else None
