"""What publishing tells its publisher: what entered, what the audit found, and what the release is worth. Not for its readers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from geoservice.core.disclosure.release import Report
from geoservice.core.disclosure.releasefile import digest
from geoservice.core.disclosure.utility import Worth
from geoservice.operations import publishing_files
from geoservice.operations.publishing import Outcome, name_of
from geoservice.storage.store import Storage
from geoservice.types import LABELS, Kind

_LEVELS = {"commune": "communes", "qpv": "quartiers prioritaires", "r7": "hexagones de 5 km²", "r8": "hexagones de 75 ha",
           "r9": "hexagones de 10 ha"}
_PERIODS = {"year": "année", "quarter": "trimestre", "month": "mois", "weekday": "jour de la semaine", "band": "tranche horaire"}
_DETAILS = {"all": "toutes catégories", "group": "par groupe", "category": "par catégorie"}


def told(storage: Storage, outcome: Outcome) -> dict[str, Any]:
    """One object: every number is finite or null."""
    release, ledger = outcome.state.published.release, outcome.state.published.ledger
    path = publishing_files.in_folder(storage, outcome.territory.code)
    return {
        "territory": outcome.territory.code, "revision": outcome.state.revision, "issue": outcome.state.issue,
        "changed": outcome.changed, "written": outcome.written, "file": str(path),
        "sha256": digest(path.read_bytes()) if path.is_file() and outcome.written else None,
        "months": {"first": name_of(min(release.months)), "last": name_of(max(release.months)), "number": len(release.months)},
        "kinds": {kind: {"solo": solo, "facts": int((ledger.kind == kind).sum()),
                         "organisations": len(np.unique(ledger.organisation[ledger.kind == kind]))}
                  for kind, solo in release.kinds.items()},
        "waiting": outcome.waiting, "left_out": None if outcome.gathered is None else outcome.gathered.left,
        "audits": [_report(report) for report in outcome.state.published.reports],
        "qpv": _quarters(outcome), "warnings": outcome.territory.ground.warnings(),
    }


def _report(report: Report) -> dict[str, Any]:
    verdict, worth = report.verdict, report.utility
    return {"kind": report.kind, "year": report.year, "attackers": len(verdict.readings),
            "small": sum(reading.small for reading in verdict.readings),
            "proven": sum(reading.proven for reading in verdict.readings),
            "narrow": sum(reading.narrow for reading in verdict.readings),
            "near": sum(reading.near for reading in verdict.readings), "hidden": verdict.hidden, "lost": verdict.lost,
            "rounds": verdict.rounds, "past": verdict.past, "error": _finite(worth.error), "shown": _finite(worth.shown),
            "families": [_family(each) for each in worth.families if each.facts]}


def _family(worth: Worth) -> dict[str, Any]:
    family = worth.family
    return {"level": family.level, "period": family.period, "detail": family.detail, "density": round(family.density, 1),
            "nodes": worth.nodes, "facts": worth.facts, "shown": _finite(worth.shown), "error": _finite(worth.error),
            "ranks": _finite(worth.ranks), "top": _finite(worth.top)}


def _finite(value: float) -> float | None:
    return round(float(value), 4) if math.isfinite(value) else None


def _quarters(outcome: Outcome) -> dict[str, Any]:
    """For each neighbourhood: shown and published counts, by kind and year, period and detail."""
    out: dict[str, Any] = {}
    for report in outcome.state.published.reports:
        for name, families in report.utility.qpv.items():
            kinds = out.setdefault(name, {"name": outcome.territory.ground.names.get(name, name), "counts": {}})["counts"]
            kinds[f"{report.kind} {report.year}"] = {key: list(value) for key, value in families.items() if value[1]}
    return out


def lines(found: dict[str, Any]) -> Iterator[str]:
    """The same in French, a line at a time."""
    months = found["months"]
    if not found["changed"]:
        yield f"« {found['territory']} » : rien de nouveau depuis {months['last']} ; la diffusion est en place ({found['file']})."
        return
    yield (f"« {found['territory']} », révision {found['revision']}, diffusion n° {found['issue']} : {months['number']} mois, de "
           f"{months['first']} à {months['last']}.")
    for kind, held in found["kinds"].items():
        alone = ", un seul propriétaire" if held["solo"] else ""
        yield f"  {LABELS[Kind(kind)]} : {_some(held['facts'], 'fait')} de {_some(held['organisations'], 'organisation')}{alone}."
    if found["left_out"]:
        yield f"  Hors convention : {_some(found['left_out'], 'fait')} du territoire."
    yield from (f"  En attente : {why}" for why in found["waiting"].values())
    for audit in found["audits"]:
        yield from _audit_lines(audit)
    yield from _quarter_lines(found["qpv"])
    yield from (f"  Attention : {warning}" for warning in found["warnings"])
    yield (f"Écrit : {found['file']}" if found["written"] else "Essai : rien n’a été écrit.")


def _audit_lines(audit: dict[str, Any]) -> Iterator[str]:
    yield (f"  {LABELS[Kind(audit['kind'])]} {audit['year']} : audit pour {_some(audit['attackers'], 'lecteur')}, "
           f"{audit['small']} petits nombres, {_some(audit['proven'], 'prouvé')}, {_some(audit['near'], 'confié')} au solveur ; "
           f"{_some(audit['hidden'], 'masque')} de plus"
           + (f", {audit['past']} que livrent des diffusions ou des divulgations passées" if audit["past"] else "") + ".")
    if not audit["families"]:
        yield "    Trop peu de faits pour un niveau diffusé."
        return
    yield (f"    {_percent(audit['shown'])} des faits sont dans des nombres affichés ; erreur médiane {_percent(audit['error'])} "
           "(nombres de 20 et plus).")
    for each in audit["families"]:
        if each["detail"] == "all":
            yield (f"    {_LEVELS[each['level']]}, {_PERIODS[each['period']]} : {_percent(each['shown'])} des faits affichés, "
                   f"rangs {_number(each['ranks'])}, {_percent(each['top'])} des premiers gardés.")


def _quarter_lines(quarters: dict[str, Any]) -> Iterator[str]:
    for held in quarters.values():
        yield f"  Un référent lit pour {held['name']} :"
        for kind, families in held["counts"].items():
            parts = [f"{_PERIODS[period]}, {_DETAILS[detail]} : {shown} sur {of}" for key, (shown, of) in families.items()
                     for period, detail in [key.split("/")]]
            yield f"    {kind} – {' ; '.join(parts) or 'rien'}."


def _some(number: int, word: str) -> str:
    """A number and its noun, which French leaves in the singular up to one."""
    return f"{number} {word}{'s' if number > 1 else ''}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %".replace(".", ",")


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}".replace(".", ",")
