"""What a lever did: treated places beside their controls, with intervals that over-dispersed counts deserve, and one word.

Looked at every three months and at the end; bounds spend 5 % over all looks. Pages opened between two looks show the last one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from geoservice.core.impact import events, interim, robust, wdq
from geoservice.core.impact.robust import Effect, Places
from geoservice.core.impact.wdd import Change
from geoservice.core.stats.given import NotEnough
from geoservice.core.stats.words import facts, number, percent
from geoservice.errors import BadInput

EVERY = 3  # months between looks
SEEN, UNSEEN, EARLY = "conclu", "non conclu", "trop tôt"
MOVED, SPREAD, UNTOLD = "déplacement", "diffusion", "indéterminé"
# where the places are that are not treated, and what a patrimoine may lack of them
RING = ("Autour", "de votre patrimoine")
LINKED = ("Chez les voisins de fonction", "qui ne soit pas témoin")
HIGH = 1.5  # times the mean of the patrimoine: places that were chosen because they were high


@dataclass(frozen=True)
class Group:
    """Places and their facts in as many months before and after."""

    places: int
    before: int
    after: int


@dataclass(frozen=True)
class Around:
    """Places that are not treated, in the ring or linked beyond it: what they changed beyond the controls, and what that means;
    `effect` None where `sentence` says why."""

    group: Group | None
    effect: Effect | None
    word: str
    sentence: str


@dataclass(frozen=True, eq=False)
class Result:
    """The answer of one look: after `months` of `planned`. Groups and figures are None before the first look."""

    word: str
    sentence: str
    months: int
    planned: int
    bound: float = math.nan
    treated: Group | None = None
    control: Group | None = None
    effect: Effect | None = None
    ring: Around | None = None
    linked: Around | None = None
    total: Effect | None = None
    quotient: wdq.Quotient | None = None
    quotient_reason: str = ""
    study: events.Events | None = None
    start: int = 0  # months of the study before the lever
    study_reason: str = ""
    mean_sentence: str = ""
    cost: tuple[float, float, float] | None = None
    cost_sentence: str = ""


@dataclass(frozen=True, eq=False)
class Seen:
    """Facts by place and month, `start` months before the lever, then those after: (places, months) of each group; `home`
    (residences, start): facts a place of every residence before. linked: functional neighbours beyond the ring."""

    start: int
    treated: np.ndarray
    control: np.ndarray
    ring: np.ndarray
    homes: np.ndarray
    linked: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))


def look_of(elapsed: int, planned: int) -> list[int]:
    """Months at which one has looked, once so many have gone by."""
    return sorted({*range(EVERY, min(elapsed, planned) + 1, EVERY), *((planned,) if elapsed >= planned else ())})


def judge(seen: Seen, elapsed: int, planned: int, cost_cents: int | None) -> Result:
    """The result of the last look; NotEnough where places or facts are too few to say anything, ever."""
    looks = look_of(elapsed, planned)
    if not looks:
        return Result(EARLY, f"Trop tôt : {elapsed} mois sur {planned} sont connus, le premier point se fait à "
                             f"{min(EVERY, planned)} mois.", elapsed, planned)
    months = looks[-1]
    treated, control, ring = (_places(each, seen.start, months) for each in (seen.treated, seen.control, seen.ring))
    if treated is None or control is None:
        raise NotEnough("trop-peu-de-lieux", "Il faut au moins trois lieux traités et trois témoins pour évaluer.")
    bound = _bound(tuple(looks), planned)
    level = 1 - _two_sided(bound)
    effect = robust.effect(treated, control, level=level)
    word, sentence = _said(effect, treated, months, planned)
    around = _around(ring, control, len(seen.ring), RING, level)
    linked = _around(_places(seen.linked, seen.start, months), control, len(seen.linked), LINKED, level)
    total = None if around.effect is None else robust.effect(treated, control, ring, level=level)
    quotient, why = _quotient((treated, control, ring), effect.dispersion, bound)
    study, study_reason = _study(seen)
    cost, told = _cost(effect if total is None else total, cost_cents, total is not None)
    if cost is not None and linked.word == MOVED:
        told += " Il ne compte pas les faits partis chez les voisins de fonction."
    return Result(word, sentence, months, planned, bound, _group(treated), _group(control), effect, around, linked, total,
                  quotient, why, study, seen.start, study_reason, _to_the_mean(seen, months), cost, told)


@cache
def _bound(looks: tuple[int, ...], planned: int) -> float:
    """The |z| that the last of these looks must reach."""
    return interim.bounds([look / planned for look in looks])[-1]


def _two_sided(bound: float) -> float:
    return math.erfc(bound / math.sqrt(2))


def _places(counts: np.ndarray, start: int, months: int) -> Places | None:
    """As many months before as after; None with fewer than three places."""
    if len(counts) < 3:
        return None
    return Places.of(counts[:, start - months:start].sum(axis=1), counts[:, start:start + months].sum(axis=1))


def _group(places: Places) -> Group:
    return Group(len(places.before), int(places.before.sum()), int(places.after.sum()))


def _said(effect: Effect, treated: Places, months: int, planned: int) -> tuple[str, str]:
    gone = f"de {number(effect.low)} à {number(effect.high)} faits, intervalle corrigé des points d’étape"
    if effect.high < 0:
        return SEEN, f"Conclu : les faits ont baissé au-delà des témoins, de {number(-effect.value)} en {months} mois ({gone})."
    if effect.low > 0:
        return SEEN, f"Conclu : les faits ont augmenté au-delà des témoins, de {number(effect.value)} en {months} mois ({gone})."
    if months < planned:
        return EARLY, f"Trop tôt : au point de {months} mois sur {planned}, le hasard peut encore expliquer l’écart ({gone})."
    return UNSEEN, (f"Non conclu : en {months} mois, l’écart avec les témoins ({number(effect.value)} ; {gone}) peut venir du "
                    "hasard. Ce n’est pas la preuve que rien n’a changé.")


def _around(group: Places | None, control: Places, many: int, words: tuple[str, str], level: float) -> Around:
    where, none = words
    if group is None:
        few = "moins de trois lieux" if many else "aucun lieu"
        return Around(None, None, UNTOLD, f"{where}, {few} {none} : ni déplacement ni diffusion ne peuvent s’y voir.")
    effect = robust.effect(group, control, level=level)
    told = f"{number(effect.value)} faits au-delà des témoins, entre {number(effect.low)} et {number(effect.high)}"
    if effect.low > 0:
        return Around(_group(group), effect, MOVED, f"{where}, les faits ont augmenté : {told}. Un déplacement se voit.")
    if effect.high < 0:
        return Around(_group(group), effect, SPREAD, f"{where}, les faits ont baissé aussi : {told}. Le bénéfice a diffusé.")
    return Around(_group(group), effect, UNTOLD, f"{where} : {told}. Ni déplacement ni diffusion ne se distinguent du hasard.")


def _quotient(groups: tuple[Places | None, ...], dispersion: float, bound: float) -> tuple[wdq.Quotient | None, str]:
    """Of treated, control and ring, the rate ratio's interval as wide as places vary and as looks ask."""
    sums = [Change(float(each.before.sum()), float(each.after.sum())) for each in groups if each is not None]
    if len(sums) < len(groups):
        return None, "Sans lieux autour, le quotient n’est pas défini."
    try:
        return wdq.quotient(*sums, dispersion=dispersion, z=bound), ""
    except BadInput as why:
        return None, str(why)


