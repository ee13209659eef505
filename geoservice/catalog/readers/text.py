"""CSV, with the standard library's parser: any delimiter and encoding, quoted newlines, ragged lines, constant memory."""

from __future__ import annotations

import codecs
import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any, Self

from geoservice.catalog.readers.base import Reader, distinct_names, few_columns
from geoservice.catalog.readers.unpack import CHUNK, Member
from geoservice.catalog.rows import Batch, Note, Reject
from geoservice.errors import UnreadableFile

DELIMITERS = (";", ",", "\t", "|")
REPLACED = "\ufffd"
LINE_MAX, CHUNK_CHARACTERS = 4 << 20, 8 << 20  # characters of one line, and of the lines held at once
csv.field_size_limit(1 << 20)


class _TooLong(csv.Error):
    """A line that no table has."""


class _Lines:
    """The lines of a text file, none longer than LINE_MAX; `number` of the last one, `characters` of all of them."""

    def __init__(self, file: IO[str]) -> None:
        self._read, self.number, self.characters = file.readline, 0, 0

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        line = self._read(LINE_MAX)
        if not line:
            raise StopIteration
        self.number += 1
        self.characters += len(line)
        if len(line) == LINE_MAX and not line.endswith("\n"):
            while (rest := self._read(LINE_MAX)) and not rest.endswith(("\n", "\r")):
                pass
            raise _TooLong
        return line


@dataclass(frozen=True)
class Encoding:
    """How the bytes become text; `damaged` says that a few bytes of an otherwise UTF-8 file are not."""

    name: str
    note: Note | None = None
    damaged: bool = False


class CsvReader(Reader):
    def prepare(self) -> None:
        member = self.members[0]
        self._encodings = [find_encoding(m, self.hints.encoding) for m in self.members]
        sample = self._sample(member, self._encodings[0])
        self._delimiter = self.hints.delimiter or find_delimiter(sample)
        try:
            header = next((row for row in csv.reader(sample, delimiter=self._delimiter) if any(c.strip() for c in row)), None)
        except csv.Error:
            header = None
        if header is None:
            raise UnreadableFile(f"{member.name} : ce fichier n’a pas de ligne d’en-tête.")
        self.columns = few_columns(distinct_names(_trimmed(header)), member.name)
        self.notes = [e.note for e in self._encodings if e.note]

    def _sample(self, member: Member, encoding: Encoding) -> list[str]:
        with member.path.open(encoding=encoding.name, errors="replace", newline="") as file:
            lines, sample = _Lines(file), list[str]()
            with suppress(_TooLong):
                sample.extend(islice(lines, 200))
            return sample

    def batches(self, rows: int = 20_000) -> Iterator[Batch]:
        for position, (member, encoding) in enumerate(zip(self.members, self._encodings, strict=True)):
            with member.path.open(encoding=encoding.name, errors="replace", newline="") as file:
                lines = _Lines(file)
                parser = csv.reader(lines, delimiter=self._delimiter)
                columns = _skip_header(parser)
                if position and columns != self.columns:
                    raise UnreadableFile(f"{member.name} : ses colonnes diffèrent de celles de {self.members[0].name}. "
                                         "Importez ces fichiers séparément.")
                for chunk, numbers, rejects in self._chunks(member, parser, lines, rows):
                    yield self._batch(member, chunk, numbers, rejects, encoding.damaged)

    def _chunks(self, member: Member, parser: Any, lines: _Lines,
                rows: int) -> Iterator[tuple[list[list[str]], list[int], list[Reject]]]:
        """Records with the line each begins on. One broken line costs one line; a chunk is bounded in rows and in characters."""
        chunk: list[list[str]] = []
        numbers: list[int] = []
        rejects: list[Reject] = []
        until, ended = lines.characters + CHUNK_CHARACTERS, False
        while not ended:
            line = lines.number + 1
            try:
                for row in parser:
                    chunk.append(row)
                    numbers.append(line)
                    line = lines.number + 1
                    if len(chunk) >= rows or lines.characters >= until:
                        break
                else:
                    ended = True
            except csv.Error as error:
                rejects.append(_broken(member, line, isinstance(error, _TooLong)))
            if ended or len(chunk) + len(rejects) >= rows or lines.characters >= until:
                if chunk or rejects:
                    yield chunk, numbers, rejects
                chunk, numbers, rejects, until = [], [], [], lines.characters + CHUNK_CHARACTERS

    def _batch(self, member: Member, chunk: list[list[str]], lines: Sequence[int], rejects: list[Reject],
               damaged: bool) -> Batch:
        width = len(self.columns)
        if damaged or set(map(len, chunk)) - {width}:
            chunk, lines = self._regular(member, chunk, lines, rejects)
        columns = list(zip(*chunk, strict=True)) or [()] * width
        return Batch(member.name, lines, dict(zip(self.columns, columns, strict=True)), rejects=tuple(rejects))

    def _regular(self, member: Member, chunk: list[list[str]], lines: Sequence[int],
                 rejects: list[Reject]) -> tuple[list[list[str]], Sequence[int]]:
        kept, kept_lines, width = [], [], len(self.columns)
        for row, line in zip(chunk, lines, strict=True):
            row = row if len(row) <= width or any(c.strip() for c in row[width:]) else row[:width]
            if not any(c.strip() for c in row):
                continue  # a line of separators only: spreadsheets leave them at the end
            if len(row) != width:
                rejects.append(_ragged(member, line, len(row), width))
            elif any(REPLACED in cell for cell in row):
                rejects.append(_damaged(member, line))
            else:
                kept.append(row)
                kept_lines.append(line)
        return kept, kept_lines


