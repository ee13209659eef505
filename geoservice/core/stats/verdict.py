"""Can a hot spot be believed? A table of rules that anybody can read, and the French sentence that it leads to.

Every rule names a measure of `Evidence`, a limit and a weight. The heaviest weight among the rules that hold is the verdict:

    exclut     "pas un point chaud"    chance explains it, or the excess is too small to matter
    artefact   "artefact probable"     the way facts are recorded explains it better than what happened
    faiblesse  "fragile"               one thing, named, stands against it; or a control could not be made
    (none)     "solide"
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from math import isfinite

from geoservice.core.stats.words import awaited, between, facts, number, percent, times
from geoservice.errors import BadInput

SOLID, FRAGILE, ARTEFACT, NOT_HOT = "solide", "fragile", "artefact probable", "pas un point chaud"
VERDICTS = (SOLID, FRAGILE, ARTEFACT, NOT_HOT)
_VERDICT = {"faiblesse": FRAGILE, "artefact": ARTEFACT, "exclut": NOT_HOT}
_WEIGHT = {"faiblesse": 1, "artefact": 2, "exclut": 3}
VARIANTS = 27


@dataclass(frozen=True)
class Evidence:
    """What is known of a hot cell or merged area; shares from 0 to 1; None is "not measured" and never counts in favour.

    p, q: one-sided probability under the stated null, and corrected; observed, expected: facts; ratio_low, ratio_high: interval
    of observed / expected. `unit`: what was tested, "cellule" or "residence" (with dwellings as exposure).

    stability: share of the 27 variants in which the place is hot. stacked_share: facts on points that stand for more than
    themselves (`quality.stacks`). reporter_share: of the most frequent source or nature here; reporter_share_elsewhere: of that
    one in the rest of the territory. busiest_day_share: facts of the single busiest day. coarse_share: facts whose place is
    known less finely than the cell. edge: the study area cuts its neighbourhood.
    """

    p: float
    q: float
    observed: float
    expected: float
    ratio_low: float
    ratio_high: float
    stability: float | None = None
    stacked_share: float | None = None
    reporter_share: float | None = None
    reporter_share_elsewhere: float | None = None
    busiest_day_share: float | None = None
    coarse_share: float | None = None
    edge: bool = False
    unit: str = "cellule"


@dataclass(frozen=True)
class Condition:
    """`measure` compared with `limit` by "<", ">=", ">", "==" or "unknown"; an unknown measure meets no other comparison."""

    measure: str
    comparison: str
    limit: float | str = 0.0


@dataclass(frozen=True)
class Rule:
    """Holds when all conditions do. `sentence` is a French text with the names of `_told` in braces."""

    code: str
    weight: str
    conditions: tuple[Condition, ...]
    sentence: str


@dataclass(frozen=True)
class Reason:
    """A rule that holds: its code and weight, a French sentence, and the values it looked at."""

    code: str
    weight: str
    sentence: str
    values: Mapping[str, float | str | bool | None]


@dataclass(frozen=True)
class Verdict:
    """One of VERDICTS, a sentence for people, the reasons against it by weight, and the measures that were not made."""

    verdict: str
    sentence: str
    reasons: tuple[Reason, ...]
    unknown: tuple[str, ...]


def _when(measure: str, comparison: str, limit: float | str = 0.0) -> Condition:
    return Condition(measure, comparison, limit)


_CELL = _when("unit", "==", "cellule")
RULES: tuple[Rule, ...] = (
    Rule("hasard", "exclut", (_when("q", ">", 0.05),),
         "le hasard suffit à l’expliquer (probabilité corrigée : {q})"),
    Rule("ecart_faible", "exclut", (_when("ratio", "<", 1.5),),
         "l’écart est trop faible pour agir : {ratio} le nombre attendu"),
    Rule("pile", "artefact", (_CELL, _when("stacked_share", ">=", 0.8)),
         "{stacked_share} des faits sont posés sur un même point, qui représente toute une résidence ou une adresse par défaut"),
    Rule("pile_partielle", "faiblesse", (_CELL, _when("stacked_share", ">=", 0.5), _when("stacked_share", "<", 0.8)),
         "{stacked_share} des faits sont posés sur un même point, qui représente toute une résidence ou une adresse par défaut"),
    Rule("releveur_unique", "artefact",
         (_when("reporter_share", ">=", 0.9), _when("reporter_excess", ">=", 2.0)),
         "{reporter_share} des faits viennent d’une seule source de signalement, contre {reporter_share_elsewhere} ailleurs"),
    Rule("releveur_dominant", "faiblesse",
         (_when("reporter_share", ">=", 0.75), _when("reporter_excess", ">=", 1.5)),
         "{reporter_share} des faits viennent d’une seule source de signalement, contre {reporter_share_elsewhere} ailleurs"),
    Rule("decoupage", "artefact", (_when("stability", "<", 0.2),),
         "il ne reste chaud que dans {variants} découpages sur 27 (autres tailles, autres grilles, autres périodes)"),
    Rule("instable", "faiblesse", (_when("stability", ">=", 0.2), _when("stability", "<", 0.6)),
         "il ne reste chaud que dans {variants} découpages sur 27 (autres tailles, autres grilles, autres périodes)"),
    Rule("un_jour", "faiblesse", (_when("busiest_day_share", ">=", 0.5), _when("observed", ">=", 3)),
         "{busiest_day_share} des faits datent d’un seul jour"),
    Rule("place_grossiere", "faiblesse", (_CELL, _when("coarse_share", ">=", 0.5)),
         "{coarse_share} des faits sont placés moins finement que cette maille"),
    Rule("peu_de_faits", "faiblesse", (_when("observed", "<", 5),),
         "il repose sur {observed} seulement"),
    Rule("intervalle_large", "faiblesse", (_when("ratio_low", "<", 1.0),),
         "l’incertitude reste grande : {interval} fois le nombre attendu"),
    Rule("bord", "faiblesse", (_when("edge", "==", True),),
         "il touche le bord de la zone connue, et ce qui se passe au-delà manque"),
    Rule("stabilite_inconnue", "faiblesse", (_when("stability", "unknown"),),
         "sa tenue à d’autres découpages n’a pas été vérifiée"),
    Rule("pile_inconnue", "faiblesse", (_CELL, _when("stacked_share", "unknown")),
         "on ne sait pas combien de faits sont posés sur un point par défaut"),
)


def verdict(evidence: Evidence, rules: tuple[Rule, ...] = RULES) -> Verdict:
    """The verdict of a table of rules on what is known; BadInput for numbers that cannot be."""
    _check(evidence)
    values = measures(evidence)
    told = _told(evidence, values)
    held = [Reason(rule.code, rule.weight, rule.sentence.format(**told),
                   {condition.measure: values[condition.measure] for condition in rule.conditions})
            for rule in rules if all(_holds(condition, values) for condition in rule.conditions)]
    held.sort(key=lambda reason: -_WEIGHT[reason.weight])  # stable: the table's order within a weight
    found = _VERDICT[held[0].weight] if held else SOLID
    unknown = tuple(name for name in _OPTIONAL if values[name] is None)
    return Verdict(found, _sentence(found, held, told), tuple(held), unknown)


_OPTIONAL = ("stability", "stacked_share", "reporter_share", "busiest_day_share", "coarse_share")
_SHARES = ("p", "q", *_OPTIONAL, "reporter_share_elsewhere")
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": lambda a, b: a < b, ">": lambda a, b: a > b, ">=": lambda a, b: a >= b, "==": lambda a, b: a == b}


def measures(evidence: Evidence) -> dict[str, float | str | bool | None]:
    """Every measure a rule can name: the fields of Evidence, `ratio` and `reporter_excess`."""
    values = {field.name: getattr(evidence, field.name) for field in fields(evidence)}
    here, elsewhere = evidence.reporter_share, evidence.reporter_share_elsewhere
    excess = None if here is None or elsewhere is None else here / max(elsewhere, 1e-9)
    return values | {"ratio": evidence.observed / evidence.expected,
                     "reporter_excess": None if excess is None else min(excess, 1e9)}


def _holds(condition: Condition, values: Mapping[str, object]) -> bool:
    value = values[condition.measure]
    if condition.comparison == "unknown":
        return value is None
    return value is not None and _COMPARE[condition.comparison](value, condition.limit)  # type: ignore[arg-type]  # alike by rule


def _check(evidence: Evidence) -> None:
    numbers = {name: value for name, value in vars(evidence).items() if isinstance(value, int | float)}
    if not all(isfinite(value) for value in numbers.values()):
        raise BadInput("Un verdict demande des mesures finies : une valeur est manquante ou infinie.")
    if not all(0 <= numbers[name] <= 1 for name in _SHARES if name in numbers):
        raise BadInput("Les probabilités et les parts vont de 0 à 1.")
    if evidence.expected <= 0 or evidence.observed < 0 or not 0 <= evidence.ratio_low <= evidence.ratio_high:
        raise BadInput("Un verdict demande un nombre attendu plus grand que zéro et un intervalle dans l’ordre.")
    if evidence.unit not in ("cellule", "residence"):
        raise BadInput("L’unité testée est « cellule » ou « residence ».")


def _told(evidence: Evidence, values: Mapping[str, object]) -> dict[str, str]:
    """Measures as French texts."""
    shares = {name: percent(float(value)) for name in (*_OPTIONAL, "reporter_share_elsewhere")  # type: ignore[arg-type]  # shares
              if (value := values[name]) is not None}
    return {
        **shares, "q": probability(evidence.q), "observed": facts(evidence.observed), "expected": awaited(evidence.expected),
        "ratio": times(evidence.observed / evidence.expected), "interval": between(evidence.ratio_low, evidence.ratio_high),
        "variants": str(round(VARIANTS * (evidence.stability or 0))),
    }


def probability(p: float) -> str:
    """A probability as people read it: `0,03`, `moins de 0,001`."""
    return "moins de 0,001" if p < 0.001 else number(p, 3 if p < 0.1 else 2)


def _sentence(found: str, reasons: list[Reason], told: Mapping[str, str]) -> str:
    """The verdict in words: what was counted, then the one thing that matters most."""
    place = f"{told['observed']} pour {told['expected']}"
    if found == SOLID:
        return (f"Point chaud solide : {place}, soit {told['ratio']} le nombre attendu ({told['interval']}). "
                "Il résiste à tous les contrôles.")
    first = reasons[0].sentence
    if found == FRAGILE:
        return f"Point chaud à confirmer : {place}, mais {first}."
    if found == ARTEFACT:
        return f"Probablement un effet de l’enregistrement plutôt que du terrain : {place}, mais {first}."
    return f"Pas un point chaud : {place} ; {first}."
