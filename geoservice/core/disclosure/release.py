"""A shared release: a pure function of facts, lattice, secret and parameters. Frozen values, and a report for its publisher."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from geoservice.core.disclosure import utility
from geoservice.core.disclosure.audit import Case, Verdict, audit, joint, read
from geoservice.core.disclosure.cubes import Cube, Facts, cube, releasable
from geoservice.core.disclosure.lattice import Family, Lattice, families
from geoservice.core.disclosure.masking import Rule, View, drawn
from geoservice.core.disclosure.parameters import Parameters
from geoservice.core.disclosure.places import Places, cells_of_resolution
from geoservice.core.disclosure.slots import Groups, Slots
from geoservice.errors import BadInput, Conflict, GeoserviceError

NOT_SHOWN = -1  # « non diffusé »: says nothing about the count
Progress = Callable[[int, int, str], None]


class Refused(GeoserviceError):
    """The audit could not be satisfied: nothing is published."""

    slug, title, status = "diffusion-refusee", "Diffusion refusée", 409


@dataclass(frozen=True)
class Terms:
    """One kind of facts in a territory. volume: lower end of the declared yearly class; organisations: who may give facts.

    `solo`: the kind has this single owner, who signed that counts of ten and more of its own may be read.
    """

    kind: str
    volume: int
    organisations: tuple[int, ...]
    solo: bool = False


@dataclass(frozen=True)
class Order:
    """What is to be published. months: all closed months of the release, since 1970-01; revision: 0, then one more a year."""

    territory: str
    places: Places
    groups: Groups
    terms: tuple[Terms, ...]
    months: tuple[int, ...]
    revision: int = 0
    parameters: Parameters = field(default_factory=Parameters)


@dataclass(frozen=True)
class PlaceTable:
    """Published places of a level. cells: hexagons that draw them, one place after another, from starts[i]; all public."""

    names: tuple[str, ...]
    cells: np.ndarray
    starts: np.ndarray
    dwellings: np.ndarray


@dataclass(frozen=True)
class Table:
    """One published family of a kind and year. values: (places, periods, groups) int32, NOT_SHOWN where it is not shown."""

    kind: str
    year: int
    level: str
    period: str
    detail: str
    periods: tuple[str, ...]
    groups: tuple[str, ...]
    values: np.ndarray


@dataclass(frozen=True)
class Release:
    """All that leaves, and all that the shared surface may open. Everything in it is either public or was audited."""

    territory: str
    revision: int
    months: tuple[int, ...]
    parameters: Parameters
    groups: dict[str, tuple[str, ...]]
    kinds: dict[str, bool]          # kind -> solo
    atoms: str                      # version and digest of the atoms
    commitment: str                 # of the secret, so that a revision can be held to a fresh one
    places: dict[str, PlaceTable]
    tables: tuple[Table, ...]
    ground: np.ndarray              # cells of resolution 10 of the territory

    def table(self, kind: str, year: int, level: str, period: str, detail: str) -> Table | None:
        """One family, None where it is not published."""
        wanted = (kind, year, level, period, detail)
        return next((found for found in self.tables
                     if (found.kind, found.year, found.level, found.period, found.detail) == wanted), None)

    def partition(self, period: str) -> str:
        """SHA-256 of everything published about one period: equal in all later releases of a revision."""
        parts = hashlib.sha256()
        for found in self.tables:
            if period in found.periods:
                values = found.values[:, found.periods.index(period)]
                parts.update(f"{found.kind}|{found.level}|{found.detail}|{found.groups}".encode())
                parts.update(np.ascontiguousarray(values, dtype="<i4").tobytes())
        return parts.hexdigest()


@dataclass(frozen=True)
class Published:
    """A release with what its publisher keeps. ledger: the facts that were counted, PRIVATE; they count again in later releases
    of the same revision, whatever was corrected since. reports: of each kind and year, PRIVATE (they compare with the truth).
    repaired: ids of the nodes that an audit hid, PRIVATE: to readers they are masked as any other.
    """

    release: Release
    ledger: Facts
    reports: tuple[Report, ...]
    repaired: frozenset[str]


@dataclass(frozen=True)
class Report:
    """What publishing one kind and year did: the audit's verdict and what the result is worth."""

    kind: str
    year: int
    verdict: Verdict
    utility: utility.Utility
    left_out: int


