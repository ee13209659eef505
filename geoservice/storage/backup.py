"""A backup is one file: a tar of the database, the indexes, the uploads, what the shared folder alone has (its `access.db`, its
seal and the releases that links show), and a manifest with digests and row counts.

The manifest is the last part but one, its digest the last: a file cut anywhere is missing one of them. Nothing is compressed,
so that `tar` and `sha256sum` can read a backup without this program.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, inspect, text

from geoservice.core import factfile
from geoservice.errors import NotReady, UnreadableFile, disk_full
from geoservice.settings import Settings
from geoservice.storage import access, imports, migrations
from geoservice.storage import engine as db
from geoservice.storage.store import DEMO_MARK

FORMAT = 1
FACTS = "incidents"
MANIFEST, DIGEST, DATABASE = "manifest.json", "manifest.sha256", "geoservice.db"
SHARED = "partage"  # where the shared folder's own files lie in a backup, and in the folder that is made of it
_PARTS = re.compile(rf"{re.escape(DATABASE)}|{re.escape(DEMO_MARK)}|index/\d{{1,9}}\.facts|uploads/[0-9a-f]{{64}}\.bin|"
                    rf"{SHARED}/(?:{re.escape(access.NAME)}|seal|pinned/[0-9a-f]{{64}}\.release)", re.ASCII)
_STAGE = ".restauration"
_BLOCK = 1 << 20
_LONGEST_MANIFEST = 64 << 20


@dataclass(frozen=True)
class Manifest:
    """What a backup holds: `files` name → (SHA-256, bytes), `rows` table → count, `lost`: uploads that were gone already."""

    format: int
    created: str
    version: str
    schema: str
    files: dict[str, tuple[str, int]]
    rows: dict[str, int]
    lost: int

    @property
    def bytes(self) -> int:
        return sum(size for _, size in self.files.values())

    def as_json(self) -> dict[str, Any]:
        """What `backup --json` prints."""
        return {
            "created": self.created,
            "schema": self.schema,
            "files": len(self.files),
            "bytes": self.bytes,
            "rows": self.rows,
            "lost": self.lost,
        }


def write(settings: Settings, target: Path, uploads: bool = True) -> Manifest:
    """Back a data folder up while others use it; verified before the file has its name. NotReady when it cannot be."""
    if target.exists():
        raise NotReady(f"« {target} » existe déjà ; choisissez un autre fichier avec --to.")
    if not target.parent.is_dir():
        raise NotReady(f"Le dossier « {target.parent} » n’existe pas ; créez-le ou choisissez un autre fichier avec --to.")
    part, copy, guests = (target.with_name(f".{target.name}.{os.getpid()}.{kind}") for kind in ("part", "db", "access"))
    with db.plain_errors(target.parent):
        try:
            db.copy(settings, copy)
            manifest = _write(settings, copy, part, _shared(settings, guests) if uploads else {}, uploads)
            if verify(part) != manifest:
                raise NotReady("La sauvegarde relue n’est pas celle qui a été écrite : le disque n’est pas fiable.")
            os.replace(part, target)
            factfile.sync_folder(target.parent)
        finally:
            part.unlink(missing_ok=True)
            copy.unlink(missing_ok=True)
            guests.unlink(missing_ok=True)
    return manifest


def _shared(settings: Settings, copy: Path) -> dict[str, Path]:
    """What of the shared folder nothing can make again, by name in a backup; `access.db` as the copy that is made here."""
    folder = settings.shared_folder
    own = [folder / "seal", *sorted(folder.glob("pinned/*.release"))]
    found = {f"{SHARED}/{path.relative_to(folder)}": path for path in own if path.is_file()}
    if access.copy(folder, copy):
        with examined(copy):
            found[f"{SHARED}/{access.NAME}"] = copy
    return {name: path for name, path in found.items() if _PARTS.fullmatch(name)}


def _write(settings: Settings, copy: Path, part: Path, shared: dict[str, Path], uploads: bool) -> Manifest:
    from geoservice import __version__

    with examined(copy) as connection:
        rows, schema = row_counts(connection), migrations.revision(connection)
        kept, built = (_uploads(connection) if uploads else []), imports.states(connection, FACTS)
    files: dict[str, tuple[str, int]] = {}
    lost = 0
    with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "wb") as raw:
        with tarfile.open(fileobj=raw, mode="w:", format=tarfile.PAX_FORMAT) as tar:
            files[DATABASE] = _add(tar, DATABASE, copy)
            for name, path in _indexes(settings, built if uploads else {}):
                files[name] = _add(tar, name, path)
            for sha256 in kept:
                try:
                    files[f"uploads/{sha256}.bin"] = _add(tar, f"uploads/{sha256}.bin", settings.uploads / f"{sha256}.bin")
                except FileNotFoundError:  # its time was over, or somebody deleted it
                    lost += 1
            for name, path in shared.items():
                with suppress(FileNotFoundError):  # the last link to this release ended meanwhile
                    files[name] = _add(tar, name, path)
            if (settings.data / DEMO_MARK).is_file():
                files[DEMO_MARK] = _add(tar, DEMO_MARK, settings.data / DEMO_MARK)
            manifest = Manifest(FORMAT, datetime.now(UTC).isoformat(timespec="seconds"), __version__, schema, files, rows, lost)
            body = json.dumps(asdict(manifest), indent=1).encode()
            _add_bytes(tar, MANIFEST, body)
            _add_bytes(tar, DIGEST, hashlib.sha256(body).hexdigest().encode())
        raw.flush()
        os.fsync(raw.fileno())
    return manifest


@contextmanager
def examined(database: Path) -> Iterator[Connection]:
    """A database file that nobody writes, found sound; NotReady when it is not."""
    engine = db.open_copy(database)
    try:
        with db.plain_errors(database.parent), engine.connect() as connection, connection.begin():
            if db.deep_check(connection) != "ok":
                raise NotReady("La base de données est abîmée. Restaurez une sauvegarde plus ancienne.")
            yield connection
    finally:
        engine.dispose()


def row_counts(connection: Connection) -> dict[str, int]:
    """Rows of every table there is."""
    names = sorted(inspect(connection).get_table_names())
    return {name: int(connection.execute(text(f'SELECT count(*) FROM "{name}"')).scalar_one()) for name in names}


def _uploads(connection: Connection) -> list[str]:
    query = text("SELECT DISTINCT sha256 FROM upload WHERE deleted IS NULL ORDER BY sha256")
    return [sha256 for (sha256,) in connection.execute(query)]


def _indexes(settings: Settings, states: dict[int, tuple[int, int]]) -> Iterator[tuple[str, Path]]:
    """The index files that hold what the copied database says they hold; others are built again after a restore."""
    for number, (_, built) in sorted(states.items()):
        path = settings.index_folder / f"{number}.facts"
        if path.is_file() and factfile.open_index(path).version.partition(".")[0] == str(built):
            yield f"index/{number}.facts", path


def _add(tar: tarfile.TarFile, name: str, path: Path) -> tuple[str, int]:
    """Add a file as it is when opened, whatever is renamed over it meanwhile; its digest and size."""
    with path.open("rb") as file:
        member = tarfile.TarInfo(name)
        member.size, member.mode = os.fstat(file.fileno()).st_size, 0o600
        reading = _Digesting(file)
        tar.addfile(member, reading)  # type: ignore[arg-type]  # it reads, and tarfile asks for no more
    return reading.digest.hexdigest(), member.size


def _add_bytes(tar: tarfile.TarFile, name: str, body: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(body), 0o600
    tar.addfile(member, io.BytesIO(body))


class _Digesting:
    """A file that is digested as it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.digest = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self.file.read(size)
        self.digest.update(block)
        return block


