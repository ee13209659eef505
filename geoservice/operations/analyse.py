"""Hot spots under a filter: the study area, the facts in it, the test, and what must be said beside the answer.

An answer is kept until the data change; a study area is kept longer than a filter, so that a change of filter costs the
selection of facts and the test alone.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace

import numpy as np

from geoservice.core import grid
from geoservice.core.query import FactQuery
from geoservice.core.stats import hotspots
from geoservice.core.stats.chance import ranges
from geoservice.core.stats.given import NotEnough
from geoservice.core.stats.hotspots import HotSpots, Options
from geoservice.core.stats.words import number, percent
from geoservice.errors import BadInput
from geoservice.operations import chosen as facts_of
from geoservice.operations import studyarea
from geoservice.operations.chosen import PRECISION_M, Chosen
from geoservice.operations.indexing import FACTS
from geoservice.operations.reader import Reader
from geoservice.operations.reuse import Shelf
from geoservice.operations.studyarea import Asked, StudyArea
from geoservice.types import Kind, Placement, code_of

EXPOSURES = ("auto", "area", "dwellings")
NULLS, SIDES = hotspots.NULLS, hotspots.SIDES
ON_RESIDENCES = 0.9  # of the facts: from there on residences are what is tested
COARSE = 0.5  # of the facts placed less finely than a cell: from there on cells say nothing
K = 1
_FINE = 100.0  # steps of a hundredth, in logarithms
_kept: Shelf[Analysis] = Shelf(64, 600_000, lambda found: found.weight)


@dataclass(frozen=True)
class Wanted:
    """How hot spots are looked for; the rest (level, floor, correction, permutations) is the test's own default."""

    exposure: str = "auto"
    null: str = "beta-binomial"
    side: str = "upper"
    k: int = K
    seed: int = 1

    @property
    def options(self) -> Options:
        """The options of `core.stats.hotspots.test`."""
        return Options(null=self.null, side=self.side, seed=self.seed)


DEFAULT = Wanted()


@dataclass(frozen=True)
class Reason:
    """Why there is no answer: a code and a French sentence."""

    code: str
    sentence: str


@dataclass(frozen=True, eq=False)
class Analysis:
    """Hot spots of one kind under a filter. Without `found` there is a `reason`.

    counts (n,) int64 facts of each unit of the area; at (m,) the unit of each fact of `facts`, -1 outside. `outside` counts
    those; `unplaced` facts match and have no point.
    """

    query: FactQuery
    wanted: Wanted
    unit: str
    facts: Chosen
    index_version: str
    area: StudyArea | None = None
    counts: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    at: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    found: HotSpots | None = None
    reason: Reason | None = None

    @property
    def kind(self) -> Kind | None:
        return self.query.kind

    @property
    def total(self) -> int:
        """Facts that match and have a place here, also where they lie outside the study area."""
        return len(self.facts)

    @property
    def outside(self) -> int:
        return int((self.at < 0).sum())

    @property
    def weight(self) -> int:
        """About how many numbers are kept for it."""
        return len(self.counts) + len(self.facts) // 4 + 1

    @property
    def used(self) -> str:
        """The exposure that was used, or asked for where there is no answer."""
        return self.wanted.exposure if self.area is None else self.area.exposure_name


def analyse(reader: Reader, query: FactQuery, wanted: Wanted = DEFAULT) -> Analysis:
    """Hot spots under a filter. BadInput for options that do not exist; too little data is an Analysis with a reason."""
    _checked(wanted)
    query, _ = reader.resolved(query)
    key = (str(reader.shelf.storage.settings.data), reader.viewer.organisation_id, reader.version(FACTS), *_homes(reader),
           query.canonical(), wanted)
    return _kept.get(key, lambda: _analysed(reader, query, wanted))


def index_version(reader: Reader) -> str:
    """A name for the state of the data that an answer speaks of."""
    return hashlib.blake2b("|".join([reader.version(FACTS), *_homes(reader)]).encode(), digest_size=6).hexdigest()


def _homes(reader: Reader) -> list[str]:
    return [reader.version(name) for name in ("patrimoine", "halls") if name in reader.catalog.layers]


def _checked(wanted: Wanted) -> None:
    closed = (("exposure", wanted.exposure, EXPOSURES), ("null", wanted.null, NULLS), ("side", wanted.side, SIDES))
    for name, given, known in closed:
        if given not in known:
            raise BadInput(f"« {name} » attend l’une de ces valeurs : {', '.join(known)}.")


def _analysed(reader: Reader, query: FactQuery, wanted: Wanted) -> Analysis:
    facts = facts_of.chosen(reader, query)
    unit = unit_of(facts, wanted)
    version = index_version(reader)
    try:
        area = studyarea.study_area(reader, query, Asked(unit, wanted.exposure, wanted.k))
    except NotEnough as lacking:
        reason = Reason(lacking.code, str(lacking))
        return Analysis(query, wanted, unit, facts, version, at=np.full(len(facts), -1), reason=reason)
    if unit == "residence":
        facts = facts_of.of_units(reader, query, area.units)
    return finished(Analysis(query, wanted, unit, facts, version, area))


