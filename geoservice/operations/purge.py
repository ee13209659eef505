"""Taking out what is past its time, by the rules of `retention.py`: batches of one transaction, indexes, files, and a database
without a trace of it. What a killed purge left is finished by the next one, which does the same things.

The moment is an argument: a purge of a later day can be tried, and tests travel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from geoservice.errors import Conflict, NotFound
from geoservice.operations import accounts, audit, people, retention, signin
from geoservice.operations.indexing import refresh_as_writer
from geoservice.operations.retention import Policy, Rule
from geoservice.storage import access, waiting
from geoservice.storage import audit as stored_audit
from geoservice.storage import people as stored_people
from geoservice.storage import purge as stored
from geoservice.storage.purge import Limit
from geoservice.storage.store import Storage
from geoservice.storage.tables import OPEN
from geoservice.types import Role

BATCH = 5_000
DONE = "terminée"
LEAP_DAYS = 92
ACCESS = "acces-partages"  # the rule of the shared folder's own database
Progress = Callable[[str, int], None]


@dataclass(frozen=True)
class Line:
    """What one rule took out, or would: rows or files, older than a moment; `organisation`: the one that keeps less."""

    rule: str
    title: str
    then: str
    before: str  # ISO 8601, UTC
    organisation: str | None
    number: int


@dataclass
class Purged:
    """Every rule with what it took out. `clean`: nothing is left of it in the database's own files."""

    lines: list[Line] = field(default_factory=list)
    clean: bool = True

    @property
    def total(self) -> int:
        """Rows and files of all rules."""
        return sum(line.number for line in self.lines)

    def as_json(self) -> dict[str, Any]:
        """What `purge --json` prints."""
        return {"total": self.total, "clean": self.clean, "lines": [asdict(line) for line in self.lines]}


@dataclass(frozen=True)
class _Step:
    """A rule for an organisation that keeps less (its code), or for all others."""

    rule: Rule
    code: str | None
    limit: Limit

    def line(self, number: int) -> Line:
        return Line(self.rule.name, self.rule.title, self.rule.then, self.limit.moment.isoformat(timespec="seconds"), self.code,
                    number)


def foresee(storage: Storage, moment: datetime) -> Purged:
    """What `run` would take out at a moment; nothing is written."""
    purged = Purged()
    steps = list(_steps(storage, moment))
    with storage.read() as connection:
        purged.lines = [step.line(_number(storage, connection, step)) for step in steps]
    return purged


def run(storage: Storage, moment: datetime, batch: int = BATCH, progress: Progress = lambda _rule, _rows: None,
        sure: bool = True) -> Purged:
    """Take out what is past its time at a moment; on the disk, and gone from it, when this returns. Waits for imports to end.

    Unless one is `sure` of the moment, Conflict where it is far from the last thing that was done here: nothing brings back what
    a wrong clock erased.
    """
    purged = Purged()
    steps = list(_steps(storage, moment))
    with storage.only_writer():
        if not sure:
            _clock_is_right(storage, moment)
        for step in steps:
            purged.lines.append(step.line(_apply(storage, step, moment, batch, progress)))
        refresh_as_writer(storage)
        with storage.read() as connection:
            lost = stored.unknown(connection, storage.settings.uploads, storage.settings.index_folder)
        stored.erase(lost)
        purged.clean = stored.scrub(storage)
        if purged.clean:
            with storage.write() as connection:
                _note(connection, OPEN, f"{DONE} {purged.total}", moment)
    return purged


def _clock_is_right(storage: Storage, moment: datetime) -> None:
    with storage.read() as connection:
        known = stored_audit.last(connection)
    if known is not None and abs((moment - datetime.fromisoformat(known)).days) > LEAP_DAYS:
        raise Conflict(f"La dernière trace de ce dossier est du {known[:10]}, et l’horloge dit {moment:%Y-%m-%d}. Si elle est "
                       "juste, relancez avec --sure : ce qui est effacé ne revient pas.")


def _note(connection: Any, organisation_id: int, thing: str, moment: datetime) -> None:
    stored_audit.append(connection, organisation_id, audit.COMMAND, ("purge", thing, audit.DONE), moment)


def last(storage: Storage) -> str | None:
    """The day of the last purge that came to its end, as the audit knows it: ISO 8601; None where there was none for a year."""
    with storage.read() as connection:
        moment = stored_audit.last(connection, "purge", DONE)
    return None if moment is None else moment[:10]


