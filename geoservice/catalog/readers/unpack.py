"""Compressed files: gzip and zip are unpacked into a temporary folder, within limits, before anything reads them."""

from __future__ import annotations

import gzip
import stat
import struct
import tempfile
import zipfile
import zlib
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING

from geoservice.errors import UnreadableFile

if TYPE_CHECKING:
    from geoservice.catalog.schema import ReadHints

CHUNK = 1 << 20
# A CSV shrinks 5 to 30 times; beyond 200 times (and 64 MB) it is not an export but a bomb. 16 GB is more than any import.
RATIO_MAX, RATIO_FREE, BYTES_MAX, MEMBERS_MAX = 200, 64 << 20, 16 << 30, 10_000
DIRECTORY_MAX = 4 << 20  # bytes of a zip's table of contents: zipfile reads all of it before anything can be counted
PACKINGS_MAX = 2  # a zip inside a gzip; a gzip that contains itself never ends
TABLES = (".shp", ".csv", ".txt", ".tsv", ".geojson", ".json", ".gpkg", ".parquet", ".xlsx", ".ods")
_SHAPE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")


# what zipfile raises on archives that are damaged, protected or made up; a name that is no text is a UnicodeError
_BROKEN = (zipfile.BadZipFile, OSError, NotImplementedError, ValueError, struct.error, LookupError)


@dataclass(frozen=True)
class Member:
    """A plain file to read, and the name that rejects give it."""

    path: Path
    name: str


@dataclass
class Workspace:
    """A temporary folder, made when first needed and removed by `close`."""

    _folders: list[tempfile.TemporaryDirectory[str]] = field(default_factory=list)

    def folder(self) -> Path:
        self._folders.append(tempfile.TemporaryDirectory(prefix="geoservice-"))
        return Path(self._folders[-1].name)

    def close(self) -> None:
        while self._folders:
            self._folders.pop().cleanup()


def unpacked(path: Path, name: str, hints: ReadHints, workspace: Workspace, depth: int = 0) -> list[Member]:
    """The plain files inside `path`: itself, the content of a gzip, or the tables of a zip (all that match `hints.member`)."""
    magic = _magic(path, name)
    if magic.startswith(b"\x1f\x8b"):
        if depth == PACKINGS_MAX:
            raise UnreadableFile(f"{name} : ce fichier est compressé plusieurs fois. Envoyez-le décompressé.")
        inner = name.removesuffix(".gz")
        target = workspace.folder() / "content"
        _gunzip(path, name, target)
        return [Member(m.path, name if m.name == inner else m.name) for m in unpacked(target, inner, hints, workspace, depth + 1)]
    if magic.startswith(b"PK") and not _is_sheet(path, name):
        return _members(path, name, hints, workspace)
    return [Member(path, name)]


def tables_in(path: Path, name: str) -> list[str]:
    """File names of the tables of a zip, those that can be chosen with `hints.member`; [] for any other file."""
    if not _magic(path, name).startswith(b"PK") or _is_sheet(path, name):
        return []
    try:
        with zipfile.ZipFile(path) as archive:
            return [PurePosixPath(each).name for each in _every(archive)]
    except _BROKEN:
        return []  # opening it says what is wrong


def _magic(path: Path, name: str) -> bytes:
    try:
        # a pipe would be waited for, a device read for ever; and GDAL takes names beginning so for addresses
        if not stat.S_ISREG(path.stat().st_mode) or str(path.resolve()).startswith("/vsi"):
            raise UnreadableFile(f"{name or path} : ce n’est pas un fichier. Donnez le chemin d’un fichier.")
        with path.open("rb") as file:
            return file.read(4)
    except (OSError, ValueError) as error:
        raise UnreadableFile(f"{name} : ce fichier ne peut pas être ouvert. Vérifiez son chemin et ses droits.") from error


def _gunzip(path: Path, name: str, target: Path) -> None:
    try:
        with gzip.open(path, "rb") as packed:
            _copy(packed, target, name, _limit(path.stat().st_size))
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableFile(f"{name} : l’archive gzip est abîmée ou incomplète. Téléchargez-la de nouveau.") from error


def _limit(size: int) -> int:
    return min(max(RATIO_FREE, size * RATIO_MAX), BYTES_MAX)