def finished(begun: Analysis) -> Analysis:
    """An analysis that has its facts and its area, with its counts and the test: arithmetic, nothing is read."""
    assert begun.area is not None
    at = units_of(begun.facts, begun.area)
    counts = np.bincount(at[at >= 0], minlength=len(begun.area))
    found, reason = _tested(begun.facts, begun.area, counts, begun.wanted)
    return replace(begun, counts=counts, at=at, found=found, reason=reason)


def unit_of(facts: Chosen, wanted: Wanted) -> str:
    """Residences where (nearly) every fact is placed on one: its middle is no place where facts gather."""
    return "residence" if wanted.exposure != "area" and facts.on_residences() >= ON_RESIDENCES else "cell"


def units_of(facts: Chosen, area: StudyArea) -> np.ndarray:
    """The unit of an area that each fact lies in, (m,) int64, -1 outside."""
    if area.unit == "cell":
        return facts_of.position(area.cells, facts.parents(area.resolution))
    return facts_of.position(np.array(area.units), facts.residences())  # units are sorted by code


def _tested(facts: Chosen, area: StudyArea, counts: np.ndarray, wanted: Wanted) -> tuple[HotSpots | None, Reason | None]:
    coarse = too_fine(facts, area)
    if coarse is not None:
        return None, coarse
    try:
        return hotspots.test(counts, area.exposure, area.neighbours, wanted.options), None
    except NotEnough as lacking:
        return None, Reason(lacking.code, str(lacking))


def coarse(facts: Chosen, area: StudyArea) -> np.ndarray:
    """Placement codes (256,) bool that are known less finely than the width of a cell of the area."""
    width = 0.0 if not len(area.cells) else float(np.sqrt(grid.areas_m2(area.cells[:1])[0]))
    out = np.zeros(256, dtype=bool)
    out[[code_of(placement) for placement in Placement if PRECISION_M.get(placement, np.inf) > width]] = True
    return out


def too_fine(facts: Chosen, area: StudyArea) -> Reason | None:
    """Why cells of this size say nothing of facts placed so roughly, None where they do."""
    if area.unit == "residence" or not len(facts):
        return None
    numbers = facts.placements()
    share = numbers[coarse(facts, area)].sum() / len(facts)
    if share < COARSE:
        return None
    return Reason("resolution_trop_fine", f"{percent(share)} des faits sont placés moins finement que ces hexagones (au milieu "
                  "d’une résidence ou d’un bâtiment) : choisissez des hexagones plus grands.")


def chance(found: HotSpots) -> tuple[np.ndarray, np.ndarray]:
    """Least and most facts that chance alone would show in each neighbourhood, (n,) each.

    Shares of the exposure are told apart to the hundredth: equal hexagons differ by less, and there are thousands of them.
    """
    rows = np.log(np.maximum(np.stack([found.share, *(np.minimum(shape, 1e12) for shape in found.shapes)]), 1e-15))
    _, first, where = np.unique(np.round(rows * _FINE), axis=1, return_index=True, return_inverse=True)
    low, high = ranges(found.total, found.share[first], tuple(shape[first] for shape in found.shapes), found.options.cover)
    return low[where.ravel()], high[where.ravel()]


@dataclass(frozen=True)
class Method:
    """What stands beside every answer; `dispersion` is None unless the null is beta-binomial."""

    test: str
    null: str
    dispersion: float | None
    correction: str
    level: float
    floor: float
    exposure: str
    k: int
    side: str
    seed: int
    index_version: str
    sentence: str


_NULL_WORDS = {"beta-binomial": "des faits répartis au hasard, mais aussi irrégulièrement que d’habitude ici",
               "binomial": "des faits répartis au hasard, chacun de son côté",
               "permutation": "les mêmes taux redistribués au hasard entre les lieux"}
_SIDE_WORDS = {"upper": "plus de faits qu’attendu", "lower": "moins de faits qu’attendu",
               "two-sided": "un nombre de faits inattendu"}


def method(found: Analysis) -> Method:
    """Test, null, dispersion, correction, exposure, seed and version of the data, and all of it in a sentence."""
    options = found.wanted.options
    spread = None if found.found is None or found.found.dispersion is None else float(found.found.dispersion.ratio)
    k = found.wanted.k if found.area is None else found.area.k
    around = "résidence seule" if found.unit == "residence" else f"disque H3 de rayon {k}"
    return Method(f"somme du voisinage sachant le total ({around})", options.null, spread, options.correction, options.level,
                  options.floor, found.used, k, options.side, options.seed, found.index_version, _sentence(found, options))


def _sentence(found: Analysis, options: Options) -> str:
    where = "" if found.area is None else f" Zone d’étude : {found.area.sentence}."
    outside = studyarea.outside_sentence(found.outside, found.total) if found.area is not None else ""
    units = "Une résidence" if found.unit == "residence" else "Un hexagone et ses voisins"
    return (f"{units} ressort s’il y a {_SIDE_WORDS[options.side]}, comparé à {_NULL_WORDS[options.null]} ; au plus "
            f"{percent(options.level)} de fausses alertes parmi ce qui ressort (Benjamini-Hochberg), et au moins "
            f"{number(options.floor)} fois l’attendu.{where}{outside}")
