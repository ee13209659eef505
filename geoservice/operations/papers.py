"""Papers that the law asks for, from what this folder really does: registre, AIPD draft, annex to the agreements.

What the service cannot know stays « à compléter par le responsable de traitement ». Nothing here is legal advice: open points are
named for the DPO.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import geoservice
from geoservice.core.query import EPOCH
from geoservice.errors import NotFound
from geoservice.export import french, paper
from geoservice.operations import accounts, audit, purge, retention, territories
from geoservice.operations.retention import Policy
from geoservice.operations.territories import Terms
from geoservice.settings import Settings
from geoservice.storage import engine as db
from geoservice.storage import people, releases
from geoservice.storage.store import Storage
from geoservice.types import LABELS, Category

FIGURES = (Path(geoservice.__file__).parent / "_figures", Path(geoservice.__file__).parents[1] / "docs" / "figures")


@dataclass(frozen=True)
class Agreed:
    """One agreement in words: who gives, who opens, zone, categories, first and last day, and whether it counts that day."""

    giver: str
    opener: str
    zone: str
    categories: tuple[str, ...]
    since: date
    last: date
    state: str


@dataclass(frozen=True)
class Shared:
    """A territory of shared releases: code, name, communes, what it asks for, who signed for which kind."""

    code: str
    name: str
    communes: tuple[str, ...]
    terms: Terms
    signatures: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Known:
    """What the service knows of itself on a day; `organisation`: for whom the papers are, None for all."""

    edited: date
    version: str
    organisation: str | None
    organisations: tuple[str, ...]
    settings: Settings
    policy: Policy
    health: db.Health
    journal: audit.Verdict
    purged: str | None  # the day of the last purge
    members: dict[str, int]
    agreed: tuple[Agreed, ...]
    shared: tuple[Shared, ...]
    figures: dict[str, list[dict[str, Any]]]

    def kept(self, name: str) -> str:
        """How long a rule keeps, in words."""
        return self.policy.said(self.policy.rule(name), self.organisation)


def know(storage: Storage, today: date, organisation: str | None = None, territory: str | None = None) -> Known:
    """Everything that the papers say. NotFound for an organisation or territory that is not there."""
    codes = accounts.organisations(storage)
    if organisation is not None and organisation not in codes:
        raise NotFound(f"L’organisation « {organisation} » n’existe pas.")
    with storage.read() as connection:
        agreements = list(releases.agreements(connection))
        shared = [_shared(connection, row) for row in releases.territories(connection)]
        members = list(people.members(connection, codes.get(organisation or "")))
        health = db.health(connection)
    if territory is not None and territory not in {each.code for each in shared}:
        raise NotFound(f"Le territoire « {territory} » n’existe pas ; laissez --territory de côté pour tous.")
    counted = {label: sum(member.role == role for member in members) for role, label in LABELS.items()
               if role in {member.role for member in members}}
    shared = [each for each in shared if territory in (None, each.code)]
    agreed = [_agreed(row, today) for row in agreements if organisation in (None, row.giver, row.opener)
              and (territory is None or _lies_in(row.zone, shared[0]))]
    return Known(
        edited=today, version=geoservice.__version__, organisation=organisation, organisations=tuple(sorted(codes)),
        settings=storage.settings, policy=retention.policy(storage.settings), health=health, journal=audit.verify(storage),
        purged=purge.last(storage),
        members=counted, agreed=tuple(agreed), shared=tuple(shared), figures=figures())


def _shared(connection: Any, row: Any) -> Shared:
    signed = tuple((each.kind, each.organisation) for each in releases.signatures(connection, row.id))
    return Shared(row.code, row.name, tuple(row.communes.split(",")), territories.terms_of(row.terms), signed)


def _lies_in(zone: str, shared: Shared) -> bool:
    """Communes of the territory; quartiers are told by their département, for a paper that people complete."""
    sort, _, code = zone.partition(":")
    return code in shared.communes if sort == "commune" else any(code[2:4] == each[:2] for each in shared.communes)


def _agreed(row: Any, today: date) -> Agreed:
    since, last = EPOCH + timedelta(row.since), EPOCH + timedelta(row.until - 1)
    state = "retiré" if row.revoked is not None else "à venir" if today < since else "terminé" if today > last else "en cours"
    return Agreed(row.giver, row.opener, in_words(row.zone), tuple(LABELS[Category(code)] for code in row.categories.split(",")),
                  since, last, state)


def in_words(zone: str) -> str:
    """« commune 93066 », « QPV QN09301M (2024) »."""
    sort, _, code = zone.partition(":")
    return f"commune {code}" if sort == "commune" else f"QPV {code} ({sort.removeprefix('qpv')})"


def figures(folders: tuple[Path, ...] = FIGURES) -> dict[str, list[dict[str, Any]]]:
    """Measured rows by file name, where they were shipped."""
    found = next((folder for folder in folders if folder.is_dir()), None)
    return {} if found is None else {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(found.glob("*.json"))}


def compose(known: Known) -> dict[str, paper.Paper]:
    """The three papers by the names of their files."""
    from geoservice.operations import papers_aipd, papers_annexe, papers_registre

    return {"fiche-de-registre": papers_registre.compose(known), "projet-aipd": papers_aipd.compose(known),
            "annexe-convention": papers_annexe.compose(known)}


def write(known: Known, folder: Path) -> list[Path]:
    """Each paper as Markdown and HTML; earlier ones of the same name are replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, made in compose(known).items():
        for ending, text in (("md", paper.to_markdown(made)), ("html", paper.to_html(made))):
            path = folder / f"{name}.{ending}"
            part = path.with_name(f".{path.name}.part")
            part.write_text(text, "utf-8")
            os.replace(part, path)
            written.append(path)
    return written


def head(known: Known) -> tuple[paper.Block, ...]:
    """What every paper begins with."""
    whose = f"l’organisation « {known.organisation} »" if known.organisation else "toutes les organisations du service"
    return (paper.Paragraph(f"Édité le {french.day(known.edited)} par geoservice {known.version}, pour {whose}, d’après les "
                            "réglages, les durées, les comptes et les accords de ce jour. Ce document est un projet : il ne "
                            "remplace ni la décision du responsable de traitement, ni l’avis du délégué à la protection des "
                            "données (DPO).",
                            note=True),
            paper.Paragraph(f"Ce que le service ne peut pas savoir est marqué {paper.MARK}.", note=True))
