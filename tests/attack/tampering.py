"""`python -m tests.attack.tampering`: a thousand random tamperings with the audit of a real folder, and docs/figures/audit.json.

Whoever tampers here writes past the service, with its triggers dropped; half the time the oldest rows have been sealed and
deleted before. What only an anchor kept elsewhere can find is given one, and is shown to pass without it.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, text

from geoservice.core.chain import Entry, Verdict, check, hash_of
from geoservice.operations import setup
from geoservice.settings import Settings
from geoservice.storage import audit
from geoservice.storage.store import Storage
from tests.bench import figures
from tests.bench.figures import Figure

COMMAND = "python -m tests.attack.tampering"
ROWS, DAYS = 400, 200
NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
TRIGGERS = ("audit_no_update", "audit_no_delete")
Tampering = Callable[[Connection, random.Random], None]


def numbers(connection: Connection) -> list[int]:
    return [seq for (seq,) in connection.execute(text("SELECT seq FROM audit ORDER BY seq"))]


def days(connection: Connection) -> list[str]:
    return [day for (day,) in connection.execute(text("SELECT day FROM audit_day ORDER BY day"))]


def _values(entry: Entry) -> dict[str, object]:
    return {name: getattr(entry, name) for name in Entry.__slots__}


def _set(connection: Connection, entry: Entry) -> None:
    names = ", ".join(f'"{name}" = :{name}' for name in Entry.__slots__ if name != "seq")
    connection.execute(text(f"UPDATE audit SET {names} WHERE seq = :seq"), _values(entry))


def edit_a_field(connection: Connection, dice: random.Random) -> None:
    name, number = dice.choice(Entry.__slots__), dice.choice(numbers(connection))
    change = '"seq" + 100000' if name == "seq" else f'"{name}" + 1' if name == "organisation_id" else f"\"{name}\" || 'x'"
    connection.execute(text(f'UPDATE audit SET "{name}" = {change} WHERE seq = :number'), {"number": number})


def edit_and_hash_again(connection: Connection, dice: random.Random) -> None:
    entry = replace(dice.choice(list(audit.entries(connection))[:-1]), object="import 0", outcome="refus")
    _set(connection, replace(entry, hash=hash_of(entry)))


def delete_a_row(connection: Connection, dice: random.Random) -> None:
    connection.execute(text("DELETE FROM audit WHERE seq = :number"), {"number": dice.choice(numbers(connection))})


def delete_and_count_again(connection: Connection, dice: random.Random) -> None:
    number = dice.choice(numbers(connection)[:-1])
    connection.execute(text("DELETE FROM audit WHERE seq = :number"), {"number": number})
    connection.execute(text("UPDATE audit SET seq = -seq WHERE seq > :number"), {"number": number})
    connection.execute(text("UPDATE audit SET seq = -seq - 1 WHERE seq < 0"))


def insert_a_row(connection: Connection, dice: random.Random) -> None:
    entry = dice.choice(list(audit.entries(connection)))
    connection.execute(text("UPDATE audit SET seq = -seq WHERE seq >= :number"), {"number": entry.seq})
    connection.execute(text("UPDATE audit SET seq = 1 - seq WHERE seq < 0"))
    forged = replace(entry, object="essai", hash="")
    forged = replace(forged, hash=hash_of(forged))
    names = ", ".join(f'"{name}"' for name in Entry.__slots__)
    marks = ", ".join(f":{name}" for name in Entry.__slots__)
    connection.execute(text(f"INSERT INTO audit ({names}) VALUES ({marks})"), _values(forged))


def swap_rows(connection: Connection, dice: random.Random) -> None:
    one, other = dice.sample(list(audit.entries(connection)), 2)
    _set(connection, replace(one, seq=other.seq))
    _set(connection, replace(other, seq=one.seq))


def cut_the_end(connection: Connection, dice: random.Random) -> None:
    connection.execute(text("DELETE FROM audit WHERE seq > :number"), {"number": dice.choice(numbers(connection)[:-1])})


def cut_the_start(connection: Connection, dice: random.Random) -> None:
    connection.execute(text("DELETE FROM audit WHERE seq < :number"), {"number": dice.choice(numbers(connection)[1:])})


def cut_the_start_and_its_days(connection: Connection, dice: random.Random) -> None:
    """The very shape of what a purge leaves, without a seal or beyond it."""
    kept = [seq for (seq,) in connection.execute(text("SELECT seq FROM audit_day ORDER BY seq")) if seq >= numbers(connection)[0]]
    connection.execute(text("DELETE FROM audit WHERE seq <= :number"), {"number": dice.choice(kept[:-1])})


def swap_days(connection: Connection, dice: random.Random) -> None:
    one, other = dice.sample(days(connection), 2)
    connection.execute(text("UPDATE audit_day SET day = 'x' WHERE day = :day"), {"day": one})
    connection.execute(text("UPDATE audit_day SET day = :one WHERE day = :other"), {"one": one, "other": other})
    connection.execute(text("UPDATE audit_day SET day = :other WHERE day = 'x'"), {"other": other})


def forget_a_day(connection: Connection, dice: random.Random) -> None:
    connection.execute(text("DELETE FROM audit_day WHERE day = :day"), {"day": dice.choice(days(connection))})


def change_a_day(connection: Connection, dice: random.Random) -> None:
    what = dice.choice(("seq = seq + 1", f"hash = '{dice.randbytes(32).hex()}'", "day = '1999-01-01'"))
    connection.execute(text(f"UPDATE audit_day SET {what} WHERE day = :day"), {"day": dice.choice(days(connection))})


def write_it_again(connection: Connection, dice: random.Random) -> None:
    """Every row from one on, with fresh hashes, and the heads of days: nothing is left that does not fit."""
    entries = list(audit.entries(connection))
    place = dice.randrange(len(entries) // 2, len(entries) - 1)
    previous = entries[place].previous
    for entry in [replace(entries[place], outcome="refus"), *entries[place + 1:]]:
        entry = replace(entry, previous=previous, hash="")
        entry = replace(entry, hash=hash_of(entry))
        _set(connection, entry)
        connection.execute(text("UPDATE audit_day SET seq = :seq, hash = :hash WHERE day = :day"),
                           {"seq": entry.seq, "hash": entry.hash, "day": entry.moment[:10]})
        previous = entry.hash


def cut_the_end_and_its_days(connection: Connection, dice: random.Random) -> None:
    heads = sorted((seq, day) for day, (seq, _) in audit.days(connection).items())
    young = [seq for seq, _ in heads if seq > numbers(connection)[0]]
    last = dice.choice(young[:-1])
    connection.execute(text("DELETE FROM audit WHERE seq > :last"), {"last": last})
    connection.execute(text("DELETE FROM audit_day WHERE seq > :last"), {"last": last})


FOUND: tuple[Tampering, ...] = (edit_a_field, edit_and_hash_again, delete_a_row, delete_and_count_again, insert_a_row, swap_rows,
                                cut_the_end, cut_the_start, cut_the_start_and_its_days, swap_days, forget_a_day, change_a_day)
ANCHORED: tuple[Tampering, ...] = (write_it_again, cut_the_end_and_its_days)


def fill(storage: Storage, rows: int = ROWS, over: int = DAYS) -> None:
    """Rows of so many days, the last of them yesterday; the older half is older than a year."""
    begin = NOW - timedelta(days=2 * over)
    with storage.write() as connection:
        for number in range(rows):
            moment = begin + timedelta(days=2 * over * number / rows)
            audit.append(connection, number % 3, f"personne {number % 7}", ("export", f"essai {number}", "fait"), moment)


@contextmanager
def folder(path: Path, sealed: bool) -> Iterator[Storage]:
    """A folder with an audit, sealed or whole, whose triggers are gone."""
    storage = setup.create(Settings(data=path, database_url=None))
    try:
        fill(storage)
        with storage.write() as connection:
            if sealed:
                assert audit.seal(connection, (NOW - timedelta(days=365)).date(), "service", NOW)
                audit.append(connection, 1, "jeton 1", ("export", "après", "fait"), NOW)
            for name in TRIGGERS:
                connection.execute(text(f"DROP TRIGGER {name}"))
        yield storage
    finally:
        storage.close()


class _Undone(Exception):
    """Takes a tampering back."""


def tampered(storage: Storage, sort: Tampering, dice: random.Random, anchor: tuple[int, str] | None) -> Verdict:
    """What is said of the audit after one tampering, which is then undone."""
    verdicts: list[Verdict] = []
    try:
        with storage.write() as connection:
            sort(connection, dice)
            verdicts.append(check(audit.entries(connection), audit.days(connection), anchor))
            raise _Undone
    except _Undone:
        return verdicts[0]


def head(storage: Storage) -> tuple[int, str]:
    with storage.read() as connection:
        return max(audit.days(connection).values())


def campaign(storage: Storage, times: int, seed: int) -> tuple[Counter[str], Counter[str], Counter[str]]:
    """Tried, found, and found without an anchor, by sort of tampering."""
    dice, anchor = random.Random(seed), head(storage)
    tried: Counter[str] = Counter()
    found: Counter[str] = Counter()
    alone: Counter[str] = Counter()
    with storage.read() as connection:
        assert check(audit.entries(connection), audit.days(connection), anchor).fault is None
    for turn in range(times):
        sort = (*FOUND, *ANCHORED)[turn % (len(FOUND) + len(ANCHORED))]
        tried[sort.__name__] += 1
        state = dice.getstate()
        found[sort.__name__] += tampered(storage, sort, dice, anchor if sort in ANCHORED else None).fault is not None
        if sort in ANCHORED:
            dice.setstate(state)
            alone[sort.__name__] += tampered(storage, sort, dice, None).fault is not None
    return tried, found, alone


def row(what: str, measured: float, unit: str, target: str, met: bool) -> Figure:
    return Figure(what, 5, measured, unit, None, None, None, target, met, COMMAND, figures.today(), figures.commit())


def measure(times: int, seed: int = 20261122) -> list[Figure]:
    """Half of them on a whole audit, half on a sealed one."""
    rows: list[Figure] = []
    all_tried = all_found = 0
    for sealed in (False, True):
        with tempfile.TemporaryDirectory() as place, folder(Path(place) / "d", sealed) as storage:
            tried, found, alone = campaign(storage, times // 2, seed)
        all_tried, all_found = all_tried + tried.total(), all_found + found.total()
        name = "after its oldest rows were sealed and deleted" if sealed else "whole"
        missed = "".join(f"; missed {tried[sort] - found[sort]} of {sort}" for sort in tried if tried[sort] != found[sort])
        rows.append(row(f"audit {name}: tamperings found, of {tried.total():,} of {len(tried)} sorts{missed}",
                        round(found.total() / tried.total() * 100, 2), "%", "100 %", found == tried))
        rewritten = sum(tried[sort.__name__] for sort in ANCHORED)
        rows.append(row(f"audit {name}: of {rewritten} chains written again, or cut with their days, found WITHOUT an anchor "
                        "kept elsewhere", alone.total(), "found", "not promised: reported", True))
    total = row(f"audit: random tamperings found, of {all_tried:,} of all sorts", all_found, "found", f"all {all_tried:,}",
                all_found == all_tried)
    return [total, *rows]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=1_000)
    rows = measure(parser.parse_args().times)
    figures.save("audit", rows)
    print(figures.show(rows))
    return 0 if all(row.met for row in rows) else 1


if __name__ == "__main__":
    raise SystemExit(main())
