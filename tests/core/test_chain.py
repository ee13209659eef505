"""A chain of hashes finds every tampering: a thousand of them, of every sort."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from geoservice.core.chain import START, Entry, check, hash_of

Days = dict[str, tuple[int, str]]
ROWS = 120


def build(rows: int = ROWS) -> tuple[list[Entry], Days]:
    entries: list[Entry] = []
    days: Days = {}
    for number in range(1, rows + 1):
        entry = Entry(number, f"2026-11-{1 + number // 30:02}T08:00:00.000+00:00", number % 3, f"personne {number % 7}", "export",
                      f"import {number}", "fait", entries[-1].hash if entries else START)
        entries.append(replace(entry, hash=hash_of(entry)))
        days[entry.moment[:10]] = (number, entries[-1].hash)
    return entries, days


def edit(entries: list[Entry], _days: Days, dice: random.Random) -> None:
    place = dice.randrange(len(entries))
    name = dice.choice(list(Entry.__slots__))
    value = getattr(entries[place], name)
    entries[place] = replace(entries[place], **{name: value + 1 if isinstance(value, int) else value + "x"})


def edit_and_seal(entries: list[Entry], _days: Days, dice: random.Random) -> None:
    place = dice.randrange(len(entries) - 1)
    changed = replace(entries[place], actor="personne 99")
    entries[place] = replace(changed, hash=hash_of(changed))


def delete(entries: list[Entry], _days: Days, dice: random.Random) -> None:
    del entries[dice.randrange(len(entries))]


def swap(entries: list[Entry], _days: Days, dice: random.Random) -> None:
    one, other = dice.sample(range(len(entries)), 2)
    entries[one], entries[other] = entries[other], entries[one]


def truncate(entries: list[Entry], _days: Days, dice: random.Random) -> None:
    del entries[-dice.randint(1, 60):]


def cut_the_start(entries: list[Entry], _days: Days, dice: random.Random) -> None:
    del entries[:dice.randint(1, 60)]


def insert(entries: list[Entry], _days: Days, dice: random.Random) -> None:
    place = dice.randrange(len(entries))
    entries.insert(place, entries[place])


def forget_a_day(_entries: list[Entry], days: Days, dice: random.Random) -> None:
    del days[dice.choice(sorted(days))]


def another_day(_entries: list[Entry], days: Days, dice: random.Random) -> None:
    day = dice.choice(sorted(days))
    days[day] = (days[day][0], "f" * 64)


def rewrite(entries: list[Entry], days: Days, dice: random.Random) -> None:
    """All of it, from some row on, days included: only an anchor finds this."""
    place = dice.randrange(len(entries))
    entries[place] = replace(entries[place], object="import 0")
    for number in range(place, len(entries)):
        entry = replace(entries[number], previous=entries[number - 1].hash if number else START)
        entries[number] = replace(entry, hash=hash_of(entry))
        days[entry.moment[:10]] = (entry.seq, entries[number].hash)


def truncate_with_days(entries: list[Entry], days: Days, dice: random.Random) -> None:
    truncate(entries, days, dice)
    days.clear()
    days.update({entry.moment[:10]: (entry.seq, entry.hash) for entry in entries})


SORTS: list[Callable[[list[Entry], Days, random.Random], None]] = [
    edit, edit_and_seal, delete, swap, truncate, cut_the_start, insert, forget_a_day, another_day]
ANCHORED = [rewrite, truncate_with_days]


def test_an_untouched_chain_is_whole() -> None:
    entries, days = build()
    assert check(entries, days).fault is None
    assert check(entries, days).rows == ROWS
    for known in (entries[0], entries[60], entries[-1]):
        assert check(entries, days, (known.seq, known.hash)).fault is None
    assert check([], {}).fault is None


def test_a_thousand_tamperings_are_found() -> None:
    whole, whole_days = build()
    anchor = (whole[-1].seq, whole[-1].hash)
    dice = random.Random(20261122)
    found = {sort.__name__: 0 for sort in (*SORTS, *ANCHORED)}
    for turn in range(1_000):
        sort = (*SORTS, *ANCHORED)[turn % (len(SORTS) + len(ANCHORED))]
        entries, days = list(whole), dict(whole_days)
        sort(entries, days, dice)
        verdict = check(entries, days, anchor if sort in ANCHORED else None)
        found[sort.__name__] += verdict.fault is not None
    assert sum(found.values()) == 1_000, found


@pytest.mark.parametrize("sort", ANCHORED)
def test_without_an_anchor_a_chain_written_again_passes(sort) -> None:
    """What is not promised, and documented."""
    entries, days = build()
    sort(entries, days, random.Random(1))
    assert check(entries, days).fault is None