def _study(seen: Seen) -> tuple[events.Events | None, str]:
    try:
        return events.events(seen.treated.sum(axis=0), seen.control.sum(axis=0), seen.start,
                             len(seen.treated) / len(seen.control)), ""
    except (NotEnough, BadInput) as why:
        return None, str(why)


def _to_the_mean(seen: Seen, months: int) -> str:
    """What places that were chosen because they were high lose by themselves, from how residences kept their rank before."""
    half = seen.start // 2
    ours, every = float(seen.treated[:, :seen.start].mean()), float(seen.homes.mean()) if seen.homes.size else 0.0
    if not every or ours < HIGH * every or half < 1:
        return "Les lieux traités n’étaient pas nettement au-dessus de votre patrimoine : peu de retour à la moyenne à craindre."
    first, second = seen.homes[:, :half].mean(axis=1), seen.homes[:, half:2 * half].mean(axis=1)
    apart = float(((first - first.mean()) ** 2).sum())
    kept = min(max(float(((first - first.mean()) * (second - second.mean())).sum()) / apart, 0.0), 1.0) if apart else 0.0
    alone = (1 - kept) * (ours - every) * len(seen.treated) * months
    told = f"Retour à la moyenne : ces lieux comptaient {number(ours / every)} fois la moyenne de votre patrimoine. "
    if alone < 1:
        return told + "Leur niveau tenait d’une moitié des mois d’avant à l’autre : rien n’indique une mauvaise passe."
    return told + (f"Si leur niveau venait d’une mauvaise passe, ils perdraient d’eux-mêmes environ {facts(alone)} en {months} "
                   "mois. Des témoins au même niveau en perdent autant, et l’écart en tient compte ; voyez s’il est équilibré.")


def _cost(effect: Effect, cents: int | None, whole: bool) -> tuple[tuple[float, float, float] | None, str]:
    """Euros for a fact avoided: value, low, high; None with the reason."""
    if not cents:
        return None, "Coût par fait évité : le coût de l’action n’est pas noté."
    if effect.high >= 0:
        return None, ("Coût par fait évité : aucun, car l’intervalle de l’effet" + (", alentours compris," if whole else "")
                      + " contient zéro.")
    euros = cents / 100
    found = (euros / -effect.value, euros / -effect.low, euros / -effect.high)
    return found, (f"Coût par fait évité{', alentours compris' if whole else ''} : environ {number(found[0], 0)}\u202f€, entre "
                   f"{number(found[1], 0)} et {number(found[2], 0)}\u202f€.")


def shares(result: Result) -> str:
    """The rate ratio in words, '' where there is none."""
    if result.quotient is None:
        return ""
    one = result.quotient
    return f"{percent(one.ratio)} de ce que les témoins laissent attendre ({percent(one.low)} à {percent(one.high)})"