def _copy(source: IO[bytes], target: Path, name: str, limit: int) -> int:
    written = 0
    with target.open("wb") as file:
        while chunk := source.read(CHUNK):
            written += len(chunk)
            if written > limit:
                raise UnreadableFile(f"{name} : ce fichier compressé grossit démesurément en s’ouvrant. Envoyez-le décompressé.")
            file.write(chunk)
    return written


def _is_sheet(path: Path, name: str) -> bool:
    _check_directory(path, name)
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            sheet = "[Content_Types].xml" in names or "xl/workbook.xml" in names or {"mimetype", "content.xml"} <= names
            if sheet and sum(i.file_size for i in archive.infolist()) > _limit(path.stat().st_size):
                raise UnreadableFile(f"{name} : ce classeur grossit démesurément en s’ouvrant. Enregistrez-le en CSV.")
            return sheet
    except _BROKEN as error:
        raise UnreadableFile(f"{name} : l’archive zip est abîmée ou incomplète. Téléchargez-la de nouveau.") from error


def _check_directory(path: Path, name: str) -> None:
    """UnreadableFile for a zip whose table of contents alone would fill the memory."""
    with path.open("rb") as file:
        size = path.stat().st_size
        file.seek(max(0, size - (1 << 16) - 100))
        tail = file.read()
        end = tail.rfind(b"PK\x05\x06")
        directory = int.from_bytes(tail[end + 12:end + 16], "little") if end >= 0 else 0
        wide = tail.rfind(b"PK\x06\x06", 0, max(end, 0))
        if wide >= 0:
            directory = int.from_bytes(tail[wide + 40:wide + 48], "little")
    if directory > DIRECTORY_MAX:
        raise UnreadableFile(f"{name} : cette archive contient trop de fichiers. N’envoyez que la table.")


def _members(path: Path, name: str, hints: ReadHints, workspace: Workspace) -> list[Member]:
    folder, limit = workspace.folder(), _limit(path.stat().st_size)
    found: list[Member] = []
    try:
        with zipfile.ZipFile(path) as archive:
            for number, inside in enumerate(_tables(archive, name, hints)):
                place = folder / str(number)
                place.mkdir()
                for part in _parts(archive, inside):
                    limit -= _extract(archive, part, place / f"table{PurePosixPath(part).suffix.lower()}", name, limit)
                found.append(Member(place / f"table{PurePosixPath(inside).suffix.lower()}", f"{name}/{inside}"))
    except (*_BROKEN, RuntimeError, zlib.error, EOFError) as error:
        raise UnreadableFile(f"{name} : l’archive zip est abîmée, ou protégée par un mot de passe.") from error
    return found


def _extract(archive: zipfile.ZipFile, part: str, target: Path, name: str, limit: int) -> int:
    with archive.open(part) as packed:
        return _copy(packed, target, name, limit)


def _tables(archive: zipfile.ZipFile, name: str, hints: ReadHints) -> list[str]:
    names = archive.namelist()
    if len(names) > MEMBERS_MAX:
        raise UnreadableFile(f"{name} : cette archive contient trop de fichiers. N’envoyez que la table.")
    wanted = hints.member
    every = _every(archive)
    # A pattern chooses among several tables: an archive of one table (one member taken from the official zip) needs no choice.
    tables = [n for n in every if wanted is None or len(every) == 1 or fnmatch(PurePosixPath(n).name, wanted)]
    if not tables:
        raise UnreadableFile(f"{name} : cette archive ne contient aucune table" + (f" nommée « {wanted} »." if wanted else "."))
    suffixes = {PurePosixPath(t).suffix.lower() for t in tables}
    if wanted is None and len(suffixes) > 1:
        first = next(s for s in TABLES if s in suffixes)
        tables = [t for t in tables if t.lower().endswith(first)]
    return tables


def _every(archive: zipfile.ZipFile) -> list[str]:
    return sorted(n for n in archive.namelist() if n.lower().endswith(TABLES)
                  and not PurePosixPath(n).name.startswith((".", "_")) and "__MACOSX" not in n)


def _parts(archive: zipfile.ZipFile, inside: str) -> list[str]:
    if not inside.lower().endswith(".shp"):
        return [inside]
    stem = inside[:-4]
    return [n for n in archive.namelist() if n[:-4] == stem and n[-4:].lower() in _SHAPE_PARTS]