def _steps(storage: Storage, moment: datetime) -> Iterator[_Step]:
    """Uploads first, then tables in the order that references ask for, then files and the audit."""
    policy = retention.policy(storage.settings)
    known = accounts.organisations(storage)
    lost = sorted(set(policy.of) - set(known))
    if lost:
        raise NotFound(f"GEOSERVICE_RETENTION : l’organisation « {lost[0]} » n’existe pas.")
    for name in ("fichiers", *stored.SORTS, "attente", "sauvegardes-internes", ACCESS, "journal"):
        yield from _of_rule(policy, policy.rule(name), known, moment)


def _of_rule(policy: Policy, rule: Rule, known: dict[str, int], moment: datetime) -> Iterator[_Step]:
    codes = policy.apart(rule)
    yield _Step(rule, None, Limit(policy.limit(rule, moment), but=tuple(known[code] for code in codes)))
    for code in codes:
        yield _Step(rule, code, Limit(policy.limit(rule, moment, code), known[code]))


def _number(storage: Storage, connection: Any, step: _Step) -> int:
    name = step.rule.name
    if name == "journal":
        return stored_audit.due(connection, step.limit.moment.date())[1]
    if name == ACCESS:
        return access.due(storage.settings.shared_folder, step.limit.moment.replace(tzinfo=None))
    if name == "fichiers":
        return len(stored.due_uploads(connection, step.limit))
    return len(_files(storage, step)) if step.rule.files else stored.count(connection, name, step.limit)


def _files(storage: Storage, step: _Step) -> list[Path]:
    if step.rule.name == "attente":
        return waiting.forgotten(storage.settings.uploads, step.limit.moment.timestamp())
    return stored.old_files(storage.settings.data / str(step.rule.files), step.limit.moment)


def _apply(storage: Storage, step: _Step, moment: datetime, batch: int, progress: Progress) -> int:
    if step.rule.name == "journal":
        with storage.write() as connection:
            return stored_audit.seal(connection, step.limit.moment.date(), audit.COMMAND, moment)
    if step.rule.name == ACCESS:
        return access.purge(storage.settings.shared_folder, step.limit.moment.replace(tzinfo=None))
    if step.rule.files and step.rule.name != "fichiers":
        return stored.erase(_files(storage, step))
    done, last = 0, None
    while True:
        with storage.write() as connection:
            taken = _batch(connection, step, moment, (batch, last))
            if taken and not done:
                whose = step.limit.only or OPEN
                _note(connection, whose, f"{step.rule.name} avant {step.limit.moment:%Y-%m-%d}", moment)
        if not taken:
            return done
        done, last = done + len(taken), taken[-1]
        progress(step.rule.title, done)


def _batch(connection: Any, step: _Step, moment: datetime, batch: tuple[int, Any]) -> list[Any]:
    """The next rows of a step: at most so many, after one."""
    if step.rule.name != "fichiers":
        return stored.batch(connection, step.rule.name, step.limit, *batch)
    numbers = stored.due_uploads(connection, step.limit)[:batch[0]]
    stored.forget_uploads(connection, numbers, moment)
    return numbers


def erase_person(storage: Storage, email: str) -> bool:
    """Erase somebody's account and what hangs on it, on their demand; their number stays in the audit, and nothing else.

    NotFound without such an account; Conflict where an organisation would have no administrator left. True when nothing is left
    in the database's own files either (see `run`).
    """
    address = people.clean_email(email)
    with storage.only_writer():
        with storage.write() as connection:
            found = stored_people.find(connection, address)
            if found is None:
                raise NotFound("Aucun compte n’a cette adresse.")
            for place in stored_people.memberships(connection, found.id):
                _stays_administered(connection, found.id, place)
                audit.note(connection, place.organisation_id, audit.COMMAND, "personne.supprimee", f"personne {found.id}")
            stored_people.remove(connection, found.id)
            stored.erase_person(connection, found.id, signin.subject_of(address))
        return stored.scrub(storage)


def _stays_administered(connection: Any, person: int, place: Any) -> None:
    members = stored_people.members(connection, place.organisation_id)
    if {member.person_id for member in members if member.role == Role.ORG_ADMIN} == {person}:
        raise Conflict(f"« {place.organisation} » n’aurait plus d’administrateur : nommez-en un autre d’abord.")
