"""Publishing: the one way from the facts of several organisations to a release, decided in one transaction.

Only a platform administrator may (`Action.PUBLISH`); every contributor finds it in its audit. What leaves is `core.disclosure`'s
release; what stays (secret, ledger, repaired nodes) is in the database, PRIVATE, and continues or revises it later.
"""

from __future__ import annotations

import json
import secrets
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Any

import numpy as np

from geoservice.core.disclosure import release as core
from geoservice.core.disclosure import releasefile
from geoservice.core.disclosure.cubes import Facts
from geoservice.core.disclosure.parameters import volume_floor
from geoservice.core.disclosure.slots import Groups
from geoservice.errors import BadInput, Conflict, NotReady
from geoservice.operations import audit, publishing_files, territories
from geoservice.operations.permissions import Action, require
from geoservice.operations.publishing_facts import Gathered, gather, givers_of, last_closed
from geoservice.operations.territories import Territory
from geoservice.storage import releases as stored
from geoservice.storage.store import Storage
from geoservice.storage.tables import OPEN
from geoservice.types import Viewer

SECRET_BYTES = 32
FURTHEST_BACK = 60  # months that a first release may hold
DECEMBER = 11
_ALONE = "n’a qu’une organisation : elle signe (« geoservice territory sign »), ou une autre se joint à elle."
_NOBODY = "n’a aucun fait : aucune convention en cours n’en donne."
_OTHERS = "n’a qu’un propriétaire dans cette révision : les faits des autres entrent avec la prochaine."
_LATER = "entre avec le prochain mois de janvier, ou la prochaine révision : les mois déjà diffusés ne changent pas."
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Wish:
    """What is to be published: a territory; the first month of a first release (None: January of the year before) and the last
    month (None: the last closed one), both in months since 1970-01; today, which decides what is closed."""

    territory: str
    today: date
    first: int | None = None
    until: int | None = None
    revision: bool = False
    dry_run: bool = False


@dataclass(frozen=True)
class State:
    """The last release of a revision with what its publisher keeps; solo: the sole owner of each kind that is in it, or None."""

    revision: int
    issue: int
    secret: bytes
    begun: date
    volumes: dict[str, int]
    solo: dict[str, int | None]
    published: core.Published


@dataclass(frozen=True)
class Outcome:
    """What publishing did. waiting: kinds that are not published yet, and why; changed: False when there was no new month."""

    territory: Territory
    state: State
    gathered: Gathered | None
    waiting: dict[str, str]
    changed: bool
    written: bool


def publish(storage: Storage, viewer: Viewer, wish: Wish, progress: Progress | None = None) -> Outcome:
    """Publish a territory. Refused when the audit cannot be satisfied, Conflict when it is not the moment: all stays."""
    require(viewer, Action.PUBLISH)
    with stored.publisher_lock(storage.settings.data):
        publishing_files.settle(storage)  # what a killed publication left
        territory = territories.load(storage, wish.territory)
        past = states(storage, territory)
        current = past[-1] if past and not wish.revision else None
        months = _months(wish, past)
        if current is not None and set(months) == set(current.published.release.months):
            return Outcome(territory, current, None, {}, changed=False, written=False)
        try:
            outcome = _made(storage, territory, (wish, past, months), progress)
        except core.Refused:
            audit.note_alone(storage, OPEN, audit.actor_of(viewer), "diffusion.refusee", f"territoire {territory.number}",
                             audit.REFUSED)
            raise
        _no_overlap(storage, outcome)
        if wish.dry_run:
            return outcome
        _keep(storage, viewer, outcome)
        publishing_files.settle(storage)
        return replace(outcome, written=True)


def states(storage: Storage, territory: Territory) -> list[State]:
    """The last release of each revision, oldest first, with everything private."""
    with storage.read() as connection:
        rows = stored.states(connection, territory.number)
    return [_state(row) for row in rows]


def _state(row: Any) -> State:
    release = releasefile.unpack(row.packed, publishing_files.private_seal(row.secret))
    terms = json.loads(row.terms)
    published = core.Published(release, releasefile.unpack_ledger(row.ledger), (),
                               frozenset(json.loads(zlib.decompress(row.repaired))))
    return State(row.revision, row.issue, row.secret, row.begun.date(), terms["volumes"], terms["solo"], published)