def verify(path: Path) -> Manifest:
    """Read a backup from end to end; UnreadableFile says what is wrong with it."""
    found: dict[str, tuple[str, int]] = {}
    last: dict[str, bytes] = {}
    with _readable(path) as members:
        for member, content in members:
            if member.name in (MANIFEST, DIGEST):
                last[member.name] = content.read(_LONGEST_MANIFEST + 1)
            elif _PARTS.fullmatch(member.name) and member.name not in found:
                found[member.name] = (_digest(content), member.size)
            else:
                raise _unreadable(path, "elle contient un fichier qui n’a rien à y faire")
    manifest = _manifest(path, last)
    for name in sorted(found.keys() | manifest.files.keys()):
        if found.get(name) != manifest.files.get(name):
            raise _unreadable(path, f"« {name} » manque, est en trop ou a été modifié")
    return manifest


@contextmanager
def _readable(path: Path) -> Iterator[Iterator[tuple[tarfile.TarInfo, IO[bytes]]]]:
    """Plain files of a backup with their content, in order; UnreadableFile when opening or reading one fails."""
    try:
        with tarfile.open(path, "r:") as tar:
            yield _members(path, tar)
    except (tarfile.TarError, EOFError, UnicodeError, ValueError, OverflowError) as error:
        raise _unreadable(path, "elle est coupée, abîmée, ou d’un autre genre") from error
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise UnreadableFile(f"« {path} » ne peut pas être lu : vérifiez le nom et les droits du fichier.") from error


def _members(path: Path, tar: tarfile.TarFile) -> Iterator[tuple[tarfile.TarInfo, IO[bytes]]]:
    for member in tar:
        content = tar.extractfile(member) if member.type == tarfile.REGTYPE and member.sparse is None else None
        if content is None:
            raise _unreadable(path, "elle contient autre chose que des fichiers")
        yield member, content


