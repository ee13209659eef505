"""Bytes as received: kept under their SHA-256 before anything reads them, deleted after a set time with their rejects."""

from __future__ import annotations

import errno
import hashlib
import os
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection, delete, insert, select, update

from geoservice.core.factfile import sync_folder
from geoservice.errors import NotReady, UnreadableFile, of_the_disk
from geoservice.storage.tables import RejectedLine, Upload, now

_BLOCK = 1 << 20


def keep(folder: Path, file: Path, limit_mb: int) -> tuple[str, int]:
    """Copy a file into the uploads, durably; its SHA-256 and size. UnreadableFile when it cannot be read or is too large."""
    temporary = folder / f"{os.getpid()}.part"
    name = "".join(character for character in file.name if character.isprintable())  # a name may hold orders to a terminal
    digest, size = hashlib.sha256(), 0
    try:
        if file.exists() and not file.is_file():  # a pipe would be waited for, a device read for ever
            raise UnreadableFile(f"« {name} » n’est pas un fichier : donnez le chemin d’un fichier.")
        with file.open("rb") as source, temporary.open("wb") as copy:
            while block := source.read(_BLOCK):
                size += len(block)
                if size > limit_mb << 20:
                    raise UnreadableFile(f"« {name} » dépasse {limit_mb} Mo ; découpez-le en plusieurs fichiers.")
                digest.update(block)
                copy.write(block)
            copy.flush()
            os.fsync(copy.fileno())
    except OSError as error:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        unreadable = UnreadableFile(f"« {name} » ne peut pas être lu : vérifiez que le fichier existe et qu’il est lisible.")
        raise (_of_our_disk(folder, error) or unreadable) from error
    except UnreadableFile:
        temporary.unlink(missing_ok=True)
        raise
    os.replace(temporary, path_of(folder, digest.hexdigest()))
    sync_folder(folder)
    return digest.hexdigest(), size


def _of_our_disk(folder: Path, error: OSError) -> NotReady | None:
    """The error, where it is the data folder that cannot be written; None where it is the file that cannot be read."""
    if error.errno in (errno.EACCES, errno.EPERM) and os.access(folder, os.W_OK):
        return None
    return of_the_disk(error)


def path_of(folder: Path, sha256: str) -> Path:
    """Where the bytes of an upload are."""
    return folder / f"{sha256}.bin"


def record(connection: Connection, import_id: int, organisation_id: int, name: str, sha256: str, size: int) -> None:
    """Note an upload once for an import; one that had expired counts from now again."""
    table = Upload.__table__
    again = update(table).where(table.c.import_id == import_id, table.c.sha256 == sha256, table.c.deleted.is_not(None))
    known = connection.execute(select(table.c.id).where(table.c.import_id == import_id, table.c.sha256 == sha256)).first()
    if known is None:
        connection.execute(insert(table).values(import_id=import_id, organisation_id=organisation_id, name=name, sha256=sha256,
                                                size=size, received=now()))
    else:
        connection.execute(again.values(received=now(), deleted=None))


def purge(connection: Connection, folder: Path, days: int) -> int:
    """Delete uploads and rejected lines older than `days`, and files that no import knows; how many uploads expired."""
    table = Upload.__table__
    old = connection.execute(select(table.c.id, table.c.import_id).where(
        table.c.received < now() - timedelta(days=days), table.c.deleted.is_(None))).all()
    for number, import_id in old:
        connection.execute(update(table).where(table.c.id == number).values(deleted=now()))
        connection.execute(delete(RejectedLine).where(RejectedLine.import_id == import_id))
    kept = {f"{sha256}.bin" for (sha256,) in connection.execute(select(table.c.sha256).where(table.c.deleted.is_(None)))}
    for path in folder.iterdir():
        if path.suffix in (".bin", ".part") and path.name not in kept:
            path.unlink(missing_ok=True)
    return len(old)