def _months(wish: Wish, past: list[State]) -> tuple[int, ...]:
    """All months of the release: those that are out already, and closed ones up to the wanted one."""
    closed = last_closed(wish.today)
    until = closed if wish.until is None else wish.until
    if until > closed:
        raise Conflict(f"{name_of(until)} n’est pas clos : un mois se publie à partir du 15 du mois suivant.")
    if not past:
        first = until - until % 12 - 12 if wish.first is None else wish.first
        if wish.revision:
            raise Conflict("Rien n’est encore diffusé : il n’y a rien à réviser.")
        if not 0 <= until - first < FURTHEST_BACK:
            raise BadInput(f"Une première diffusion compte de 1 à {FURTHEST_BACK} mois.")
        return tuple(range(first, until + 1))
    out = past[-1].published.release.months
    if wish.first is not None and wish.first != min(out):
        raise Conflict(f"Les mois déjà diffusés restent : cette diffusion commence en {name_of(min(out))}.")
    if until < max(out):
        raise Conflict(f"{name_of(max(out))} est déjà diffusé : une diffusion ne recule pas.")
    if wish.revision and wish.today.year <= past[-1].begun.year:
        raise Conflict(f"Une révision par an au plus : la dernière date de {past[-1].begun.year}, la suivante se fait en "
                       f"{past[-1].begun.year + 1}.")
    return tuple(range(min(out), until + 1))


def name_of(month: int) -> str:
    """A month as people write it in commands: 2026-03."""
    return f"{1970 + month // 12}-{month % 12 + 1:02d}"


def _made(storage: Storage, territory: Territory, plan: tuple[Wish, list[State], tuple[int, ...]],
          progress: Progress | None) -> Outcome:
    wish, past, months = plan
    current = past[-1] if past and not wish.revision else None
    told = disclosed(storage, territory)
    gathered = gather(storage, territory, (min(months), max(months)), told)
    volumes, solo, waiting = _kinds(territory, gathered, current)
    gathered = replace(gathered, facts=_of_owners(gathered.facts, solo))
    if not solo:
        raise NotReady("Aucune origine de faits n’est prête : " + " ".join(waiting.values()))
    state = _next(wish, past, (volumes, solo))
    previous = None if current is None else with_told(current.published, told)
    order = order_of(territory, state, months, gathered.facts)
    done = core.publish(order, gathered.facts, state.secret, previous,
                        tuple(each.published for each in past if each is not current), progress)
    return Outcome(territory, replace(state, published=done), gathered, waiting, changed=True, written=False)


def disclosed(storage: Storage, territory: Territory) -> np.ndarray:
    """Keys of the facts that owners disclosed outside, (n,) uint64."""
    with storage.read() as connection:
        rows = stored.disclosures(connection, territory.number)
    return np.unique(np.concatenate([np.empty(0, np.uint64), *(np.frombuffer(row.keys, dtype="<u8") for row in rows)]))


def with_told(published: core.Published, told: np.ndarray) -> core.Published:
    """A release whose ledger knows what has been disclosed since."""
    ledger = published.ledger
    return replace(published, ledger=replace(ledger, public=ledger.public | np.isin(ledger.key, told)))


def joins_later(storage: Storage, code: str, kind: str) -> str | None:
    """When a kind enters the releases of a territory, for whoever signs for it; None where nothing is out yet, or it is in."""
    past = states(storage, territories.load(storage, code))
    return f"« {kind} » {_LATER}" if past and kind not in past[-1].solo else None


