"""A chain of hashes over what was done: any row that is changed, removed, swapped, inserted or cut off breaks it.

A chain proves nothing against somebody who rewrites all of it: for that, an anchor (number and hash of a row) is kept elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

START = "0" * 64


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
    """How many rows were read, and what is wrong first: None, or a row's number and a word."""

    rows: int
    fault: tuple[int, str] | None
    head: tuple[int, str]


def hash_of(entry: Entry) -> str:
    """SHA-256 over everything but the hash itself, in one spelling."""
    told = [entry.previous, entry.seq, entry.moment, entry.organisation_id, entry.actor, entry.action, entry.object,
            entry.outcome]
    return hashlib.sha256(json.dumps(told, ensure_ascii=True, separators=(",", ":")).encode()).hexdigest()


def check(entries: Iterable[Entry], days: Mapping[str, tuple[int, str]], anchor: tuple[int, str] | None = None) -> Verdict:
    """Read a chain from its first row. `days`: number and hash of each day's last row; `anchor`: a row known from elsewhere."""
    previous, number, seen = START, 0, dict[str, tuple[int, str]]()
    anchored = anchor is None or anchor == (0, START)

    def verdict(fault: str | None) -> Verdict:
        return Verdict(number, None if fault is None else (number, fault), (number, previous))

    for entry in entries:
        number += 1
        if entry.seq != number:
            return verdict("numero")
        if entry.previous != previous or entry.hash != hash_of(entry):
            return verdict("contenu")
        previous = entry.hash
        seen[entry.moment[:10]] = (number, previous)
        if anchor is not None and number == anchor[0]:
            anchored = previous == anchor[1]
            if not anchored:
                return verdict("ancre")
    if seen != dict(days):
        return verdict("jour")
    return verdict(None if anchored else "ancre")
