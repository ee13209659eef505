"""A Reader whose file is read in another process, within limits: what kills that process is a sentence here.

Everything but CSV is read so: GDAL, Arrow and spreadsheet libraries are native code that a file may be made to crash, and a
small file of any of these formats can be made to fill the memory.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, cast

from geoservice.catalog.readers import frames, sandbox
from geoservice.catalog.readers.base import Reader
from geoservice.catalog.readers.unpack import Member, Workspace
from geoservice.catalog.rows import Batch, Note
from geoservice.catalog.schema import ReadHints
from geoservice.errors import UnreadableFile

PROGRAM = (sys.executable, "-P", "-s", "-m", "geoservice.catalog.readers.child")
# Seconds of processor: a start, and so many for each MB of file. Compressed formats hold more than they weigh.
_START_S, _MB_S = 6, {"parquet": 4, "xlsx": 4, "ods": 4}
_SAID = {
    "memory": f"ce fichier demande trop de mémoire pour être lu (plus de {sandbox.MEMORY_MB} Mo). Découpez-le, ou "
              "enregistrez-le en CSV.",
    "time": "la lecture de ce fichier n’aboutit pas dans le temps permis. Découpez-le, ou enregistrez-le dans un autre format.",
    "crash": "ce fichier fait échouer sa lecture : il est abîmé ou fabriqué. Enregistrez-le de nouveau depuis le logiciel dont "
             "il vient.",
}


class LimitedReader(Reader):
    """Reads as `found` says: geojson, json, parquet, xlsx, xls, ods, gpkg or shapefile."""

    def __init__(self, found: str, members: list[Member], hints: ReadHints, workspace: Workspace) -> None:
        self._found, self._children = found, list[_Child]()
        super().__init__(members, hints, workspace)

    def prepare(self) -> None:
        head, _ = self._begin().answer()
        self.columns, self.notes = head["columns"], [Note(**note) for note in head["notes"]]
        self.tables = head["tables"]

    def batches(self, rows: int = 20_000) -> Iterator[Batch]:
        if not self._children:
            self._begin().answer()
        child = self._children.pop()
        try:
            child.ask(rows)
            while True:
                message, blob = child.answer()
                if "end" in message:
                    return
                yield frames.batch_of(message, blob)
        finally:
            child.stop()

    def close(self) -> None:
        while self._children:
            self._children.pop().stop()
        super().close()

    def _begin(self) -> _Child:
        size = sum(part.stat().st_size for member in self.members for part in _parts(member.path))
        request = {"format": self._found, "members": [[str(member.path.resolve()), member.name] for member in self.members],
                   "hints": self.hints.model_dump(), "cpu_s": _START_S + int((size >> 20) * _MB_S.get(self._found, 0.5))}
        self._children.append(_Child(self.members[0].name, request))
        return self._children[-1]


class _Child:
    """One process that reads one file once."""

    def __init__(self, name: str, request: dict[str, Any]) -> None:
        self._name = name
        root = Path(__file__).resolve().parents[3]
        self._process = subprocess.Popen(PROGRAM, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                         env={**sandbox.ENVIRONMENT, "PYTHONPATH": str(root)}, cwd=root)
        self._write(json.dumps(request))

    def ask(self, rows: int) -> None:
        """Have it send its batches."""
        self._write(str(rows))

    def answer(self) -> tuple[dict[str, Any], bytes]:
        """Its next frame; UnreadableFile when it says so, and when it is no longer there to say anything."""
        found = frames.receive(self._out)
        if found is not None and not {"unreadable", "failed"} & found[0].keys():
            return found
        failure = self._failure(found[0] if found else None)
        self.stop()
        raise UnreadableFile(failure)

    def stop(self) -> None:
        """End it, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                stream.close()  # type: ignore[union-attr]  # both are pipes

    @property
    def _out(self) -> IO[bytes]:
        return cast(IO[bytes], self._process.stdout)

    def _write(self, line: str) -> None:
        with suppress(BrokenPipeError):  # it died: its answer, or the lack of one, says so
            stream = cast(IO[bytes], self._process.stdin)
            stream.write(line.encode("ascii") + b"\n")
            stream.flush()

    def _failure(self, message: dict[str, Any] | None) -> str:
        if message is not None and "unreadable" in message:
            return message["unreadable"]
        if message is not None:
            return f"{self._name} : {_SAID[message['failed']]}"
        ended = self._process.wait()
        return f"{self._name} : {_SAID['time' if ended in (-signal.SIGXCPU, -signal.SIGKILL) else 'crash']}"


def _parts(path: Path) -> list[Path]:
    """A shapefile is several files."""
    return [path] if path.suffix != ".shp" else [part for part in path.parent.iterdir() if part.stem == path.stem]