def _kinds(territory: Territory, gathered: Gathered, current: State | None) -> tuple[dict, dict, dict]:
    """Volumes and sole owners of the kinds that are published, and why others wait. What is out already stays as it is: a kind
    joins where no month of its first year is out."""
    volumes = dict(current.volumes) if current else {}
    solo: dict[str, int | None] = dict(current.solo) if current else {}
    waiting = {}
    for kind, volume in territory.terms.volumes.items():
        if kind in solo:
            if solo[kind] is not None and set(gathered.givers(kind)) - {solo[kind]}:
                waiting[kind] = f"« {kind} » {_OTHERS}"
            continue
        if current is not None and max(current.published.release.months) % 12 != DECEMBER:
            waiting[kind] = f"« {kind} » {_LATER}"
            continue
        givers, signature = set(gathered.givers(kind)), territory.signed(kind)
        if len(givers) > 1:
            solo[kind], volumes[kind] = None, volume
        elif givers == {OPEN}:  # open data have no owner to protect: whoever wants them has them
            solo[kind], volumes[kind] = OPEN, volume
        elif givers and signature is not None and givers == {signature.organisation_id}:
            solo[kind], volumes[kind] = signature.organisation_id, volume
        else:
            waiting[kind] = f"« {kind} » {_ALONE if givers else _NOBODY}"
    return volumes, solo, waiting


def _of_owners(facts: Facts, solo: dict[str, int | None]) -> Facts:
    """The facts of published kinds; where a kind has one declared owner, its facts alone."""
    kept = np.zeros(len(facts), dtype=bool)
    for kind, owner in solo.items():
        kept |= (facts.kind == kind) & (True if owner is None else facts.organisation == owner)
    return facts.take(kept)


def _next(wish: Wish, past: list[State], kinds: tuple[dict[str, int], dict[str, int | None]]) -> State:
    """The state to come, without its release: continued, or a revision under a fresh secret."""
    last = past[-1] if past else None
    if last is not None and not wish.revision:
        return replace(last, issue=last.issue + 1, volumes=kinds[0], solo=kinds[1])
    empty: Any = None
    return State(0 if last is None else last.revision + 1, 1, secrets.token_bytes(SECRET_BYTES), wish.today, *kinds, empty)


def order_of(territory: Territory, state: State, months: tuple[int, ...], facts: Facts) -> core.Order:
    """The order of a release, from what the territory declared and the revision holds; whose facts enter is decided already."""
    terms = tuple(core.Terms(kind, volume_floor(state.volumes[kind]), givers_of(facts, kind) if owner is None else (owner,),
                             owner is not None) for kind, owner in state.solo.items())
    asked = territory.terms
    return core.Order(territory.code, territory.ground.places(), Groups(asked.groups), terms, months, state.revision,
                      asked.parameters)


def _no_overlap(storage: Storage, outcome: Outcome) -> None:
    """No two territories publish the same ground and month."""
    with storage.read() as connection:
        others = [row for row in stored.latest(connection) if row.id != outcome.territory.number]
    for row in others:
        other = releasefile.unpack(row.packed, publishing_files.private_seal(row.secret))
        if core.overlap(outcome.state.published.release, other):
            raise Conflict(f"La diffusion de « {row.code} » couvre déjà une partie de ce territoire : deux diffusions ne "
                           "couvrent jamais le même lieu.")


def _keep(storage: Storage, viewer: Viewer, outcome: Outcome) -> None:
    """Decide: keys of records, the release and what is private about it, and the audit, in one transaction."""
    state, done = outcome.state, outcome.state.published
    assert outcome.gathered is not None
    values = {
        "territory_id": outcome.territory.number, "revision": state.revision, "issue": state.issue, "secret": state.secret,
        "terms": json.dumps({"volumes": state.volumes, "solo": state.solo}), "begun": datetime.combine(state.begun, time(), UTC),
        "packed": releasefile.pack(done.release, publishing_files.private_seal(state.secret)),
        "ledger": releasefile.pack_ledger(done.ledger), "repaired": zlib.compress(json.dumps(sorted(done.repaired)).encode()),
    }
    thing = f"territoire {outcome.territory.number} revision {state.revision} diffusion {state.issue}"
    with storage.write() as connection:
        stored.add_keys(connection, outcome.gathered.drawn)
        stored.keep_state(connection, values)
        for each in sorted({OPEN, *np.unique(done.ledger.organisation).tolist()}):
            audit.note(connection, each, audit.actor_of(viewer), "diffusion", thing)
