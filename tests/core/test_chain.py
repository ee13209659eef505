"""A chain of hashes finds every tampering: a thousand of them, of every sort."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from geoservice.core.chain import SEAL, START, Entry, check, hash_of, seal_of

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


# --- old days that were sealed, and whose rows went

def grow(entries: list[Entry], days: Days, day: str, action: str = "export", thing: str = "") -> None:
    last = entries[-1]
    entry = Entry(last.seq + 1, f"{day}T08:00:00.000+00:00", 0, "service", action, thing, "fait", last.hash)
    entries.append(replace(entry, hash=hash_of(entry)))
    days[day] = (entry.seq, entries[-1].hash)


def sealed(upto: int = 59, day: str = "2027-09-01") -> tuple[list[Entry], Days]:
    """A chain of which the rows up to a day's last one went, and one row more since."""
    entries, days = build()
    grow(entries, days, day, SEAL, seal_of(days, upto))
    grow(entries, days, day)
    return entries[upto:], days


def test_what_is_left_of_a_sealed_chain_is_verified() -> None:
    entries, days = sealed()
    verdict = check(entries, days)
    assert (verdict.fault, verdict.rows, verdict.sealed) == (None, ROWS + 2 - 59, 59)
    whole, heads = build()
    assert check(entries, days, heads["2026-11-01"]).fault is None  # heads of days that went stay comparable
    assert check(entries, days, (59, whole[58].hash)).fault is None
    assert check(entries, days, (100, whole[99].hash)).fault is None
    assert check(entries, days, (59, "f" * 64)).fault[1] == "ancre"
    assert check(entries, days, (45, whole[44].hash)).fault[1] == "ancienne"


def test_sealed_twice() -> None:
    entries, days = sealed()
    grow(entries, days, "2027-10-01", SEAL, seal_of(days, 89))
    assert check(entries[30:], days).fault is None
    assert check(entries, days).fault[1] == "sceau"  # the second seal says that more has gone


def test_without_a_seal_no_row_may_be_missing() -> None:
    entries, days = build()
    assert check(entries[59:], days).fault[1] == "sceau"
    assert check(entries[45:], days).fault[1] == "numero"


def test_a_seal_of_young_days_does_not_hold() -> None:
    entries, days = sealed(day="2027-05-01")  # 180 days after the second of November 2026 would be right
    assert check(entries, days).fault is None
    entries, days = sealed(day="2027-04-30")
    assert check(entries, days).fault[1] == "sceau"


def swap_days(_entries: list[Entry], days: Days, dice: random.Random) -> None:
    one, other = dice.sample(sorted(days), 2)
    days[one], days[other] = days[other], days[one]


def unseal(entries: list[Entry], days: Days, _dice: random.Random) -> None:
    """The old rows, or others like them, put back."""
    whole, _ = build()
    entries[:0] = whole[:59]


@pytest.mark.parametrize("sort", [*SORTS, swap_days, unseal])
def test_tamperings_of_a_sealed_chain_are_found(sort) -> None:
    dice = random.Random(5)
    for _ in range(60):
        entries, days = sealed()
        sort(entries, days, dice)
        assert check(entries, days).fault is not None
