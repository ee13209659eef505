"""A chain of hashes over what was done: any row that is changed, removed, swapped, inserted or cut off breaks it.

Old rows may go by whole days, once a later row of the chain itself, a seal, says up to where and holds a digest over the heads of
the days that went: the heads stay, and what is left is verified from there. A chain proves nothing against somebody who rewrites
all of it: for that, an anchor (number and hash of a row) is kept elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

START = "0" * 64
SEAL = "journal.scelle"  # the action of a row that seals what came before it
SEALED_AFTER_DAYS = 180  # no seal covers a younger day: whoever may purge cannot hide what they did last week

Days = Mapping[str, tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Entry:
    """One row: number from 1, ISO 8601 moment in UTC, whose, who, what, on what, how it ended, the hash before and its own."""

    seq: int
    moment: str
    organisation_id: int
    actor: str
    action: str
    object: str
    outcome: str
    previous: str
    hash: str = ""


@dataclass(frozen=True)
class Verdict:
    """How many rows were read, what is wrong first (None, or a row's number and a word), the last row, the last sealed one."""

    rows: int
    fault: tuple[int, str] | None
    head: tuple[int, str]
    sealed: int = 0


def hash_of(entry: Entry) -> str:
    """SHA-256 over everything but the hash itself, in one spelling."""
    told = [entry.previous, entry.seq, entry.moment, entry.organisation_id, entry.actor, entry.action, entry.object,
            entry.outcome]
    return hashlib.sha256(json.dumps(told, ensure_ascii=True, separators=(",", ":")).encode()).hexdigest()


def seal_of(days: Days, number: int) -> str:
    """What a seal says: the last row that goes, and a digest over the heads of every day that has gone."""
    gone = sorted((seq, day, digest) for day, (seq, digest) in days.items() if seq <= number)
    return f"{number}:{hashlib.sha256(json.dumps(gone, separators=(',', ':')).encode()).hexdigest()}"


def check(entries: Iterable[Entry], days: Days, anchor: tuple[int, str] | None = None) -> Verdict:
    """Read a chain from its first row, or from its seal. `days`: number and hash of each day's last row; `anchor`: a row known
    from elsewhere.

    Words of a fault: `numero`, `contenu`, `jour`, `sceau`, `ancre`; `ancienne` where the anchor's row is sealed and was no day's
    last: it can be compared with nothing.
    """
    reading = _Reading(dict(days), anchor)
    for entry in entries:
        word = reading.begin(entry) if reading.rows == 0 else None
        word = word or reading.follow(entry)
        if word is not None:
            return reading.verdict(word)
    return reading.verdict(reading.end())


@dataclass
class _Reading:
    """How far a chain was read."""

    days: dict[str, tuple[int, str]]
    anchor: tuple[int, str] | None
    rows: int = 0
    number: int = 0
    previous: str = START
    sealed: int = 0
    seal: Entry | None = None
    anchored: bool = False
    seen: dict[str, tuple[int, str]] = field(default_factory=dict)

    def begin(self, entry: Entry) -> str | None:
        """Where the first row says that rows before it have gone, there is the head of a day that ends there."""
        if entry.seq == 1:
            return None
        head = next((head for head in self.days.values() if head[0] == entry.seq - 1), None)
        if head is None or entry.seq < 1:
            self.number += 1
            return "numero"
        self.number, self.previous = head
        self.sealed = self.number
        return None

    def follow(self, entry: Entry) -> str | None:
        """One row after the other."""
        self.number += 1
        if entry.seq != self.number:
            return "numero"
        if entry.previous != self.previous or entry.hash != hash_of(entry):
            return "contenu"
        self.rows, self.previous = self.rows + 1, entry.hash
        self.seen[entry.moment[:10]] = (self.number, self.previous)
        if entry.action == SEAL:
            self.seal = entry
        if self.anchor is not None and self.number == self.anchor[0]:
            self.anchored = self.previous == self.anchor[1]
            return None if self.anchored else "ancre"
        return None

    def end(self) -> str | None:
        """What all rows together have to say."""
        if not self._seal_holds():
            return "sceau"
        if self.seen != {day: head for day, head in self.days.items() if head[0] > self.sealed}:
            return "jour"
        if self.anchor is None or self.anchored or self.anchor == (0, START):
            return None
        if 0 < self.anchor[0] <= self.sealed:
            heads = dict(self.days.values())
            return None if heads.get(self.anchor[0]) == self.anchor[1] else "ancre" if self.anchor[0] in heads else "ancienne"
        return "ancre"

    def _seal_holds(self) -> bool:
        """The last seal says exactly what is missing, and that it was old."""
        if self.seal is None:
            return self.sealed == 0
        gone = [day for day, head in self.days.items() if head[0] <= self.sealed]
        if self.sealed == 0 or self.seal.object != seal_of(self.days, self.sealed):
            return False
        return (_day(self.seal.moment) - max(map(_day, gone))).days >= SEALED_AFTER_DAYS

    def verdict(self, word: str | None) -> Verdict:
        """What was found so far."""
        return Verdict(self.rows, None if word is None else (self.number, word), (self.number, self.previous), self.sealed)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:  # somebody wrote there
        return date.max