def _digest(content: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while block := content.read(_BLOCK):
        digest.update(block)
    return digest.hexdigest()


def _manifest(path: Path, last: dict[str, bytes]) -> Manifest:
    body = last.get(MANIFEST, b"")
    if not body or hashlib.sha256(body).hexdigest().encode() != last.get(DIGEST):
        raise _unreadable(path, "sa fin manque ou son sommaire a été modifié")
    try:
        said = json.loads(body)
        if said["format"] != FORMAT:
            raise NotReady(f"« {path} » a été écrit par une version plus récente de geoservice ; installez-la pour la restaurer.")
        said["files"] = {name: (str(sha256), int(size)) for name, (sha256, size) in said["files"].items()}
        return Manifest(**said)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _unreadable(path, "son sommaire est illisible") from error


def _unreadable(path: Path, why: str) -> UnreadableFile:
    return UnreadableFile(
        f"« {path} » n’est pas une sauvegarde utilisable : {why}. Rien n’a été restauré ; prenez une autre copie."
    )


def restore(path: Path, settings: Settings) -> Manifest:
    """Put a verified backup into a new folder; the database comes last, so that half a restore is no data folder."""
    folder = settings.data
    _refuse_data(settings)
    manifest = verify(path)
    if manifest.schema not in migrations.REVISIONS:
        raise NotReady(
            f"« {path} » vient d’une version plus récente de geoservice ; installez-la pour restaurer cette sauvegarde."
        )
    stage = folder / _STAGE
    with db.plain_errors(folder):
        shutil.rmtree(stage, ignore_errors=True)
        for name in ("", _STAGE, f"{_STAGE}/index", f"{_STAGE}/uploads", *_shared_stage(manifest)):
            (folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            if shutil.disk_usage(folder).free < manifest.bytes:
                raise disk_full()
            _extract(path, stage, manifest)
            _examine(path, stage / DATABASE, manifest)
            _settle(stage, settings)
        finally:
            shutil.rmtree(stage, ignore_errors=True)
    return manifest


def _shared_stage(manifest: Manifest) -> tuple[str, ...]:
    held = any(name.startswith(f"{SHARED}/") for name in manifest.files)
    return (f"{_STAGE}/{SHARED}", f"{_STAGE}/{SHARED}/pinned") if held else ()


def _refuse_data(settings: Settings) -> None:
    folder = settings.data
    if settings.database_url and db.exists(settings):
        raise NotReady("La base PostgreSQL contient déjà des tables de geoservice : donnez un autre schéma (?schema=nom).")
    if folder.exists() and (not folder.is_dir() or any(entry.name != _STAGE for entry in folder.iterdir())):
        raise NotReady(
            f"« {folder} » contient déjà quelque chose : une sauvegarde se restaure dans un dossier nouveau. Choisissez-en "
            "un autre avec --data."
        )


def _extract(path: Path, stage: Path, manifest: Manifest) -> None:
    with _readable(path) as members:
        for member, content in members:
            if member.name in (MANIFEST, DIGEST):
                continue
            sha256, _ = manifest.files.get(member.name, ("", 0))
            if not sha256 or _copy(content, stage / member.name) != sha256:
                raise _unreadable(path, "elle a changé pendant sa lecture")


def _copy(content: IO[bytes], target: Path) -> str:
    """Write a new file durably; its digest."""
    reading = _Digesting(content)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        shutil.copyfileobj(reading, file, _BLOCK)
        file.flush()
        os.fsync(file.fileno())
    return reading.digest.hexdigest()


def _examine(path: Path, database: Path, manifest: Manifest) -> None:
    if not database.is_file():
        raise _unreadable(path, "elle n’a pas de base de données")
    with examined(database) as connection:
        if row_counts(connection) != manifest.rows or migrations.revision(connection) != manifest.schema:
            raise _unreadable(path, "le nombre de lignes de la base n’est pas celui du sommaire")


def _settle(stage: Path, settings: Settings) -> None:
    for name in ("index", "uploads", SHARED, DEMO_MARK, *(() if settings.database_url else (DATABASE,))):
        if (stage / name).exists():
            os.replace(stage / name, settings.data / name)
    factfile.sync_folder(settings.data)
    if settings.database_url:
        _load(stage / DATABASE, settings)


def _load(copy: Path, settings: Settings) -> None:
    """The copy, brought up to today's tables, into an empty schema: all of it or nothing."""
    from geoservice.storage import carry

    older = db.open_copy(copy, writable=True)
    try:
        migrations.upgrade(older)
    finally:
        older.dispose()
    db.one_file(copy)
    engine = db.open_engine(settings)
    try:
        with engine.connect().execution_options(**db.WRITE) as connection, connection.begin():
            db.create_tables(connection)
            migrations.stamp(connection, migrations.HEAD)
            carry.from_file(copy, connection)
    finally:
        engine.dispose()