def publish(order: Order, facts: Facts, secret: bytes, previous: Published | None = None,
            predecessors: tuple[Published, ...] = (), progress: Progress | None = None) -> Published:
    """Make a release. secret: at least 32 bytes, one for each revision, never exported.

    previous: the last release of this revision: its months are frozen. predecessors: the last release of each earlier revision,
    read by the audit together with this one. Refused when the audit cannot be satisfied; the error says of which kind and year.
    """
    _check(order, facts, secret, previous, predecessors)
    counted = _counted(order, facts, previous)
    tables: list[Table] = []
    reports: list[Report] = []
    repaired = set(previous.repaired if previous else ())
    for terms in order.terms:
        for year in sorted({1970 + month // 12 for month in order.months}):
            one = _Year(order, terms, year, secret, progress)
            made = one.closed(previous)
            if made is None:
                made, report, hidden = one.publish(counted, previous, predecessors)
                reports.append(report)
                repaired |= hidden
            tables += made
    atoms = order.places.atoms
    release = Release(order.territory, order.revision, tuple(sorted(order.months)), order.parameters, dict(order.groups.groups),
                      {terms.kind: terms.solo for terms in order.terms}, f"{atoms.version}:{atoms.digest}", commitment(secret),
                      place_tables(order.places), tuple(tables), atoms.cells[atoms.atom >= 0])
    return Published(release, counted, tuple(reports), frozenset(repaired))


def commitment(secret: bytes) -> str:
    """A name of a secret that does not give it away."""
    return hashlib.sha256(b"geoservice release secret\x1f" + secret).hexdigest()


def _check(order: Order, facts: Facts, secret: bytes, previous: Published | None, predecessors: tuple[Published, ...]) -> None:
    if len(secret) < 32:
        raise BadInput("Le secret d’une diffusion compte au moins 32 octets tirés au hasard.")
    if not order.months or not order.terms:
        raise BadInput("Une diffusion a besoin d’au moins un mois clos et d’une origine de faits.")
    for terms in order.terms:
        if terms.solo and len(terms.organisations) != 1:
            raise BadInput("Une origine à propriétaire unique n’a qu’une organisation.")
        givers = np.unique(facts.organisation[facts.kind == terms.kind]).tolist()
        if set(givers) - set(terms.organisations):
            raise BadInput("Des faits viennent d’une organisation qui n’est pas dans la convention de partage.")
    for other in (*((previous,) if previous else ()), *predecessors):
        _same_lattice(order, other.release)
    if previous and (previous.release.revision, previous.release.commitment) != (order.revision, commitment(secret)):
        raise Conflict("Une même révision garde son secret et son numéro.")
    if any(commitment(secret) == other.release.commitment or other.release.revision >= order.revision for other in predecessors):
        raise Conflict("Une révision a besoin d’un secret nouveau et d’un numéro plus grand.")


def _same_lattice(order: Order, other: Release) -> None:
    """An earlier release can only be continued, or audited together with this one, on the same places, groups and noise."""
    atoms = order.places.atoms
    if other.atoms != f"{atoms.version}:{atoms.digest}":
        raise Conflict("Les îlots de diffusion ont changé : publiez-les avec la première diffusion d’une nouvelle année.")
    if other.groups != order.groups.groups or other.parameters != order.parameters:
        raise Conflict("Les groupes de catégories et les paramètres restent ceux de la diffusion précédente.")
    if not set(other.months) <= set(order.months):
        raise Conflict("Un mois déjà diffusé reste dans les diffusions suivantes.")


def _counted(order: Order, facts: Facts, previous: Published | None) -> Facts:
    """The facts of a release: for frozen months those that were counted then, for new months those of today."""
    wanted = np.isin(facts.month, order.months) & releasable(facts, order.places, order.groups)
    if previous is None:
        return facts.take(wanted)
    kept = previous.ledger
    told = replace(kept, public=kept.public | np.isin(kept.key, facts.key[facts.public]))  # disclosed since
    return told.and_(facts.take(wanted & ~np.isin(facts.month, previous.release.months)))


@dataclass(frozen=True)
class _Year:
    """One kind and year of an order."""

    order: Order
    terms: Terms
    year: int
    secret: bytes
    progress: Progress | None

    def lattice(self) -> Lattice:
        order = self.order
        chosen = families(order.places, order.groups, self.terms.volume, order.parameters)
        months = tuple(month % 12 + 1 for month in sorted(order.months) if 1970 + month // 12 == self.year)
        return Lattice(self.terms.kind, order.places, Slots(self.year, months, order.groups), chosen)

    def closed(self, previous: Published | None) -> list[Table] | None:
        """The tables of a year of which everything is out already."""
        months = [month for month in self.order.months if 1970 + month // 12 == self.year]
        if previous is None or not set(months) <= set(previous.release.months):
            return None
        return [table for table in previous.release.tables if (table.kind, table.year) == (self.terms.kind, self.year)]

    def publish(self, facts: Facts, previous: Published | None,
                predecessors: tuple[Published, ...]) -> tuple[list[Table], Report, set[str]]:
        lattice = self.lattice()
        found = cube(lattice, facts)
        counts = found.counts()
        rule = Rule(self.order.parameters, len(found.organisations()), self.terms.solo)
        seen, spare = drawn(found, counts, rule, self.secret, self.order.revision)
        if previous is not None:
            seen = frozen(seen, lattice, previous.release)
        case = Case(found, counts, rule, tuple(self._evidence(found, other) for other in predecessors), spare)
        audited, verdict = audit(case, seen, self._say)
        if not verdict.clean:
            raise Refused(f"L’audit de « {self.terms.kind} » {self.year} trouve encore de petits nombres prouvables : rien n’est "
                          "publié. Réduisez les niveaux (classe de volume plus basse) ou demandez moins de détail.")
        entered = int(((facts.kind == self.terms.kind) & (1970 + facts.month // 12 == self.year)).sum())
        worth = utility.measure(lattice, counts, audited)
        return ([_table(lattice, family, audited) for family in lattice.families if lattice.columns(family).size],
                Report(self.terms.kind, self.year, verdict, worth, entered - len(found.facts)), _ids(lattice, audited.hidden))

    def _say(self, done: int, of: int, what: str) -> None:
        if self.progress is not None:
            self.progress(done, of, f"{self.terms.kind} {self.year}: {what}")

    def _evidence(self, found: Cube, other: Published) -> View:
        """What an earlier revision tells about today's facts: its numbers where it counted exactly the same records."""
        then = cube(found.lattice, other.ledger)
        same = (then.keys() == found.keys()) & (then.counts() == found.counts())
        seen = repaired(recovered(found.lattice, other.release), found.lattice, other.repaired)
        return replace(joint(seen, same), solo=other.release.kinds.get(self.terms.kind))


def _ids(lattice: Lattice, nodes: np.ndarray) -> set[str]:
    return {lattice.node_id(row, column) for row, column in np.argwhere(nodes).tolist()}


def exposed(order: Order, published: Published, keys: np.ndarray) -> int:
    """How many small counts of a release could be proven if the facts with these keys were disclosed outside as well.

    Asked before an owner discloses a hall's state or an exact figure; above zero, the owner is warned. Nothing is changed.
    By propagation alone, so that the answer comes at once; the next audit looks further.
    """
    parameters = replace(order.parameters, near=0)
    ledger = published.ledger
    told = replace(ledger, public=ledger.public | np.isin(ledger.key, keys))
    bad = 0
    for terms in order.terms:
        for year in sorted({1970 + month // 12 for month in order.months}):
            lattice = _Year(order, terms, year, b"", None).lattice()
            found = cube(lattice, told)
            case = Case(found, found.counts(), Rule(parameters, len(found.organisations()), terms.solo))
            seen = repaired(recovered(lattice, published.release), lattice, published.repaired)
            bad += sum(int(read(case, seen, attacker).violations.sum()) for attacker in case.attackers)
    return bad


def recovered(lattice: Lattice, release: Release) -> View:
    """What a release shows, on a lattice of the same places and groups; what it does not publish of it is unpublished."""
    shape = lattice.shape
    published, value = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=np.int32)
    for table in release.tables:
        if (table.kind, table.year) == (lattice.kind, lattice.slots.year):
            rows = lattice.rows(Family(table.level, table.period, table.detail, 0.0))
            for place, period in enumerate(table.periods):
                nodes = np.ix_(rows, [lattice.slots.column(period, group) for group in table.groups])
                published[nodes] = True
                value[nodes] = np.maximum(table.values[:, place], 0)
    none = np.zeros(shape, dtype=bool)
    return View(published, value > 0, value, none, none)


def repaired(seen: View, lattice: Lattice, ids: frozenset[str]) -> View:
    """A recovered view that knows which of its masks were repairs, by node id: they are silence, and no rule's doing."""
    masked = np.argwhere(seen.published & ~seen.shown).tolist() if ids else []
    hidden = np.zeros_like(seen.shown)
    for row, column in masked:
        hidden[row, column] = lattice.node_id(row, column) in ids
    return replace(seen, hidden=hidden)


def frozen(now: View, lattice: Lattice, release: Release) -> View:
    """A new drawing in which everything already published stays as it is, shown or not."""
    before = recovered(lattice, release)
    out = before.published
    if np.any(before.shown & ~now.shown) or np.any(before.value[before.shown] != now.value[before.shown]):
        raise Conflict("Un nombre déjà diffusé changerait : le registre privé ne correspond pas à la diffusion précédente.")
    hidden = out & now.shown & ~before.shown
    return View(now.published | out, now.shown & ~hidden, np.where(hidden, 0, now.value), hidden, out)


def _table(lattice: Lattice, family: Family, audited: View) -> Table:
    rows, columns = lattice.rows(family), lattice.columns(family)
    values = np.where(audited.shown, audited.value, NOT_SHOWN).astype(np.int32)
    slots = lattice.slots
    periods = slots.periods[family.period][:len(columns)]  # without the unknown band
    return Table(lattice.kind, slots.year, family.level, family.period, family.detail, periods, slots.details[family.detail],
                 values[rows[:, None, None], columns[None]])


def place_tables(places: Places) -> dict[str, PlaceTable]:
    """All published places by level, in the order of every table's first axis."""
    out = {}
    for level, found in places.published.items():
        drawn = [cells_of_resolution(places, place) for place in found]
        starts = np.cumsum([0, *(len(cells) for cells in drawn)])[:-1] if drawn else np.empty(0)
        out[level] = PlaceTable(tuple(place.name for place in found), np.concatenate(drawn or [np.empty(0)]).astype(np.uint64),
                                starts.astype(np.int64), np.array([place.dwellings for place in found]))
    return out


def overlap(first: Release, second: Release) -> bool:
    """Whether two releases cover the same ground in the same month: then they must not both exist."""
    return bool(set(first.months) & set(second.months)) and bool(np.isin(first.ground, second.ground).any())


def changed(earlier: Release, later: Release) -> list[str]:
    """Periods published in both whose numbers differ; within a revision there must be none."""
    both = sorted({period for table in earlier.tables for period in table.periods}
                  & {period for table in later.tables for period in table.periods})
    return [period for period in both if earlier.partition(period) != later.partition(period)]
