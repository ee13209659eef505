"""The bar on top of every page, and the tabs of a section: what a viewer may open, in one table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from geoservice.operations.permissions import Action, can
from geoservice.types import Viewer

_READ, _RELEASE = Action.READ_FACTS, Action.READ_RELEASE


@dataclass(frozen=True)
class Link:
    """An address, the word for it, and what one has to be allowed."""

    address: str
    word: str
    action: Action


@dataclass(frozen=True)
class Section:
    """A word of the bar and its tabs; it leads to the first one that the viewer may open."""

    word: str
    tabs: tuple[Link, ...]


SECTIONS = (
    Section("Carte", (Link("/", "Carte", _READ),)),
    Section("Résidences", (Link("/mes-residences", "Mes résidences", _READ), Link("/lieux", "Toutes", _READ),
                           Link("/halls", "Halls", _READ), Link("/mesures", "Mesures", _READ),
                           Link("/suites", "Suites", _READ), Link("/doublons", "Doublons", Action.RECORD),
                           Link("/saisie", "Saisir un fait", Action.IMPORT))),
    Section("Décider", (Link("/decider", "Décider", _READ), Link("/leviers", "Leviers", _READ))),
    Section("Réunions", (Link("/reunions", "Réunions", _READ),)),
    Section("Données", (Link("/donnees", "Données", Action.IMPORT),)),
    Section("Partagée", (Link("/partage", "Carte partagée", _RELEASE), Link("/partages", "Partages", Action.SHARE_LINKS))),
    Section("Compte", (Link("/compte", "Compte", Action.OWN_ACCOUNT), Link("/membres", "Membres", Action.MANAGE_MEMBERS),
                       Link("/accords", "Conventions", Action.MANAGE_AGREEMENTS),
                       Link("/journal", "Journal", Action.READ_JOURNAL),
                       Link("/acces", "Accès exceptionnels", Action.APPROVE_GLASS))),
)


def of(who: Viewer, address: str) -> dict[str, Any]:
    """Values of templates: `links` and `tabs`, each (address, word, `aria-current` or nothing), for the page at an address."""
    open_to = [(section.word, [tab for tab in section.tabs if can(who, tab.action)]) for section in SECTIONS]
    here = next((tabs for _, tabs in open_to if any(tab.address == address for tab in tabs)), [])
    links = [(tabs[0].address, word, _current(tabs is here, tabs[0].address == address)) for word, tabs in open_to if tabs]
    tabs = [(tab.address, tab.word, _current(tab.address == address)) for tab in here] if len(here) > 1 else []
    return {"who": who, "links": links, "tabs": tabs}


def _current(section: bool, page: bool = True) -> str:
    """What `aria-current` says: the page itself, or that it is within."""
    return "" if not section else "page" if page else "true"