def _skip_header(parser: Any) -> list[str]:
    try:
        row = next((row for row in parser if any(c.strip() for c in row)), [])
    except csv.Error:
        row = []
    return distinct_names(_trimmed(row))


def _trimmed(header: list[str]) -> list[Any]:
    """Without the empty names that a trailing separator leaves."""
    length = next((number for number in range(len(header), 0, -1) if header[number - 1].strip()), 0)
    return header[:length]


def find_delimiter(sample: list[str]) -> str:
    """The separator that cuts the first lines into most columns while most lines agree on their number."""
    def score(delimiter: str) -> tuple[float, int]:
        rows = [r for r in islice(csv.reader(sample, delimiter=delimiter), 100) if r]
        width = len(_trimmed(rows[0])) if rows else 0
        widths = Counter(len(r) for r in rows)
        return (round(widths[width] / len(rows), 1) if width > 1 else 0.0, width)

    try:
        return max(DELIMITERS, key=score)
    except csv.Error:
        return ";"


def find_encoding(member: Member, declared: str | None) -> Encoding:
    """Read the whole file once: UTF-8 (or UTF-16 with its mark), else Windows-1252 with a note; UnreadableFile for the rest."""
    with member.path.open("rb") as file:
        head = file.read(4)
    if declared is not None:
        return _declared(member, declared)
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return _declared(member, "utf-32")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _declared(member, "utf-16")
    utf8 = _survey(member)
    if utf8.invalid == 0:
        return Encoding("utf-8-sig")
    if utf8.multibyte > 10 * utf8.invalid:
        note = Note("octets-abimes", f"{member.name} : fichier UTF-8 dont quelques octets sont abîmés.", utf8.invalid, 0)
        return Encoding("utf-8-sig", note, damaged=True)
    if utf8.controls > 2 and utf8.controls * 2 > utf8.high:
        raise UnreadableFile(f"{member.name} : l’encodage de ce fichier n’est pas reconnu. Enregistrez-le en UTF-8, ou indiquez "
                             "« encoding » dans la section [read] de la correspondance.")
    note = Note("encodage", f"{member.name} : lu en Windows-1252 (le fichier n’est pas en UTF-8).", 1, 1)
    return Encoding("cp1252", note)


@dataclass
class _Survey:
    invalid: int = 0    # bytes that UTF-8 cannot hold
    multibyte: int = 0  # characters beyond ASCII that it can
    high: int = 0       # bytes ≥ 0x80
    controls: int = 0   # bytes 0x80–0x9F: rare in Windows-1252, frequent in DOS and Mac code pages


_HIGH, _CONTROLS = bytes(range(0x80)), bytes(b for b in range(256) if not 0x80 <= b <= 0x9F)


def _survey(member: Member) -> _Survey:
    found, decoder = _Survey(), codecs.getincrementaldecoder("utf-8")("replace")
    with member.path.open("rb") as file:
        while chunk := file.read(CHUNK):
            if b"\0" in chunk:
                raise UnreadableFile(f"{member.name} : ce fichier contient des octets nuls : ce n’est pas du texte, ou c’est de "
                                     "l’UTF-16 sans marque. Enregistrez-le en CSV UTF-8.")
            text = decoder.decode(chunk)
            if not chunk.isascii():
                bad = text.count(REPLACED)
                found.invalid += bad
                found.multibyte += len(text) - len(text.encode("ascii", "ignore")) - bad
                found.high += len(chunk.translate(None, _HIGH))
                found.controls += len(chunk.translate(None, _CONTROLS))
        found.invalid += decoder.decode(b"", final=True).count(REPLACED)
    return found


def _declared(member: Member, name: str) -> Encoding:
    try:
        with member.path.open(encoding=name, newline="") as file:
            while file.read(CHUNK):
                pass
    except LookupError as error:
        raise UnreadableFile(f"{member.name} : encodage inconnu « {name} ».") from error
    except UnicodeError as error:
        raise UnreadableFile(f"{member.name} : ce fichier n’est pas en {name}. Enregistrez-le en UTF-8.") from error
    return Encoding(name)


def _ragged(member: Member, line: int, found: int, width: int) -> Reject:
    return Reject(member.name, line, "", "", "colonnes", f"La ligne a {found} colonnes au lieu de {width}. "
                  "Vérifiez le séparateur et les guillemets.")


def _damaged(member: Member, line: int) -> Reject:
    return Reject(member.name, line, "", "", "octets-abimes",
                  "La ligne contient des caractères illisibles. Corrigez-la à la source.")


def _broken(member: Member, line: int, long: bool) -> Reject:
    if long:
        return Reject(member.name, line, "", "", "ligne-longue", f"La ligne dépasse {LINE_MAX >> 20} millions de caractères. "
                      "Vérifiez les fins de ligne du fichier.")
    return Reject(member.name, line, "", "", "guillemets", "La ligne ne peut pas être découpée : un guillemet n’est pas refermé.")
